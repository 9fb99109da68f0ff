"""What a board's requests for files mean, and what is answered.

=======  ==============================  =========================================
letter   body, with 0x00 between         answer, with 0x00 between
=======  ==============================  =========================================
``o``    path, mode                      handle, position, the first bytes
``r``    handle, place, bytes            bytes
``w``    handle, place, bytes            the place behind them
``z``    handle                          size
``c``    handle
``l``    folder, name after which        ``.`` or ``+`` for more, then entries
``s``    path                            kind, size and time of change
``h``    path                            the same as the board tells it
``v``    path                            what ``os.statvfs`` returns
``m``    path of a folder to make
``d``    path of a folder to remove
``u``    path of a file to remove
``n``    path, new path
=======  ==============================  =========================================

A small file of a folder that is not written comes whole with its first bytes, and has no handle. An entry
of a listing is ``/``, the name, 0x00, the kind (0x4000 a folder, 0x8000 a file), size and time, with commas between.
"""

from __future__ import annotations

import errno
import os
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from ..errors import MicroPythonError
from .open_files import OpenFiles
from .shared_folder import LARGEST_FILE, Entry, SharedFolder

MOST_BYTES = 16 * 1024
"""Bytes of an answer at most, whatever is asked for."""

_NUMBERS = {
    "EPERM": 1,
    "ENOENT": 2,
    "EIO": 5,
    "EBADF": 9,
    "EACCES": 13,
    "EBUSY": 16,
    "EEXIST": 17,
    "EXDEV": 18,
    "ENODEV": 19,
    "ENOTDIR": 20,
    "EISDIR": 21,
    "EINVAL": 22,
    "EMFILE": 24,
    "EFBIG": 27,
    "ENOSPC": 28,
    "EROFS": 30,
    "ENAMETOOLONG": 36,
    "ENOTEMPTY": 39,
    "ELOOP": 40,
    "EDQUOT": 28,
}
"""MicroPython's numbers of errors (py/mperrno.h, and Linux's), which another system may count differently."""

_MODES = {
    "r": os.O_RDONLY,
    "r+": os.O_RDWR,
    "w": os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
    "w+": os.O_RDWR | os.O_CREAT | os.O_TRUNC,
    "a": os.O_WRONLY | os.O_CREAT | os.O_APPEND,
    "a+": os.O_RDWR | os.O_CREAT | os.O_APPEND,
    "x": os.O_WRONLY | os.O_CREAT | os.O_EXCL,
    "x+": os.O_RDWR | os.O_CREAT | os.O_EXCL,
}
MOST_IMPORTED = 1000
"""Files that are watched for changes, because the board may have imported them."""

LARGEST_SOURCE = 1024 * 1024
"""Bytes of a source that is compiled."""

_KEPT_SOURCES = ("boot.py", "main.py")
"""Files that a board takes as sources alone."""

Compile = Callable[[str, bytes], bytes]
"""Gets the name and the content of a .py file, returns the .mpy file that it becomes; raises a MicroPythonError."""


@dataclass(frozen=True)
class Imported:
    """A file as the board has read it.

    Attributes:
        source: the path of the file that it was read or compiled from.
        size: of that, in bytes.
        changed: when it was changed, in nanoseconds since 1970.
        checksum: of its content; None where that is not known.
    """

    source: str
    size: int
    changed: int
    checksum: int | None


