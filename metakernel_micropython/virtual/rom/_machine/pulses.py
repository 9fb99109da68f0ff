# Protocols of one pin that depend on time: the host knows what was meant.

import _machine
from _machine.bus import error, number, size, writable
from _machine.pin import Pin
from host import call
from uctypes import addressof


def time_pulse_us(pin, pulse_level, timeout_us=1000000):
    return _machine.pulse(pin if isinstance(pin, Pin) else Pin(pin), pulse_level, timeout_us)


def bitstream(pin, encoding, timing, data):
    if encoding != 0:
        raise ValueError("encoding")
    if len(timing) != 4:
        raise ValueError("timing")
    length = size(data)
    if length:
        call("bitstream", "%d %d %d" % (number(pin), addressof(data), length))


def dht_readinto(pin, buf):
    if size(writable(buf)) < 5:
        raise ValueError("buffer too small")
    if call("dht", "%d %d" % (number(pin), addressof(buf))) != "5":
        raise error("ETIMEDOUT")
