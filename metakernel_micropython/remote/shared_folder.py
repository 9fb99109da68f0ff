"""A folder of this computer whose files others may use, and nothing outside of it.

A path is resolved, links too, and must lead into the folder. Then it is opened step by step from the folder down,
without following links (``openat`` with ``O_NOFOLLOW``): one that somebody puts there meanwhile leads nowhere. Where
the system cannot do that (Windows), the resolved path is opened.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..board.files.host_rules import RUNNING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..board.files.host_rules import HostRules

LONGEST_PATH = 1024
"""Bytes of a path, at most."""

LARGEST_FILE = 1024**3
"""Bytes of a file beyond which nothing is written."""

_STEPS = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")
_BINARY: int = getattr(os, "O_BINARY", 0) | getattr(os, "O_NOINHERIT", 0)
_NO_LINK: int = getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT: int = getattr(os, "O_NONBLOCK", 0)  # a pipe that somebody puts there must not hold anything up
_DIRECTORY: int = getattr(os, "O_DIRECTORY", 0)


@dataclass(frozen=True)
class Entry:
    """A file or folder.

    Attributes:
        name: its name, without what is above it.
        folder: whether it is a folder.
        size: bytes; 0 of a folder.
        changed: when its content was changed, in nanoseconds since 1970.
    """

    name: str
    folder: bool
    size: int
    changed: int


class SharedFolder:
    """A folder, and what may be done with the files in it.

    Paths are texts as a board has them: names with ``/`` between them, from the folder down; ``..`` goes up in it.
    All methods raise ``OSError``; what leads outside is ``EACCES``.

    Args:
        folder: the folder; it must be there.
        rules: of the system that it is on.

    Attributes:
        root: the folder's real path.
        rules: of the system that it is on.
    """

    def __init__(self, folder: Path, rules: HostRules = RUNNING) -> None:
        self.root = folder.resolve(strict=True)
        self.rules = rules

    # -- where a path leads --------------------------------------------------------------------------------------

    def parts(self, path: str) -> list[str]:
        """Return the names that a path is made of, without ``.`` and ``..``."""
        if len(path.encode("utf-8", "surrogatepass")) > LONGEST_PATH:
            raise _error(errno.ENAMETOOLONG)
        parts: list[str] = []
        for name in path.split("/"):
            if name == "..":
                if not parts:
                    raise _error(errno.EACCES)
                parts.pop()
            elif name and name != ".":
                self._check(name)
                parts.append(name)
        return parts

    def _check(self, name: str) -> None:
        if "\0" in name or (self.rules.forbidden and self.rules.unfit(name)):
            raise _error(errno.EINVAL)

    def _check_capitals(self, parts: list[str], alike: int) -> None:
        """Refuse names that this system finds, and the board's own file system would not: those with other capitals."""
        there = Path(os.path.realpath(self.root.joinpath(*parts))).parts[len(self.root.parts) :]
        if len(there) == len(parts) and any(
            name != found and self.rules.folded(name) == self.rules.folded(found)
            for name, found in zip(parts, there, strict=True)
        ):
            raise _error(alike)

    def _real(self, path: str, *, link: bool = False, alike: int = errno.ENOENT) -> list[str]:
        """Return the names of the file that a path leads to, over links; all of them inside.

        Args:
            path: the path.
            link: the last name is meant itself, not what it leads to.
            alike: the error where it is there under other capitals; 0: that is none.
        """
        parts = self.parts(path)
        if self.rules.one_case and alike:
            self._check_capitals(parts, alike)
        last = [parts.pop()] if link and parts else []
        try:
            real = Path(os.path.realpath(self.root.joinpath(*parts)))
        except ValueError:
            raise _error(errno.EINVAL) from None
        if not real.is_relative_to(self.root):
            raise _error(errno.EACCES)
        return [*real.relative_to(self.root).parts, *last]

    @contextlib.contextmanager
    def _above(self, parts: list[str]) -> Iterator[tuple[str | Path, int | None]]:
        """Give what the system takes for a path: a name with the descriptor of its folder, or a path and None."""
        if not _STEPS:
            yield self.root.joinpath(*parts), None
            return
        here = os.open(self.root, os.O_RDONLY | _DIRECTORY)
        try:
            for name in parts[:-1]:
                below = os.open(name, os.O_RDONLY | _DIRECTORY | _NO_LINK, dir_fd=here)
                os.close(here)
                here = below
            yield (parts[-1] if parts else "."), here
        finally:
            os.close(here)

    # -- files ---------------------------------------------------------------------------------------------------

    def open(self, path: str, flags: int) -> int:
        """Open a file; return its descriptor.

        Args:
            path: the path.
            flags: as for ``os.open``.
        """
        parts = self._real(path, alike=errno.EEXIST if flags & os.O_CREAT else errno.ENOENT)
        if not parts:
            raise _error(errno.EISDIR)
        # It is cut only once it is known to be a file.
        cut = flags & os.O_TRUNC
        with self._above(parts) as (name, folder):
            if folder is None and self.root.joinpath(*parts).is_dir():
                raise _error(errno.EISDIR)
            descriptor = os.open(name, (flags & ~cut) | _BINARY | _NO_LINK | _NO_WAIT, 0o666, dir_fd=folder)
        try:
            mode = os.fstat(descriptor).st_mode
            if not stat.S_ISREG(mode):
                raise _error(errno.EISDIR if stat.S_ISDIR(mode) else errno.EACCES)
            if cut:
                os.ftruncate(descriptor, 0)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def stat(self, path: str) -> Entry:
        """Return what is known of a file or folder."""
        parts = self._real(path)
        with self._above(parts) as (name, folder):
            found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        entry = _entry(parts[-1] if parts else "", found)
        if entry is None:
            raise _error(errno.EACCES)
        return entry

    def entries(self, path: str) -> list[Entry]:
        """Return what a folder holds, in the order of the names.

        Links that lead outside, pipes and devices are left out, and so are names that are no Unicode.
        """
        parts = self._real(path)
        found: list[Entry] = []
        with self._above([*parts, "."]) as (_, folder), os.scandir(self._place(parts, folder)) as scanned:
            for one in scanned:
                try:
                    one.name.encode()
                    known = one.stat(follow_symlinks=False)
                    if stat.S_ISLNK(known.st_mode):
                        entry = self._behind_link("/".join([*parts, one.name]))
                    else:
                        entry = _entry(one.name, known)
                except (OSError, UnicodeEncodeError):
                    continue  # it went away meanwhile, or is nothing that a board could name
                if entry is not None:
                    found.append(Entry(one.name, entry.folder, entry.size, entry.changed))
        return sorted(found, key=lambda entry: entry.name.encode())

    def _place(self, parts: list[str], folder: int | None) -> Path | int:
        return self.root.joinpath(*parts) if folder is None else folder

    def _behind_link(self, path: str) -> Entry | None:
        try:
            return self.stat(path)
        except OSError:
            return None

    # -- changes -------------------------------------------------------------------------------------------------

    def mkdir(self, path: str) -> None:
        """Make a folder."""
        parts = self._real(path, link=True, alike=errno.EEXIST)
        if not parts:
            raise _error(errno.EEXIST)
        with self._above(parts) as (name, folder):
            os.mkdir(name, dir_fd=folder)

    def rmdir(self, path: str) -> None:
        """Remove an empty folder."""
        parts = self._real(path, link=True)
        if not parts:
            raise _error(errno.EBUSY)
        with self._above(parts) as (name, folder):
            os.rmdir(name, dir_fd=folder)

    def remove(self, path: str) -> None:
        """Remove a file; of a link, the link."""
        parts = self._real(path, link=True)
        if not parts:
            raise _error(errno.EISDIR)
        with self._above(parts) as (name, folder):
            if stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
                raise _error(errno.EISDIR)
            os.unlink(name, dir_fd=folder)

    def rename(self, path: str, to: str) -> None:
        """Give a file or folder another path; a file that is there already goes."""
        same = [*map(self.rules.folded, self.parts(path))] == [*map(self.rules.folded, self.parts(to))]
        parts = self._real(path, link=True)
        target = self._real(to, link=True, alike=0 if same else errno.EEXIST)  # a name may get other capitals
        if not parts or not target:
            raise _error(errno.EBUSY)
        with self._above(parts) as (name, folder), self._above(target) as (new, below):
            os.replace(name, new, src_dir_fd=folder, dst_dir_fd=below)

    def space(self) -> tuple[int, int]:
        """Return the bytes of the file system, and how many are free."""
        usage = shutil.disk_usage(self.root)
        return usage.total, usage.free


def _entry(name: str, found: os.stat_result) -> Entry | None:
    if stat.S_ISDIR(found.st_mode):
        return Entry(name, True, 0, found.st_mtime_ns)
    if stat.S_ISREG(found.st_mode):
        return Entry(name, False, found.st_size, found.st_mtime_ns)
    return None


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))
