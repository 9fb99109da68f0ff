# Takes what probes_count.py or probes_time.py has kept from a board that has no room for probes_take.py.
def snippet():
    nothing = lambda n, s=0, v=None: v
    if "__mk_d" in globals():
        globals()["__mk_p"] = nothing
        del globals()["__mk_d"]
    else:
        import builtins

        builtins.__mk_p = nothing
        del builtins.__mk_d
