# Puts the function of probes that take times (see instrument/probe_text.py) where programs find it, as probes_count.py
# does. base: the number of the first probe; others are of an earlier program. count: probes. Times are in microseconds,
# without what the calls themselves take.
def snippet(base, count):
    import builtins
    import time

    ticks = getattr(time, "ticks_us", None) or (lambda: time.monotonic_ns() // 1000)
    hits = [0] * count
    times = [0] * count
    begun = [0] * count
    lost = part = 0  # in 16ths of a microsecond: what all calls took; of that, what two calls take outside of the clock
    offset = 0x20000000

    def __mk_times(number, start=None, value=None):
        nonlocal lost
        now = ticks()
        first = start is None and number >= 0
        number = (number if number >= 0 else ~number) - base
        if number < 0:
            return 0 if first else value
        if first:
            hits[number] += 1
            lost += part
            begun[number] = start = now - (lost >> 4)
            value = start
        else:
            # The clock starts anew at 2 ** 30. Of what takes hardly any, a little less than nothing may be measured.
            start = now - (lost >> 4) - (begun[number] if start is None else start)
            times[number] += (start + 0x20000000 & 0x3FFFFFFF) - offset
        lost += (ticks() - now & 0x3FFFFFFF) << 4
        return value

    data = hits, times, [base, 0]
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
    # What two calls take outside of the clock is the time of nothing: the mean of the fast trials, since a clock of
    # microseconds tells little of a single one. Nothing is kept of a trial: some boards have no room for that.
    least = 0x3FFFFFFF
    pairs = inside = 0
    begin = ticks()
    for trial in range(200):
        if trial > 6 and ticks() - begin & 0x3FFFFFFF > 40000:
            break
        times[0] = 0
        for value in range(32):
            value = __mk_p(base)
            __mk_p(base, value)
        taken = times[0]
        if 0 < taken < least - least // 8:
            least = taken
            pairs = inside = 0
        if 0 < taken <= least + least // 8:
            pairs += 32
            inside += taken
    pairs = pairs or 1
    part = inside * 32 // pairs
    # Whole microseconds are taken off here, the rest where the times are told.
    offset += inside // pairs
    data[2][1] = inside % pairs * 64 // pairs
    hits[0] = times[0] = lost = 0
