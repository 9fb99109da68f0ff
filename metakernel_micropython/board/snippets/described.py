# What a value is: its class as text (of a class its own), what it is (0 data, 1 function, 2 class, 3 module), how many
# it holds (-1: it does not tell), its value where that is short. For other snippets. Nothing of the user's runs: only
# values of the language's own types are shown.
def snippet(o):
    import builtins

    plain = (int, float, bool, type(None))
    kind, size, text = 0, -1, ""
    t = type(o)
    if t is type(builtins):
        kind = 3
    elif t is type:
        kind = 2
    elif callable(o) and not hasattr(t, "__module__"):
        kind = 1
    elif t in plain:
        # The digits of a long number take a board seconds.
        text = repr(o) if t is not int or o >> 99 in (0, -1) else ""
    elif t in (str, bytes, bytearray, list, tuple, dict, set):
        size = len(o)
        if t in (str, bytes, bytearray):
            text = repr(o[:60])
        elif t in (list, tuple) and size <= 8:
            for i in o:
                if type(i) not in plain or (type(i) is int and i >> 99 not in (0, -1)):
                    break
            else:
                text = repr(o)
    return str(o if kind == 2 else t), kind, size, text[:80]
