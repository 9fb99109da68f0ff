"""Partitions for ROMFS. What is written to them is tested with the magic, on a stand-in: tests/magics/test_romfs.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metakernel_micropython.board import romfs

if TYPE_CHECKING:
    from metakernel_micropython.board import Board


def test_boards_whose_firmware_has_none_say_so(board: Board) -> None:
    board.execute("x = 3")
    assert romfs.partitions(board) is None
    assert board.execute("print(sorted(name for name in dir() if name[:2] != '__'))").strip() == "['x']"
