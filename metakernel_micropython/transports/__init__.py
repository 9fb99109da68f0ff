"""How bytes reach a board: one module for each kind of line, found by the scheme of the address.

A transport carries bytes and knows nothing of what they say. The modules behind it (pyserial, pexpect,
websocket-client) are imported when an address needs them, so that importing this package costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Protocol, cast

from ..errors import ConnectError
from .address import SCHEMES, Address, parse
from .base import WRITE_TIMEOUT, Transport

__all__ = ["WRITE_TIMEOUT", "Address", "Options", "Password", "Transport", "open_transport", "parse"]

Password = str | Callable[[str], str | None]
"""A password, or what asks a person for it: gets the address and returns the password, None where nobody can be asked.
"""

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
        password: for WebREPL; None for what the environment has.
    """

    baud: int = DEFAULT_BAUD
    dtr: bool | None = None
    rts: bool | None = None
    heap: int | None = None
    password: Password | None = field(default=None, repr=False)


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
    password: Password | None = None,
) -> Transport:
    """Open the line to a board.

    ``auto`` is not opened here: which device is meant shows only when one answers as MicroPython does, so whoever
    speaks the protocol tries ``port_scan.candidates()`` in turn.

    Args:
        address: what a person typed, or the parsed form.
        baud: speed of a serial port, in baud.
        dtr: level of DTR while the port is open; None for the default, which does not reset boards.
        rts: level of RTS, likewise.
        heap: bytes of heap, for the virtual board only.
        password: for WebREPL only; see ``webrepl``. It is asked for when the board wants it.

    Raises:
        AddressError: the text is no address.
        ConnectError: the line could not be opened; the message says what to do next.
    """
    wanted = parse(address) if isinstance(address, str) else address
    options = Options(baud, dtr, rts, heap, password)
    if wanted.scheme == "auto":
        raise ConnectError("auto means trying the boards that are plugged in one by one, which takes more than a line.")
    if wanted.scheme in ("id", "usb"):
        from .port_scan import find

        # The text stays what was typed: it finds the board again when it comes back under another name.
        wanted = Address("serial", find(wanted).device, wanted.text)
    module = SCHEMES[wanted.scheme].module
    return cast("_Opener", import_module(f".{module}", __name__)).connect(wanted, options)
