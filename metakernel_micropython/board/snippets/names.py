# What a dotted name has below it: the names that start with a prefix, in one line. To describe it, first its type, its
# value in a list (which needs no room for its text) and its help, with 0x1e between them.
# Nothing of the user's may run: no property, no __getattr__. On MicroPython dir(o) probes every interned name, which
# runs both; so instances of the user's classes are looked at through their class and their own __dict__.
def snippet(path, prefix, describe):
    import builtins

    class Plain:
        pass

    module = type(builtins)
    # Boards built without CPython's niceties would ask the user's __getattr__ for __dict__.
    has_dict = hasattr(Plain(), "__dict__")

    def own(o):
        return o.__dict__ if has_dict else {}

    def guarded(o):
        # Only classes that were written in Python have a __module__, and only such modules a __file__.
        return hasattr(type(o), "__module__") or (
            type(o) is module and hasattr(o, "__getattr__") and "__file__" in o.__dict__
        )

    def member(o, name):
        if not guarded(o):
            return getattr(o, name)
        if name in own(o):
            return own(o)[name]
        if type(o) is module:
            raise KeyError
        o = getattr(type(o), name)
        if hasattr(builtins, "property") and isinstance(o, builtins.property):
            raise KeyError
        return o

    try:
        names = path.split(".")
        o = globals()
        o = o[names[0]] if names[0] in o else getattr(builtins, names[0])
        for name in names[1:]:
            o = member(o, name)
    except Exception:  # there is no such name
        return
    if describe:
        print(type(o))
        long = 0
        if not guarded(o):
            try:
                long = len(o) if len(o) > 200 else 0
            except TypeError:
                pass
        for show in (
            lambda: print("[%d items]" % long if long else [o], end=""),
            lambda: help(type(o) if long else o),
            lambda: None,
        ):
            print("\x1e", end="")
            try:
                show()
            except Exception as e:
                print(" cannot be shown:", repr(e))
    found = dir(o) if not guarded(o) else list(own(o)) + (dir(type(o)) if type(o) is not module else [])
    print(*[name for name in found if name.startswith(prefix)])
