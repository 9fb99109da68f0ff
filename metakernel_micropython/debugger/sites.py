"""Where in which source the probes stand that pause, and which of them are to stop the program."""

from __future__ import annotations

import ast
import re
from bisect import bisect_left
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from ..cell.parser import is_magic
from ..instrument.request import Kind, Request, Role
from ..instrument.rewrite import rewrite

if TYPE_CHECKING:
    from ..instrument.request import Probe, Rewritten

MAX_SOURCES = 500
"""Sources whose probes are remembered; the oldest are forgotten first."""


@dataclass(frozen=True)
class Breakpoint:
    """A line at which a program is to stop.

    Attributes:
        line: as a person chose it, counted from 1.
        condition: an expression; the program stops only where it is true. ``""``: always.
        log: a text that is printed in place of a stop, with expressions in braces; ``""``: it stops.
    """

    line: int
    condition: str = ""
    log: str = ""

    @property
    def expression(self) -> str:
        """What the board evaluates to know whether it stops; ``""`` for always."""
        condition = self.condition.strip()
        if not self.log:
            return condition
        pieces = re.split(r"\{([^{}]*)\}", self.log)
        shown = "+".join(
            f"str({piece.strip() or None})" if index % 2 else repr(piece) for index, piece in enumerate(pieces)
        )
        return f"({condition or 1})and print({shown})"

    def problem(self) -> str:
        """Say what is wrong with its expressions; ``""`` where nothing is."""
        try:
            for text in filter(None, (self.condition.strip(), self.expression)):  # each for itself: "a)or(b" is none
                ast.parse(text, mode="eval")
        except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
            return f"{self.condition or self.log}: {error}"
        return ""


@dataclass(frozen=True)
class Site:
    """Where a probe stands.

    Attributes:
        path: of the source.
        probe: the probe.
        names: the local names that can be read there, in the order of the reader's numbers.
    """

    path: str
    probe: Probe
    names: tuple[str, ...] = ()


@dataclass
class _Source:
    path: str
    text: str
    part: bool  # it is not the whole text
    stops_at: dict[int, list[int]] = field(default_factory=dict)  # numbers of probes by line

    def line(self, wanted: int) -> int | None:
        """Return the line at which it stops for a breakpoint; None where it does not."""
        found = min((line for line in self.stops_at if line >= wanted), default=None)
        return None if self.part and found != line_that_stops(self.text, wanted) else found


class Sites:
    """The sources that were sent with probes, and the breakpoints that people have set in sources.

    Attributes:
        breakpoints: by path.
    """

    def __init__(self) -> None:
        self.breakpoints: dict[str, list[Breakpoint]] = {}
        self._next = 0
        self._sites: dict[int, Site] = {}
        self._sources: OrderedDict[int, _Source] = OrderedDict()  # by the number of the first probe

    def __getitem__(self, number: int) -> Site | None:
        """Return where a probe stands; None for a number that was forgotten."""
        return self._sites.get(number)

    def add(
        self, path: str, source: str, text: str, lines: frozenset[int] | None = None, *, part: bool = False
    ) -> Rewritten:
        """Rewrite a source, and remember its probes.

        Args:
            path: what front ends call it.
            source: the program.
            text: the source as people see it, with the same lines.
            lines: those that get probes; None for all.
            part: whether the source is a part of the text alone, on its own lines.
        """
        result = rewrite(source, Request(Kind.PAUSE, lines=lines, first=self._next))
        if not result.probes:
            return result
        kept = _Source(path, text, part)
        entries: dict[str, tuple[str, ...]] = {}
        for probe in result.probes:
            if probe.role is Role.ENTRY:
                entries[probe.function] = probe.names
            else:
                kept.stops_at.setdefault(probe.line, []).append(probe.number)
            self._sites[probe.number] = Site(path, probe, probe.names or entries.get(probe.function, ()))
        self._sources[self._next] = kept
        self._next += len(result.probes)
        if len(self._sources) > MAX_SOURCES:
            first, _ = self._sources.popitem(last=False)
            for number in range(first, next(iter(self._sources))):
                self._sites.pop(number, None)
        return result

    def text(self, path: str) -> str:
        """Return a source as it was sent last; ``""`` for one that is not known."""
        return next((one.text for one in reversed(self._sources.values()) if one.path == path), "")

    def line_that_stops(self, path: str, text: str, line: int) -> int | None:
        """Return the first line of a source, from one on, at which it can stop; None where there is none.

        Args:
            path: of the source.
            text: the source, for one that was not sent yet.
            line: the line.
        """
        sent = next((one for one in reversed(self._sources.values()) if one.path == path and not one.part), None)
        return sent.line(line) if sent is not None else line_that_stops(text, line)

    def set_breakpoints(self, path: str, wanted: list[Breakpoint]) -> None:
        """Set the breakpoints of a source, in place of those that it had."""
        if wanted:
            self.breakpoints[path] = wanted
        else:
            self.breakpoints.pop(path, None)

    def stops(self) -> dict[int, tuple[str, tuple[str, ...]]]:
        """Return the probes that are to stop, each with the condition and the names that it may use."""
        found: dict[int, tuple[str, tuple[str, ...]]] = {}
        for source in self._sources.values():
            for one in self.breakpoints.get(source.path, ()):
                line = source.line(one.line)
                if line is None or one.problem():
                    continue
                # The first probe of a line is that of its statement, or of the header above a body on the same line.
                number = source.stops_at[line][0]
                found[number] = one.expression, self._sites[number].names if one.expression else ()
        return found


def line_that_stops(text: str, line: int) -> int | None:
    """Return the first line of a cell or a file, from one on, at which it can stop; None where there is none."""
    lines = _lines_that_stop(text)
    at = bisect_left(lines, line)
    return lines[at] if at < len(lines) else None


@lru_cache(maxsize=64)
def _lines_that_stop(text: str) -> list[int]:
    """Return the lines of the statements of a cell or a file, sorted."""
    lines = text.split("\n")
    for number, line in enumerate(lines):  # magics stand above the code
        if is_magic(line.lstrip()):
            lines[number] = ""
        elif line.strip() and not line.lstrip().startswith("#"):
            break
    probes = rewrite("\n".join(lines), Request(Kind.PAUSE)).probes
    return sorted({one.line for one in probes if one.role is Role.STATEMENT})
