"""What several boards say at the same time, as text for one notebook: whole lines with the boards' names in front."""

from __future__ import annotations

import re
import threading
import time
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from ..transports.port_scan import natural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PATIENCE = 0.5
"""Seconds after which a line that has begun is shown without its end."""

ROOM = 1024 * 1024
"""Characters of output that wait to be shown before the boards that print have to wait."""

LONGEST_LINE = 64 * 1024
"""Characters of a line that are shown in one piece."""

HOLD = 1.0
"""Seconds that the result of one board waits for those of the others, which may be equal."""

LABEL = 60
"""Characters of a label in front of a line; a longer one stands above it."""

_MOST_WORDS = 20  # that a label has
_COLOURS = re.compile(r"\x1b\[[\d;]*m")
_IN_A_ROW = 2  # so many names are named, more are told by the first and the last
_NUMBERED = re.compile(r"(.*?)(0|[1-9]\d*)")


class LabelledOutput:
    """What several boards say, in whole lines with their names in front.

    Any thread may ``write``; one thread shows.

    Args:
        names: the boards.
        show: shows text on ``stdout`` or ``stderr``.
        display: shows data, by MIME types; None where only text can be shown.
    """

    def __init__(
        self, names: list[str], show: Callable[[str, str], object], display: Callable[[dict[str, Any]], object] | None
    ) -> None:
        self._width = max(map(len, names))
        self._show = show
        self._display = display
        self._room = threading.Condition()  # guards the five below
        self._lines: list[tuple[str, str | dict[str, Any]]] = []
        self._size = 0
        self._begun: dict[tuple[str, str], tuple[str, float]] = {}  # lines without their end, and since when
        self._held: list[tuple[str, str, str, float]] = []  # results: whose, on which stream, what, since when
        self._closed = False

    @property
    def full(self) -> bool:
        """Whether so much waits to be shown that boards may have to wait."""
        with self._room:
            return self._size >= ROOM // 2

    def write(self, name: str, stream: str, text: str) -> None:
        """Take what a board said; wait while too much of it is not yet shown."""
        if stream == "stderr":
            text = _COLOURS.sub("", text)
        with self._room:
            self._room.wait_for(lambda: self._size < ROOM or self._closed)
            if self._closed:
                return
            self._release_before(name)
            begun, _ = self._begun.pop((name, stream), ("", 0.0))
            *lines, rest = (begun + text).split("\n")
            for line in lines:
                self._add(name, stream, line)
            if len(rest) > LONGEST_LINE:
                self._add(name, stream, rest)
            elif rest:
                self._begun[name, stream] = rest, time.monotonic()

    def display(self, name: str, data: dict[str, Any]) -> None:
        """Take data that a board gave to be shown; a line with its name stands above."""
        plain = str(data["text/plain"])
        if self._display is None:
            self.write(name, "stdout", plain + "\n")
            return
        kind = next(kind for kind in data if kind != "text/plain")
        with self._room:
            self._room.wait_for(lambda: self._size < ROOM or self._closed)
            if self._closed:
                return
            self._release_before(name)
            begun, _ = self._begun.pop((name, "stdout"), ("", 0.0))
            if begun:
                self._add(name, "stdout", begun)
            self._add(name, "stdout", f"<{kind}>" if "\n" in plain else plain)
            self._lines.append(("", data))
            self._size += sum(len(str(content)) for content in data.values())

    def hold(self, name: str, stream: str, text: str) -> None:
        """Take an answer of a board: what a magic says, the value of its cell, or its error.

        Equal ones of several boards are shown as one, in the order of the boards' names; those of one board stay in
        their order, and before what it prints later.
        """
        if stream == "stderr":
            text = _COLOURS.sub("", text)
        with self._room:
            self._held.append((name, stream, text.removesuffix("\n"), time.monotonic()))

    def release(self) -> None:
        """Give out what was held."""
        with self._room:
            self._release()

    def end(self, name: str) -> None:
        """Give out what a board has begun to say: it says no more."""
        with self._room:
            for key in [key for key in self._begun if key[0] == name]:
                self._add(*key, self._begun.pop(key)[0])

    def show(self) -> None:
        """Show what there is."""
        with self._room:
            now = time.monotonic()
            for key in [
                key for key, (text, since) in self._begun.items() if now - since >= PATIENCE and "\r" not in text
            ]:
                self._add(*key, self._begun.pop(key)[0])
            if self._held and now - self._held[0][3] >= HOLD:
                self._release()
            lines, self._lines = self._lines, []
            self._size = 0
            self._room.notify_all()
        for stream, group in groupby(lines, key=itemgetter(0)):
            if stream:
                self._show(stream, "".join(str(text) for _, text in group))
                continue
            for _, data in group:
                assert isinstance(data, dict) and self._display is not None
                self._display(data)

    def close(self) -> None:
        """Take no more."""
        with self._room:
            self._closed = True
            self._room.notify_all()

    def _release(self) -> None:
        held, self._held = self._held, []
        same: dict[tuple[int, str, str], list[str]] = {}  # by how many answers of the board came before
        before: dict[str, int] = {}
        for name, stream, text, _ in sorted(held, key=lambda one: natural(one[0])):
            before[name] = before.get(name, -1) + 1
            same.setdefault((before[name], stream, text), []).append(name)
        for (_, stream, text), names in sorted(same.items(), key=lambda item: item[0][0]):
            label = grouped(names)
            if len(label) > LABEL:
                self._lines.append((stream, f"{label}:\n"))
                label = ""
            for line in text.split("\n"):
                self._add(label, stream, line)

    def _release_before(self, name: str) -> None:
        """Give out what was held, where that of a board is among it which says more now."""
        if any(held[0] == name for held in self._held):
            self._release()

    def _add(self, name: str, stream: str, line: str) -> None:
        # A progress bar writes over its line; what counts is what it left.
        shown = line.rstrip("\r").rpartition("\r")[2]
        if "\r" in line and not shown.strip():
            return
        self._lines.append((stream, f"{name:<{self._width}} | {shown}\n"))
        self._size += len(shown) + self._width


def grouped(names: Iterable[str]) -> str:
    """Return the names of boards in a few words: those with numbers in a row as the first and the last of them."""
    rows: list[list[str]] = []  # names with numbers in a row
    last = ("", -1)
    for name in sorted(names, key=natural):
        numbered = _NUMBERED.fullmatch(name)
        stem, number = (numbered[1], int(numbered[2])) if numbered else (name, -1)
        if number >= 0 and last == (stem, number - 1):
            rows[-1].append(name)
        else:
            rows.append([name])
        last = stem, number
    words = [f"{row[0]}–{row[-1]}" if len(row) > _IN_A_ROW else ", ".join(row) for row in rows]  # noqa: RUF001
    shown = words[:_MOST_WORDS]
    if more := sum(map(len, rows[_MOST_WORDS:])):
        shown.append(f"and {more} more")
    return ", ".join(shown)
