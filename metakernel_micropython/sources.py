"""Which cell a line of a traceback belongs to, and tracebacks as people read them.

The board calls all code from the raw REPL ``<stdin>`` and counts lines within one execution. A frame of a function that
an earlier cell defined is found again by the function's name and the lines of its definition.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

MAX_CELLS = 2000
"""Cells that are remembered; the oldest are forgotten first."""

_FRAME = re.compile(r'^  File "(?P<file>[^"\n]*)", line (?P<line>\d+)(?:, in (?P<function>.*))?$')
_DEFINITION = re.compile(r"^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+(?P<name>[^\W\d]\w*)", re.MULTILINE)
_UNNAMED: dict[type[ast.AST], str] = {
    ast.Lambda: "<lambda>",
    ast.ListComp: "<listcomp>",
    ast.SetComp: "<setcomp>",
    ast.DictComp: "<dictcomp>",
    ast.GeneratorExp: "<genexpr>",
}

_RED, _GREEN, _BOLD, _PLAIN = "\033[0;31m", "\033[0;32m", "\033[1m", "\033[0m"


@dataclass(frozen=True)
class _Cell:
    number: int
    text: str
    code: str

    @cached_property
    def lines(self) -> list[str]:
        return self.text.split("\n")

    @cached_property
    def spans(self) -> dict[str, list[tuple[int, int]]]:
        """First and last line of each definition of a function, by its name; found when an error asks for them."""
        return _spans(self.code)

    def defines(self, function: str, line: int) -> bool:
        return any(first <= line <= last for first, last in self.spans.get(function, ()))


class CellSources:
    """The cells that were executed, for telling where a frame lies."""

    def __init__(self) -> None:
        self._cells: OrderedDict[int, _Cell] = OrderedDict()

    def add(self, number: int, text: str, code: str) -> None:
        """Remember a cell.

        Args:
            number: its execution count, as in ``In[3]``.
            text: the cell as a person sees it.
            code: its code, with as many lines above as the cell has above its code.
        """
        self._cells.pop(number, None)
        self._cells[number] = _Cell(number, text, code)
        if len(self._cells) > MAX_CELLS:
            self._cells.popitem(last=False)

    def locate(self, line: int, function: str | None, current: int) -> tuple[int, str] | None:
        """Return the cell's number and its source line for a frame; None where no cell is known to hold it.

        Args:
            line: counted from 1.
            function: as the traceback names it; None or ``<module>`` for the cell that ran.
            current: the number of the cell that ran.
        """
        if function in (None, "<module>"):
            cell = self._cells.get(current)
            return self._line(cell, line) if cell else None
        assert function is not None
        for cell in reversed(self._cells.values()):
            if cell.defines(function, line):
                return self._line(cell, line)
        return None

    def defines(self, number: int, line: int, function: str) -> bool:
        """Whether the cell has a definition of ``function`` around ``line``."""
        cell = self._cells.get(number)
        return cell is not None and cell.defines(function, line)

    @staticmethod
    def _line(cell: _Cell, line: int) -> tuple[int, str]:
        return cell.number, cell.lines[line - 1].strip() if 0 < line <= len(cell.lines) else ""


def _spans(code: str) -> dict[str, list[tuple[int, int]]]:
    spans: dict[str, list[tuple[int, int]]] = {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(code)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        # MicroPython's own syntax, or none: a definition may reach down to the end.
        last = code.count("\n") + 1
        for found in _DEFINITION.finditer(code):
            first = code.count("\n", 0, found.start("name")) + 1
            spans.setdefault(found["name"], []).append((first, last))
        return spans
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            name = node.name
        elif isinstance(node, ast.expr) and type(node) in _UNNAMED:
            name = _UNNAMED[type(node)]
        else:
            continue
        spans.setdefault(name, []).append((node.lineno, node.end_lineno or node.lineno))
    return spans


def render(traceback: str, sources: CellSources, current: int) -> list[str]:
    r"""Return a board's traceback line by line, with the cells that its frames lie in and their source lines.

    All frames of the board are kept, in their order; only the call that shows the value of a last expression, which
    is not the user's, is left out.

    Args:
        traceback: the board's text, with ``\n`` line ends.
        sources: the cells executed so far.
        current: the number of the cell that ran.
    """
    lines = traceback.rstrip("\n").split("\n")
    result: list[str] = []
    hidden = _own_frames(lines, sources, current)
    for index, line in enumerate(lines):
        frame = _FRAME.match(line)
        if index in hidden:
            continue
        if frame is None:
            is_error = not line.startswith((" ", "Traceback (most recent call last)"))
            name, colon, message = line.partition(":")
            result.append(f"{_RED}{name}{_PLAIN}{colon}{message}" if is_error and name.strip() else line)
            continue
        place = None
        if frame["file"] == "<stdin>":
            place = sources.locate(int(frame["line"]), frame["function"], current)
        if place is None:
            result.append(line)
            continue
        number, source = place
        where = f", in {frame['function']}" if frame["function"] else ""
        result.append(f"  {_GREEN}Cell In[{number}], line {frame['line']}{_PLAIN}{where}")
        if source:
            result.append(f"    {_BOLD}{source}{_PLAIN}")
    return result


def _own_frames(lines: list[str], sources: CellSources, current: int) -> set[int]:
    """Return the indices of frames that come from ``cells.prepare``: a lambda where the cell has none."""
    frames = [(index, found) for index, line in enumerate(lines) if (found := _FRAME.match(line))]
    return {
        index
        for (_, outer), (index, inner) in pairwise(frames)
        if outer["function"] == "<module>"
        and inner["function"] == "<lambda>"
        and inner["file"] == "<stdin>"
        and not sources.defines(current, int(inner["line"]), "<lambda>")
    }
