"""What a board tells is data: a literal is read, never evaluated."""

from __future__ import annotations

from ...syntax_tree import literal_value


def literal(text: str, longest: int) -> object:
    """Return the value that a literal stands for.

    Args:
        text: of numbers, strings, bytes, and containers of them.
        longest: characters that are read at most.

    Raises:
        ValueError: it is longer, or none.
    """
    if len(text) > longest:
        raise ValueError(f"too long, {len(text)} characters")
    try:
        return literal_value(text.strip())
    except (SyntaxError, TypeError, ValueError, MemoryError, RecursionError):
        raise ValueError("not plain data") from None
