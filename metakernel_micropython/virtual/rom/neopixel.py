# Strips of WS2812 and SK6812 LEDs.

from machine import bitstream


class NeoPixel:
    ORDER = (1, 0, 2, 3)  # the place among the bytes that are sent, of red, green, blue, white

    def __init__(self, pin, n, bpp=3, timing=1):
        self.pin = pin
        self.n = n
        self.bpp = bpp
        self.buf = bytearray(n * bpp)
        # Nanoseconds: high and low of a 0, high and low of a 1; for 800 kHz or 400 kHz.
        self.timing = (
            ((400, 850, 800, 450) if timing else (800, 1700, 1600, 900)) if isinstance(timing, int) else timing
        )
        pin.init(pin.OUT)

    def __len__(self):
        return self.n

    def __setitem__(self, i, v):
        start = i * self.bpp
        for place in range(self.bpp):
            self.buf[start + self.ORDER[place]] = v[place]

    def __getitem__(self, i):
        start = i * self.bpp
        return tuple([self.buf[start + self.ORDER[place]] for place in range(self.bpp)])

    def fill(self, v):
        for i in range(self.n):
            self[i] = v

    def write(self):
        bitstream(self.pin, 0, self.timing, self.buf)
