r"""Marks in a program's output: what helper code on the board prints for the host, however the output is split.

A mark begins with ``\x1e`` (ASCII's record separator), which stands nowhere else in it.
"""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=64)  # a cell needs two, and a few marks take turns
def _pattern(*marks: str) -> re.Pattern[str]:
    return re.compile(f"({'|'.join(map(re.escape, marks))})")


class MarkTokenizer:
    r"""Finds marks in text that comes in pieces.

    Args:
        marks: what is looked for; none is the beginning of another.
    """

    def __init__(self, *marks: str) -> None:
        self._marks = marks
        self._pattern = _pattern(*marks)
        self._held = ""  # what may be the beginning of a mark

    def feed(self, text: str) -> list[tuple[str, str]]:
        """Return what ``text`` brings, in its order: each mark with the text before it; last, a text without a mark."""
        if not self._held and "\x1e" not in text:
            return [(text, "")]
        pieces = self._pattern.split(self._held + text)
        rest, self._held = pieces[-1], ""
        cut = rest.rfind("\x1e")
        if cut >= 0 and any(mark.startswith(rest[cut:]) for mark in self._marks):
            rest, self._held = rest[:cut], rest[cut:]
        return [*zip(pieces[:-1:2], pieces[1::2], strict=True), (rest, "")]

    def flush(self) -> str:
        """Return what was held, once the program has ended: it was no mark."""
        held, self._held = self._held, ""
        return held
