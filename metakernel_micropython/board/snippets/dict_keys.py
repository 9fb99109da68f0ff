# The texts among the keys of a dict that start with a prefix, in a list: short ones, and not too many.
# Nothing of the user's may run: only a plain dict is looked at, and only what modules and instances hold themselves.
def snippet(path, prefix, most):
    import builtins

    class Plain:
        pass

    has_dict = hasattr(Plain(), "__dict__")
    names = path.split(".")
    o = globals().get(names[0])
    for name in names[1:]:
        if type(o) is not type(builtins) and not (has_dict and hasattr(type(o), "__module__")):
            return
        o = o.__dict__.get(name)
    if type(o) is dict:
        found = []
        for key in o:
            if type(key) is str and len(key) < 50 and key.startswith(prefix):
                found.append(key)
                if len(found) == most:
                    break
        print(found)
