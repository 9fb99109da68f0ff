"""The output of a program that runs, as it comes: at once, and in few messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..board import Execution
    from .stdin import ProgramInput

OUTPUT_INTERVAL = 0.05
"""Seconds between two messages of output: a front end shows no more, and messages cost more than bytes."""

LINE_INTERVAL = 0.005
"""Seconds that a line which has begun may take to be shown in one piece."""

PATIENCE = 1.0
"""Seconds after Ctrl-C before the cell says what it waits for."""


def follow(execution: Execution, asked: ProgramInput, tell: Callable[[str], object]) -> None:
    """Take a program's output as it comes: the first bytes at once, then a message per interval.

    Args:
        execution: the program.
        asked: takes what it prints.
        tell: called with sentences about a Stop that takes its time.
    """
    told = 0  # interrupts that the cell has said something about
    done, interrupts, asking = execution.done, execution.interrupts, asked.open

    def patience() -> float | None:
        return asked.patience(PATIENCE if execution.interrupts > told else None)

    for text in execution.stream(tick=patience):
        if text and not done and not text.endswith("\n"):
            # A print comes in pieces; the rest of its line, and often the end, are there in an instant.
            execution.wait(LINE_INTERVAL)
            text += execution.read(0)
        asked.feed(text)
        if done:
            return
        asked.look(silent=not text)
        if text:
            execution.wait(0 if asked.open else OUTPUT_INTERVAL)
        elif execution.interrupts > max(interrupts, 1):
            tell("Ctrl-C was sent again; the cell ends within a second.")
        elif interrupts > told and not execution.done and not asking:
            tell("Ctrl-C was sent; the board's program has not ended yet. Stop again to wait no longer.")
            told = interrupts
        done, interrupts, asking = execution.done, execution.interrupts, asked.open
