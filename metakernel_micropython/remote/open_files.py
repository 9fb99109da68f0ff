"""The files that a board has open: more than this computer has open at the same time.

Programs on a board often leave it to the garbage collector to close a file, which cannot tell this computer. So only
those that were used last are really open; another one is opened again where it is used.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .shared_folder import SharedFolder

MOST_OPEN = 32
"""Files that are really open at the same time."""

MOST_KNOWN = 1000
"""Files that the board may have open; the one that was not used for the longest time goes first."""

_ONCE = os.O_CREAT | os.O_TRUNC | os.O_EXCL


@dataclass
class OpenFile:
    """A file that the board has open.

    Attributes:
        path: in the folder, without ``.`` and ``..``; ``""`` for one that cannot be opened again.
        flags: as for ``os.open``.
        descriptor: None while it is not really open.
    """

    path: str
    flags: int
    descriptor: int | None


class OpenFiles:
    """Open files by their numbers.

    Args:
        folder: where they are opened again.
    """

    def __init__(self, folder: SharedFolder) -> None:
        self._folder = folder
        self._files: dict[int, OpenFile] = {}  # the one that was used last is at the end
        self._newest = 0

    def add(self, path: str, flags: int, descriptor: int) -> int:
        """Keep a file that was opened; return its number."""
        self._newest += 1
        self._files[self._newest] = OpenFile(path, flags, descriptor)
        self._make_room()
        return self._newest

    def use(self, number: int) -> tuple[int, bool]:
        """Return the descriptor of a file, and whether it only appends.

        Raises:
            OSError: the board has none of this number open, or it is no longer there.
        """
        found = self._files.pop(number, None)
        if found is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        self._files[number] = found
        if found.descriptor is None:
            found.descriptor = self._folder.open(found.path, found.flags & ~_ONCE)
            self._make_room()
        return found.descriptor, bool(found.flags & os.O_APPEND)

    def close(self, number: int) -> None:
        """Close a file.

        Raises:
            OSError: the board has none of this number open.
        """
        if number not in self._files:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        found = self._files.pop(number)
        if found.descriptor is not None:
            os.close(found.descriptor)

    def let_go(self, path: str) -> None:
        """Open a file anew where it is used next, and those of a folder: Windows neither removes nor moves open ones.

        Args:
            path: in the folder, without ``.`` and ``..``.
        """
        for file in self._files.values():
            if file.descriptor is not None and file.path and f"{file.path}/".startswith(f"{path}/"):
                os.close(file.descriptor)
                file.descriptor = None

    def close_all(self) -> None:
        """Close all files."""
        for number in list(self._files):
            self.close(number)

    def _make_room(self) -> None:
        is_open = [(number, file) for number, file in self._files.items() if file.descriptor is not None]
        for number, file in is_open[:-MOST_OPEN]:
            if not file.path:
                self.close(number)
            elif file.descriptor is not None:
                os.close(file.descriptor)
                file.descriptor = None
        while len(self._files) > MOST_KNOWN:
            self.close(next(iter(self._files)))
