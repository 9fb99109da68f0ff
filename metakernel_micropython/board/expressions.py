"""Expressions on a board whose values come back as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import snippets
from .protocol.literal import literal

if TYPE_CHECKING:
    from .protocol.executor import Executor

MAX_LITERAL = 64 * 1024
"""Bytes of a value's text that are read; more is refused."""


def evaluate(board: Executor, expression: str, timeout: float, *, own: bool) -> object:
    """Return the value of an expression; see ``Board.evaluate``."""
    source = snippets.show_own(expression) if own else snippets.show(expression)
    text = board.execute(source, timeout=timeout)
    try:
        return literal(text, MAX_LITERAL)
    except ValueError as error:
        raise ValueError(f"The value of {expression} is {error}: {text.strip()[:80]}") from None
