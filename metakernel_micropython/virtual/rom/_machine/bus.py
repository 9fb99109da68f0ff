# What I2C, SPI and UART share: buffers by address and size, errors by name, pins.

from _machine.pin import Pin
from host import call
from uctypes import addressof

# For an errno that lacks one.
_ERRORS = {"EIO": 5, "ENODEV": 19, "ETIMEDOUT": 110, "EPERM": 1}

SOFT = "soft"


def error(name):
    import errno

    return OSError(getattr(errno, name, _ERRORS[name]))


def whole(value):
    if not isinstance(value, int):
        raise TypeError("can't convert %s to int" % type(value).__name__)
    return value


def size(buffer):
    # Bytes, where len() may count other items.
    if isinstance(buffer, (bytes, bytearray)):
        return len(buffer)
    addressof(buffer)  # raises TypeError for what is no buffer
    return len(bytes(buffer, "utf-8") if isinstance(buffer, str) else bytes(buffer))


def writable(buffer):
    if isinstance(buffer, (bytes, str)):
        raise TypeError("object with buffer protocol required")
    return buffer


def span(direction, buffer):
    length = size(buffer)
    return " %s %d %d" % (direction, addressof(buffer) if length else 0, length)


def number(pin):
    return -1 if pin is None else (pin if isinstance(pin, Pin) else Pin(pin))._number


def route(kind, id, *pins):
    # Which bus it is (-1: there is none on these pins), and its pins. "soft": it is made by software.
    if id is not SOFT:
        whole(id)
    answer = call("route", "%s %s " % (kind, id) + " ".join([str(number(pin)) for pin in pins]))
    if answer[0] == "!":
        raise ValueError(answer[1:])
    return [int(word) for word in answer.split()]
