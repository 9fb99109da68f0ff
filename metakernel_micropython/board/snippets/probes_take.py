# Prints what probes_count.py, probes_time.py or probes_calls.py has kept, a probe to a line, and takes it from the
# board. With live, functions are left that call probes: these get one that does nothing.
def snippet(live):
    import builtins

    data = __mk_d
    if isinstance(data, set):
        for number in data:
            print(number)
    else:
        base, rest = data[2]
        if len(data) > 4 and data[4]:  # an exception has left them
            print("left", *[number + base for number in data[4]])
        while len(data) > 4 and data[4]:
            __mk_p(~(data[4][0] + base))
        for number in range(len(data[0])):
            if data[0][number]:
                # The rest of a microsecond that each pair of calls takes.
                taken = data[1][number] - data[0][number] * rest // 64
                print(number + base, data[0][number], taken, data[3][number] if len(data) > 3 else "")
    nothing = lambda n, s=0, v=None: v
    try:
        del builtins.__mk_d
        if live:
            builtins.__mk_p = nothing
        else:
            del builtins.__mk_p
    except (AttributeError, TypeError):
        del globals()["__mk_d"]
        if live:
            globals()["__mk_p"] = nothing
        else:
            del globals()["__mk_p"]
