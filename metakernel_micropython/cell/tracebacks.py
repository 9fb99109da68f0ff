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
from itertools import groupby

MAX_CELLS = 2000
"""Cells that are remembered; the oldest are forgotten first."""

_SHOWN_REPEATS = 3

_FRAME = re.compile(r'^  File "(?P<file>[^"\n]*)", line (?P<line>\d{1,9})(?:, in (?P<function>.*))?$')
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
    file: str = ""

    @property
    def title(self) -> str:
        return f'File "{self.file}"' if self.file else f"Cell In[{self.number}]"

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

    def add_file(self, name: str, code: str) -> int:
        """Remember a file of this computer that was run; return what stands for it in the place of a cell's number."""
        number = min(0, *self._cells) - 1 if self._cells else -1
        self.add(number, code, code)
        self._cells[number] = _Cell(number, code, code, name)
        return number

    def codes(self) -> list[tuple[int, str]]:
        """Return the cells that were executed, with their numbers; the magics above their code are left out."""
        return [(number, cell.code.lstrip("\n")) for number, cell in self._cells.items() if not cell.file]

    def title(self, number: int) -> str:
        """Return how a cell, or a file that was run, is called in tracebacks."""
        return self._cells[number].title

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


def render(traceback: str, sources: CellSources, current: int, *, while_showing: bool = False) -> list[str]:
    r"""Return a board's traceback line by line, with the cells that its frames lie in and their source lines.

    The board's frames are kept, in their order; a frame that repeats is told once with its number, as Python does.

    Args:
        traceback: the board's text, with ``\n`` line ends.
        sources: the cells executed so far.
        current: the number of the cell that ran.
        while_showing: the error came while the value of the last expression was printed; the call that does so
            (``program.prepare``) is not the user's, and its frame is left out.
    """
    lines = traceback.rstrip("\n").split("\n")
    last_frame = max((index for index, line in enumerate(lines) if _FRAME.match(line)), default=-1)
    if while_showing:
        frames = [index for index in range(last_frame + 1) if _FRAME.match(lines[index])]
        if len(frames) > 1 and lines[frames[1]].endswith("in <lambda>"):
            del lines[frames[1]]
            last_frame -= 1
    result: list[str] = []
    for line, repeats in _counted(lines[: last_frame + 1]):
        frame = _FRAME.match(line)
        place = None
        if frame and frame["file"] == "<stdin>":
            place = sources.locate(int(frame["line"]), frame["function"], current)
        if frame is None or place is None:
            result += [line] * min(repeats, _SHOWN_REPEATS)
        else:
            number, source = place
            where = f", in {frame['function']}" if frame["function"] else ""
            shown = [f"  {_GREEN}{sources.title(number)}, line {frame['line']}{_PLAIN}{where}"]
            if source:
                shown.append(f"    {_BOLD}{source}{_PLAIN}")
            result += shown * min(repeats, _SHOWN_REPEATS)
        if repeats > _SHOWN_REPEATS:
            result.append(f"  [the previous frame repeats {repeats - _SHOWN_REPEATS} more times]")
    error = lines[last_frame + 1 :]
    if last_frame < 0 and error[0].startswith("Traceback (most recent call last)"):
        result.append(error.pop(0))
    if error:
        name, colon, message = error[0].partition(":")
        result += [f"{_RED}{name}{_PLAIN}{colon}{message}", *error[1:]]
    return result


def _counted(lines: list[str]) -> list[tuple[str, int]]:
    """Return the lines with the number of times that each stands there in a row."""
    return [(line, sum(1 for _ in same)) for line, same in groupby(lines)]
