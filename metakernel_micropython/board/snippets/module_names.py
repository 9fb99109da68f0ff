# The names in a module that start with a prefix, in one line. A module that was not imported yet is imported only when
# the caller knows that this runs no code (the ones written in C).
def snippet(module, prefix, importable):
    import sys

    loaded = getattr(sys, "modules", {})
    if module in loaded:
        o = loaded[module]
    elif importable:
        o = __import__(module)
    else:
        return
    # Firmware's own modules have no __file__, and may know more names than they hold yet.
    found = o.__dict__ if hasattr(o, "__getattr__") and "__file__" in o.__dict__ else dir(o)
    print(*[name for name in found if name.startswith(prefix)])
