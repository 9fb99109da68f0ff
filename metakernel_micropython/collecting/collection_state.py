"""The file beside the rows that tells how a measurement goes, to a notebook and to whoever goes on with it.

It is JSON, written beside its place and moved there, and only its owner may read it. Passwords are not in it.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import psutil

from ..board.files.host_files import patiently, put_in_place
from ..errors import HostFileProblem
from ..transports.private_file import private
from .measurement import Measurement

if TYPE_CHECKING:
    from pathlib import Path

ENDING = ".collect"
"""What stands behind the name of the file with the rows."""

STOP_ENDING = ".collect-stop"
"""The same for the file that asks for the end: any process can make one, on every system."""

STARTING, RUNNING, ENDED, FAILED = "starting", "running", "ended", "failed"

MAX_NOTES = 50
"""Remarks that are kept, the newest."""

_LONGEST = 4 * 1024 * 1024  # bytes


@dataclass
class BoardState:
    """How it goes with one board.

    Attributes:
        name: what it is called in the rows.
        address: how it is reached.
        state: ``collecting``, ``lost``, or ``not there yet``.
        rows: that were answered.
        failed: runs of the code that gave no row.
        missed: times at which the board was not ready with the last row.
        losses: how often its line was lost.
        gap: seconds without it, in all.
        last_error: why the last run gave no row; ``""`` where none has failed.
        last: the last row's values as texts.
        last_at: when that was, in seconds since 1970.
        offset: seconds since 1970 at which the board's clock would have read zero.
        drift: of the board's clock, in millionths.
        accuracy: seconds that the offset may be wrong by.
    """

    name: str
    address: str = ""
    state: str = "not there yet"
    rows: int = 0
    failed: int = 0
    missed: int = 0
    losses: int = 0
    gap: float = 0.0
    last_error: str = ""
    last: dict[str, str] = field(default_factory=dict)
    last_at: float = 0.0
    offset: float = 0.0
    drift: float = 0.0
    accuracy: float = 0.0


@dataclass
class CollectionState:
    """How a measurement goes.

    Attributes:
        measurement: what is asked for, as ``Measurement.as_data`` tells it.
        token: which start of it this is.
        pid: the process that collects.
        process_started: when that process began, in seconds since 1970: numbers of processes come back.
        state: ``starting``, ``running``, ``ended`` or ``failed``.
        problem: why it failed, or what is wrong while it runs; ``""`` for nothing.
        begun: when it began, in seconds since 1970.
        ends: when it is to end, likewise; None for when it is stopped.
        written: when this was written, likewise.
        rows: in the files.
        waiting: rows that wait for a full disk.
        boards: the boards.
        notes: remarks with their times, the oldest first.
    """

    measurement: dict[str, Any]
    token: str = ""
    pid: int = 0
    process_started: float = 0.0
    state: str = STARTING
    problem: str = ""
    begun: float = 0.0
    ends: float | None = None
    written: float = 0.0
    rows: int = 0
    waiting: int = 0
    boards: list[BoardState] = field(default_factory=list)
    notes: list[tuple[float, str]] = field(default_factory=list)

    @property
    def alive(self) -> bool:
        """Whether the process that collects is there."""
        return self.state in (STARTING, RUNNING) and abs(process_started(self.pid) - self.process_started) < 1

    @property
    def interrupted(self) -> bool:
        """Whether that process ended without an end of the measurement, as when the computer was switched off."""
        return self.state in (STARTING, RUNNING) and not self.alive

    def note(self, text: str) -> None:
        """Add a remark; the oldest one goes where there are many."""
        self.notes = [*self.notes, (time.time(), text)][-MAX_NOTES:]

    def write(self, csv: Path) -> None:
        """Write it beside the file with the rows.

        Raises:
            OSError: it does not work; what was there is as it was.
        """
        self.written = time.time()
        path = state_path(csv)
        beside = path.with_name(f"{path.name}-part")
        with open(beside, "w", encoding="utf-8", opener=private) as file:
            json.dump(asdict(self), file, indent=1)
        put_in_place(beside, path)


def state_path(csv: Path) -> Path:
    """Return the file that tells how the measurement with these rows goes."""
    return csv.with_name(csv.name + ENDING)


def stop_path(csv: Path) -> Path:
    """Return the file that asks the measurement with these rows to end."""
    return csv.with_name(csv.name + STOP_ENDING)


def read_state(csv: Path) -> CollectionState | None:
    """Return how the measurement with these rows goes, or went; None where there is none.

    Raises:
        HostFileProblem: the file cannot be read, or tells something else.
    """
    path = state_path(csv)
    try:
        # Where it is written anew this moment, Windows refuses it.
        data = json.loads(patiently(lambda: _read(path)))
        boards = [BoardState(**one) for one in data.pop("boards")]
        notes = [(float(at), str(text)) for at, text in data.pop("notes")]
        Measurement.from_data(data["measurement"])
        return CollectionState(**data, boards=boards, notes=notes)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise HostFileProblem(f"{path} cannot be read: {error.strerror or error}.") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise HostFileProblem(
            f"{path} does not tell how a measurement goes ({type(error).__name__}). Remove it, or take another file "
            "for the rows."
        ) from error


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_LONGEST)


def process_started(pid: int) -> float:
    """Return when a process began, in seconds since 1970; 0 where there is none."""
    try:
        return float(psutil.Process(pid).create_time()) if pid > 0 else 0.0
    except (psutil.Error, OSError):
        return 0.0


def this_process() -> tuple[int, float]:
    """Return the number of this process, and when it began."""
    return os.getpid(), process_started(os.getpid())
