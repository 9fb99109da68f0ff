# Has modules imported anew by the next import of them, with the modules of files that import them: by what they hold,
# and by their sources where those are there. Prints the names of all, each as a tuple in a line. With again they are
# imported here, global names of the old modules become names of the new ones, and that is said in a sentence.
def snippet(names, again):
    import sys

    modules = sys.modules
    gone = names.split()

    def uses(module):
        if not hasattr(module, "__file__"):
            return False
        held = list(module.__dict__.values()) if hasattr(module, "__dict__") else []
        for name in gone:
            if name in modules and any(value is modules[name] for value in held):
                return True
        if module.__file__.endswith(".py"):
            try:
                file = open(module.__file__)
            except OSError:
                return False
            try:
                for line in file:
                    words = line.replace(",", " ").split()
                    if words and words[0] in ("import", "from") and any(name in words for name in gone):
                        return True
            finally:
                file.close()
        return False

    found = True
    while found:
        found = False
        for name in list(modules):
            if name not in gone and uses(modules[name]):
                gone.append(name)
                found = True
    old = {}
    for name in gone:
        if name in modules:
            old[name] = modules.pop(name)
    for name in gone:
        if not again:
            print((name,))
            continue
        __import__(name)
        for known in list(globals()):
            if name in old and globals()[known] is old[name]:
                globals()[known] = modules[name]
    if again:
        print("Imported anew:", ", ".join(gone))
