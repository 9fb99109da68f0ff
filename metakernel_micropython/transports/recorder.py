"""Recording a line: a listener that writes what it hears into a file, for ``replay:FILE``. See ``recording``."""

from __future__ import annotations

import contextlib
import threading
import time
from datetime import datetime
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from ..errors import ConnectError
from . import recording
from .private_file import private
from .recording import Event, RecordingProblem
from .tap import TO_BOARD, HiddenBytes

if TYPE_CHECKING:
    from pathlib import Path

SOFTWARE = "metakernel_micropython"

_open_ones: WeakValueDictionary[str, Recorder] = WeakValueDictionary()  # by their real paths


class Recorder:
    """A listener on a line (see ``tap``) that writes a recording: a line for each event, at once.

    Attributes:
        path: the file.
        problem: why recording ended, for example a full disk; ``""`` while it goes well. The line is not disturbed.
    """

    def __init__(self, path: Path, *, replace: bool = False) -> None:
        """Begin a recording, in place of one that the file held before.

        Args:
            path: the file.
            replace: in place of anything else, too.

        Raises:
            RecordingProblem: the file holds something that is no recording.
            OSError: it cannot be opened for writing.
        """
        self.path = path
        self.problem = ""
        self._lock = threading.Lock()  # both directions have a thread
        if not replace and not recording.may_be_replaced(path):
            raise RecordingProblem(
                f"{path} is no recording, and is not overwritten: choose another name, or remove it."
            )
        real = str(path.resolve())
        earlier = _open_ones.get(real)
        if earlier is not None:  # it must not write its end into this one
            earlier.close()
        self._file = open(path, "wb", buffering=0, opener=private)  # noqa: SIM115
        self._whole = 0  # bytes of whole lines
        self._began = time.monotonic()
        _open_ones[real] = self
        now = datetime.now().astimezone().isoformat(timespec="milliseconds")
        with self._lock:
            self._write(recording.header(now, SOFTWARE))

    def begin(self, address: str) -> None:
        """Note that a line was opened."""
        self._add(recording.OPEN, text=address)

    def note(self, _seconds: float, direction: str, data: bytes) -> None:
        """Note a piece."""
        kind = recording.SENT if direction == TO_BOARD else recording.RECEIVED
        if isinstance(data, HiddenBytes):
            self._add(kind, secret=True)
            return
        for at in range(0, len(data), recording.LONGEST_PIECE):
            self._add(kind, data[at : at + recording.LONGEST_PIECE])

    def note_event(self, kind: str, reason: str = "") -> None:
        """Note what happened to the line."""
        self._add(kind, text=reason)

    def close(self) -> None:
        """End the recording; idempotent."""
        self._add(recording.END)
        with self._lock:
            self._end()

    def _add(self, kind: str, data: bytes = b"", *, secret: bool = False, text: str = "") -> None:
        with self._lock:
            # The lock is taken first: what waits for it is later, and the times must not go back.
            self._write(Event(time.monotonic() - self._began, kind, data, secret, text).encoded())

    def _write(self, line: str) -> None:
        """Write a line (the lock is held); without room for all of it, leave none of it there."""
        if self._file.closed:
            return
        data = line.encode("utf-8")
        try:
            written = self._file.write(data)
            while written is not None and written < len(data):
                data = data[written:]
                written = self._file.write(data)
            self._whole += len(line.encode("utf-8"))
        except OSError as error:
            self.problem = error.strerror or str(error)
            with contextlib.suppress(OSError):
                self._file.truncate(self._whole)
            self._end()

    def _end(self) -> None:
        try:
            self._file.close()
        except OSError as error:  # closed it is all the same
            self.problem = self.problem or error.strerror or str(error)


def open_log(path: Path, *, replace: bool = False) -> Recorder:
    """Begin a recording; see ``Recorder``.

    Raises:
        ConnectError: it cannot be written.
    """
    try:
        return Recorder(path, replace=replace)
    except OSError as error:
        raise ConnectError(f"The log {path} cannot be written: {error.strerror or error}.") from error
