"""What can be imported on a board: modules in its firmware, and files and packages on its import path."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import MicroPythonError
from . import snippets

if TYPE_CHECKING:
    from .files.filesystem import ExecutorWithFiles

TIMEOUT = 10.0
"""Seconds that the board has to list its modules."""

MAX_REPLY = 100_000
"""Characters of the list that are read."""

C_MODULES = frozenset(
    """array binascii bluetooth btree builtins cmath collections cryptolib deflate errno esp esp32 framebuf gc hashlib
    heapq io json lcd160cr machine math microbit micropython neopixel network openamp os platform pyb random re rp2
    select socket ssl stm struct sys time uasyncio ubinascii ucollections ucryptolib uctypes uerrno uhashlib uheapq uio
    ujson umachine uos uplatform urandom ure uselect usocket ussl ustruct usys utime uzlib vfs wipy zephyr zlib
    zsensor""".split()
) - {"neopixel", "uasyncio"}
"""Modules written in C on every port that has them (the list of MicroPython's documentation): importing one to look
into it runs no code. ``neopixel`` and ``uasyncio`` are Python."""

_NAME = re.compile(r"[^\W\d]\w*(?:[./][^\W\d]\w*)*")


@dataclass(frozen=True)
class Modules:
    """What can be imported.

    Attributes:
        built_in: names of the firmware's modules, written in C or frozen; empty where the board cannot list them.
        files: name, path and bytes of each module in a file; None in place of bytes for a package.
    """

    built_in: list[str]
    files: list[tuple[str, str, int | None]]


def modules(board: ExecutorWithFiles) -> Modules:
    """Ask a board what can be imported.

    Raises:
        MicroPythonError: it did not answer.
    """
    told = board.execute(snippets.call("modules"), timeout=TIMEOUT)[:MAX_REPLY].partition("\x1e")[0]
    return Modules(built_in(told), _files(board))


def built_in(told: str) -> list[str]:
    """Return the names of the modules in what ``help("modules")`` prints, sorted and without what else it says."""
    # It ends with a sentence about the file system.
    words = [word for line in told.splitlines() if not line.startswith("Plus ") for word in line.split()]
    names = {word.replace("/", ".").removesuffix(".__init__") for word in words if _NAME.fullmatch(word)}
    return sorted(names)


def _files(board: ExecutorWithFiles) -> list[tuple[str, str, int | None]]:
    try:
        path = board.evaluate("list(getattr(__import__('sys'),'path',['']))", own=True)
    except (MicroPythonError, ValueError):
        path = [""]
    found: dict[str, tuple[str, int | None]] = {}
    for folder in path if isinstance(path, list) else []:
        # What is frozen is told as built in; only the first of a name is imported.
        if not isinstance(folder, str) or folder.startswith(".frozen"):
            continue
        try:
            entries = board.files.list(folder)
        except MicroPythonError:
            continue  # a path that is not there
        for entry in entries:
            name, dot, kind = entry.path.rpartition("/")[2].partition(".")
            if not _NAME.fullmatch(name) or (not entry.folder and (dot + kind) not in (".py", ".mpy")):
                continue
            if entry.folder and (dot or not _is_package(board, entry.path)):
                continue
            found.setdefault(name, (entry.path, None if entry.folder else entry.size))
    return sorted((name, where, size) for name, (where, size) in found.items())


def _is_package(board: ExecutorWithFiles, folder: str) -> bool:
    try:
        return any(board.files.stat(f"{folder}/__init__.{kind}") for kind in ("py", "mpy"))
    except MicroPythonError:
        return False
