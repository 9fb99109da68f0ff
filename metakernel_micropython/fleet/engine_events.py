"""What boards of an engine say, on its way to the notebook: one JSON list in a line of the engine's output.

A list is the name of a method of ``sessions.board_jobs.Report`` and its arguments. The engine bounds what it sends; the
notebook takes lines that are no such list for what something else in the engine has printed.
"""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..sessions.board_jobs import Report

PATIENCE = 0.5
"""Seconds after which a line that has begun is sent without its end."""

LONGEST_LINE = 64 * 1024
"""Characters of a line that are kept before they are sent without its end."""

_EVENTS = frozenset({"write", "display", "hold", "end", "result"})


class EventReport:
    """Takes what the boards of an engine say, and gives it out in lines. Any thread may call it.

    Args:
        send: called with a line without its end; one thread at a time.
        limit: characters of each board that are sent; then one line says how many were left out.
        shown: returns a text as people are to see it.
    """

    def __init__(self, send: Callable[[str], object], limit: int, shown: Callable[[str], str] = str) -> None:
        self._send = send
        self._limit = limit
        self._shown = shown
        self._lock = threading.Lock()  # guards the four below, and the order of what is sent
        self._begun: dict[tuple[str, str], tuple[str, float]] = {}
        self._sent: dict[str, int] = {}
        self._left_out: dict[str, int] = {}
        self._closed = False

    def write(self, name: str, stream: str, text: str) -> None:
        """Take what a board printed. Of a progress bar, which writes over its line, only the end counts."""
        with self._lock:
            begun, since = self._begun.pop((name, stream), ("", time.monotonic()))
            whole, end, rest = (begun + text).rpartition("\n")
            if end:
                lines = [line for line in map(_left, whole.split("\n")) if line is not None]
                since = time.monotonic()
                if lines:
                    self._event("write", name, stream, "\n".join(lines) + "\n")
            if "\r" in rest.rstrip("\r"):
                rest = rest[rest.rstrip("\r").rindex("\r") + 1 :]
            if len(rest) > LONGEST_LINE:
                self._event("write", name, stream, rest)
            elif rest:
                self._begun[name, stream] = rest, since

    def display(self, name: str, data: dict[str, Any]) -> None:
        """Take data that a board gave to be shown."""
        with self._lock:
            self._flush(name)
            self._event("display", name, data)

    def hold(self, name: str, stream: str, text: str) -> None:
        """Take what a board ends with: it is sent in any case, in part where it is long."""
        with self._lock:
            self._flush(name)
            if len(text) > self._limit:
                text = f"{text[: self._limit]}\n[{len(text) - self._limit} characters more]"
            self._emit("hold", name, stream, text)

    def result(self, name: str, kind: str, data: Any) -> None:
        """Take what a magic has found on a board, as JSON has it."""
        with self._lock:
            self._emit("result", name, kind, data)

    def end(self, name: str) -> None:
        """A board says no more."""
        with self._lock:
            self._flush(name)
            if left_out := self._left_out.pop(name, 0):
                note = f"[{left_out} characters more were left out: {self._limit} of each board are shown]\n"
                self._emit("write", name, "stderr", note)
            self._emit("end", name)

    def look(self) -> None:
        """Send what has waited for the end of its line too long."""
        with self._lock:
            now = time.monotonic()
            for (name, stream), (text, since) in list(self._begun.items()):
                if now - since >= PATIENCE and "\r" not in text:
                    del self._begun[name, stream]
                    self._event("write", name, stream, text)

    def close(self) -> None:
        """Send nothing any more."""
        with self._lock:
            self._closed = True

    # -- the lock is held ----------------------------------------------------------------------------------------

    def _flush(self, name: str) -> None:
        for key in [key for key in self._begun if key[0] == name]:
            text, _ = self._begun.pop(key)
            if (left := _left(text)) is not None:
                self._event("write", *key, left)

    def _event(self, what: str, name: str, *rest: Any) -> None:
        """Send it where the board may still say something."""
        size = len(str(rest[-1]))
        sent = self._sent.get(name, 0)
        if sent + size > self._limit:
            room = self._limit - sent
            if what != "write" or room <= 0 or name in self._left_out:
                self._left_out[name] = self._left_out.get(name, 0) + size
                return
            stream, text = rest
            self._left_out[name] = max(0, len(text) - room)
            rest = (stream, text[:room] + "\n")
        self._sent[name] = sent + size
        self._emit(what, name, *rest)

    def _emit(self, what: str, name: str, *rest: Any) -> None:
        if not self._closed:
            self._send(json.dumps([what, name, *(self._shown(one) if isinstance(one, str) else one for one in rest)]))


def _left(line: str) -> str | None:
    """Return what a line shows in the end; None where it was a bar that left nothing."""
    shown = line.rstrip("\r").rpartition("\r")[2]
    return None if "\r" in line and not shown.strip() else shown


def deliver(text: str, start: int, report: Report, after: Callable[[], object]) -> int:
    """Give the events behind ``start`` to a report; return where the last whole line ends.

    Args:
        text: all that an engine has printed in this cell.
        start: where to begin.
        report: gets them.
        after: called after each.
    """
    end = text.rfind("\n", start) + 1
    if not end:
        return start
    for line in text[start:end].splitlines():
        try:
            what, name, *rest = json.loads(line)
            assert what in _EVENTS and isinstance(name, str)
            getattr(report, what)(name, *rest)
        except (ValueError, TypeError, AssertionError):
            continue  # something else in the engine printed
        after()
    return end
