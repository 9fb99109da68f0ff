"""The file that a recording of a line is: one JSON object on each line, in UTF-8.

The first line says what the file is::

    {"format": "micropython-recording", "version": 1, "created": "2026-11-28T12:00:00+01:00", "software": "..."}

Each further line is an event, with the seconds ``t`` since the recording began:

=============  ========================================================================================
``event``      what else the line has
=============  ========================================================================================
``open``       ``address``: a line was opened
``sent``       bytes to the board, in ``text`` where they are UTF-8, else in ``base64``; or
               ``"secret": true`` for bytes that are kept out of the recording
``received``   the same for bytes from the board
``cell``       ``number``: a cell of a notebook begins
``reset``      the board was reset by the line's own means
``lost``       ``reason``: the line was lost
``closed``     the line was closed from this side
``end``        the recording ends here; nothing follows
=============  ========================================================================================

Version 1 may get more events and more keys, which a reader leaves aside; whatever changes what these mean gets another
number. What a recording holds is data of strangers: it is read with limits, and nothing of it is ever run here.
"""

from __future__ import annotations

import base64
import json
import math
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import ConnectError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

FORMAT = "micropython-recording"
VERSION = 1

OPEN, SENT, RECEIVED, RESET, LOST, CLOSED, END = "open", "sent", "received", "reset", "lost", "closed", "end"
CELL = "cell"

LONGEST_PIECE = 64 * 1024
"""Bytes of one event at most; longer pieces become several."""

LONGEST_LINE = 1024 * 1024
"""Bytes of a line at most: a piece in which every byte needs six, and some."""

LARGEST = 256 * 1024 * 1024
"""Bytes of a recording that can be replayed: it is in memory then."""

MOST_EVENTS = 1_000_000
"""Events of one, for the same reason."""

_KNOWN = frozenset({OPEN, CELL, SENT, RECEIVED, RESET, LOST, CLOSED, END})
_MOST_CELLS = 10**9
_LONGEST_TEXT = 4096  # characters of an address or a reason


class RecordingProblem(ConnectError):
    """A file is no recording, or not a whole one, or must not be overwritten by one."""


@dataclass(frozen=True, slots=True)
class Event:
    """What happened on a recorded line.

    Attributes:
        seconds: since the recording began.
        kind: one of this module's names for events.
        data: the bytes of ``SENT`` and ``RECEIVED``.
        secret: whether they were kept out of the recording.
        text: the address of ``OPEN``, the reason of ``LOST``, the number of ``CELL``.
    """

    seconds: float
    kind: str
    data: bytes = b""
    secret: bool = False
    text: str = ""

    def encoded(self) -> str:
        """The event as a line of the file, with its end."""
        line: dict[str, Any] = {"t": round(self.seconds, 6), "event": self.kind}
        if self.kind == OPEN:
            line["address"] = self.text
        elif self.kind == CELL:
            line["number"] = int(self.text)
        elif self.kind == LOST:
            line["reason"] = self.text
        elif self.secret:
            line["secret"] = True
        elif self.kind in (SENT, RECEIVED):
            try:
                line["text"] = self.data.decode("utf-8")
            except UnicodeDecodeError:
                line["base64"] = base64.b64encode(self.data).decode("ascii")
        return json.dumps(line) + "\n"


def header(created: str, software: str) -> str:
    """Return the first line of a recording, with its end.

    Args:
        created: the time of day from which its seconds count, in ISO 8601.
        software: what has made it.
    """
    return json.dumps({"format": FORMAT, "version": VERSION, "created": created, "software": software}) + "\n"


