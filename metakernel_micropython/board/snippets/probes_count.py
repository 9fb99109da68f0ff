# Puts the function of probes that count (see instrument/probe_text.py) where programs find it: among the builtins, or
# among the global names where those are fixed. It is a method of a set: no function of MicroPython is called faster.
def snippet():
    import builtins

    data = set()
    try:
        builtins.__mk_p = data.add
        builtins.__mk_d = data
        taken = "__mk_p" in globals()
    except (AttributeError, TypeError):
        taken = False
        globals()["__mk_p"] = data.add
        globals()["__mk_d"] = data
    if taken:
        raise NameError
