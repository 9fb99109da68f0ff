"""The file of a measurement: rows are written at once, files rotate, rows wait in memory while the disk is full."""

from __future__ import annotations

import csv
import io
import os
import re
import secrets
import shutil
import time
from collections import deque
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING

from ..board.files.host_files import put_in_place
from ..errors import HostFileProblem
from ..plotting.readings import MAX_COLUMNS
from ..plotting.table import as_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from .measurement import Rotation
    from .row_values import Value

FIXED = ("host_time", "board", "board_time", "board_ms", "offset_s", "drift_ppm")
"""The columns in front of the values."""

RETRY = 2.0
"""Seconds between two attempts to write to a disk that took nothing."""

WAITING = 100_000
"""Rows that wait for a disk that takes nothing."""

_STAMP = re.compile(r"-\d{8}T\d{6}Z(-\d+)?")
_LONGEST_HEADER = 64 * 1024


class CsvRows:
    """The file, for one thread at a time.

    Args:
        path: where it is. One that is there is gone on with, where its columns fit.
        rotation: when the next file is begun; the last one gets its last moment in its name.

    Attributes:
        path: where it is.
        problem: why rows wait; ``""`` while they are written.
        written: rows that were.
        lost: rows that found no room while they waited.
        left_out: names of values for which there was no column any more.
        stays: why the next file could not be begun, so that the rows go on in this one; ``""`` for nothing.

    Raises:
        HostFileProblem: it cannot be written, or has other columns; nothing was changed.
    """

    def __init__(self, path: Path, rotation: Rotation | None = None) -> None:
        self.path = path
        self.problem = self.stays = ""
        self.written = self.lost = 0
        self.left_out: set[str] = set()
        self._rotation = rotation
        self._waiting: deque[tuple[tuple[str, ...], dict[str, Value]]] = deque()
        self._names: list[str] = []
        self._file: io.FileIO | None = None
        self._size = 0
        self._retry_at = self._rotate_at = 0.0
        self._begun = time.time()
        try:
            self._open_old()
        except (OSError, ValueError) as error:
            self.close()
            reason = error.strerror or str(error) if isinstance(error, OSError) else str(error)
            raise HostFileProblem(f"{path} cannot be written: {reason}. Take another file.") from error
        self._was_there = bool(self._names)

    @property
    def waiting(self) -> int:
        """Rows that wait for the disk."""
        return len(self._waiting)

    def begin(self, names: Iterable[str]) -> None:
        """Take the names of the first values: the header of a new file, which one that was there must have.

        Raises:
            HostFileProblem: the file has other columns.
        """
        wanted = list(dict.fromkeys(names))
        if self._was_there:
            if missing := [name for name in wanted if as_text(name) not in self._names]:
                raise HostFileProblem(
                    f"{self.path} is there, and has other columns: {', '.join(self._names)}; {', '.join(missing)} is "
                    "not among them. Take another file, or move this one away."
                )
            return
        self._names = [as_text(name) for name in wanted][:MAX_COLUMNS]
        try:
            self._append(b"")
        except OSError as error:
            raise HostFileProblem(f"{self.path} cannot be written: {error.strerror or error}.") from error

    def add(self, fixed: Sequence[str], values: dict[str, Value]) -> None:
        """Append a row; one that the disk does not take waits, and ``problem`` says why.

        Args:
            fixed: what stands in the columns ``FIXED``.
            values: the others by name.
        """
        if len(self._waiting) >= WAITING:
            self._waiting.popleft()
            self.lost += 1
        self._waiting.append((tuple(fixed), {as_text(name): value for name, value in values.items()}))
        self.write()

    def write(self, *, now: bool = False) -> None:
        """Write what waits.

        Args:
            now: also where the last attempt was a moment ago.
        """
        if self.problem and not now and time.monotonic() < self._retry_at:
            return
        try:
            self._look()
            while self._waiting:
                fixed, values = self._waiting[0]
                self._make_room(values)
                self._append(_line([*fixed, *(_written(values.get(name)) for name in self._names)]))
                self._waiting.popleft()
                self.written += 1
            self.problem = ""
        except OSError as error:
            self.problem = error.strerror or str(error)
            self._retry_at = time.monotonic() + RETRY

    def descriptor(self) -> int | None:
        """Return a descriptor of the file for ``os.fsync`` in another thread, which closes it; None: none is open."""
        return os.dup(self._file.fileno()) if self._file is not None else None

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    # -- the file ------------------------------------------------------------------------------------------------

    def _open_old(self) -> None:
        """Open the file; where it is there, learn its columns and take away a row that was only half written."""
        self._file = self.path.open("ab", 0)
        self._size = self._file.tell()
        if not self._size:
            return
        with self.path.open("rb") as old:
            header = old.readline(_LONGEST_HEADER)
            names = next(csv.reader([header.decode("utf-8")]), [])
            if tuple(names[: len(FIXED)]) != FIXED or not header.endswith(b"\n"):
                raise ValueError("it is there, and no collected rows are in it")
            self._names = names[len(FIXED) :]
            end = _end_of_rows(old, self._size)
        if end != self._size:
            self._file.truncate(end)
            self._size = end

    def _append(self, line: bytes) -> None:
        """Write a line, all of it or nothing; an empty file gets its header first."""
        if self._file is None:
            self._file = self.path.open("ab", 0)
            self._size = self._file.tell()
        if not self._size:
            line = _line([*FIXED, *self._names]) + line
        done = 0
        try:
            while done < len(line):
                done += self._file.write(line[done:])
        except OSError:
            if done:
                self._file.truncate(self._size)  # the part of a row that is there
            raise
        self._size += len(line)

    def _look(self) -> None:
        """Begin the file anew where somebody has moved or removed it."""
        if self._file is None:
            return
        there = os.fstat(self._file.fileno())
        try:
            found = self.path.stat()
        except FileNotFoundError:
            found = None
        if found is None or (found.st_ino, found.st_dev) != (there.st_ino, there.st_dev):
            self.close()

    def _make_room(self, values: dict[str, Value]) -> None:
        """Begin the next file where it is time, and give new names their columns."""
        rotation = self._rotation
        if rotation is not None:
            header = len(_line([*FIXED, *self._names]))
            old = rotation.seconds is not None and time.time() >= self._begun + rotation.seconds
            large = rotation.size is not None and self._size >= rotation.size
            if (old or large) and self._size > header and time.monotonic() >= self._rotate_at:
                try:
                    self._rotate()
                    self.stays = ""
                except PermissionError as error:  # Windows moves no file that somebody reads, but rows can be added
                    self.stays = error.strerror or str(error)
                    self._rotate_at = time.monotonic() + RETRY
        new = [name for name in values if name not in self._names]
        if not new:
            return
        room = MAX_COLUMNS - len(self._names)
        self.left_out.update(new[room:])
        if new[:room]:
            self._widen(self._names + new[:room])

    def _rotate(self) -> None:
        if self._file is not None:
            os.fsync(self._file.fileno())
        self.close()
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        number, target = 1, self.path.with_name(f"{self.path.stem}-{stamp}{self.path.suffix}")
        while target.exists():
            number += 1
            target = self.path.with_name(f"{self.path.stem}-{stamp}-{number}{self.path.suffix}")
        self.path.rename(target)
        self._begun = time.time()
        self._size = 0

    def _widen(self, names: list[str]) -> None:
        """Write the file anew with more columns: beside it first, so that no row is lost."""
        self.close()
        path = self.path.resolve()  # a link stays one
        beside = path.with_name(f".{secrets.token_hex(4)}.mk-part")
        added = b"," * (len(names) - len(self._names))
        try:
            with path.open("rb") as old, beside.open("xb") as new:
                new.write(_line([*FIXED, *names]))
                old.readline()
                for row in old:
                    new.write(row.rstrip(b"\r\n") + added + b"\n")
                new.flush()
                os.fsync(new.fileno())
            shutil.copymode(path, beside)
            put_in_place(beside, path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
        self._names = names


def rotated(path: Path) -> list[Path]:
    """Return the files that were begun before this one, the oldest first."""
    found = [
        one
        for one in path.parent.iterdir()
        if one.name.startswith(f"{path.stem}-")
        and one.suffix == path.suffix
        and _STAMP.fullmatch(one.stem[len(path.stem) :])
    ]
    return sorted(found, key=lambda one: (one.stat().st_mtime, one.name))


def _end_of_rows(file: IO[bytes], size: int) -> int:
    """Return where the last whole row ends."""
    at = size
    while at > 0:
        begin = max(0, at - 65536)
        file.seek(begin)
        found = file.read(at - begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        at = begin
    return 0


def _line(cells: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode("utf-8", "replace")


def _written(value: Value | None) -> str:
    """Return a value as the file has it; a text that a spreadsheet would take for a formula gets an apostrophe."""
    if value is None or value != value:
        return ""
    return as_text(value) if isinstance(value, str) else repr(value)
