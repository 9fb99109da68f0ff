# UARTs. What arrives waits at the host.

import io
import time

from _machine import handlers
from _machine.bus import number, route, size, writable
from host import call
from uctypes import addressof

_READ, _WRITE = 1, 4  # of select.poll
_POLL = 3  # the request of a stream's ioctl for what is ready

_listening = {}  # by the number of the UART: whose handler is called


class _Irq:
    def __init__(self, uart):
        self._uart = uart

    def flags(self):
        return self._uart._flags

    def trigger(self):
        return self._uart._trigger

    def __call__(self):
        if self._uart._handler:
            self._uart._handler(self._uart)


class UART(io.IOBase):
    INV_TX, INV_RX = 1, 2
    CTS, RTS = 1, 2
    IRQ_RXIDLE, IRQ_TXIDLE, IRQ_BREAK = 64, 32, 512

    def __init__(self, id, baudrate=115200, bits=8, parity=None, stop=1, **options):
        self._id = id
        self._tx = self._rx = None
        self._baudrate = 0
        self._handler = None
        self._trigger = self._flags = 0
        self._timeout = self._timeout_char = self._invert = 0
        self._txbuf = self._rxbuf = 256
        self._open = False
        self.init(baudrate, bits, parity, stop, **options)

    def init(
        self,
        baudrate=115200,
        bits=8,
        parity=None,
        stop=1,
        *,
        tx=None,
        rx=None,
        cts=None,
        rts=None,
        timeout=0,
        timeout_char=0,
        invert=0,
        flow=0,
        txbuf=-1,
        rxbuf=-1,
    ):
        self._id, self._tx, self._rx = route(
            "uart", self._id, self._tx if tx is None else number(tx), self._rx if rx is None else number(rx)
        )
        if bits not in (5, 6, 7, 8):
            raise ValueError("bits must be 5 to 8")
        if parity not in (None, 0, 1):
            raise ValueError("parity must be None, 0 or 1")
        if stop not in (1, 2):
            raise ValueError("stop must be 1 or 2")
        if not 0 <= invert <= 3:
            raise ValueError("bad inversion mask")
        self._baudrate = int(baudrate)
        self._bits, self._parity, self._stop = bits, parity, stop
        self._timeout, self._timeout_char, self._invert = timeout, timeout_char, invert
        self._txbuf = self._txbuf if txbuf == -1 else max(32, txbuf)
        self._rxbuf = self._rxbuf if rxbuf == -1 else min(max(32, rxbuf), 32766)
        self._open = True
        self._call("open %d" % self._rxbuf)

    def _call(self, text):
        if not self._open:
            raise OSError("UART is closed")
        return call("uart", "%d %s" % (self._id, text))

    def deinit(self):
        if self._open:
            self.irq(None)
            self._call("close")
            self._open = False

    def any(self):
        return int(self._call("any"))

    def _wait(self, count, timeout):
        # Until so many bytes are there, or none has come in time: there is a timeout for the first, one between two.
        before = self.any()
        start = time.ticks_ms()
        while before < count:
            if time.ticks_diff(time.ticks_ms(), start) >= timeout:
                break
            time.sleep_ms(1)
            now = self.any()
            if now != before:
                before, start, timeout = now, time.ticks_ms(), self._timeout_char
        return min(before, count)

    def _take(self, buf, count):
        return int(self._call("read %d %d" % (addressof(buf), count))) if count else 0

    def read(self, nbytes=-1):
        if nbytes is None or nbytes < 0:
            nbytes = self._rxbuf
        data = bytearray(self._wait(nbytes, self._timeout))
        return bytes(data) if self._take(data, len(data)) or not nbytes else None

    def readinto(self, buf, nbytes=-1):
        length = size(writable(buf))
        if nbytes >= 0:
            length = min(length, nbytes)
        return self._take(buf, self._wait(length, self._timeout)) or None

    def readline(self):
        line = b""
        timeout = self._timeout
        one = bytearray(1)
        while self._wait(1, timeout):
            self._take(one, 1)
            line += one
            if line[-1] == 10:
                break
            timeout = self._timeout_char
        return line or None

    def write(self, buf):
        length = size(buf)
        if length:
            self._call("write %d %d %d" % (self._baudrate, addressof(buf), length))
            if self._trigger & 32:
                self._due(32)
        return length

    def sendbreak(self):
        self._call("any")

    def flush(self):
        self._call("any")

    def txdone(self):
        return self._call("any") != ""

    def irq(self, handler=None, trigger=0, hard=False):
        if handler is not None and not callable(handler):
            raise ValueError("handler must be None or callable")
        if trigger & ~(64 | 32 | 512):
            raise ValueError("trigger 0x%04x unsupported" % trigger)
        self._handler, self._trigger = handler, trigger if handler else 0
        _listening[self._id] = self
        self._call("irq %d" % (1 if self._trigger & 64 else 0))
        return _Irq(self)

    def _due(self, flag):
        self._flags = flag
        if self._handler:
            self._handler(self)

    def ioctl(self, request, argument):
        # What select.poll asks.
        if request == _POLL:
            return argument & (_WRITE | (_READ if self.any() else 0))
        return 0

    def __repr__(self):
        return (
            "UART(%d, baudrate=%d, bits=%d, parity=%s, stop=%d, tx=%d, rx=%d, txbuf=%d, rxbuf=%d, "
            "timeout=%d, timeout_char=%d, invert=%s, irq=%d)"
        ) % (
            self._id,
            self._baudrate,
            self._bits,
            self._parity,
            self._stop,
            self._tx,
            self._rx,
            self._txbuf,
            self._rxbuf,
            self._timeout,
            self._timeout_char,
            ("None", "INV_TX", "INV_RX", "INV_TX|INV_RX")[self._invert],
            self._trigger,
        )


def _arrived(what):
    uart = _listening.get(int(what))
    if uart:
        uart._due(64)


handlers["uart"] = _arrived
