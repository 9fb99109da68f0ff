# I2C, of the hardware and made by software. The bus itself is the host's.

from _machine import BOARD
from _machine.bus import SOFT, error, route, size, span, whole, writable
from host import call
from uctypes import addressof


class I2C:
    _unanswered = "ENODEV" if BOARD == "esp32" else "EIO"  # what it is when nobody acknowledges

    def __init__(self, id=0, *, scl=None, sda=None, freq=400000, timeout=50000):
        self._id = id
        self._timeout = timeout
        self._place(id, scl, sda, freq)

    def init(self, scl=None, sda=None, *, freq=400000, timeout=50000):
        self._timeout = timeout
        self._place(self._id, scl, sda, freq)

    def _place(self, id, scl, sda, freq):
        self._bus, self._sda, self._scl = route("i2c", id, sda, scl)
        self._freq = int(freq)

    def deinit(self):
        pass

    def scan(self):
        found = bytearray(112)
        return list(found[: int(call("i2c scan", "%d %d" % (self._bus, addressof(found))))])

    def _transfer(self, address, stop, steps):
        whole(address)
        count = int(call("i2c", "%d %d %d%s" % (self._bus, address, 1 if stop else 0, steps)))
        if count < 0:
            raise error(self._unanswered)
        return count

    def readfrom(self, addr, nbytes, stop=True):
        data = bytearray(whole(nbytes))
        self._transfer(addr, stop, span("r", data))
        return bytes(data)

    def readfrom_into(self, addr, buf, stop=True):
        self._transfer(addr, stop, span("r", writable(buf)))

    def writeto(self, addr, buf, stop=True):
        return self._transfer(addr, stop, span("w", buf))

    def writevto(self, addr, vector, stop=True):
        if not isinstance(vector, (tuple, list)):
            raise TypeError("object '%s' isn't a tuple or list" % type(vector).__name__)
        return self._transfer(addr, stop, "".join([span("w", buf) for buf in vector]) or " w 0 0")

    def readfrom_mem(self, addr, memaddr, nbytes, *, addrsize=8):
        data = bytearray(whole(nbytes))
        self.readfrom_mem_into(addr, memaddr, data, addrsize=addrsize)
        return bytes(data)

    def readfrom_mem_into(self, addr, memaddr, buf, *, addrsize=8):
        register = _register(memaddr, addrsize)
        if self._transfer(addr, True, span("w", register) + span("r", writable(buf))) < len(register):
            raise error(self._unanswered)

    def writeto_mem(self, addr, memaddr, buf, *, addrsize=8):
        register = _register(memaddr, addrsize)
        if self._transfer(addr, True, span("w", register) + span("w", buf)) < len(register) + size(buf):
            raise error(self._unanswered)

    def _not_supported(self, *_):
        raise OSError("I2C operation not supported")

    start = stop = readinto = write = _not_supported

    def __repr__(self):
        clock, pins = "freq=%d" % self._freq, "scl=%d, sda=%d" % (self._scl, self._sda)
        if BOARD == "esp32":
            clock, pins = pins, clock
        return "I2C(%d, %s, %s, timeout=%d)" % (self._id, clock, pins, self._timeout)


def _register(number, bits):
    # The highest byte comes first.
    return bytes([number >> place & 255 for place in range(bits - 8, -8, -8)])


class SoftI2C(I2C):
    _unanswered = "ENODEV"

    def __init__(self, scl, sda, *, freq=400000, timeout=50000):
        self._place(SOFT, scl, sda, freq)

    def init(self, scl, sda, *, freq=400000, timeout=50000):
        self._place(SOFT, scl, sda, freq)

    def _step(self, text):
        return call("i2c step", "%d%s" % (self._bus, text))

    def start(self):
        self._step(" start")

    def stop(self):
        self._step(" stop")

    def readinto(self, buf, nack=True):
        self._step(span("r", writable(buf)))

    def write(self, buf):
        return int(self._step(span("w", buf)))

    def __repr__(self):
        return "SoftI2C(scl=%d, sda=%d, freq=%d)" % (self._scl, self._sda, self._freq)
