"""The board that worked last, kept across sessions, so that ``auto`` tries it first."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .port_info import PortInfo

_LONGEST_FILE = 64 * 1024  # bytes


@dataclass(frozen=True)
class LastBoard:
    """What finds a board again: its USB ids and serial number, and where it was.

    Attributes:
        vid: USB vendor id.
        pid: USB product id.
        serial_number: None for chips that have none, such as the CH340.
        device: the path or name of the port it was on; boards come back under another one.
    """

    vid: int
    pid: int
    serial_number: str | None
    device: str


def remember(port: PortInfo) -> None:
    """Keep a port as the last board that worked. Silent where nothing can be written, or the port is not on USB."""
    if port.vid is None or port.pid is None:
        return
    text = json.dumps(asdict(LastBoard(port.vid, port.pid, port.serial_number, port.device)))
    with contextlib.suppress(OSError, RuntimeError):  # RuntimeError: no home directory
        path = _path()
        path.parent.mkdir(parents=True, exist_ok=True)
        # Written beside and renamed over: two kernels may end at the same time.
        fd, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
        try:
            with os.fdopen(fd, "w", encoding="utf-8") as file:
                file.write(text)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def last() -> LastBoard | None:
    """The last board that worked, or None where none is known or the file cannot be read."""
    try:
        with _path().open("rb") as file:
            found = json.loads(file.read(_LONGEST_FILE))
        board = LastBoard(**found)
    except (OSError, RuntimeError, ValueError, TypeError, RecursionError):
        return None
    sound = (
        type(board.vid) is int
        and type(board.pid) is int
        and isinstance(board.serial_number, str | None)
        and isinstance(board.device, str)
    )
    return board if sound else None


def _path() -> Path:
    from platformdirs import user_state_dir

    return Path(user_state_dir("metakernel-micropython", appauthor=False)) / "last-board.json"
