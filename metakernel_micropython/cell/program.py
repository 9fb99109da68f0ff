r"""Cells as programs for the board: the value of the last expression, and lines that stay true.

A notebook shows the value of a cell's last expression; the raw REPL does not. The expression gets a name, in its place
and on its own lines; what follows below prints its ``repr`` between two marks that no program prints by chance. It uses
no names of the user's, and has removed its own before it prints.
"""

from __future__ import annotations

import ast
import itertools
import re
import secrets
from dataclasses import dataclass, field

from ..board.protocol.marks import MarkTokenizer
from ..syntax_tree import parsed
from .top_level_await import line_starts, offset, without_await

MAX_VALUE = 1024 * 1024
"""Characters of a value's text that are kept for its cell; a longer one is shown as plain output."""


# What print(mark, [value], mark) puts around the value, besides the marks.
_BEFORE, _AFTER = " [", "] "


@dataclass(frozen=True)
class Program:
    """A cell as it goes to the board.

    Attributes:
        source: the code, with as many lines above it as the cell has above its code.
        mark: what stands around the value of the last expression in the output; ``""`` when there is none.
        awaiting: the same for a board that has been given what top-level ``await`` needs; ``""`` for a cell without.
    """

    source: str
    mark: str
    awaiting: str = ""


_MARKS = itertools.cycle({"\x1e" + secrets.token_hex(2) for _ in range(8)})


def new_mark() -> str:
    """Return a text that no program prints by chance, for finding something in its output.

    A few take turns: a board keeps each short string that it has ever read in a source for good (``py/qstr.c``), and
    one for each cell would fill it up within a day.
    """
    return next(_MARKS)


def prepare(code: str, lines_above: int = 0) -> Program:
    """Make a cell's code ready for the board.

    Args:
        code: MicroPython. What the host's parser cannot read goes to the board as it is.
        lines_above: lines of the cell that are not code (magics); line numbers in tracebacks stay those of the cell.
    """
    code = re.sub("\r\n?", "\n", code)  # both are line ends to Python's parser and to MicroPython's
    above = "\n" * lines_above
    value = last_expression(code)
    mark = new_mark() if value else ""
    source = above + _with_value(code, mark, value)
    awaiting = without_await(code)
    if awaiting is None:
        return Program(source, mark)
    return Program(source, mark, above + _with_value(awaiting, mark, last_expression(awaiting) if value else None))


def _with_value(code: str, mark: str, span: tuple[int, int] | None) -> str:
    """Return the code with what prints the value of its last expression, which stands at ``span``."""
    if span is None:
        return code
    start, end = span
    rest = code[end:].replace("\\\n", "")  # a backslash would join what follows below
    keep = "" if _NOT_KEPT.search(code, start, end) else _KEEP
    show = _SHOW.format(mark=f"\\x1e{mark[1:]}", keep=keep)
    return f"{code[:start]}__eq__=({code[start:end]}){rest}\n{show}"


# The names are in every firmware's ROM, and no program has them among its globals. The list prints its item's repr
# piece by piece, where repr() would need the room for all of it. "_" is the last value, as at the friendly prompt, but
# among the builtins: there it takes no name of the user's, and globals() does not hold itself. Short: bytes are time,
# so the function takes the value's name, and its default is what that was.
_SHOW = """def __eq__(id=__eq__):
 import builtins as _
 global __eq__
 del __eq__
 if id is None:return
 _.print("{mark}",[id],"{mark}")
{keep}__eq__()
"""
_SHOW_BEGINS = "\n" + _SHOW.partition("{")[0]
_KEEP = " try:_._=id\n except:pass\n"
_NOT_KEPT = re.compile(r"\b(?:globals|locals)\b")
"""What gives the dict of all names, which "_" must not keep."""


def code_end(source: str) -> int:
    """Return where the code of a cell ends in its program: what shows a value stands behind it."""
    found = source.rfind(_SHOW_BEGINS)
    return len(source) if found < 0 else found


