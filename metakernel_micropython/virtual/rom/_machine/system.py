# The chip as a whole: its clock, its watchdog, its sleep, and what it is.

import time

from host import call

PWRON_RESET, WDT_RESET = 1, 3

_CPU = 125000000


def unique_id():
    return b"\xe6\x61\x64\x08\x43\x00\x00\x01"


def freq(hz=None):
    global _CPU
    if hz is None:
        return _CPU
    if not 10000000 <= hz <= 300000000:
        raise ValueError("cannot change frequency")
    _CPU = hz


def reset_cause():
    return int(call("cause", ""))


def lightsleep(time_ms=None):
    if time_ms is None:
        while True:
            time.sleep_ms(1000)
    time.sleep_ms(time_ms)


def deepsleep(time_ms=None):
    lightsleep(time_ms)
    call("reset", "")


def disable_irq():
    call("irq", "0")
    return 1


def enable_irq(state=1):
    call("irq", str(state))


class RTC:
    def __init__(self, id=0):
        if id != 0:
            raise ValueError("RTC(%d) doesn't exist" % id)

    def datetime(self, to=None):
        if to is None:
            year, month, day, hour, minute, second, weekday = time.gmtime(int(call("clock", "")))[:7]
            return (year, month, day, weekday, hour, minute, second, 0)
        if len(to) != 8:
            raise ValueError("requested length 8 but object has length %d" % len(to))
        year, month, day, _, hour, minute, second, _ = to
        if not (1 <= month <= 12 and 1 <= day <= 31 and 0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 60):
            raise OSError(22)
        call("clock", str(time.mktime((year, month, day, hour, minute, second, 0, 0))))


class WDT:
    def __init__(self, id=0, timeout=5000):
        if id != 0:
            raise ValueError("WDT(%d) doesn't exist" % id)
        if not 1 <= timeout <= 8388:
            raise ValueError("timeout exceeds 8388" if timeout > 8388 else "invalid timeout")
        self._timeout = timeout
        self.feed()

    def feed(self):
        call("watchdog", str(self._timeout))
