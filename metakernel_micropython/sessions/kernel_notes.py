"""What a kernel writes down about the boards it holds, for other kernels of its user and for its own next start.

Each kernel has one small file in Jupyter's runtime folder, which only its user may read. It is there while the kernel
holds boards: another notebook that finds a port in use learns from it whose it is, and the kernel that takes the place
of this one after a restart learns which boards were connected.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..transports.private_file import private

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST_FILE = 256 * 1024  # bytes
_FORGOTTEN_AFTER = 24 * 3600.0
"""Seconds after which the note of a kernel that is gone is taken away: nothing has restarted it."""

_RESTARTS_WITHIN = 60.0
"""Seconds in which a console's kernel is started again: its file's name holds a process number, which come back."""


@dataclass(frozen=True)
class HeldBoard:
    """A board that a kernel is connected to.

    Attributes:
        address: what reaches it, without a password.
        device: the real path or name of its port; ``""`` where it is on none.
        name: what a person called it; ``""`` where nobody did.
        options: what was chosen for its line: ``baud``, ``dtr``, ``rts``, ``heap``, ``raw``, ``timeout``, ``board``.
    """

    address: str
    device: str = ""
    name: str = ""
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class KernelNote:
    """What one kernel holds.

    Attributes:
        pid: its process.
        started: when that process began, in seconds since 1970: numbers of processes come back.
        notebook: the notebook's path; ``""`` where the front end does not tell.
        connection_file: the file with the kernel's ports; ``""`` where there is none.
        boards: what it is connected to; the one that cells run on comes last.
        written: when this was written, in seconds since 1970.
        ended: whether the kernel was shut down to be started again.
    """

    pid: int
    started: float
    notebook: str
    connection_file: str
    boards: tuple[HeldBoard, ...]
    written: float
    ended: bool = False

    @property
    def alive(self) -> bool:
        """Whether the process that wrote it is still there."""
        return not self.ended and abs(_started(self.pid) - self.started) < 1

    @property
    def holder(self) -> str:
        """Who that is, for people: ``the notebook lesson.ipynb (process 4711)``."""
        name = Path(self.notebook).name
        return f"the notebook {name} (process {self.pid})" if name else f"another notebook or console ({self.pid})"

    @property
    def title(self) -> str:
        """The same at the beginning of a sentence."""
        return self.holder[:1].upper() + self.holder[1:]


class KernelNotes:
    """The notes of all kernels of this user, and the one that this kernel writes.

    Nothing here fails: where nothing can be written or read, nothing is known.

    Args:
        connection_file: the file with this kernel's ports, which stays the same after a restart; ``""`` for none.
        folder: where the notes lie; None for Jupyter's runtime folder.
    """

    def __init__(self, connection_file: str, folder: Path | None = None) -> None:
        self._connection_file = connection_file
        self._key = Path(connection_file).stem if connection_file else f"process-{os.getpid()}"
        self._folder = folder
        self._boards: tuple[HeldBoard, ...] = ()

    @property
    def folder(self) -> Path:
        """Where the notes lie."""
        if self._folder is None:
            from jupyter_core.paths import jupyter_runtime_dir

            self._folder = Path(jupyter_runtime_dir()) / "micropython-boards"
        return self._folder

    @property
    def _path(self) -> Path:
        return self.folder / f"{self._key}.json"

    def before_restart(self) -> tuple[HeldBoard, ...]:
        """Return the boards of the kernel that had this one's place before; none where this one is the first."""
        note = _read(self._path)
        if note is None or not self._connection_file or note.alive:
            return ()
        if self._key.removeprefix("kernel-").isdecimal() and not (
            note.ended and abs(time.time() - note.written) < _RESTARTS_WITHIN
        ):
            return ()
        return note.boards

    def write(self, boards: tuple[HeldBoard, ...], *, ended: bool = False) -> None:
        """Write down what this kernel holds; nothing is left of the note where that is nothing.

        Args:
            boards: the boards; the one that cells run on comes last.
            ended: the kernel ends now, and is started again.
        """
        if boards == self._boards and not ended:
            return
        self._boards = boards
        note = KernelNote(
            os.getpid(),
            _started(os.getpid()),
            os.environ.get("JPY_SESSION_NAME", ""),
            self._connection_file,
            boards,
            time.time(),
            ended,
        )
        try:
            if not boards:
                self._path.unlink(missing_ok=True)
                return
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            beside = self._path.with_suffix(f".{os.getpid()}")
            with open(beside, "w", encoding="utf-8", opener=private) as file:
                json.dump(asdict(note), file)
            beside.replace(self._path)
            self._tidy()
        except (OSError, ValueError):  # no room, no home, a name that is no text
            return

    def holder_of(self, device: str, address: str) -> KernelNote | None:
        """Return the note of the other kernel that holds a port or an address; None where none says that it does.

        Args:
            device: the real path or name of a port; ``""`` for none.
            address: what a person typed.
        """
        for path, note in self._all():
            mine = path == self._path
            if not mine and note.alive and any(_same(one, device, address) for one in note.boards):
                return note
        return None

    def _all(self) -> Iterator[tuple[Path, KernelNote]]:
        try:
            paths = sorted(self.folder.glob("*.json"))
        except OSError:
            return
        for path in paths:
            if (note := _read(path)) is not None:
                yield path, note

    def _tidy(self) -> None:
        for path, note in self._all():
            if time.time() - note.written > _FORGOTTEN_AFTER and not note.alive:
                path.unlink(missing_ok=True)


def _same(board: HeldBoard, device: str, address: str) -> bool:
    return bool(device and board.device.casefold() == device.casefold()) or board.address == address


def _read(path: Path) -> KernelNote | None:
    """Read a note; None where it is none."""
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(_LONGEST_FILE))
        boards = tuple(HeldBoard(**one) for one in found.pop("boards"))
        note = KernelNote(boards=boards, **found)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    texts = [
        note.notebook,
        note.connection_file,
        *(text for one in boards for text in (one.address, one.device, one.name)),
    ]
    sound = (
        type(note.pid) is int
        and all(isinstance(number, int | float) for number in (note.started, note.written))
        and all(isinstance(text, str) for text in texts)
        and all(isinstance(one.options, dict) for one in boards)
    )
    return note if sound else None


def _started(pid: int) -> float:
    """When a process began, in seconds since 1970; 0 where there is none."""
    import psutil

    try:
        return float(psutil.Process(pid).create_time())
    except (psutil.Error, ValueError, OverflowError):
        return 0.0
