# What a dotted name has below it (names that start with a prefix, in one line), or what it is.
# Nothing of the user's may run: no property, no __getattr__. On MicroPython dir(o) probes every interned name, which
# runs both; so instances of the user's classes are looked at through their class and their own __dict__.
def snippet(path, prefix, describe):
    import builtins

    def members(o):
        # Only classes that were written in Python have a __module__.
        if hasattr(type(o), "__module__"):
            return list(o.__dict__) + dir(type(o))
        if type(o) is type(builtins) and hasattr(o, "__getattr__"):
            return list(o.__dict__)
        return dir(o)

    def member(o, name):
        if hasattr(type(o), "__module__"):
            if name in o.__dict__:
                return o.__dict__[name]
            o = getattr(type(o), name)
            if hasattr(builtins, "property") and isinstance(o, property):
                raise AttributeError
            return o
        if type(o) is type(builtins) and hasattr(o, "__getattr__"):
            return o.__dict__[name]
        return getattr(o, name)

    own = globals()
    if path:
        try:
            names = path.split(".")
            o = own[names[0]] if names[0] in own else getattr(builtins, names[0])
            for name in names[1:]:
                o = member(o, name)
        except (AttributeError, KeyError):
            return
        if describe:
            print(type(o))
            print("\x1e", end="")
            print([o], end="\x1e")
            return help(o)
        found = members(o)
    else:
        found = list(own) + dir(builtins)
    print(*[name for name in found if name.startswith(prefix)])
