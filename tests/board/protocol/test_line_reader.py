"""Whatever goes wrong on a line loses the line, with its reason; a scripted line plays the board."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.board import Board
from metakernel_micropython.board.protocol.prompt_session import PromptSession
from metakernel_micropython.errors import LineLost

from .scripted import Line, prompt, until

if TYPE_CHECKING:
    from collections.abc import Iterator

ERRORS = [MemoryError(), ValueError("filedescriptor out of range in select()"), OSError(errno.EIO, "I/O error")]


class Faulty(Line):
    """A scripted line whose next read or write raises an error that is not of a line's."""

    fault: Exception | None = None

    def write(self, data: bytes, timeout: float = 5) -> None:
        if self.fault is not None:
            raise self.fault
        super().write(data, timeout)


@pytest.fixture
def line() -> Iterator[Faulty]:
    made = Faulty(prompt)
    yield made
    made.close()


@pytest.fixture
def board(line: Faulty) -> Iterator[Board]:
    with Board._attach(PromptSession(line), 5) as made:
        yield made


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_an_error_in_write_is_a_lost_line_and_no_program_is_left_behind(
    line: Faulty, board: Board, error: Exception
) -> None:
    line.fault = error
    with pytest.raises(LineLost, match=type(error).__name__) as told:
        board.execute("1")
    assert "a scripted line" in str(told.value)
    assert told.value.__cause__ is error
    until(lambda: line.closed)
    with pytest.raises(LineLost):  # and not BoardBusy
        board.execute("1")


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_an_error_in_read_is_a_lost_line_for_the_program_that_runs(
    line: Faulty, board: Board, error: Exception
) -> None:
    line.answer = lambda data: b"OK" if data.endswith(b"\x04") else None
    execution = board.start("1")
    line._said.put(error)
    assert execution.wait(5)
    with pytest.raises(LineLost, match=type(error).__name__):
        execution.check()
    assert board.lost is not None and type(error).__name__ in str(board.lost)


def test_an_error_while_a_long_source_goes_out_is_a_lost_line(line: Faulty, board: Board) -> None:
    def grant(data: bytes) -> bytes | None:
        line.fault = MemoryError()
        return b"R\x01\x20\x00\x01" if data.endswith(b"\x05A\x01") else None

    line.answer = grant
    with pytest.raises(LineLost, match="MemoryError"):
        board.execute("#" * 1000)
    assert not board.interrupt()
