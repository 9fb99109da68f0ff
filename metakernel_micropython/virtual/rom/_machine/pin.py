# Pins as those of RP2.

import micropython
from _machine import EDGES, HANDLED, INPUT, LEVEL, MODE, NOTICE, PINS, PULL, SIZE, WATCHED, cells, handlers
from host import call
from machine import PinBase

_MODES = ("IN", "OUT", "OPEN_DRAIN", "ALT")


class _Irq:
    def __init__(self, pin):
        self._pin = pin

    def flags(self):
        return self._pin._edges

    def trigger(self):
        return _triggers.get(self._pin._number, (None, 0))[1]

    def __call__(self):
        handler = _triggers.get(self._pin._number, (None, 0))[0]
        if handler:
            handler(self._pin)


_triggers = {}  # by the pin's number: handler, edges, pin


class _Names:
    # Pin.board and Pin.cpu.

    def __init__(self, start):
        self._start = start

    def __getattr__(self, name):
        if name == "LED" or name[:4] == self._start or name[:2] == self._start:
            try:
                return Pin(name)
            except ValueError:
                pass
        raise AttributeError(name)


def _number(name):
    if isinstance(name, Pin):
        return name._number
    number = name
    if isinstance(name, str):
        digits = name[4:] if name[:4] == "GPIO" else name[2:] if name[:2] == "GP" else ""
        if name != "LED" and not digits.isdigit():
            raise ValueError('unknown named pin "%s"' % name)
        number = 25 if name == "LED" else int(digits)
    if not isinstance(number, int):
        raise TypeError("can't convert %s to Pin" % type(name).__name__)
    if not 0 <= number < PINS:
        raise ValueError("invalid pin")
    return number


class Pin(PinBase):
    IN, OUT, OPEN_DRAIN, ALT = 0, 1, 2, 3
    PULL_UP, PULL_DOWN = 1, 2
    IRQ_LOW_LEVEL, IRQ_HIGH_LEVEL, IRQ_FALLING, IRQ_RISING = 1, 2, 4, 8
    DRIVE_0, DRIVE_1, DRIVE_2, DRIVE_3 = 0, 1, 2, 3
    board = _Names("GP")
    cpu = _Names("GPIO")

    def __init__(self, id, mode=-1, pull=-1, *, value=None, drive=None, alt=-1):
        self._number = _number(id)
        self._at = SIZE * self._number
        self._edges = 0
        self.init(mode, pull, value=value, drive=drive, alt=alt)

    def init(self, mode=-1, pull=-1, *, value=None, drive=None, alt=-1):
        at = self._at
        if mode != -1 and mode not in (0, 1, 2, 3):
            raise ValueError("invalid mode")
        if value is not None:
            cells[at + LEVEL] = 1 if value else 0
        if mode != -1:
            cells[at + MODE] = mode
        if pull != -1:
            cells[at + PULL] = pull or 0
        if value is not None or mode != -1 or pull != -1:
            call("pin", str(self._number))

    def value(self, x=None):
        # The numbers of the cell's bytes are written out: names of a module are looked up.
        at = self._at
        if x is None:
            mode = cells[at + 2]
            if mode == 1:
                return cells[at]
            return cells[at + 1] if mode != 2 or cells[at] else 0
        x = 1 if x else 0
        if cells[at + 3] and cells[at] != x:
            self._changed(x)
        else:
            cells[at] = x

    __call__ = value

    def _changed(self, x):
        cells[self._at] = x
        notice = cells[self._at + NOTICE]
        if notice & WATCHED:
            call("pin", str(self._number))
        if notice & HANDLED and cells[self._at + MODE] == 1:
            _edge(self._number, 8 if x else 4)

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)

    high = on
    low = off

    def toggle(self):
        at = self._at
        if cells[at + 3]:
            self._changed(cells[at] ^ 1)
        else:
            cells[at] ^= 1

    def mode(self, mode=None):
        if mode is None:
            return cells[self._at + MODE]
        self.init(mode)

    def pull(self, pull=-1):
        if pull == -1:
            return cells[self._at + PULL]
        self.init(-1, pull)

    def drive(self, drive=None):
        return 1

    def irq(self, handler=None, trigger=12, *, priority=1, wake=None, hard=False):
        if handler is not None and not callable(handler):
            raise ValueError("handler must be None or callable")
        cells[self._at + EDGES] = trigger & 15 if handler else 0
        if handler is None:
            _triggers.pop(self._number, None)
        else:
            _triggers[self._number] = (handler, trigger, self)
        call("pin", str(self._number))
        return _Irq(self)

    def __repr__(self):
        at = self._at
        pull = ("", ", pull=PULL_UP", ", pull=PULL_DOWN", "")[cells[at + PULL] & 3]
        return "Pin(GPIO%d, mode=%s%s)" % (self._number, _MODES[cells[at + MODE]], pull)


def _edge(number, edge):
    handler, trigger, pin = _triggers.get(number, (None, 0, None))
    if handler and trigger & edge:
        pin._edges = edge
        try:
            micropython.schedule(handler, pin)
        except RuntimeError:
            pass  # so many wait already that this one is lost, as on a board


def _from_outside(what):
    number, edge = what.split()
    handler, trigger, pin = _triggers.get(int(number), (None, 0, None))
    if handler and trigger & int(edge):
        pin._edges = int(edge)
        handler(pin)


handlers["pin"] = _from_outside
