"""Who listens to a line hears all of it, and cannot disturb it."""

from __future__ import annotations

import ast
import os
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from metakernel_micropython.board import Board
from metakernel_micropython.errors import ConnectError
from metakernel_micropython.transports.tap import FROM_BOARD, TO_BOARD, Tap, WireLog, describe


class Ear:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.heard: list[tuple[float, str, bytes]] = []

    def begin(self, address: str) -> None:
        self.lines.append(address)

    def note(self, seconds: float, direction: str, data: bytes) -> None:
        self.heard.append((seconds, direction, data))

    def all(self, direction: str) -> bytes:
        return b"".join(data for _, way, data in self.heard if way == direction)


def test_a_listener_hears_both_directions_of_a_connection_from_its_beginning(board_address: str) -> None:
    tap, ear = Tap(), Ear()
    tap.add(ear)
    with Board.connect(board_address, tap=tap) as board:
        board.execute("print('h\\xe9llo')")
        before = len(ear.heard)
        tap.remove(ear)
        board.execute("print(2)")
    assert ear.lines == [board_address]
    assert ear.all(TO_BOARD).startswith(b"\r\x03\x01")
    assert ear.all(TO_BOARD).endswith(b"print('h\\xe9llo')\x04")
    assert b"raw REPL; CTRL-B to exit" in ear.all(FROM_BOARD)
    assert ear.all(FROM_BOARD).endswith(b"OKh\xc3\xa9llo\r\n\x04\x04>")
    assert len(ear.heard) == before
    times = [seconds for seconds, _, _ in ear.heard]
    assert times[0] >= 0
    assert times == sorted(times)


def test_a_line_that_fails_to_come_to_the_prompt_is_heard_too() -> None:
    tap, ear = Tap(), Ear()
    tap.add(ear)
    with pytest.raises(ConnectError):
        Board.connect("exec:cat", tap=tap, timeout=0.3)
    assert ear.all(TO_BOARD).startswith(b"\r\x03\x01")


def test_secrets_are_masked_in_both_directions() -> None:
    tap, ear = Tap(), Ear()
    tap.add(ear)
    tap.note(TO_BOARD, b"pass='s3cret\xc3\xa9' s3cret\xc3\xa9", ("", "s3creté"))
    tap.note(FROM_BOARD, b"s3cret\xc3\xa9\r\n", ("s3creté",))
    assert [data for _, _, data in ear.heard] == [b"pass='***' ***", b"***\r\n"]


def test_the_secrets_of_a_transport_are_masked(virtual_address: str) -> None:
    tap, ear = Tap(), Ear()
    with Board.connect(virtual_address, tap=tap) as board:
        board._session.line.transport.secrets = ("hunter2",)  # type: ignore[attr-defined]
        tap.add(ear)
        assert board.execute("print('hunter2')") == "hunter2\n"
    assert b"hunter2" not in ear.all(TO_BOARD) + ear.all(FROM_BOARD)
    assert b"print('***')" in ear.all(TO_BOARD)


@pytest.mark.parametrize(
    ("data", "size", "line"),
    [
        (b"a\r\n\xff\x04", None, r"   1.500000 > b'a\r\n\xff\x04'"),
        (b"abcdef", 6, "   1.500000 > b'abcdef'"),
        (b"abcdef", 5, "   1.500000 > b'abcde'... 6 bytes"),
    ],
)
def test_a_piece_is_one_line(data: bytes, size: int | None, line: str) -> None:
    assert describe(1.5, TO_BOARD, data, size) == line


def test_a_log_holds_every_byte_with_times_and_grows_with_each_connection(virtual_address: str, tmp_path: Path) -> None:
    path = tmp_path / "wire.log"
    path.write_text("kept\n", encoding="utf-8")
    program = "print('x' * 5000)\n" + "#" * 3000
    for _ in range(2):
        tap, ear = Tap(), Ear()
        log = WireLog(path)
        tap.add(log)
        tap.add(ear)
        with Board.connect(virtual_address, tap=tap) as board:
            board.execute(program)
        log.close()
        log.close()
        log.note(1.0, TO_BOARD, b"too late")
        assert not log.problem
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "kept"
    heads = [at for at, line in enumerate(lines) if virtual_address in line and line.startswith("# ")]
    assert len(heads) == 2
    assert [lines[heads[1] - 1], lines[-1]] == ["# closed", "# closed"]
    began = datetime.fromisoformat(" ".join(lines[heads[1]].split()[1:3]))
    assert timedelta(0) <= datetime.now().astimezone() - began < timedelta(minutes=5)
    pieces = [re.fullmatch(r" *(\d+\.\d{6}) ([<>]) (b['\"].*)", line) for line in lines[heads[1] + 1 : -1]]
    for direction in (TO_BOARD, FROM_BOARD):
        logged = b"".join(ast.literal_eval(found[3]) for found in pieces if found and found[2] == direction)
        assert logged == ear.all(direction)
    assert all(pieces)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")  # noqa: PTH110
def test_a_full_disk_ends_the_log_and_nothing_else(virtual_address: str) -> None:
    tap = Tap()
    log = WireLog(Path("/dev/full"))
    tap.add(log)
    with Board.connect(virtual_address, tap=tap) as board:
        assert board.evaluate("6*7") == 42
        assert "space" in log.problem
        assert board.evaluate("6*7") == 42
    log.close()


def test_a_log_that_cannot_be_opened_says_so_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        WireLog(tmp_path / "none" / "wire.log")
