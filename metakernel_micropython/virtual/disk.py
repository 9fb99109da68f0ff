"""What the firmware asks of this computer's disk: the modules that it has as files, and how much room is left.

The modules lie in the folder ``rom``, which nothing on the board can change.
"""

from __future__ import annotations

import ctypes
import os
import shutil
from pathlib import Path

from metakernel_micropython.virtual.switch import BLOCK

_FOLDER = Path(__file__).parent / "rom"
_NO_LIMIT = 1 << 62  # bytes


def describe(path: str) -> bytes:
    """Return how many bytes a file has, ``b"folder"``, or ``b""`` where there is none.

    Args:
        path: from the folder on, as ``asyncio/core.py``.
    """
    found = _find(path)
    if found is None:
        return b""
    return b"folder" if found.is_dir() else str(found.stat().st_size).encode()


def content(path: str) -> bytes:
    """Return a file's content, the names in a folder with blanks between, or ``b""`` where there is none."""
    found = _find(path)
    if found is None:
        return b""
    if found.is_file():
        return found.read_bytes()
    return " ".join(sorted(entry.name for entry in found.iterdir() if entry.name[0] != "_")).encode()


def _find(path: str) -> Path | None:
    parts = [part for part in path.split("/") if part]
    if any(part in ("..", "__pycache__") or "\\" in part or ":" in part for part in parts):
        return None
    found = _FOLDER.joinpath(*parts)
    return found if found.exists() else None


def room(folder: Path, flash: int | None) -> bytes:
    """Return how many blocks there are for a board's files, and how many are free.

    Args:
        folder: the board's root directory.
        flash: bytes that they may take; None for as many as the disk has that the folder is on.
    """
    if flash is None:
        usage = shutil.disk_usage(folder)
        return b"%d %d" % (usage.total // BLOCK, usage.free // BLOCK)
    return b"%d %d" % (flash // BLOCK, max(0, flash - used(folder)) // BLOCK)


class Room:
    """How many bytes a board's files may still grow by, where ``switch`` counts.

    Args:
        address: of that number, 64 bits in this process.
        folder: the board's root directory.
        flash: as for `room`.
    """

    def __init__(self, address: int, folder: Path, flash: int | None) -> None:
        self._bytes = ctypes.c_int64.from_address(address)
        self._folder = folder
        self._flash = flash

    def measure(self) -> None:
        """Look how many there are: when the first is written, and when what was found last is used up."""
        self._bytes.value = _NO_LIMIT if self._flash is None else self._flash - used(self._folder)


def used(folder: Path) -> int:
    """Return how many bytes a folder would take in a board's flash: whole blocks, two of them for a folder."""
    blocks = 0
    folders = [os.fspath(folder)]
    while folders:
        blocks += 2
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    else:
                        blocks += -(-entry.stat(follow_symlinks=False).st_size // BLOCK)
        except OSError:  # somebody has just removed it
            continue
    return blocks * BLOCK
