"""Running a cell where nobody answers what it asks: on one of several boards, or on a board of a fleet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..board.protocol.questions import Question, QuestionFilter
from ..cell.stdin import may_ask
from ..cell.top_level_await import source_for, without_helper
from ..errors import CannotAsk, DeviceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..board import Board
    from ..cell.program import Program, ValueFilter
    from ..cell.timing import Stopwatch

BATCH = 0.05
"""Seconds of output that are told in one piece."""


def run(
    board: Board,
    code: str,
    program: Program,
    values: ValueFilter,
    tell: Callable[[str], object],
    way_out: str,
    *,
    stopwatch: Stopwatch | None = None,
) -> str | None:
    """Run a cell to its end, and tell what it prints; return the value of its last expression, None without one.

    Args:
        board: the board.
        code: the cell.
        program: the cell, prepared.
        values: finds the value in what is printed.
        tell: called with text, in batches.
        way_out: what a person whose program asks for input can do, as a sentence.
        stopwatch: takes the program's time; None for none.

    Raises:
        CannotAsk: it asked for input, and was stopped.
        DeviceError: it raised an exception.
        MicroPythonError: what else ends a program from outside.
    """
    questions = QuestionFilter()
    refused: CannotAsk | None = None
    if may_ask(code):
        board.hear_questions()
    source = source_for(board, program.source, program.awaiting)
    if stopwatch is not None:
        source = stopwatch.around(source)
        stopwatch.start()

    def timed(text: str) -> str:
        return text if stopwatch is None else stopwatch.feed(text)

    try:
        with board.start(source) as execution:
            for text in execution.stream():
                for piece in questions.feed(text):
                    if isinstance(piece, str):
                        if shown := timed(values.feed(piece)):
                            tell(shown)
                            execution.wait(BATCH)
                    elif isinstance(piece, Question):
                        refused = CannotAsk(
                            f"The program asks {piece.prompt.strip()!r} with input(), which nobody answers where "
                            f"several boards run: it was stopped. {way_out}"
                        )
                        board.interrupt()
            rest = timed(values.feed(questions.flush()) + values.flush())
            if rest := rest + (stopwatch.flush() if stopwatch is not None else ""):
                tell(rest)
            execution.check()
    except DeviceError as error:
        if stopwatch is not None:
            error = stopwatch.retold(error)
        raise (refused or without_helper(error)) from None
    if refused is not None:
        raise refused
    return values.value
