"""Faults that the bench has found in the product, each by itself; with the one byte that did it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.board import Board
from metakernel_micropython.board.value_transfer import ValueProblem
from metakernel_micropython.errors import TransferFailed
from metakernel_micropython.magic import failure

from .parts import Virtual

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def part(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Virtual]:
    made = Virtual(tmp_path_factory.mktemp("board"))
    yield made
    made.end()


@pytest.fixture
def board(part: Virtual) -> Iterator[Board]:
    part.line.heal()
    with Board.connect(part.line.address) as connected:
        connected.soft_reset()
        yield connected
        part.line.heal()


def damaged(board: Board, monkeypatch: pytest.MonkeyPatch, old: bytes, new: bytes) -> None:
    """Have each program arrive at the board with other bytes, as a line may change them that has no checksum."""
    start = board._session.start
    monkeypatch.setattr(board._session, "start", lambda source: start(source.replace(old, new)))


def test_a_damaged_helper_is_no_syntax_error(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    board.files.write("there.txt", b"1")
    damaged(board, monkeypatch, b"import os", b"impo\x7ft os")
    with pytest.raises(TransferFailed, match=r"about there.txt: the line loses or changes bytes.*SyntaxError"):
        board.files.stat("there.txt")


def test_a_damaged_value_is_no_syntax_error(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    board.execute("a_value = 1")
    damaged(board, monkeypatch, b"a_value=[", b"a_value=")
    with pytest.raises(ValueProblem, match=r"arrived damaged at the board.*changes bytes"):
        board.values.put("a_value", [1, 2])
    assert board.execute("print(a_value)") == "1\n"


def test_an_error_is_shown_under_a_name_that_people_can_look_up() -> None:
    class _Private(TransferFailed):
        pass

    assert failure(_Private("It arrived damaged.")).ename == "TransferFailed"


def test_a_damaged_name_does_not_remove_another_file(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    board.files.write("é1.txt", b"1")
    board.files.write("é2.txt", b"2")
    with monkeypatch.context() as patch:
        damaged(board, patch, "'é1.txt  ".encode(), "'é2.txt  ".encode())
        with pytest.raises(TransferFailed, match="loses or changes bytes"):
            board.files.remove("é1.txt")
    assert board.files.remove("é1.txt") == 1
    assert board.files.read("é2.txt") == b"2"


def test_a_damaged_name_does_not_give_a_file_another_name(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(board.files._service, "begin", lambda: False)  # blocks have a checksum
        damaged(board, patch, b"-part','new.txt  ", b"-part','nfw.txt  ")
        with pytest.raises(TransferFailed, match="loses or changes bytes"):
            board.files.write("new.txt", b"1")
    assert board.files.stat("nfw.txt") is None
    assert board.files.stat("new.txt.mk-part") is None


def test_a_damaged_question_does_not_make_an_append_forget_the_old_content(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    board.files.write("log.txt", b"old")
    start, damage = board._session.start, iter([True])
    monkeypatch.setattr(
        board._session,
        "start",
        lambda source: start(source.replace(b"log.txt", b"lof.txt") if next(damage, False) else source),
    )
    board.files.write("log.txt", b"new", append=True)
    assert next(damage, None) is None
    assert board.files.read("log.txt") == b"oldnew"
