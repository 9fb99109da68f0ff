# Runs a file of the board as a program, with names of its own; its name is in tracebacks where the board has compile().
def snippet(path):
    import builtins

    source = open(path).read()
    if hasattr(builtins, "compile"):
        source = builtins.compile(source, path, "exec")
    exec(source, {"__name__": "__main__"})
