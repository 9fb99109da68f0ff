# Which of the names below a dotted name are functions (1), classes (2) and modules (3): a number and a name in each
# line; of the globals and builtins where there is no dotted name. Of other names nothing is said.
# Nothing of the user's may run: instances and classes of theirs, and modules with a __getattr__, are left out.
def snippet(path, prefix, importable):
    import builtins
    import sys

    module = type(builtins)

    def guarded(o):
        # Only classes that were written in Python have a __module__, and only such modules a __file__.
        return (
            hasattr(type(o), "__module__")
            or (type(o) is type and hasattr(o, "__module__"))
            or (type(o) is module and hasattr(o, "__getattr__") and "__file__" in o.__dict__)
        )

    def tell(name, o):
        if name.startswith(prefix):
            # A generator, and a pin, can have the names of functions' types or can be called; no other has both.
            if type(o) is type:
                print(2, name)
            elif type(o) is module:
                print(3, name)
            elif callable(o) and str(type(o))[8:-2] in "function bound_method closure generator":
                print(1, name)

    if not path:
        for name in dir(builtins):
            tell(name, getattr(builtins, name))
        for name in list(globals()):
            tell(name, globals()[name])
        return
    names = path.split(".")
    try:
        if names[0] in globals():
            o = globals()[names.pop(0)]
        elif hasattr(builtins, names[0]):
            o = getattr(builtins, names.pop(0))
        else:
            o = __import__(path) if importable else getattr(sys, "modules", {})[path]
            names = []
        for name in names:
            if guarded(o):
                return
            o = getattr(o, name)
    except Exception:  # there is no such name
        return
    if not guarded(o):
        for name in dir(o):
            if name.startswith(prefix):
                try:
                    tell(name, getattr(o, name))
                except Exception:  # it cannot be read
                    pass
