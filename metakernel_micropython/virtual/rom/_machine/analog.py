# What is between 0 and 1: ADC, PWM.

from _machine import cells
from _machine.pin import Pin
from host import call

_CORE = 30  # the chip's own thermometer, behind the pins that have an ADC
_AT_27_DEGREES = 14020  # 0.706 V of 3.3 V (data sheet of the RP2040, 4.9.5)


class ADC:
    CORE_TEMP = 4

    def __init__(self, id, **_):
        number = Pin(id)._number if not isinstance(id, int) or id > 4 else 26 + id
        if not 26 <= number <= 30:
            raise ValueError("Pin doesn't have ADC capabilities")
        self._number = number

    def read_u16(self):
        return _AT_27_DEGREES if self._number == _CORE else int(call("adc", str(self._number)))

    def read_uv(self):
        return self.read_u16() * 3300000 // 65535

    def __repr__(self):
        return "<ADC channel=%d>" % (self._number - 26)


_pwms = {}


class PWM:
    def __init__(self, dest, **options):
        self._pin = dest if isinstance(dest, Pin) else Pin(dest)
        cells[self._pin._at + 2] = 3  # Pin.ALT of RP2
        self._freq, self._ns, self._u16 = _pwms.get(self._pin._number, (0, None, 0))
        self.init(**options)

    def init(self, *, freq=None, duty_u16=None, duty_ns=None, invert=False):
        if freq is not None:
            if not 8 <= freq <= 62500000:
                raise ValueError("freq too small" if freq < 8 else "freq too large")
            self._freq = freq
        if duty_u16 is not None:
            self._u16, self._ns = min(max(int(duty_u16), 0), 65535), None
        if duty_ns is not None:
            self._ns = duty_ns
        if self._ns is not None and self._freq:
            self._u16 = min(65535, self._ns * self._freq * 65535 // 1000000000)
        if invert:
            self._u16 = 65535 - self._u16
        _pwms[self._pin._number] = self._freq, self._ns, self._u16
        call("pwm", "%d %d %d" % (self._pin._number, self._freq, self._u16))

    def freq(self, value=None):
        if value is None:
            return self._freq
        self.init(freq=value)

    def duty_u16(self, value=None):
        if value is None:
            return self._u16
        self.init(duty_u16=value)

    def duty_ns(self, value=None):
        if value is None:
            if self._ns is not None:
                return self._ns
            return self._u16 * 1000000000 // (65535 * self._freq) if self._freq else 0
        self.init(duty_ns=value)

    def deinit(self):
        _pwms.pop(self._pin._number, None)
        call("pwm", "%d 0 0" % self._pin._number)

    def __repr__(self):
        return "<PWM pin=%d freq=%d duty_u16=%d>" % (self._pin._number, self._freq, self._u16)
