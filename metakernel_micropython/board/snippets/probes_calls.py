# Puts the function of probes that follow calls (see instrument/call_probes.py) where programs find it, as
# probes_count.py does. base: the number of the first probe; others are of an earlier program. count: probes. Times are
# in microseconds, without what the probes themselves take.
def snippet(base, count):
    import builtins
    import time

    ticks = getattr(time, "ticks_us", None) or (lambda: time.monotonic_ns() // 1000)
    calls = [0] * count
    total = [0] * count
    own = [0] * count
    running = []  # the functions that were called and have not ended
    begun = []  # when
    last = 0  # when a function began, ended or went on
    lost = part = 0  # in 16ths of a microsecond: what all calls took; of that, what one takes outside of the clock

    def __mk_over(number, values):
        yield from values
        __mk_times(number)

    def __mk_times(number, depth=None, value=None):
        nonlocal lost, last
        if depth == -5:
            return __mk_over(number, value)
        lost += part
        start = ticks()
        now = start - (lost >> 4)
        ends = number < 0
        number = (~number if ends else number) - base
        if number >= 0:
            if running:
                # The clock starts anew at 2 ** 30. It goes back where calls are faster than they were measured.
                own[running[-1]] += (now - last + 0xFFFFFF & 0x3FFFFFFF) - 0xFFFFFF
            last = now
            keep = at = len(running)
            begins = not ends and (depth is None or depth < 0)
            if ends or depth in (0, -4):
                while at and running[at - 1] != number:
                    at -= 1
                if at:
                    keep = at - ends
                    begins = False
            elif depth == -2 and running and running[-1] == number:
                begins = False
            elif depth is not None and depth > 0:
                keep = depth
            while len(running) > keep:
                at = running.pop()
                ends = begun.pop()
                if at not in running:
                    total[at] += (now - ends + 0xFFFFFF & 0x3FFFFFFF) - 0xFFFFFF
            if begins:
                begun.append(now)
                running.append(number)
                if depth != -3 and depth != -4:
                    calls[number] += 1
                if depth == -1:
                    value = len(running)
        lost += (ticks() - start & 0x3FFFFFFF) << 4
        return value

    data = calls, total, [base, 0], own, running
    try:
        builtins.__mk_p = __mk_times
        builtins.__mk_d = data
        taken = "__mk_p" in globals()
    except (AttributeError, TypeError):
        taken = False
        globals()["__mk_p"] = __mk_times
        globals()["__mk_d"] = data
    if taken:
        raise NameError
    # What a call takes outside of the clock: see probes_time.py.
    least = 0x3FFFFFFF
    pairs = inside = 0
    begin = ticks()
    for trial in range(200):
        if trial > 6 and ticks() - begin & 0x3FFFFFFF > 40000:
            break
        own[0] = 0
        for _ in range(16):
            __mk_p(base)
            __mk_p(~base)
        taken = own[0]
        if 0 < taken < least - least // 8:
            least = taken
            pairs = inside = 0
        if 0 < taken <= least + least // 8:
            pairs += 16
            inside += taken
    # An odd number: so parts of a microsecond do not come to the same at each call.
    part = inside * 16 // (pairs or 1) | 1
    calls[0] = total[0] = own[0] = lost = 0
