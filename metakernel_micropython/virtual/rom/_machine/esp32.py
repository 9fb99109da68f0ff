# What the ESP32's port has otherwise than RP2's: its numbers, and what its classes take and say.
#
# Loaded behind the classes of RP2, whose insides these use: a pin's cells keep RP2's numbers. Pin is changed in place,
# so that its methods are found as fast as there.

from _machine import analog, pin, timer
from host import call

HARD_RESET, DEEPSLEEP_RESET, SOFT_RESET = 2, 4, 5
SLEEP, DEEPSLEEP = 2, 4
PIN_WAKE, EXT0_WAKE, EXT1_WAKE, TIMER_WAKE, TOUCHPAD_WAKE, ULP_WAKE = 2, 2, 3, 4, 5, 6


def wake_reason():
    return TIMER_WAKE if call("cause", "") == "4" else 0


# -- pins -------------------------------------------------------------------------------------------------------------

Pin = pin.Pin
_new, _init, _irq, _flags, _trigger = Pin.__init__, Pin.init, Pin.irq, pin._Irq.flags, pin._Irq.trigger
_MODES = {1: 0, 3: 1, 7: 2}  # IN, OUT, OPEN_DRAIN


def _number(id):
    if isinstance(id, Pin):
        return id._number
    if not isinstance(id, int) or not 0 <= id <= 39 or id in (20, 24, 28, 29, 30, 31):
        raise ValueError("invalid pin")
    if 6 <= id <= 11:
        raise ValueError("invalid pin: 6 to 11 lead to the flash")
    return id


def _start(self, id, mode=-1, pull=-1, **options):
    _new(self, id)
    self.init(mode, pull, **options)


def _setup(self, mode=-1, pull=-1, *, value=None, drive=None, hold=None, alt=None):
    if mode is None:
        mode = -1
    if mode != -1:
        if mode not in _MODES:
            raise ValueError("invalid mode")
        if mode & 2 and self._number >= 34:
            raise ValueError("pin can only be input")
        mode = _MODES[mode]
    if self._number >= 34:
        pull = -1  # they have none
    elif pull in (1, 2):
        pull = 3 - pull
    _init(self, mode, pull, value=value)


def _edges(rp2):
    return rp2 >> 3 & 1 | rp2 >> 1 & 2


def _handle(self, handler=None, trigger=3, wake=None):
    if not 0 <= trigger <= 5:
        raise ValueError("invalid trigger")
    return _irq(self, handler, (trigger & 1) << 3 | (trigger & 2) << 1 if trigger < 4 else 0)


pin._number = _number
pin._Irq.flags = lambda self: _edges(_flags(self))
pin._Irq.trigger = lambda self: _edges(_trigger(self))
Pin.__init__, Pin.init, Pin.irq = _start, _setup, _handle
Pin.__repr__ = lambda self: "Pin(%d)" % self._number
Pin.IN, Pin.OUT, Pin.OPEN_DRAIN = 1, 3, 7
Pin.PULL_DOWN, Pin.PULL_UP = 1, 2
Pin.IRQ_RISING, Pin.IRQ_FALLING = 1, 2
Pin.WAKE_LOW, Pin.WAKE_HIGH = 4, 5
del Pin.ALT, Pin.IRQ_LOW_LEVEL, Pin.IRQ_HIGH_LEVEL, Pin.board, Pin.cpu
del Pin.high, Pin.low, Pin.mode, Pin.pull, Pin.drive


# -- levels -----------------------------------------------------------------------------------------------------------

_FULL = (11, 15, 22, 33)  # tenths of a volt that are the highest reading, by attenuation


class ADC:
    ATTN_0DB, ATTN_2_5DB, ATTN_6DB, ATTN_11DB = 0, 1, 2, 3
    WIDTH_9BIT, WIDTH_10BIT, WIDTH_11BIT, WIDTH_12BIT = 9, 10, 11, 12

    def __init__(self, id, *, atten=0):
        self._number = Pin(id)._number
        if self._number < 32 and self._number not in (0, 2, 4, 12, 13, 14, 15, 25, 26, 27):
            raise ValueError("invalid pin")
        self._bits = 12
        self.atten(atten)

    def init(self, *, atten=0):
        self.atten(atten)

    def atten(self, atten):
        if atten not in (0, 1, 2, 3):
            raise ValueError("invalid atten")
        self._atten = atten

    def width(self, bits):
        if bits not in (9, 10, 11, 12):
            raise ValueError("invalid width")
        self._bits = bits

    def read_u16(self):
        return min(65535, int(call("adc", str(self._number))) * 33 // _FULL[self._atten])

    def read(self):
        return self.read_u16() >> 16 - self._bits

    def read_uv(self):
        return self.read_u16() * _FULL[self._atten] * 20000 // 13107

    def __repr__(self):
        return "ADC(Pin(%d), atten=%d)" % (self._number, self._atten)


class PWM(analog.PWM):
    def __init__(self, dest, **options):
        number = Pin(dest)._number
        if number >= 34:
            raise ValueError("pin can only be input")
        if number not in analog._pwms:
            options.setdefault("freq", 5000)
            if not ("duty" in options or "duty_ns" in options):
                options.setdefault("duty_u16", 32768)
        super().__init__(dest, **options)

    def init(self, *, duty=None, freq=None, **options):
        if duty is not None:
            if "duty_u16" in options or "duty_ns" in options:
                raise ValueError("only one of parameters 'duty', 'duty_u16' or 'duty_ns' is allowed")
            if not 0 <= duty <= 1023:
                raise ValueError("duty must be from 0 to 1023")
            options["duty_u16"] = 65535 if duty == 1023 else duty << 6
        if freq is not None and not 1 <= freq <= 40000000:
            raise ValueError("frequency must be from 1Hz to 40MHz")
        if freq is not None and freq < 8:  # the least of RP2
            self._freq, freq = freq, None
        super().init(freq=freq, **options)

    def duty(self, value=None):
        if value is None:
            return self._u16 >> 6
        self.init(duty=value)

    def __repr__(self):
        return "PWM(Pin(%d), freq=%d, duty_u16=%d)" % (self._pin._number, self._freq, self._u16)


# -- time -------------------------------------------------------------------------------------------------------------

_started = {}  # by number: a hardware timer is one, whoever has made an object of it


class Timer(timer.Timer):
    def __init__(self, id, **options):
        if isinstance(id, int) and not -1 <= id <= 3:
            raise ValueError("invalid Timer number, max 4")
        self._id = id
        super().__init__(id, **options)

    def init(self, **options):
        before = _started.get(self._id)
        if before is not None:
            before.deinit()
        if self._id >= 0:
            _started[self._id] = self
        super().init(**options)

    def __repr__(self):
        return "Timer(%d, %s" % (self._id, super().__repr__()[6:])
