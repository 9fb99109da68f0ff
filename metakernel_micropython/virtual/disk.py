"""What the firmware asks of this computer's disk: the modules that it has as files, and how much room is left.

The modules lie in the folder ``rom``, which nothing on the board can change.
"""

from __future__ import annotations

import shutil
from pathlib import Path

_FOLDER = Path(__file__).parent / "rom"


def describe(path: str) -> bytes:
    """Return how many bytes a file has, the names in a folder with blanks between, or ``b""`` where there is none.

    Args:
        path: from the folder on, as ``asyncio/core.py``.
    """
    found = _find(path)
    if found is None:
        return b""
    if found.is_dir():
        return b"folder " + " ".join(sorted(entry.name for entry in found.iterdir() if entry.name[0] != "_")).encode()
    return str(found.stat().st_size).encode()


def content(path: str) -> bytes:
    """Return a file's content; ``b""`` where there is none."""
    found = _find(path)
    return found.read_bytes() if found is not None and found.is_file() else b""


def _find(path: str) -> Path | None:
    parts = [part for part in path.split("/") if part]
    if any(part in ("..", "__pycache__") or "\\" in part or ":" in part for part in parts):
        return None
    found = _FOLDER.joinpath(*parts)
    return found if found.exists() else None


def room(folder: Path) -> bytes:
    """Return the blocks of 4 KiB on the disk that a folder is on, and how many are free."""
    usage = shutil.disk_usage(folder)
    return b"%d %d" % (usage.total // 4096, usage.free // 4096)
