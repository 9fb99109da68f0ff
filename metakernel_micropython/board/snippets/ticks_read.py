# The board's milliseconds, and the last one before they begin anew; -1 where they never do.
def snippet():
    import time

    try:
        return time.ticks_ms(), time.ticks_add(0, -1)
    except AttributeError:
        return time.monotonic_ns() // 1000000, -1
