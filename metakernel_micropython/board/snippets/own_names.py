# The global names, in one line.
def snippet():
    print(*[name for name in globals() if name != "__repl_print__"])