def may_be_replaced(path: Path) -> bool:
    """Whether a new recording may take a file's place: there is none, it is empty, a device, or a recording.

    Raises:
        OSError: it cannot be read.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return True
    if not stat.S_ISREG(mode):
        return not stat.S_ISDIR(mode)
    with path.open("rb") as file:
        first = file.readline(_LONGEST_TEXT)
    return not first or _says_recording(first)


def _says_recording(line: bytes) -> bool:
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(told, dict) and told.get("format") == FORMAT


def load(path: Path, *, partial: bool = False) -> list[Event]:
    """Read a recording.

    Args:
        path: the file.
        partial: take one that was cut, up to its last whole line.

    Raises:
        RecordingProblem: it cannot be read, is no recording, one of another version, damaged, or cut.
    """
    try:
        # A FIFO would be waited for without an end, and what is none of the system's files may never end.
        if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116 - as Path.stat, with a str
            raise RecordingProblem(f"{path} is no recording: it is no file.")
        with path.open("rb") as file:
            return _Reader(path, file, partial).events()
    except OSError as error:
        raise RecordingProblem(f"The recording {path} cannot be read: {error.strerror or error}.") from error
    except ValueError as error:  # a name with a NUL
        raise RecordingProblem(f"The recording {path} cannot be read: {error}.") from error


class _Reader:
    """Reads one recording.

    Args:
        path: for messages.
        file: its bytes.
        partial: as for ``load``.
    """

    def __init__(self, path: Path, file: BinaryIO, partial: bool) -> None:
        self._path = path
        self._file = file
        self._partial = partial
        self._number = 0  # of the line
        self._size = 0

    def events(self) -> list[Event]:
        """Return the events, the end left out."""
        self._check_header()
        found: list[Event] = []
        last = 0.0
        while (line := self._line()) is not None:
            event = self._event(line)
            if event is None:
                continue
            if event.kind == END:
                return found
            if event.seconds < last:
                raise self._damaged("goes back in time")
            last = event.seconds
            found.append(event)
            if len(found) > MOST_EVENTS:
                raise self._problem(f"has more than {MOST_EVENTS} events, which is too many to replay")
        if self._partial:
            return found
        raise self._cut()

    def _check_header(self) -> None:
        line = self._file.readline(_LONGEST_TEXT)
        if not _says_recording(line):
            raise self._problem("is no recording of a board's line: it does not begin as one does")
        self._number, self._size = 1, len(line)
        version = json.loads(line).get("version")
        if version != VERSION or isinstance(version, bool):
            shown = version if type(version) is int and abs(version) < 10**9 else "that is no number"
            raise self._problem(
                f"is a recording of version {shown}, and this software knows version {VERSION}: replay it with the "
                "software that has recorded it"
            )

    def _line(self) -> bytes | None:
        """Return the next whole line; None where there is none."""
        line = self._file.readline(LONGEST_LINE + 1)
        self._number += 1
        self._size += len(line)
        if self._size > LARGEST:
            raise self._problem(f"has more than {LARGEST // 1024**2} MiB, which is too much to replay")
        if line.endswith(b"\n"):
            return line
        if len(line) > LONGEST_LINE:
            raise self._damaged(f"is longer than {LONGEST_LINE // 1024} KiB")
        return None  # it was cut

    def _event(self, line: bytes) -> Event | None:
        """Read a line; None for an event that this version does not know."""
        try:
            told = json.loads(line)
        except (ValueError, RecursionError):  # a UnicodeDecodeError is a ValueError
            raise self._damaged("is no JSON") from None
        if not isinstance(told, dict):
            raise self._damaged("is no event")
        seconds, kind = told.get("t"), told.get("event")
        # JSON's numbers may be NaN or infinite in Python, and True is an int.
        if not isinstance(seconds, int | float) or seconds is True or not 0 <= seconds < math.inf:
            raise self._damaged("is no event")
        if not isinstance(kind, str):
            raise self._damaged("is no event")
        if kind not in _KNOWN:
            return None
        text = told.get("address" if kind == OPEN else "reason", "")
        if kind == CELL:
            number = told.get("number")
            if type(number) is not int or not 0 <= number < _MOST_CELLS:
                raise self._damaged("is no event")
            text = str(number)
        if not isinstance(text, str):
            raise self._damaged("is no event")
        secret = told.get("secret") is True
        data = self._data(told) if kind in (SENT, RECEIVED) and not secret else b""
        return Event(float(seconds), kind, data, secret, text[:_LONGEST_TEXT])

    def _data(self, told: dict[str, Any]) -> bytes:
        text, coded = told.get("text"), told.get("base64")
        try:
            if isinstance(text, str):
                return text.encode("utf-8")
            if isinstance(coded, str):
                return base64.b64decode(coded, validate=True)
        except ValueError:  # half a character; what is no Base64
            pass
        raise self._damaged("has no bytes")

    # -- what is wrong -------------------------------------------------------------------------------------------

    def _problem(self, what: str) -> RecordingProblem:
        return RecordingProblem(f"{self._path} {what}.")

    def _damaged(self, what: str) -> RecordingProblem:
        return self._problem(f"is a damaged recording: its line {self._number} {what}")

    def _cut(self) -> RecordingProblem:
        return RecordingProblem(
            f"The recording {self._path} was cut: its end is missing (it is still being written, or what wrote it was "
            f"killed or had no more room). The address replay:{self._path}?partial=1 replays what is there."
        )
