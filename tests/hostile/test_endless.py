"""Boards that do not come to an end: what they say is bounded, told, and stopped; the next request works."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.board import Board
from metakernel_micropython.board.board import MAX_REPLY
from metakernel_micropython.board.files import helper_programs
from metakernel_micropython.errors import BoardTimeout, TransferFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..conftest import Start

LISTING = """
import os, sys
class Many:
    def __getattr__(self, name):
        return getattr(os, name)
    def listdir(self, *folder):
        return ("f%07d" % number + "x" * 240 for number in range(1_000_000))
    ilistdir = lambda self, *folder: ((name, 0x8000, 0, 5) for name in self.listdir())
    def stat(self, path):
        return (0x4000 if path in ("", ".", "/") else 0x8000, 0, 0, 0, 0, 0, 5, 0, 0, 0)
sys.modules["os"] = Many()
"""
"""A file system with a million files, which the board makes up."""

ENDLESS = "while True: print('x' * 70)"


@pytest.fixture
def connected(virtual_address: str) -> Iterator[Board]:
    with Board.connect(virtual_address) as board:
        board.files.list()
        yield board


def test_a_listing_of_a_million_files_is_stopped_and_told(connected: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helper_programs, "MAX_REPLY", 50_000)  # the virtual board takes its time for a megabyte
    connected.execute(LISTING)
    with pytest.raises(TransferFailed, match=r"more than \d+ characters"):
        connected.files.list()
    assert connected.idle
    connected.execute("import sys; del sys.modules['os']")
    assert connected.files.list() == []


def test_magics_tell_it_too_and_the_kernel_lives_on(start: Start, virtual_address: str) -> None:
    kernel = start({"MICROPYTHON_BOARD": virtual_address})
    kernel.do("%ls")
    kernel.do(
        "%%python\nimport metakernel_micropython.board.files.helper_programs as helpers\nhelpers.MAX_REPLY = 50_000"
    )
    kernel.do(LISTING)
    error = kernel.fail("%tree", timeout=60)
    assert error.name == "TransferFailed"
    assert "too many files" in error.value
    assert kernel.do("6*7").value == "42"


@pytest.mark.parametrize(
    "request_",
    [
        lambda board: board.execute(ENDLESS, timeout=60),
        lambda board: board.evaluate(f"exec({ENDLESS!r})", timeout=60),
    ],
)
def test_an_answer_without_end_is_stopped_before_its_time_is_over(
    connected: Board, request_: Callable[[Board], object]
) -> None:
    with pytest.raises(BoardTimeout, match=f"more than {MAX_REPLY} characters"):
        request_(connected)
    assert connected.execute("print(1)") == "1\n"


def test_a_slow_answer_ends_at_its_deadline(connected: Board) -> None:
    with pytest.raises(BoardTimeout, match="within 1 s"):
        connected.execute("import time\nwhile True:\n    print('x')\n    time.sleep(0.1)", timeout=1)
    assert connected.execute("print(1)") == "1\n"


def test_a_value_nested_ten_thousand_deep_is_refused_and_nothing_breaks(start: Start, virtual_address: str) -> None:
    kernel = start()
    kernel.do(f"%connect {virtual_address} --heap 8388608")
    kernel.do("x = []\nfor i in range(10_000): x = [x]")
    assert "deep" in kernel.fail("%get x").value
    assert "recursion" in kernel.fail("x").value
    assert kernel.do("6*7").value == "42"
    # What only looks like one: the board's own text is never evaluated, and does not overflow a parser.
    kernel.do("class R:\n    def __repr__(self): return '[' * 10_000 + ']' * 10_000\nr = R()")
    kernel.fail("%get r")
    assert kernel.do("r").value == "[" * 10_000 + "]" * 10_000
    assert kernel.complete("r.") == []
    assert kernel.do("6*7").value == "42"
