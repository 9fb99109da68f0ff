# The chip as a whole: its clock, its watchdog, its sleep, and what it is.

import time

from _machine import BOARD
from host import call


def lightsleep(time_ms=None):
    if time_ms is None:
        while True:
            time.sleep_ms(1000)
    time.sleep_ms(time_ms)


def deepsleep(time_ms=None):
    lightsleep(time_ms)
    call("reset", "deepsleep")


def disable_irq():
    return int(call("irq", "0"))


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
        if timeout < 1:
            raise ValueError("invalid timeout")
        if timeout > 8388 and BOARD != "esp32":
            raise ValueError("timeout exceeds 8388")
        self._timeout = timeout
        self.feed()

    def feed(self):
        call("watchdog", str(self._timeout))
