"""A source with the places that ``ast`` gives, and the texts that are put into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..cell.lexical import code_only
from ..cell.top_level_await import line_starts, offset

if TYPE_CHECKING:
    import ast


class SourceText:
    r"""A source that texts are put into; no line is added or taken away.

    Args:
        text: with ``\n`` line ends.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = line_starts(text)
        self._put: list[tuple[int, str]] = []
        self._empty: set[int] | None = None

    def start(self, node: ast.stmt | ast.expr) -> int:
        """Return the index at which a node begins."""
        return offset(self.text, self._starts, node.lineno, node.col_offset)

    def end(self, node: ast.stmt | ast.expr) -> int:
        """Return the index behind a node."""
        assert node.end_lineno is not None and node.end_col_offset is not None
        return offset(self.text, self._starts, node.end_lineno, node.end_col_offset)

    def put(self, at: int, text: str) -> None:
        """Put a text in front of what stands at an index; one that was put there before stays in front of it."""
        self._put.append((at, text))

    def put_around(self, node: ast.expr, before: str, after: str) -> None:
        """Put texts around an expression; a blank keeps the first one apart from a word in front of it."""
        at = self.start(node)
        self.put(at, " " * self.joined(at) + before)
        self.put(self.end(node), after)

    def joined(self, at: int) -> bool:
        """Whether a word ends where a text would be put in."""
        return at > 0 and (self.text[at - 1].isalnum() or self.text[at - 1] == "_")

    def empty_line(self, after: int, before: int) -> int | None:
        """Return the first line between two others that holds nothing but blanks and a comment; None without one.

        Lines within strings and brackets, and those that go on behind a backslash, do not count.

        Args:
            after: the last line of what stands above, counted from 1.
            before: the first line of what stands below.
        """
        if before - after < 2:
            return None
        if self._empty is None:
            self._empty = _empty_lines(self.text)
        return next((line for line in range(after + 1, before) if line in self._empty), None)

    def indentation(self, line: int) -> str:
        """Return the blanks that a line begins with."""
        text = self.text[self._starts[line - 1] :].partition("\n")[0]
        return text[: len(text) - len(text.lstrip(" \t"))]

    def fill_line(self, line: int, indentation: str, text: str) -> None:
        """Put a statement on an empty line; its comment stays behind it."""
        self.put(self.line_start(line), indentation + text)

    @property
    def lines(self) -> int:
        """The number of the last line that holds something."""
        return self.text.rstrip("\n").count("\n") + 1

    def line_start(self, line: int) -> int:
        """Return the index at which a line begins."""
        return self._starts[line - 1]

    def behind(self, line: str) -> tuple[int, str]:
        """Return where a line is put that stands behind all others, and as what."""
        return len(self.text), f"{line}\n" if self.text.endswith("\n") else f"\n{line}"

    def changed(self) -> str:
        """Return the source with all that was put into it."""
        pieces = []
        done = 0
        for at, text in sorted(self._put, key=lambda one: one[0]):  # stable
            pieces += [self.text[done:at], text]
            done = at
        return "".join([*pieces, self.text[done:]])


def _empty_lines(text: str) -> set[int]:
    """Return the lines that hold nothing but blanks and a comment, and on which a statement can begin."""
    found = set()
    depth = 0
    continued = False
    for number, line in enumerate(code_only(text).split("\n"), 1):
        if not depth and not continued and not line.strip(" \t"):
            found.add(number)
        depth = max(0, depth + sum(map(line.count, "([{")) - sum(map(line.count, ")]}")))
        continued = line.endswith("\\")
    return found
