# Gives the firmware its own input() back, where the one of input.py stands in its place.
def snippet():
    import builtins

    try:
        ours, own = __mk_input
    except NameError:
        return
    del builtins.__mk_input
    if eval("input", {}) is ours:
        builtins.input = own
