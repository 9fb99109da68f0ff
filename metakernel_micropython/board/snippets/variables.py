# The user's global names, one to a line: name, its class as text, what it is (0 data, 1 function, 2 class, 3 module),
# how many it holds (-1: it does not tell), its value where that is short. Nothing of the user's runs: only values of
# the language's own types are shown.
def snippet(module_at_start):
    import builtins

    module = type(builtins)
    plain = (int, float, bool, type(None))
    given = __import__(module_at_start) if module_at_start else None
    for name in sorted(globals()):
        o = globals()[name]
        if name[:2] == "__" or (given and getattr(given, name, given) is o):
            continue
        kind, size, text = 0, -1, ""
        t = type(o)
        if t is module:
            kind = 3
        elif t is type:
            kind = 2
        elif callable(o) and not hasattr(t, "__module__"):
            kind = 1
        elif t in plain:
            text = repr(o)
        elif t in (str, bytes, bytearray, list, tuple, dict, set):
            size = len(o)
            few = t in (list, tuple) and size <= 8 and all(type(i) in plain for i in o)
            if few or (t in (str, bytes) and size <= 40):
                text = repr(o)
        print((name, str(o if kind == 2 else t), kind, size, text[:80]))
