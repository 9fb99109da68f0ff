"""How bytes reach a board: one module for each kind of line, found by the scheme of the address.

A transport carries bytes and knows nothing of what they say. The modules behind it (pyserial, pexpect) are imported
when an address needs them, so that importing this package costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

from ..errors import ConnectError
from .address import SCHEMES, Address, parse
from .base import WRITE_TIMEOUT, Transport

__all__ = ["WRITE_TIMEOUT", "Address", "Options", "Transport", "open_transport", "parse"]

DEFAULT_BAUD = 115200
"""Baud that MicroPython's ports use on a UART unless the board's maker chose another."""


@dataclass(frozen=True)
class Options:
    """What a person may choose about a line. A transport ignores what has no meaning for it.

    Attributes:
        baud: speed of a serial port in baud; USB boards ignore it.
        dtr: level of DTR while the port is open; None for what does not reset the board.
        rts: level of RTS, likewise.
        heap: bytes of heap of the virtual board; None for its default.
    """

    baud: int = DEFAULT_BAUD
    dtr: bool | None = None
    rts: bool | None = None
    heap: int | None = None


class _Opener(Protocol):
    """What each module named in ``SCHEMES`` offers."""

    def connect(self, address: Address, options: Options) -> Transport:
        """Open the line, or raise ConnectError."""
        ...


def open_transport(
    address: str | Address,
    *,
    baud: int = DEFAULT_BAUD,
    dtr: bool | None = None,
    rts: bool | None = None,
    heap: int | None = None,
) -> Transport:
    """Open the line to a board.

    ``auto`` is not opened here: which device is meant shows only when one answers as MicroPython does, so whoever
    speaks the protocol tries ``discovery.candidates()`` in turn.

    Args:
        address: what a person typed, or the parsed form.
        baud: speed of a serial port, in baud.
        dtr: level of DTR while the port is open; None for the default, which does not reset boards.
        rts: level of RTS, likewise.
        heap: bytes of heap, for the virtual board only.

    Raises:
        AddressError: the text is no address.
        ConnectError: the line could not be opened; the message says what to do next.
    """
    wanted = parse(address) if isinstance(address, str) else address
    options = Options(baud, dtr, rts, heap)
    if wanted.scheme == "auto":
        raise ConnectError("auto means trying the boards that are plugged in one by one, which takes more than a line.")
    if wanted.scheme in ("id", "usb"):
        from .discovery import find

        # The text stays what was typed: it finds the board again when it comes back under another name.
        wanted = Address("serial", find(wanted).device, wanted.text)
    module = SCHEMES[wanted.scheme].module
    return cast("_Opener", import_module(f".{module}", __name__)).connect(wanted, options)
