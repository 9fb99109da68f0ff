"""Which cell a line of a traceback belongs to, and tracebacks as people read them.

The board calls all code from the raw REPL ``<stdin>`` and counts lines within one execution. A frame of a function that
an earlier cell defined is found again by the function's name and the lines of its definition. Where several cells fit,
all are named, and a source line is shown only where it is the same in all.

Two ways to have the board tell cells apart were weighed and left: blank lines on top of a cell, as many as make its
lines its own, would make every line number wrong that a program prints itself (sys.print_exception), and a name given
to compile() needs the cell's text in the board's memory, and stays there for ever.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING

from ..host.paths import visible
from .definitions import Definition, Outline, outline
from .program import value_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..errors import DeviceError

MAX_CELLS = 2000
"""Cells that are remembered; the oldest are forgotten first."""

MAX_CODE = 10_000
"""Characters of cells that tell what names are."""

_SHOWN_REPEATS = 3
_SHOWN_CELLS = 4

_FRAME = re.compile(r'^  File "(?P<file>[^"\n]*)", line (?P<line>\d{1,9})(?:, in (?P<function>.*))?$')
# What stands in the source of a frame that has no name.
_WORDS = {"<lambda>": "lambda", "<listcomp>": "for", "<setcomp>": "for", "<dictcomp>": "for", "<genexpr>": "for"}

_BOLD, _PLAIN = "\033[1m", "\033[0m"
"""Bold in place of colours: JupyterLab shows errors on light red or on dark red, and none of its colours for text has a
contrast of 4.5:1 on both. The text itself has."""


FINISHED = 10**9
"""The line up to which a cell has run that came to its end."""


@dataclass
class _Cell:
    number: int
    text: str
    code: str
    file: str = ""
    boards: set[str] | None = None  # where it ran, without those that have restarted since; None: nobody knows
    reached: int | None = FINISHED  # the last line of its top level that ran; None: nobody knows

    @property
    def title(self) -> str:
        return f'File "{self.file}"' if self.file else f"Cell In[{self.number}]"

    @cached_property
    def lines(self) -> list[str]:
        return self.text.split("\n")

    @cached_property
    def outline(self) -> Outline:
        """What it defines; found when an error asks for it."""
        return outline(self.code)

    def lives_on(self, board: str) -> bool:
        """Whether a board can have what the cell has defined. ``""`` is any board."""
        return self.boards is None or not board or board in self.boards

    def line(self, number: int) -> str:
        """Return a line, counted from 1, without its indentation."""
        return self.lines[number - 1].strip() if 0 < number <= len(self.lines) else ""


def functions(error: DeviceError) -> frozenset[str]:
    """Return the names of the functions that an exception came through."""
    found = map(_FRAME.match, error.traceback.splitlines())
    return frozenset(frame["function"] for frame in found if frame and (frame["function"] or "").isidentifier())


class CellSources:
    """The cells that were executed, for telling where a frame lies."""

    def __init__(self) -> None:
        self._cells: OrderedDict[int, _Cell] = OrderedDict()

    def without_own(self, lines: Iterable[str], current: int) -> Iterator[str]:
        """Give the lines of a traceback without the frames of what stands below a cell and shows its value.

        Args:
            lines: of the traceback.
            current: the number of the cell that ran.
        """
        cell = self._cells.get(current)
        end = cell.code.count("\n") + 1 if cell is not None else 0
        below = False
        for line in lines:
            frame = _FRAME.match(line)
            if cell is None or frame is None or frame["file"] != "<stdin>":
                yield line
                continue
            called_there, below = below, int(frame["line"]) > end and frame["function"] in (None, "<module>")
            if below:
                yield line.replace(f"line {frame['line']}", f"line {value_line(cell.code) or end}", 1)
            elif not called_there or frame["function"] != "__eq__":
                yield line

    def add(self, number: int, text: str, code: str, *, file: str = "") -> None:
        """Remember a cell.

        Args:
            number: its execution count, as in ``In[3]``.
            text: the cell as a person sees it.
            code: its code, with as many lines above as the cell has above its code.
            file: what tracebacks call it where it is a file.
        """
        self._cells.pop(number, None)
        self._cells[number] = _Cell(number, text, code, file)
        if len(self._cells) > MAX_CELLS:
            self._cells.popitem(last=False)

    def add_file(self, name: str, code: str) -> int:
        """Remember a file of this computer that was run; return what stands for it in the place of a cell's number.

        Args:
            name: what tracebacks call it.
            code: its content.
        """
        number = min(0, *self._cells) - 1 if self._cells else -1
        self.add(number, code, code, file=name)
        return number

    def ran_on(self, number: int, board: str) -> None:
        """Note that a cell runs on a board, perhaps beside others.

        Args:
            number: which cell.
            board: what the board is called.
        """
        if number in self._cells:
            cell = self._cells[number]
            cell.boards = (cell.boards or set()) | {board}

    def restarted(self, board: str) -> None:
        """Note that a board has restarted: what cells have defined there is gone."""
        for cell in self._cells.values():
            if cell.boards is not None:
                cell.boards.discard(board)

    def stopped_at(self, number: int, line: int | None) -> None:
        """Note that a cell did not run to its end: what it defines further down is not there.

        Args:
            number: which.
            line: of its top level, the last that ran; 0 for none; None where nobody knows.
        """
        if number in self._cells:
            self._cells[number].reached = line

    def codes(self) -> list[tuple[int, str]]:
        """Return the cells that were executed, with their numbers; the magics above their code are left out."""
        return [(number, cell.code.lstrip("\n")) for number, cell in self._cells.items() if not cell.file]

    def code(self, number: int) -> str:
        """Return the code of a cell, with as many lines above as the cell has; ``""`` where none is remembered."""
        return self._cells[number].code if number in self._cells else ""

    def code_on(self, board: str, limit: int = MAX_CODE) -> str:
        """Return the code of the latest cells whose definitions a board can have, one below the other.

        Args:
            board: what the board is called.
            limit: characters; the latest cell is there in any case.
        """
        found: dict[str, None] = {}
        size = 0
        for cell in reversed(self._cells.values()):
            code = cell.code.lstrip("\n") + "\n"
            if cell.boards and board in cell.boards and code not in found:
                size += len(code)
                if found and size > limit:
                    break
                found[code] = None
        return "".join(reversed(found))

    def holding(
        self,
        line: int,
        function: str | None,
        current: int,
        caller: tuple[_Cell, int, bool] | None = None,
        board: str = "",
    ) -> list[_Cell]:
        """Return the cells that a frame can lie in, the oldest first.

        Args:
            line: counted from 1.
            function: as the traceback names it; None or ``<module>`` for the cell that ran.
            current: the number of the cell that ran.
            caller: where the frame above lies, where that is known: its cell, its line, and whether it is of the
                cell's top level.
            board: what the board is called; ``""`` where nobody knows.
        """
        if function is None or function == "<module>":
            return [self._cells[current]] if current in self._cells else []
        here = [cell for cell in self._cells.values() if cell.number == current or cell.lives_on(board)]
        # Not on this board: it may be the same one, connected under another name.
        return self._among(here, line, function, current, caller) or self._among(
            [cell for cell in self._cells.values() if cell.boards], line, function, current, caller
        )

    def _among(
        self, here: list[_Cell], line: int, function: str, current: int, caller: tuple[_Cell, int, bool] | None
    ) -> list[_Cell]:
        """Return those of some cells that a function's frame can lie in; see ``holding``."""
        found: dict[str, _Cell] = {}  # a cell that ran again unchanged is told once, by its last number
        word = _WORDS.get(function, function)
        for cell in here:
            if word not in cell.code:  # most cells are looked at no further
                continue
            fitting = cell.outline.at(function, line)
            if caller is not None and caller[0] is cell and any(one.runs_at_once for one in fitting):
                return [cell]
            if any(self._may_run(one, cell, here, current, caller[0] if caller else None) for one in fitting):
                found.pop(cell.code, None)
                found[cell.code] = cell
        cells = list(found.values())
        bound = self._bound(function, caller, here) if len(cells) > 1 and caller is not None and caller[2] else None
        if bound is not None and any(one.code == bound.code for one in cells):
            return [bound]
        # A frame is hardly ever on the line of the def itself, and never on one without code.
        inside = [cell for cell in cells if any(one.body <= line for one in cell.outline.at(function, line))]
        return [cell for cell in inside if cell.line(line) and cell.line(line)[0] != "#"] or inside or cells

    def _may_run(
        self, definition: Definition, cell: _Cell, here: list[_Cell], current: int, caller: _Cell | None
    ) -> bool:
        """Whether something that a cell defines can be what runs. In doubt it can.

        Args:
            definition: what.
            cell: where.
            here: the cells whose definitions the board can have, in the order in which they ran.
            current: the number of the cell that ran.
            caller: the cell of the frame above, where that is known.
        """
        if cell.reached is not None and definition.statement > cell.reached:
            return False
        owner = definition.owner
        if cell.number != current:
            if definition.passing:
                return False
            if not owner:
                return True
            for later in here[here.index(cell) :]:
                if owner not in later.code:
                    continue
                if owner in later.outline.loaded or (owner in later.outline.called and not definition.called):
                    return True  # something else may have it
                if later is not cell and _binds(later, owner):
                    return False
        elif not owner or owner in cell.outline.loaded:
            return True
        # Only its name leads to it.
        return not definition.called or caller is None or owner in caller.outline.called

    def _bound(self, function: str, caller: tuple[_Cell, int, bool], here: list[_Cell]) -> _Cell | None:
        """Return the cell whose definition a name stands for, where the caller's line calls that name and no other."""
        cell, line, _ = caller
        if cell.outline.calls.get(line) != [function]:
            return None
        found = None
        for each in here:
            if function not in each.code:
                continue
            if function in each.outline.stored:
                return None
            if function in each.outline.bound:
                if each.reached is None:
                    return None
                found = each if _binds(each, function) else found
            if each is cell:
                break
        return found