class FileRequests:
    """Answers requests for the files of one folder, for one board.

    Args:
        folder: the folder.
        write: whether it may be changed.
        ahead: bytes that are sent unasked, and that a listing has at most.
        compile: where ``.py`` files are shown as ``.mpy`` files, what makes them.
        tell: called with a sentence where something did not work that a board cannot say.

    Attributes:
        imported: what the board has read that it may have imported, by its path there.
    """

    def __init__(
        self,
        folder: SharedFolder,
        *,
        write: bool,
        ahead: int,
        compile: Compile | None = None,  # noqa: A002 - what it does
        tell: Callable[[str], object] = lambda _: None,
    ) -> None:
        self.imported: dict[str, Imported] = {}
        self._folder = folder
        self._write = write
        self._ahead = ahead
        self._compile = compile
        self._tell = tell
        self._open = OpenFiles(folder)
        self._answers: dict[str, Callable[[list[bytes]], bytes]] = {
            "o": self._open_file,
            "r": self._read_file,
            "w": self._write_file,
            "z": self._size,
            "c": self._close_file,
            "l": self._list,
            "s": self._stat,
            "h": self._chdir,
            "v": self._space,
            "m": self._change(folder.mkdir),
            "d": self._change(folder.rmdir),
            "u": self._change(folder.remove),
            "n": self._change(folder.rename),
        }

    def answer(self, kind: str, body: bytes) -> tuple[int, bytes]:
        """Return an error's number, 0 for none, and what is answered.

        Args:
            kind: the request's letter.
            body: what belongs to it.
        """
        try:
            fields = body.split(b"\0", 2 if kind == "w" else -1)
            return 0, self._answers[kind](fields)
        except OSError as error:
            return _NUMBERS.get(errno.errorcode.get(error.errno or 0, ""), 5), b""
        except MicroPythonError as error:
            self._tell(str(error))
            return 8, b""  # ENOEXEC
        except (KeyError, ValueError):  # no request of the board's side; UnicodeDecodeError is a ValueError
            return 22, b""

    def close(self) -> None:
        """Close all files."""
        self._open.close_all()

    # -- files ---------------------------------------------------------------------------------------------------

    def _open_file(self, fields: list[bytes]) -> bytes:
        path, mode = (field.decode() for field in fields)
        kind = mode.replace("b", "", 1).replace("t", "", 1)
        flags = _MODES.get(kind)
        if flags is None:
            raise ValueError(mode)
        if flags != os.O_RDONLY and not self._write:
            raise OSError(errno.EROFS, "")
        if flags == os.O_RDONLY and (compiled := self._compiled(path)) is not None:
            return self._from_memory(compiled)
        descriptor = self._folder.open(path, flags)
        try:
            first, size = b"", os.fstat(descriptor).st_size
            if flags == os.O_RDONLY:
                first = os.read(descriptor, self._ahead)
                self._note(path, path, descriptor, first if len(first) == size else None)
                if len(first) >= size and not self._write:
                    os.close(descriptor)
                    return _opened(b"", 0, first)
        except BaseException:
            os.close(descriptor)
            raise
        number = self._open.add("/".join(self._folder.parts(path)), flags, descriptor)
        return _opened(b"%d" % number, size if flags & os.O_APPEND else 0, first)

    def _from_memory(self, data: bytes) -> bytes:
        """Return the answer for a file that was made as it was asked for: whole, or with a handle of a copy."""
        if len(data) <= self._ahead:
            return _opened(b"", 0, data)
        import tempfile

        with tempfile.TemporaryFile() as file:
            file.write(data)
            file.flush()
            descriptor = os.dup(file.fileno())
        return _opened(b"%d" % self._open.add("", os.O_RDONLY, descriptor), 0, data[: self._ahead])

    def _note(self, path: str, source: str, descriptor: int, content: bytes | None) -> None:
        """Remember a file that the board may import as it is read first.

        Args:
            path: where the board sees it.
            source: the path of what is read.
            descriptor: of that.
            content: all of it; None where only its size and time are known.
        """
        name = "/".join(self._folder.parts(path))
        if name.endswith((".py", ".mpy")) and name not in self.imported and len(self.imported) < MOST_IMPORTED:
            found = os.fstat(descriptor)
            checksum = None if content is None else zlib.crc32(content)
            self.imported[name] = Imported(source, found.st_size, found.st_mtime_ns, checksum)

    def take_changed(self) -> list[str]:
        """Return the paths of files that are no longer as the board has read them; forget how they were."""
        changed = []
        for path, known in list(self.imported.items()):
            if not self._is(known):
                changed.append(path)
                del self.imported[path]
        return changed

    def _is(self, known: Imported) -> bool:
        try:
            entry = self._folder.stat(known.source)
            if (entry.size, entry.changed) == (known.size, known.changed):
                return True
            if known.checksum is None or entry.size != known.size:
                return False
            with os.fdopen(self._folder.open(known.source, os.O_RDONLY), "rb") as file:
                return zlib.crc32(file.read(known.size)) == known.checksum
        except OSError:
            return False

    def _read_file(self, fields: list[bytes]) -> bytes:
        handle, place, count = fields
        descriptor, _ = self._open.use(int(handle))
        wanted = int(count)
        wanted = self._ahead if wanted < self._ahead else min(wanted, MOST_BYTES)
        os.lseek(descriptor, int(place), os.SEEK_SET)
        return os.read(descriptor, wanted)

    def _write_file(self, fields: list[bytes]) -> bytes:
        handle, place, data = fields
        descriptor, appends = self._open.use(int(handle))
        start = os.fstat(descriptor).st_size if appends else int(place)
        if start + len(data) > LARGEST_FILE:
            raise OSError(errno.EFBIG, "")
        os.lseek(descriptor, start, os.SEEK_SET)
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        return b"%d" % (start + len(data))

    def _size(self, fields: list[bytes]) -> bytes:
        (handle,) = fields
        return b"%d" % os.fstat(self._open.use(int(handle))[0]).st_size

    def _close_file(self, fields: list[bytes]) -> bytes:
        (handle,) = fields
        self._open.close(int(handle))
        return b""

    # -- folders -------------------------------------------------------------------------------------------------

    def _list(self, fields: list[bytes]) -> bytes:
        path, after = fields
        parts: list[bytes] = []
        size = 0
        for entry in self._shown(self._folder.entries(path.decode())):
            name = entry.name.encode()
            if name <= after:
                continue
            parts.append(b"/" + name + b"\0" + _facts(entry))
            size += len(parts[-1])
            if size > self._ahead and len(parts) > 1:
                return b"+" + b"".join(parts[:-1])
        return b"." + (b"".join(parts) or b"/")

    def _stat(self, fields: list[bytes]) -> bytes:
        (path,) = (field.decode() for field in fields)
        try:
            entry = self._folder.stat(path)
        except FileNotFoundError:
            source = self._source(path)
            if source is None:
                raise
            return _facts(self._folder.stat(source))
        if self._hides(entry.name) and not entry.folder:
            raise OSError(errno.ENOENT, "")
        return _facts(entry)

    def _chdir(self, fields: list[bytes]) -> bytes:
        (path,) = (field.decode() for field in fields)
        if not self._folder.stat(path).folder:
            raise OSError(errno.ENOTDIR, "")
        return ("/" + "/".join(self._folder.parts(path))).encode()

    def _space(self, _fields: list[bytes]) -> bytes:
        block = 4096
        total, free = (size // block for size in self._folder.space())
        return b"%d,%d,%d,%d,%d,0,0,0,%d,255" % (block, block, total, free, free, 0 if self._write else 1)

    def _change(self, action: Callable[..., None]) -> Callable[[list[bytes]], bytes]:
        def change(fields: list[bytes]) -> bytes:
            if not self._write:
                raise OSError(errno.EROFS, "")
            paths = [field.decode() for field in fields]
            if self._folder.rules.locks:
                for path in paths:
                    self._open.let_go("/".join(self._folder.parts(path)))
            try:
                action(*paths)
            except TypeError:
                raise ValueError(fields) from None
            return b""

        return change

    # -- compiled on the way -------------------------------------------------------------------------------------

    def _hides(self, name: str) -> bool:
        """Whether a source is shown as what it is compiled to."""
        return self._compile is not None and name.endswith(".py") and name not in _KEPT_SOURCES

    def _shown(self, entries: list[Entry]) -> list[Entry]:
        if self._compile is None:
            return entries
        names = {entry.name for entry in entries}
        shown = []
        for entry in entries:
            if entry.folder or not self._hides(entry.name):
                shown.append(entry)
            elif (name := entry.name[:-3] + ".mpy") not in names:
                shown.append(Entry(name, False, entry.size, entry.changed))
        return sorted(shown, key=lambda entry: entry.name.encode())

    def _source(self, path: str) -> str | None:
        """Return the path of the source that a file is compiled from; None for another file."""
        name = PurePosixPath(path).name
        if not name.endswith(".mpy") or not self._hides(name[:-4] + ".py"):
            return None
        return path[:-4] + ".py"

    def _compiled(self, path: str) -> bytes | None:
        source = self._source(path)
        if source is None or self._compile is None:
            return None
        try:
            self._folder.stat(path)
        except FileNotFoundError:
            pass
        else:
            return None  # somebody has compiled it
        descriptor = self._folder.open(source, os.O_RDONLY)
        with os.fdopen(descriptor, "rb") as file:
            content = file.read(LARGEST_SOURCE + 1)
            self._note(path, source, descriptor, content)
        if len(content) > LARGEST_SOURCE:
            raise OSError(errno.EFBIG, "")
        return self._compile(PurePosixPath(source).name, content)


def _opened(handle: bytes, position: int, first: bytes) -> bytes:
    return b"%b\0%d\0%b" % (handle, position, first)


def _facts(entry: Entry) -> bytes:
    return b"%d,%d,%d" % (0x4000 if entry.folder else 0x8000, entry.size, entry.changed // 10**9)
