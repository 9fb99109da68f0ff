"""A thread that prints without pause: between any two pieces that the firmware writes.

The virtual board has no threads, and a micro:bit has none: the line says what a thread would have printed.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.board import Board
from metakernel_micropython.board.protocol.background_output import split_traceback
from metakernel_micropython.board.protocol.events import Done, LateEnd, Output, Ready, Started
from metakernel_micropython.board.protocol.repl import Repl
from metakernel_micropython.errors import DeviceError

from ...boards import ChangingLine, needs_virtual
from ...virtual.boards import TcpBoard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metakernel_micropython.board.protocol.events import Event

WORDS = [b"busy\r\n", b"x = 5, hello\r\n", b"a>b\r\n", b"p"]
PIECES = re.compile(rb"(\x04|OK|R\x01|raw REPL; CTRL-B to exit\r\n|>|\r\n)")
"""What firmware writes at once, or ends such a piece with."""


class Thread:
    """What comes from the board, with a word of a thread behind every piece, as soon as a program has started one."""

    def __init__(self, word: bytes) -> None:
        self.prints = False
        self._word = word

    def __call__(self, data: bytes) -> bytes:
        self.prints = self.prints or b"started" in data
        return PIECES.sub(lambda piece: piece[0] + self._word, data) if self.prints else data


@pytest.fixture(scope="module")
def served() -> Iterator[TcpBoard]:
    needs_virtual()
    board = TcpBoard()
    yield board
    board.end()


@pytest.fixture(params=WORDS)
def thread(request: pytest.FixtureRequest) -> Thread:
    return Thread(request.param)


@pytest.fixture
def board(served: TcpBoard, thread: Thread) -> Iterator[Board]:
    line = ChangingLine(served.port, from_board=thread)
    with Board.connect(line.address) as made:
        yield made
        thread.prints = False
    line.close()


START = "print('started')  # as _thread.start_new_thread does"


def test_a_cell_that_starts_a_thread_ends_and_shows_what_it_prints(board: Board, thread: Thread) -> None:
    execution = board.start(START)
    assert execution.wait(10)
    execution.check()
    assert execution.read(0).count(thread._word.decode().replace("\r\n", "\n").replace("a>b\n", "a")) >= 3


def test_a_cell_that_imports_a_file_which_starts_a_thread_ends(board: Board, thread: Thread) -> None:
    execution = board.start("print('started')")  # nothing in the source tells of a thread
    assert execution.wait(10)
    execution.check()
    assert "started" in execution.read(0)
    assert "42" in board.execute("print(6 * 7)", timeout=10)
    thread.prints = False
    board.soft_reset()
    with pytest.raises(DeviceError) as caught:
        board.execute("print('started')\n1/0", timeout=10)
    assert caught.value.name.endswith("ZeroDivisionError")


def test_the_next_cells_run_beside_a_thread_that_prints(board: Board) -> None:
    board.execute(START, timeout=10)
    assert "42" in board.execute("print(6 * 7)", timeout=10)
    assert "42" in board.execute("print(6 * 7)" + "  # long enough for raw-paste" * 50, timeout=10)
    for source, name in ("1/0", "ZeroDivisionError"), ("class Odd(Exception): pass\nraise Odd('hm')", "Odd"):
        with pytest.raises(DeviceError) as caught:
            board.execute(source, timeout=10)
        assert caught.value.name.endswith(name)  # a thread that ends no line prints in front of it
    board.soft_reset()
    assert "42" in board.execute("print(6 * 7)", timeout=10)


def test_a_program_beside_a_thread_that_prints_is_stopped(board: Board) -> None:
    board.execute(START, timeout=10)
    execution = board.start("while True: pass")
    time.sleep(0.2)
    execution.interrupt()
    assert execution.wait(10)
    with pytest.raises(DeviceError, match="KeyboardInterrupt"):
        execution.check()


def test_a_board_whose_thread_prints_is_connected_and_left(served: TcpBoard, thread: Thread) -> None:
    thread.prints = True
    line = ChangingLine(served.port, from_board=thread)
    with Board.connect(line.address, timeout=10) as board:
        assert "42" in board.execute("print(6 * 7)", timeout=10)
    line.close()


def _running() -> Repl:
    repl = Repl()
    repl.send_attach()
    repl.receive(b"raw REPL; CTRL-B to exit\r\n>")
    repl.send_source(b"import busy")
    repl.receive(b"OK")
    return repl


@pytest.mark.parametrize("size", [1, 2, 1000])
def test_what_may_be_an_end_is_one_until_something_contradicts_it(size: int) -> None:
    repl = _running()

    def receive(data: bytes) -> list[Event]:
        return [event for at in range(0, len(data), size) for event in repl.receive(data[at : at + size])]

    receive(b"1\r\n\x04busy\r\n")
    assert not repl.maybe_ended
    receive(b"\x04busy\r\n>busy\r\n")
    assert repl.maybe_ended
    receive(b"busy\r\n" * 1000)
    assert repl.maybe_ended
    receive(b"\x04\xff")  # no: the program prints such bytes
    assert not repl.maybe_ended
    receive(b"\x04\xff>")
    assert not repl.maybe_ended
    assert _joined(receive(b"\x04\x04>"))[1] == [Done(b"")]
    assert not repl.maybe_ended


def test_an_end_that_was_taken_for_one_and_was_none_is_told_late() -> None:
    repl = _running()
    repl.receive(b"\x04ValueError: 1\r\nbusy\r\n\x04on\r\n>busy\r\n")
    assert repl.take_for_ended() == (b"\x04on\r\n>busy\r\n", b"ValueError: 1\r\n")
    assert _joined(repl.receive(b"more\r\n\x04\x04>")) == (b"more\r\n", [LateEnd(b"")])


# Every split of what comes has the same meaning.


def _joined(events: list[Event]) -> tuple[bytes, list[Event]]:
    printed = b"".join(event.data for event in events if isinstance(event, Output))
    return printed, [event for event in events if not isinstance(event, Output)]


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
def test_the_split_makes_no_difference(word: bytes, size: int) -> None:
    repl = Repl()
    said = PIECES.sub(lambda piece: piece[0] + word, b"raw REPL; CTRL-B to exit\r\n>")
    answer = PIECES.sub(lambda piece: piece[0] + word, b"OK1\r\n\x04Traceback (most recent call last):\r\n")
    answer += PIECES.sub(lambda piece: piece[0] + word, b'  File "<stdin>", line 1, in <module>\r\nE: 1\r\n\x04>')
    repl.send_attach()
    events = [event for at in range(0, len(said), size) for event in repl.receive(said[at : at + size])]
    assert _joined(events)[1] == [Ready()]
    repl.send_source(b"print(1)")
    events = [event for at in range(0, len(answer), size) for event in repl.receive(answer[at : at + size])]
    printed, others = _joined(events)
    assert others[0] == Started()
    assert isinstance(others[1], Done)
    assert len(others) == 2
    assert b"E: 1\r\n" in others[1].traceback
    assert b"1\r\n" in printed


def test_a_window_is_found_behind_what_a_thread_prints() -> None:
    for size in (32, 128, 256, 2048):
        repl = Repl()
        repl.send_attach()
        repl.receive(b"raw REPL; CTRL-B to exit\r\nbusy\r\n>busy\r\n")
        repl.send_source(b"x" * 5000)
        repl.receive(b"busy\r\nR\x01busy\r\n" + size.to_bytes(2, "little") + b"\x01busy\r\n")
        assert repl.capabilities.window == size
        assert len(repl.data_to_send()) == 2 * size


def test_a_traceback_is_told_from_what_a_thread_prints() -> None:
    traceback = b'Traceback (most recent call last):\r\n  File "<stdin>", line 1, in <module>\r\nOdd: hm\r\n'
    noisy = b"tick\r\n" + traceback.replace(b"\r\n", b"\r\ntick\r\n")
    assert split_traceback(noisy) == (b"tick\r\n" * 4, traceback)
    assert split_traceback(b"tick\r\ntack\r\n") == (b"tick\r\ntack\r\n", b"")
    assert split_traceback(b"tick\r\nKeyboardInterrupt: \r\ntick\r\n") == (b"tick\r\n" * 2, b"KeyboardInterrupt: \r\n")
