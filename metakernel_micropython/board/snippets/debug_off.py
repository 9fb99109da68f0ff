# Takes from the board what debug_probes.py has put there. Functions are left that call probes: these get some that do
# nothing.
def snippet():
    import builtins

    def nothing(number, reader=None):
        if number < 0:
            return lambda number: None

    __mk_e[1].clear()
    __mk_e[2][0] = 0
    try:
        builtins.__mk_b = nothing
        del builtins.__mk_e
        del builtins.breakpoint
    except (AttributeError, TypeError):
        globals()["__mk_b"] = nothing
        del globals()["__mk_e"]
        del globals()["breakpoint"]
