"""Raw I/O mode: bytes written and read as they are, and the protocol that finds its way back."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.board import Board
from metakernel_micropython.errors import BoardBusy, LineLost, SourceError

if TYPE_CHECKING:
    from ..boards import Microbit


def answer(board: Board, end: bytes) -> bytes:
    """Read until the answer is there, however busy the machine is."""
    data, deadline = b"", time.monotonic() + 20
    while not data.endswith(end):
        assert time.monotonic() < deadline, data
        more, dropped = board.read_bytes(0.05, 1.0)
        data += more
        assert dropped == 0
    return data


@pytest.mark.parametrize(
    "data",
    [
        b"\x02",
        b"\x01",
        b"\x03",
        b"\x05A\x01",
        b"\x04",
        b"print(1)",
        b"def f(",
        b"\x02while True: pass\r\n",
        b"\x02while True: print(1)\r\n\r\n\r\n",
    ],
    ids=repr,
)
def test_code_runs_after_whatever_was_written(board: Board, data: bytes) -> None:
    board.write_bytes(data)
    assert not board.idle
    assert board.evaluate("6*7") == 42
    assert board.idle
    assert board.evaluate("7*7") == 49


def test_variables_stay_when_the_prompt_was_left(board: Board) -> None:
    board.execute("x = 3")
    board.write_bytes(b"\x02")
    assert answer(board, b">>> ")
    assert board.evaluate("x") == 3


def test_what_is_read_is_every_byte(board: Board) -> None:
    board.write_bytes(b"\x01")
    assert answer(board, b">") == b"raw REPL; CTRL-B to exit\r\n>"
    board.write_bytes(b"print('a')\x04")
    assert answer(board, b"\x04>") == b"OKa\r\n\x04\x04>"
    board.write_bytes(b"1/0\x04")
    assert answer(board, b"\r\n\x04>").startswith(b"OK\x04Traceback")
    assert board.read_bytes(0.05, 0.1) == (b"", 0)


def test_a_soft_reset_works_after_bytes_by_hand(board: Board) -> None:
    board.execute("x = 3")
    board.write_bytes(b"\x02")
    assert "soft reboot" in board.soft_reset()
    assert board.evaluate("'x' in globals()") is False


def test_all_bytes_arrive_as_they_are(virtual_address: str) -> None:
    data = bytes(range(4, 256)) + "€\n".encode()
    with Board.connect(virtual_address) as board:
        board.write_bytes(b"import sys;print(list(sys.stdin.buffer.read(%d)))\x04" % len(data))
        assert answer(board, b"OK") == b"OK"
        board.write_bytes(data)
        assert answer(board, b"\x04>") == str(list(data)).encode() + b"\r\n\x04\x04>"


def test_what_was_printed_between_executions_is_read(virtual_address: str) -> None:
    with Board.connect(virtual_address) as board:
        board.write_bytes(b"\x02")
        answer(board, b">>> ")
        board.write_bytes("print('\u20ac')\r".encode())
        answer(board, "\u20ac\r\n>>> ".encode())
        assert board.take_unsolicited().text == ""


def test_bytes_are_refused_while_a_program_runs(board: Board) -> None:
    execution = board.start("while True: pass")
    with pytest.raises(BoardBusy, match="runs a program"):
        board.write_bytes(b"x")
    board.interrupt()
    assert execution.wait(20)
    assert board.evaluate("6*7") == 42


def test_typed_source_runs_when_the_end_mark_follows(board: Board) -> None:
    board.type_source("for i in range(3):\r\n    print(i * 6)\n\nprint('end')" + "  # long" * 30)
    assert board.read_bytes() == (b"", 0)
    board.write_bytes(b"\x04")
    assert answer(board, b"\x04>") == b"OK0\r\n6\r\n12\r\nend\r\n\x04\x04>"


def test_source_with_a_command_byte_is_refused(board: Board) -> None:
    with pytest.raises(SourceError, match="Line 2"):
        board.type_source("1\n'\x04'")
    assert board.idle


def test_a_raw_line_drives_the_prompt_by_hand(microbit: Microbit) -> None:
    with Board.connect(microbit.address, raw=True) as board:
        board.write_bytes(b"\r\x03\x02")
        assert answer(board, b">>> ")
        board.type_source("a = 6\na * 7")
        assert answer(board, b"42\r\n>>> ") == b"a = 6\r\n>>> a * 7\r\n42\r\n>>> "


def test_the_last_bytes_of_a_lost_line_can_be_read(microbit: Microbit) -> None:
    with Board.connect(microbit.address) as board:
        board.write_bytes(b"\x02")
        answer(board, b">>> ")
        board.write_bytes(b"1+1\r")
        with board._session.line.changed:
            assert board._session.line.changed.wait_for(lambda: b"2\r\n>>> " in board._session.unsolicited.data, 20)
        microbit.unplug()
        with board._session.line.changed:
            assert board._session.line.changed.wait_for(lambda: board.lost, 20)
        assert board.read_bytes()[0] == b"1+1\r\n2\r\n>>> "
        with pytest.raises(LineLost):
            board.read_bytes()
        with pytest.raises(LineLost):
            board.write_bytes(b"x")


def test_a_program_started_by_hand_is_stopped_before_the_line_is_freed(microbit: Microbit) -> None:
    with Board.connect(microbit.address) as board:
        board.execute("x = 5")
        board.write_bytes(b"while True: pass\x04")
    with Board.connect(microbit.address, raw=True) as board:
        board.write_bytes(b"x\r")
        answer(board, b"5\r\n>>> ")
