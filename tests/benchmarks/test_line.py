"""A real pseudo terminal behind a line of a certain speed."""

from __future__ import annotations

import os
import random
import select
import time
from typing import TYPE_CHECKING

import pytest

from benchmarks.line import ThrottledLine

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(os.name != "posix", reason="there are no pseudo terminals here")

BAUD = 115200
DATA = random.Random(1).randbytes(4096)
SECONDS = len(DATA) * 10 / BAUD


@pytest.fixture
def ends() -> Iterator[tuple[int, int]]:
    """The client's end of a line, and the board's."""
    import pty
    import tty

    board, terminal = pty.openpty()
    tty.setraw(terminal)
    with ThrottledLine(os.ttyname(terminal), BAUD) as line:
        client = os.open(line.address, os.O_RDWR | os.O_NOCTTY)
        yield client, board
        os.close(client)
    os.close(board)
    os.close(terminal)


def carry(source: int, target: int) -> float:
    """Send all bytes, compare what arrives, and return the seconds."""
    begin = time.monotonic()
    os.write(source, DATA)
    arrived = b""
    while len(arrived) < len(DATA):
        assert select.select([target], [], [], 20)[0], f"{len(arrived)} bytes arrived"
        arrived += os.read(target, 65536)
    assert arrived == DATA
    return time.monotonic() - begin


@pytest.mark.parametrize("to_board", [True, False], ids=["to the board", "from the board"])
def test_every_byte_takes_its_time(ends: tuple[int, int], to_board: bool) -> None:
    client, board = ends
    seconds = carry(client, board) if to_board else carry(board, client)
    assert 0.99 * SECONDS < seconds < 10 * SECONDS


def test_what_nobody_reads_is_not_lost(ends: tuple[int, int]) -> None:
    client, board = ends
    os.write(board, DATA)
    time.sleep(1)
    arrived = b""
    while len(arrived) < len(DATA):
        assert select.select([client], [], [], 20)[0], f"{len(arrived)} bytes arrived"
        arrived += os.read(client, 65536)
    assert arrived == DATA


def test_a_line_takes_its_terminal_away_when_it_ends() -> None:
    import pty

    board, terminal = pty.openpty()
    with ThrottledLine(os.ttyname(terminal), BAUD) as line:
        assert os.path.exists(line.address)  # noqa: PTH110
    assert not os.path.lexists(line.address)
    os.close(board)
    os.close(terminal)
