"""Faults that the bench has found in the product, each by itself; the line damages the one byte that did it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.board import Board
from metakernel_micropython.board.values import ValueProblem
from metakernel_micropython.errors import TransferFailed
from metakernel_micropython.magic import failure

from .parts import Virtual

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


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


def damaged(board: Board, monkeypatch: pytest.MonkeyPatch, damage: Callable[[bytes], bytes]) -> None:
    """Have the line change what is sent to the board from now on."""
    write = board._conversation.transport.write
    monkeypatch.setattr(board._conversation.transport, "write", lambda data: write(damage(data)))


def test_a_damaged_helper_is_no_syntax_error(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    board.files.write("there.txt", b"1")
    damaged(board, monkeypatch, lambda data: data.replace(b"import os", b"impo\x7ft os"))
    with pytest.raises(TransferFailed, match=r"about there.txt: the line loses or changes bytes.*SyntaxError"):
        board.files.stat("there.txt")


def test_a_damaged_value_is_no_syntax_error(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    board.execute("a_value = 1")
    damaged(board, monkeypatch, lambda data: data.replace(b"a_value=[", b"a_value=["[:-1]))
    with pytest.raises(ValueProblem, match=r"arrived damaged at the board.*changes bytes"):
        board.values.put("a_value", [1, 2])
    assert board.execute("print(a_value)") == "1\n"


def test_an_error_is_shown_under_a_name_that_people_can_look_up() -> None:
    class _Private(TransferFailed):
        pass

    assert failure(_Private("It arrived damaged.")).ename == "TransferFailed"
