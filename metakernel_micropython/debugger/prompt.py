"""The debugger in the input box and in consoles: pdb's commands for a program that is paused."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ..board.variables import Kind
from ..display.error_text import error_text
from ..errors import MicroPythonError
from ..host.paths import visible
from .channel import PausedProgram, PauseEnded
from .frame_values import entries, evaluate

if TYPE_CHECKING:
    from ..front_end import FrontEnd
    from .frame_values import Frame
    from .sites import Sites
    from .stop import Stop

POLL = 0.05
"""Seconds between two looks for an answer."""

AROUND = 5
"""Lines above and below the current one that ``l`` shows."""

_HELP = """\
n  run to the next line of this function     p EXPRESSION  show a value (pp as well)
s  step into a function that is called       a  the local names and their values
r  run until this function returns           w  where: the frames, the innermost last
c  continue                                  u, d  go to the frame that called, and back
l  list the source around the line           q  quit: end the program
Anything else is run in the frame; !TEXT runs TEXT where it looks like a command. Enter repeats the last command.
"""

_RESUME = {"c": 0, "s": 1, "n": 2, "r": 3}
_LONG = {
    "continue": "c", "cont": "c", "step": "s", "next": "n", "return": "r", "list": "l", "where": "w", "bt": "w",
    "up": "u", "down": "d", "quit": "q", "exit": "q", "args": "a", "help": "h", "?": "h", "print": "p", "pp": "p",
}  # fmt: skip


class Prompt:
    """Asks a person what to do while a program is paused; a ``stop.Listener``.

    Args:
        front_end: asks, and shows.
        sites: the sources.
    """

    def __init__(self, front_end: FrontEnd, sites: Sites) -> None:
        self._front_end = front_end
        self._sites = sites
        self._at = 0  # the frame, counted from the innermost
        self._last = ""
        self._said = ""
        self._cannot_ask = False  # that was said

    def stopped(self, stop: Stop) -> None:
        """Ask until the program is to go on."""
        if not self._front_end.can_ask:
            self._tell_all(stop)
            stop.resume = 0
            return
        self._at = 0
        if stop.text:
            self._say(visible(stop.text))
        self._tell_place(stop)
        while not stop.over:
            text = self._ask(stop)
            if text is None:
                return
            try:
                self._do(stop, text)
            except PauseEnded:
                return
            except (MicroPythonError, SyntaxError) as error:
                self._say(f"*** {error_text(error)}")

    def _tell_all(self, stop: Stop) -> None:
        """Show the frames with their names, where nobody can be asked."""
        if stop.text:
            self._say(visible(stop.text))
        for frame in reversed(stop.frames):
            self._say(f"line {frame.line}, in {frame.name}: {self._line(frame.site.path, frame.line)}")
            try:
                self._tell_names(stop, frame, "    ")
            except MicroPythonError as error:
                self._say(f"    *** {error_text(error)}")
        if stop.reason != "exception" and not self._cannot_ask:
            self._cannot_ask = True
            self._front_end.Error("[this front end cannot ask for a command: the program goes on]")

    def went_on(self) -> None:
        """Show what was said last."""
        if self._said:
            self._front_end.Print(self._said, end="")
            self._said = ""

    def _ask(self, stop: Stop) -> str | None:
        # A console shows a question at once, and output when it comes to it.
        said, self._said = self._said, ""
        self._front_end.ask(f"{said}(debug) ", secret=False)
        while not stop.over:
            if (text := self._front_end.answer()) is not None:
                return "q" if text == "\x04" else text
            if isinstance(stop.asker, PausedProgram):
                stop.asker.look(POLL)
            else:
                time.sleep(POLL)
        return None

    def _say(self, text: str) -> None:
        if self._front_end.in_console:
            self._said += text + "\n"
        else:
            self._front_end.Print(text)

    def _do(self, stop: Stop, text: str) -> None:
        text = text.strip() or self._last
        self._last = text
        word, _, rest = text.partition(" ")
        word = _LONG.get(word, word)
        ended = stop.reason == "exception"
        if text.startswith("!"):
            self._evaluate(stop, text[1:].strip())
        elif word in _RESUME and not rest:
            if ended and word != "c":
                self._say("*** The program has ended: c or q leaves.")
            else:
                stop.resume = _RESUME[word]
        elif word == "q" and not rest:
            self._quit(stop)
        elif word == "p" and rest:
            self._evaluate(stop, rest)
        elif word in ("u", "d") and not rest:
            self._move(stop, 1 if word == "u" else -1)
        elif word == "w" and not rest:
            for place, frame in reversed(list(enumerate(stop.frames))):
                mark = ">" if place == self._at else " "
                self._say(f"{mark} line {frame.line}, in {frame.name}: {self._line(frame.site.path, frame.line)}")
        elif word == "l" and not rest:
            self._list(stop)
        elif word == "a" and not rest:
            if stop.frames:
                self._tell_names(stop, stop.frames[self._at])
        elif word == "h":
            self._say(_HELP)
        elif text:
            self._evaluate(stop, text)

    def _quit(self, stop: Stop) -> None:
        if isinstance(stop.asker, PausedProgram):
            stop.asker.end()
        else:
            stop.resume = 0

    def _evaluate(self, stop: Stop, text: str) -> None:
        frame = stop.frames[self._at] if stop.frames else None
        if said := evaluate(stop.asker, frame, text):
            self._say(visible(said))

    def _move(self, stop: Stop, by: int) -> None:
        if not 0 <= self._at + by < len(stop.frames):
            self._say("*** Oldest frame" if by > 0 else "*** Newest frame")
            return
        self._at += by
        self._tell_place(stop)

    def _tell_place(self, stop: Stop) -> None:
        if stop.frames:
            frame = stop.frames[self._at]
            self._say(f"> line {frame.line}, in {frame.name}\n-> {self._line(frame.site.path, frame.line)}")

    def _tell_names(self, stop: Stop, frame: Frame, before: str = "") -> None:
        for one in entries(stop.asker, frame):
            if not one.name.startswith("__") and (frame.site.probe.function or one.kind is Kind.DATA):
                self._say(f"{before}{one.name} = {visible(one.value)}")

    def _list(self, stop: Stop) -> None:
        if not stop.frames:
            return
        frame = stop.frames[self._at]
        lines = self._sites.text(frame.site.path).split("\n")
        for number in range(max(1, frame.line - AROUND), min(len(lines), frame.line + AROUND) + 1):
            self._say(f"{number:4} {'->' if number == frame.line else '  '} {visible(lines[number - 1])}")

    def _line(self, path: str, line: int) -> str:
        lines = self._sites.text(path).split("\n")
        return visible(lines[line - 1].strip()) if 0 < line <= len(lines) else ""
