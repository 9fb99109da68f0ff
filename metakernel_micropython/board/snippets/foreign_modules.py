# The names, of those given, for which import gives something of a program: an entry of sys.modules, or a file.
def snippet(names):
    from sys import modules

    found = []
    for name in names.split():
        if name in modules:
            value = modules[name]
            if not hasattr(value, "__name__") or hasattr(value, "__file__"):
                found.append(name)
    print(*found)
