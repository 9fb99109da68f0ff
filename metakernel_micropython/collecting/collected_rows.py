"""The rows of a measurement, read back from its files: all of them for the host's Python, the new ones for a plot."""

from __future__ import annotations

import csv
import importlib
import importlib.util
import io
import os
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..errors import HostFileProblem
from .csv_rows import FIXED, rotated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_BYTES = 256 * 1024 * 1024
"""Bytes of the files that are read back at most, the newest."""

MAX_TAIL = 2 * 1024 * 1024
"""Bytes of the file that is there already when somebody begins to follow it."""


def read_rows(path: Path) -> Any:
    """Return the rows of a file and of those that were begun before it: a pandas DataFrame, or a list of dicts.

    Raises:
        HostFileProblem: they cannot be read.
    """
    try:
        files: list[Path] = []
        size = 0
        for one in reversed([*rotated(path), path]):
            if one.exists() and (not files or size + one.stat().st_size <= MAX_BYTES) and _is_of_rows(one):
                size += one.stat().st_size
                files.insert(0, one)
        if importlib.util.find_spec("pandas") is not None:
            return _as_frame(files)
        return [row for one in files for row in _as_dicts(one)]
    except OSError as error:
        raise HostFileProblem(f"{path} cannot be read: {error.strerror or error}.") from error
    except (ValueError, csv.Error) as error:
        raise HostFileProblem(f"{path} cannot be read: {error}.") from error


def _is_of_rows(path: Path) -> bool:
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.readline(4096).startswith(",".join(FIXED))


def _as_frame(files: list[Path]) -> Any:
    pd: Any = importlib.import_module("pandas")
    frames = [pd.read_csv(one, encoding="utf-8") for one in files]
    frame = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=[*FIXED])
    for name in ("host_time", "board_time"):
        frame[name] = pd.to_datetime(frame[name], format="ISO8601", utc=True)
    return frame


def _as_dicts(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield {
                name: datetime.fromisoformat(text) if name in ("host_time", "board_time") else number(text)
                for name, text in row.items()
                if name is not None and text is not None
            }


def number(text: str) -> Any:
    """Return the number that a cell of the file holds; its text where it holds none, None where it is empty."""
    if not text:
        return None
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


class Tail:
    """The rows that come to a file, also to the next ones that are begun in its place.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at = -1
        self._file = (0, 0)
        self._names: list[str] = []

    def rows(self) -> list[dict[str, str]]:
        """Return the rows that have come since the last call; the first time, those that are there, bounded."""
        try:
            with self._path.open("rb") as file:
                there = os.fstat(file.fileno())
                if self._at < 0 or (there.st_ino, there.st_dev) != self._file or there.st_size < self._at:
                    self._file = there.st_ino, there.st_dev
                    header = file.readline()
                    if not header.endswith(b"\n"):
                        return []
                    self._names = next(csv.reader([header.decode("utf-8")]), [])
                    self._at = file.tell()
                    if there.st_size - self._at > MAX_TAIL:
                        file.seek(there.st_size - MAX_TAIL)
                        file.readline()
                        self._at = file.tell()
                file.seek(self._at)
                data = file.read(4 * MAX_TAIL)
        except (OSError, ValueError):
            return []  # it is being begun anew this moment
        whole = data[: data.rfind(b"\n") + 1]
        self._at += len(whole)
        lines = csv.reader(io.StringIO(whole.decode("utf-8", "replace")))
        return [dict(zip(self._names, line, strict=False)) for line in lines]
