"""Bringing a board into its bootloader, where it takes new firmware."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from ..errors import BoardReset, CannotReset, DeviceError, LineLost

if TYPE_CHECKING:
    from .board import Board

LEAVES = 2.0
"""Seconds after which a board that says nothing any more counts as gone."""

TOUCH_BAUD = 1200
"""Opening and closing the port at this speed means the bootloader to boards with USB of their own (Arduino's rule)."""

_TOUCH = 0.25  # seconds that the port is open


def enter(board: Board) -> None:
    """Have a board start its bootloader by ``machine.bootloader()``; its line goes with it.

    Raises:
        CannotReset: its firmware has no such function.
        MicroPythonError: it did not come to its prompt.
    """
    try:
        execution = board.start("import machine\nmachine.bootloader()")
        execution.wait(LEAVES)
        execution.check()
    except (LineLost, BoardReset):
        return
    except DeviceError as error:
        if error.name in ("AttributeError", "ImportError"):
            raise CannotReset(f"The board on {board.address} has no machine.bootloader().") from error
        raise


def touch(port: str) -> None:
    """Open a serial port at 1200 baud and close it, which means the bootloader to many boards; others ignore it.

    Args:
        port: a device, such as ``/dev/ttyACM0`` or ``COM5``.
    """
    import serial

    # Some boards are gone before the port is closed, and Windows says so.
    with contextlib.suppress(serial.SerialException, OSError, ValueError):
        line = serial.Serial(port, TOUCH_BAUD, timeout=1, write_timeout=1)
        try:
            line.dtr = False
            time.sleep(_TOUCH)
        finally:
            line.close()
