# Signals: pins, some of them upside down. The interpreter's own class takes for granted that it is given a pin.

from _machine.pin import Pin
from machine import PinBase


class Signal:
    def __init__(self, pin, *arguments, invert=False, **options):
        if arguments or options or not isinstance(pin, (PinBase, Signal)):
            pin = Pin(pin, *arguments, **options)
        self._pin = pin
        self._invert = 1 if invert else 0

    def value(self, x=None):
        if x is None:
            return self._pin.value() ^ self._invert
        self._pin.value((1 if x else 0) ^ self._invert)

    __call__ = value

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)
