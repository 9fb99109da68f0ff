# Strips of APA106 LEDs: as NeoPixels, but red comes first.

from neopixel import NeoPixel


class APA106(NeoPixel):
    ORDER = (0, 1, 2, 3)
