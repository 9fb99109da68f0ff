"""Packages that MicroPython's own index has, by the modules that they bring: known without asking the network.

From https://github.com/micropython/micropython-lib, its folders micropython, python-ecosys and python-stdlib. The list
is short on purpose: packages that stayed for years. For what is not in it nothing is claimed, for it may be anywhere.
"""

from __future__ import annotations

import os

from .packages import INDEX, INDEX_VARIABLE

_SAME_NAME = frozenset(
    """__future__ abc aioble aioespnow aiohttp aiorepl argparse base64 bisect bmi270 bmm150 cbor2 cmd contextlib copy
    datetime dht ds18x20 fnmatch functools gzip hmac hts221 html inspect iperf3 itertools keyword lcd160cr locale
    logging lps22h lsm6dsox lsm9ds1 mip mrf24j40 neopixel nrf24l01 ntptime onewire operator pathlib pickle pprint
    pymitter quopri requests sdcard senml shutil ssd1306 stat string tarfile tempfile textwrap unittest urequests uuid
    warnings webrepl wm8960""".split()
)
"""Packages with a module of their name."""

_OTHERS = {
    "umqtt": "umqtt.simple",
    "umqtt.simple": "umqtt.simple",
    "umqtt.robust": "umqtt.robust",
    "collections.defaultdict": "collections-defaultdict",
    "curses.ascii": "curses.ascii",
    "os.path": "os-path",
    "jwt": "pyjwt",
    "usb": "usb-device",
    "usb.device": "usb-device",
    "urllib.parse": "urllib.parse",
    "urllib.urequest": "urllib.urequest",
}


def package_of(module: str) -> str:
    """Return the package of MicroPython's index that brings a module; ``""`` where that is not known.

    Another index that the environment names may hold anything: nothing is known of it.
    """
    index = os.environ.get(INDEX_VARIABLE, "").rstrip("/")
    if index and index != INDEX:
        return ""
    if module in _OTHERS:
        return _OTHERS[module]
    top = module.partition(".")[0]
    return top if top in _SAME_NAME else ""