def _binds(cell: _Cell, name: str) -> bool:
    """Whether a cell has given a name another value, as far as it has run."""
    line = cell.outline.bound.get(name)
    return line is not None and cell.reached is not None and line <= cell.reached


def render(traceback: str, sources: CellSources, current: int, *, board: str = "", reached: bool = True) -> list[str]:
    r"""Return a board's traceback line by line, with the cells that its frames lie in and their source lines.

    The board's frames are kept, in their order; a frame that repeats is told once with its number, as Python does.

    Args:
        traceback: the board's text, with ``\n`` line ends.
        sources: the cells executed so far.
        current: the number of the cell that ran.
        board: what the board is called that it ran on; ``""`` where nobody knows.
        reached: note that the cell has run no further than the traceback tells.
    """
    lines = list(sources.without_own(visible(traceback).rstrip("\n").split("\n"), current))
    if reached:
        sources.stopped_at(current, _reached(lines))
    last_frame = max((index for index, line in enumerate(lines) if _FRAME.match(line)), default=-1)
    result: list[str] = []
    cells: list[_Cell] = []
    at, function = 0, None
    for line, repeats in _counted(lines[: last_frame + 1]):
        frame = _FRAME.match(line)
        caller = (cells[0], at, function in (None, "<module>")) if len(cells) == 1 else None
        cells = []
        if frame and frame["file"] == "<stdin>":
            at, function = int(frame["line"]), frame["function"]
            cells = sources.holding(at, function, current, caller, board)
        if frame is None or not cells:
            result += [line] * min(repeats, _SHOWN_REPEATS)
        else:
            where = f", in {frame['function']}" if frame["function"] else ""
            shown = [f"  {_BOLD}{_titles(cells)}, line {frame['line']}{_PLAIN}{where}"]
            texts = {cell.line(int(frame["line"])) for cell in cells}
            if len(texts) == 1 and (source := texts.pop()):
                shown.append(f"    {source}")
            result += shown * min(repeats, _SHOWN_REPEATS)
        if repeats > _SHOWN_REPEATS:
            result.append(f"  [the previous frame repeats {repeats - _SHOWN_REPEATS} more times]")
    error = lines[last_frame + 1 :]
    if last_frame < 0 and error[0].startswith("Traceback (most recent call last)"):
        result.append(error.pop(0))
    if error:
        name, colon, message = error[0].partition(":")
        result += [f"{_BOLD}{name}{_PLAIN}{colon}{message}", *error[1:]]
    return result


def _reached(lines: list[str]) -> int | None:
    """Return the line of the cell's top level that a traceback begins with; 0 where the cell was not compiled."""
    for line in lines:
        if frame := _FRAME.match(line):
            if frame["function"] in (None, "<module>"):
                is_syntax = frame["function"] is None or lines[-1].startswith(("SyntaxError", "IndentationError"))
                return 0 if is_syntax else int(frame["line"])
            return None
    return None


def _titles(cells: list[_Cell]) -> str:
    """Return what cells are called, the latest last."""
    titles = [cell.title for cell in cells[-_SHOWN_CELLS:]]
    if len(cells) > _SHOWN_CELLS:
        titles.insert(0, "an earlier cell")
    return " or ".join([", ".join(titles[:-1]), titles[-1]] if len(titles) > 1 else titles)


def _counted(lines: list[str]) -> list[tuple[str, int]]:
    """Return the lines with the number of times that each stands there in a row."""
    return [(line, sum(1 for _ in same)) for line, same in groupby(lines)]
