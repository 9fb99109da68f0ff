# The global and built-in names that start with a prefix, in one line.
def snippet(prefix):
    import builtins

    print(*[name for name in list(globals()) + dir(builtins) if name.startswith(prefix)])
