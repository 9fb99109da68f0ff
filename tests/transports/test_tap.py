"""Who listens to a line hears all of it, and cannot disturb it."""

from __future__ import annotations

import pytest

from metakernel_micropython.board import Board
from metakernel_micropython.errors import ConnectError
from metakernel_micropython.transports.tap import FROM_BOARD, TO_BOARD, HiddenBytes, Tap, describe


class Ear:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.events: list[tuple[str, str]] = []
        self.heard: list[tuple[float, str, bytes]] = []

    def begin(self, address: str) -> None:
        self.lines.append(address)

    def note(self, seconds: float, direction: str, data: bytes) -> None:
        self.heard.append((seconds, direction, data))

    def note_event(self, kind: str, reason: str = "") -> None:
        self.events.append((kind, reason))

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


def test_a_secret_that_comes_in_pieces_is_masked_and_what_only_begins_like_one_is_not() -> None:
    tap, ear = Tap(), Ear()
    tap.add(ear)
    for piece in (b"it is hun", b"ter", b"2 and hun", b"ting", b" hu"):
        tap.note(FROM_BOARD, piece, ("hunter2",))
    tap.note(TO_BOARD, b"next", ("hunter2",))
    tap.note(FROM_BOARD, b"nter2", ("hunter2",))
    tap.note_event("closed")
    assert ear.all(FROM_BOARD) == b"it is *** and hunting hunter2"
    assert [data for _, _, data in ear.heard][-3:] == [b"hu", b"next", b"nter2"]
    assert ear.events == [("closed", "")]


def test_an_answer_that_was_hidden_is_masked_wherever_it_comes_again() -> None:
    tap, ear = Tap(), Ear()
    tap.note(TO_BOARD, b"hunter2\n", hidden=True)  # also where nobody listens yet
    tap.add(ear)
    tap.note(TO_BOARD, b"abc\n", hidden=True)  # too short: it would hide half of every program
    tap.note(FROM_BOARD, b"said hunter2 and abc\r\n")
    assert [data for _, _, data in ear.heard] == [b"***", b"said *** and abc\r\n"]
    assert isinstance(ear.heard[0][2], HiddenBytes)
    assert not isinstance(ear.heard[1][2], HiddenBytes)


def test_the_end_of_a_line_is_heard(virtual_address: str) -> None:
    tap, ear = Tap(), Ear()
    tap.add(ear)
    with Board.connect(virtual_address, tap=tap):
        assert ear.events == []
    assert ear.events == [("closed", "")]
    with Board.connect(virtual_address, tap=tap) as board:
        board._session.line.transport.close()
        board._session.line.changed.acquire()
        board._session.line.changed.wait_for(lambda: board.lost is not None, 10)
        board._session.line.changed.release()
    assert [kind for kind, _ in ear.events] == ["closed", "lost"]
    assert ear.events[1][1]
