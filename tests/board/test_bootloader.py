"""Bringing a board into its bootloader."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.board import Board, bootloader
from metakernel_micropython.errors import CannotReset

from ..uf2_board import Uf2Board

if TYPE_CHECKING:
    from pathlib import Path

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")


def test_a_board_without_the_function_says_so_and_stays(virtual_board: Board) -> None:
    virtual_board.execute("x = 3")
    with pytest.raises(CannotReset, match=r"no machine\.bootloader"):
        bootloader.enter(virtual_board)
    assert virtual_board.evaluate("x") == 3


@posix_only
def test_a_board_that_has_it_takes_its_line_along(tmp_path: Path, virtual_address: str) -> None:
    made = Uf2Board(tmp_path)
    try:
        with Board.connect(str(made.address)) as board:
            bootloader.enter(board)
            deadline = time.monotonic() + 20  # the drive of a stand-in, too, takes a moment
            while not (made.drive / "INFO_UF2.TXT").exists() or made.address.exists():
                assert time.monotonic() < deadline
                time.sleep(0.01)
    finally:
        made.close()


@posix_only
def test_a_port_is_opened_at_1200_baud_and_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    import pty
    import termios

    import serial

    master, slave = pty.openpty()
    speeds = []
    close = serial.Serial.close

    def seen(self: serial.Serial) -> None:
        speeds.append((self.baudrate, termios.tcgetattr(master)[5]))
        close(self)

    monkeypatch.setattr(serial.Serial, "close", seen)
    try:
        bootloader.touch(os.ttyname(slave))
    finally:
        os.close(slave)
        os.close(master)
    assert speeds[0] == (1200, termios.B1200)


def test_a_port_that_is_not_there_is_no_failure(tmp_path: Path) -> None:
    bootloader.touch(str(tmp_path / "ttyNOWHERE"))
