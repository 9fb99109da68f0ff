"""Packages by the modules that they bring, as far as an index says that it has them."""

from __future__ import annotations

from .package_index import IndexNames

# From https://github.com/micropython/micropython-lib. Other packages have a module of their name.
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

_index = IndexNames()


def package_of(module: str) -> str:
    """Return the package of the index that ``%mip`` uses which brings a module; ``""`` where that is not known."""
    names = _index.get()
    candidates = (_OTHERS.get(module, module), module.partition(".")[0])
    return next((name for name in candidates if name in names), "")
