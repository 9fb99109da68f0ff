# Takes from the board what tests have put there. With live, functions are left that call __mk_m: they get one that
# says what the assert itself does.
def snippet(live):
    import builtins

    def drop(name, where):
        if name in where:
            del where[name]

    try:
        del builtins.__mk_test
    except (AttributeError, TypeError, KeyError):
        drop("__mk_test", globals())
    try:
        del builtins.__mk_unittest
    except (AttributeError, TypeError, KeyError):
        drop("__mk_unittest", globals())
    try:
        del builtins.__mk_m
        if live:
            builtins.__mk_m = lambda *values: values[3] if len(values) > 3 else ""
    except (AttributeError, TypeError, KeyError):
        drop("__mk_m", globals())
        if live:
            globals()["__mk_m"] = lambda *values: values[3] if len(values) > 3 else ""
