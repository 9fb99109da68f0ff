# Software timers as those of RP2; the host counts the time.

from _machine import BOARD, handlers
from host import call

_running = {}


class Timer:
    ONE_SHOT, PERIODIC = 0, 1

    def __init__(self, id=-1, **options):
        if not isinstance(id, int):
            raise TypeError("can't convert %s to int" % type(id).__name__)
        if id != -1 and BOARD == "pico":
            raise ValueError("Timer doesn't exist")
        self._period, self._mode = 0, 1
        if options:
            self.init(**options)

    def init(self, *, mode=1, callback=None, period=-1, freq=-1, tick_hz=1000, hard=False):
        if callback is not None and not callable(callback):
            raise ValueError("callback must be None or callable")
        if freq != -1:
            if freq <= 0:
                raise ValueError("invalid freq")
            period = 1000 / freq
        else:
            period = period * 1000 / tick_hz
        if period < 0:
            raise ValueError("invalid period")
        self.deinit()
        self._period = max(1, period)
        self._callback = callback
        self._mode = mode
        _running[id(self)] = self
        call("timer", "%d %f %d" % (id(self), self._period, mode))

    def deinit(self):
        if _running.pop(id(self), None):
            call("timer", "%d 0 0" % id(self))

    def __repr__(self):
        return "Timer(mode=%s, period=%d, tick_hz=1000)" % (
            "PERIODIC" if self._mode else "ONE_SHOT",
            int(self._period),
        )


def _due(what):
    timer = _running.get(int(what))
    if timer:
        if not timer._mode:
            del _running[int(what)]
        if timer._callback:
            timer._callback(timer)


handlers["timer"] = _due
