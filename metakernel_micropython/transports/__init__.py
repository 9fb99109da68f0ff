"""How bytes reach a board: one module for each kind of line, found by the scheme of the address.

A transport carries bytes and knows nothing of what they say. The modules behind it (pyserial, pexpect,
websocket-client) are imported when an address needs them, so that importing this package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Protocol, cast

from ..errors import ConnectError
from .address import SCHEMES, Address, parse
from .base import WRITE_TIMEOUT, Transport
from .options import ConnectionOptions, KeptFiles, Password

__all__ = [
    "WRITE_TIMEOUT",
    "Address",
    "ConnectionOptions",
    "KeptFiles",
    "Password",
    "Transport",
    "open_transport",
    "parse",
]


class _Opener(Protocol):
    """What each module named in ``SCHEMES`` offers."""

    def connect(self, address: Address, options: ConnectionOptions) -> Transport:
        """Open the line, or raise ConnectError."""
        ...


def open_transport(address: str | Address, options: ConnectionOptions | None = None) -> Transport:
    """Open the line to a board.

    ``auto`` is not opened here: which device is meant shows only when one answers as MicroPython does, so whoever
    speaks the protocol tries ``port_scan.candidates()`` in turn.

    Args:
        address: what a person typed, or the parsed form.
        options: what was chosen for it; None for the defaults.

    Raises:
        AddressError: the text is no address.
        ConnectError: the line could not be opened; the message says what to do next.
    """
    wanted = parse(address) if isinstance(address, str) else address
    options = options or ConnectionOptions()
    if wanted.scheme == "auto":
        raise ConnectError("auto means trying the boards that are plugged in one by one, which takes more than a line.")
    if wanted.scheme in ("id", "usb"):
        from .port_scan import find

        # The text stays what was typed: it finds the board again when it comes back under another name.
        wanted = Address("serial", find(wanted).device, wanted.text)
    module = SCHEMES[wanted.scheme].module
    return cast("_Opener", import_module(f".{module}", __name__)).connect(wanted, options)
