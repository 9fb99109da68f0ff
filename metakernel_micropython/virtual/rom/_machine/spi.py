# SPI, of the hardware and made by software. The bus itself is the host's.

from _machine.bus import SOFT, number, route, size, whole, writable
from host import call
from uctypes import addressof


class SPI:
    MSB, LSB = 0, 1

    def __init__(
        self, id, baudrate=1000000, *, polarity=0, phase=0, bits=8, firstbit=0, sck=None, mosi=None, miso=None
    ):
        self._id = id
        self._bus, self._sck, self._mosi, self._miso = route("spi", id, sck, mosi, miso)
        self._set(baudrate, polarity, phase, bits, firstbit)

    def init(self, baudrate=-1, *, polarity=-1, phase=-1, bits=-1, firstbit=-1, sck=None, mosi=None, miso=None):
        if sck is not None or mosi is not None or miso is not None:
            pins = [
                before if pin is None else number(pin)
                for pin, before in ((sck, self._sck), (mosi, self._mosi), (miso, self._miso))
            ]
            self._bus, self._sck, self._mosi, self._miso = route("spi", self._id, *pins)
        self._set(
            self._baudrate if baudrate == -1 else baudrate,
            self._polarity if polarity == -1 else polarity,
            self._phase if phase == -1 else phase,
            self._bits if bits == -1 else bits,
            0 if firstbit == -1 else firstbit,
        )

    def _set(self, baudrate, polarity, phase, bits, firstbit):
        if firstbit != 0:
            raise NotImplementedError("LSB")
        self._baudrate = int(baudrate)
        self._polarity = 1 if polarity else 0
        self._phase = 1 if phase else 0
        self._bits = int(bits)

    def deinit(self):
        pass

    def _transfer(self, sent, received, length, filler=0):
        if length:
            call("spi", "%d %d %d %d %d" % (self._bus, sent, received, length, filler))

    def read(self, nbytes, write=0):
        data = bytearray(whole(nbytes))
        self.readinto(data, write)
        return bytes(data)

    def readinto(self, buf, write=0):
        length = size(writable(buf))
        self._transfer(0, addressof(buf), length, write)

    def write(self, buf):
        length = size(buf)
        self._transfer(addressof(buf), 0, length)

    def write_readinto(self, write_buf, read_buf):
        length = size(write_buf)
        if length != size(writable(read_buf)):
            raise ValueError("buffers must be the same length")
        self._transfer(addressof(write_buf), addressof(read_buf), length)

    def __repr__(self):
        return "SPI(%d, baudrate=%d, polarity=%d, phase=%d, bits=%d, sck=%d, mosi=%d, miso=%d)" % (
            self._id,
            self._baudrate,
            self._polarity,
            self._phase,
            self._bits,
            self._sck,
            self._mosi,
            self._miso,
        )


class SoftSPI(SPI):
    def __init__(self, baudrate=500000, *, polarity=0, phase=0, bits=8, firstbit=0, sck=None, mosi=None, miso=None):
        if sck is None or mosi is None or miso is None:
            raise ValueError("must specify all of sck/mosi/miso")
        super().__init__(
            SOFT, baudrate, polarity=polarity, phase=phase, bits=bits, firstbit=firstbit, sck=sck, mosi=mosi, miso=miso
        )

    def _set(self, baudrate, polarity, phase, bits, firstbit):
        if bits != 8:
            raise ValueError("bits must be 8")
        if firstbit != 0:
            raise ValueError("firstbit must be MSB")
        super()._set(baudrate, polarity, phase, bits, firstbit)

    def __repr__(self):
        return "SoftSPI(baudrate=%d, polarity=%d, phase=%d, sck=%d, mosi=%d, miso=%d)" % (
            self._baudrate,
            self._polarity,
            self._phase,
            self._sck,
            self._mosi,
            self._miso,
        )