def code_of(source: str) -> str:
    """Return the code of a cell from its program, without what keeps and shows its value."""
    end = code_end(source)
    code = source[:end]
    if end == len(source):
        return code
    last = parsed(code).body[-1]
    assert last.end_lineno is not None and last.end_col_offset is not None
    starts = line_starts(code)
    start = offset(code, starts, last.lineno, last.col_offset)
    stop = offset(code, starts, last.end_lineno, last.end_col_offset)
    return code[:start] + code[start + len("__eq__=(") : stop - 1] + code[stop:]


def value_line(code: str) -> int:
    """Return the line on which the last expression of a cell begins, counted from 1; 0 where it ends in none.

    Args:
        code: the cell, with its lines above the code blank.
    """
    span = last_expression(code)
    return code.count("\n", 0, span[0]) + 1 if span is not None else 0


def last_expression(code: str) -> tuple[int, int] | None:
    """Return where the last statement starts and ends, if it is an expression whose value is to be shown."""
    try:
        tree = parsed(code)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None
    if not tree.body or not isinstance(tree.body[-1], ast.Expr):
        return None
    last = tree.body[-1]
    if isinstance(last.value, ast.Call) and isinstance(last.value.func, ast.Name) and last.value.func.id == "print":
        return None  # its value is None, and it is what most short cells do
    assert last.end_lineno is not None and last.end_col_offset is not None
    starts = line_starts(code)
    start = offset(code, starts, last.lineno, last.col_offset)
    end = offset(code, starts, last.end_lineno, last.end_col_offset)
    if code[end:].lstrip(" \t\f\\\n").startswith(";"):
        return None
    return start, end


@dataclass
class ValueFilter:
    """Takes the value of the last expression out of a program's output, however that is split.

    Attributes:
        value: the value's text as the board printed it; None when there was none.
    """

    mark: str
    value: str | None = field(default=None, init=False)
    _marks: MarkTokenizer = field(init=False)
    _held: str = field(default="", init=False)  # of the value
    _inside: bool = field(default=False, init=False)
    _too_long: bool = field(default=False, init=False)
    _end_of_line: bool = field(default=False, init=False)  # of the print that showed the value: not yet seen

    def __post_init__(self) -> None:
        self._marks = MarkTokenizer(self.mark)

    def feed(self, text: str) -> str:
        """Return what of ``text`` is plain output; the rest is held or is the value."""
        if not self.mark:
            return text
        shown = ""
        for piece, mark in self._marks.feed(text):
            shown += self._within(piece, mark) if self._inside else self._outside(piece, mark)
            if mark:
                self._inside = not self._inside
                self._too_long = False
        return shown

    def _outside(self, text: str, mark: str) -> str:
        """Return what stands outside of marks, without the end of the line that showed the value."""
        shown = text.removeprefix("\n") if self._end_of_line else text
        if text or mark:
            self._end_of_line = False
        return shown

    def _within(self, text: str, mark: str) -> str:
        """Take what stands within marks; return what of it is plain output, because it is too long for a value."""
        self._held += text
        if mark:
            told, self._held = self._held[: -len(_AFTER)], ""
            self._end_of_line = True
            if self._too_long:
                return told
            self.value = told[len(_BEFORE) :]
        elif not self._too_long and len(self._held) > MAX_VALUE:
            self._too_long = True
            self._held = self._held[len(_BEFORE) :]
        return self._release(len(_AFTER)) if self._too_long else ""

    def flush(self) -> str:
        """Return what was held: a value that was cut short is output like any other."""
        self._held += self._marks.flush() if self.mark else ""
        if self._inside and not self._too_long:
            self._held = self._held.removeprefix(_BEFORE)
        self._inside = self._too_long = False
        return self._release(0)

    def _release(self, keep: int) -> str:
        """Return what is held but the last ``keep`` characters."""
        size = max(0, len(self._held) - keep)
        shown, self._held = self._held[:size], self._held[size:]
        return shown
