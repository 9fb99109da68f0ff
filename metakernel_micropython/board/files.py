"""The file system of a board.

A file is written under another name first, read back by the board itself, and takes the place of the old one only when
its digest is right: whatever happens on the line, the board has the old file or the new one. What a board lacks
(SHA-256, Base64, renaming, folders) is found out once per connection; each lack has its own way around.
"""

from __future__ import annotations

import ast
import base64
import binascii
import contextlib
import functools
import hashlib
import re
import time
import zlib
from dataclasses import dataclass
from posixpath import normpath
from typing import TYPE_CHECKING, Any

from ..errors import (
    BadName,
    BoardTimeout,
    DeviceError,
    FileProblem,
    LineLost,
    MicroPythonError,
    NoSpace,
    NoSuchFile,
    ReadOnly,
    TransferFailed,
)
from . import snippets

if TYPE_CHECKING:
    from collections.abc import Callable

    from .board import Board

    Progress = Callable[[int, int], object]
    """Called with the bytes that are done and the bytes in all."""

UNFINISHED = ".mk-part"
"""What the name of a file ends with until its content is whole."""

PATIENCE = 15.0
"""Seconds in which a board must take a piece of a file, or say the next piece: erasing flash takes a while."""

DIGEST_SPEED = 2_000
"""Bytes per second of which even a slow board computes the digest."""

MAX_PIECE = 12 * 1024
"""Bytes of a file in one execution at most."""

MIN_PIECE = 96
"""Bytes in one execution at least; also what the smallest boards get."""

MEMORY_SHARE = 24
"""A piece takes its share of the free memory: as source, as text, as bytes, in a memory that is fragmented."""

ATTEMPTS = 3
"""How often something is sent or read that arrived damaged."""

_LONGEST_LINE = 4096  # characters of one entry of a listing

_SPACE, _EXISTS = 28, 17
# https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#errno: what the virtual board has for them.
_WASI = {2: "EACCES", 20: "EEXIST", 31: "EISDIR", 37: "ENAMETOOLONG", 44: "ENOENT", 51: "ENOSPC", 54: "ENOTDIR"}
_WASI |= {55: "ENOTEMPTY", 63: "EPERM", 69: "EROFS", 76: "ENOTCAPABLE"}
# MicroPython's py/mperrno.h, the same as Linux.
_NUMBERS = {1: "EPERM", 2: "ENOENT", 13: "EACCES", 17: "EEXIST", 20: "ENOTDIR", 21: "EISDIR", 28: "ENOSPC"}
_NUMBERS |= {30: "EROFS", 36: "ENAMETOOLONG", 39: "ENOTEMPTY"}


@dataclass(frozen=True)
class Entry:
    """One file or folder on a board.

    Attributes:
        path: begins as the folder that was asked about.
        size: bytes; 0 for a folder.
        folder: whether it is one.
    """

    path: str
    size: int
    folder: bool


@dataclass(frozen=True)
class Space:
    """The room of a file system, in bytes."""

    total: int
    free: int


@dataclass(frozen=True)
class Written:
    """How a file was written.

    Attributes:
        size: bytes that were sent.
        method: how it was verified, for example ``SHA-256 verified``.
        note: what this board could not do; ``""`` where it could do all.
    """

    size: int
    method: str
    note: str = ""


@dataclass(frozen=True)
class _Abilities:
    base64: str  # the module that has it; "" for none
    sha256: str
    rename: bool
    folders: bool
    memory: int  # bytes that were free
    numbers: dict[int, str]  # what this board's error numbers mean


class Files:
    """The files of a connected board.

    Every method raises ``FileProblem`` or one of its kinds when the board refuses, ``LineLost`` when the line is cut,
    and ``KeyboardInterrupt`` when somebody stops it.
    """

    def __init__(self, board: Board) -> None:
        self._board = board

    @functools.cached_property
    def _abilities(self) -> _Abilities:
        found = self._ask(snippets.call("files_probe"), "")
        module64, module256, rename, folders, memory, build = _tuple(found, (str, str, bool, bool, int, str))
        return _Abilities(module64, module256, rename, folders, memory, _WASI if build == "wasi" else _NUMBERS)

    @property
    def flat(self) -> bool:
        """Whether this board has files and no folders."""
        return not self._abilities.folders

    # -- looking -------------------------------------------------------------------------------------------------

    def stat(self, path: str) -> Entry | None:
        """Return what is there; None for nothing."""
        return self._look(path)[0]

    def space(self, path: str = "/") -> Space | None:
        """Return the room of the file system that holds ``path``; None where the board cannot tell."""
        return self._look(path)[1]

    def _look(self, path: str) -> tuple[Entry | None, Space | None]:
        _check_text(path)
        name = path.rstrip("/") or path[:1]
        reply = self._ask(snippets.call("files_flat_stat" if self.flat else "files_stat", name), path)
        kind, size, free, total = _tuple(reply, (int, int, int, int))
        return Entry(path, size, kind == 2) if kind else None, Space(total, free) if free >= 0 else None

    def list(self, folder: str = "", *, recurse: bool = False) -> list[Entry]:
        """Return what is in a folder, sorted, each folder before its contents."""
        found = self.stat(folder)
        if found is None:
            raise NoSuchFile(f"There is no folder {folder} on the board on {self._address}.")
        if not found.folder:
            return [found]
        source = snippets.call("files_flat_list") if self.flat else snippets.call("files_list", folder, recurse)
        entries = []
        for line in self._ask(source, folder).splitlines():
            path, is_folder, size = _tuple(line, (str, bool, int))
            entries.append(Entry(path, size, is_folder))
        return sorted(entries, key=lambda entry: entry.path.split("/"))

    # -- reading -------------------------------------------------------------------------------------------------

    def read(self, path: str, progress: Progress | None = None) -> bytes:
        """Return the content of a file.

        Raises:
            NoSuchFile: there is none of that name.
            TransferFailed: it arrived damaged each time.
        """
        found = self._look(path)[0]
        if found is None:
            raise NoSuchFile(f"There is no file {path} on the board on {self._address}.")
        if found.folder:
            raise FileProblem(f"{path} on the board on {self._address} is a folder.")
        for _ in range(ATTEMPTS):
            data = self._read_once(path, found.size, progress)
            if data is not None and self._digests(path, 0, found.size)[1] == self._digest(data):
                return data
        raise TransferFailed(
            f"{path} arrived damaged {ATTEMPTS} times from the board on {self._address}: something else prints "
            "meanwhile (a timer, a thread), or the line loses bytes."
        )

    def _read_once(self, path: str, size: int, progress: Progress | None) -> bytes | None:
        """Return the content; None where what came cannot be one."""
        module = self._abilities.base64
        decode = _from_base64 if module else _from_literal
        source = snippets.call("files_get", path, module) if module else snippets.call("files_get_literals", path)
        content = bytearray()
        rest = ""
        sound = True

        def take(text: str) -> None:
            nonlocal rest, sound
            *lines, rest = (rest + text).split("\n")
            for line in lines:
                piece = decode(line)
                sound = sound and piece is not None
                content.extend(piece or b"")
            if progress is not None:
                progress(min(len(content), size), size)

        self._run(source, path, take)
        return bytes(content) if sound and not rest else None

    # -- writing -------------------------------------------------------------------------------------------------

    def write(
        self, path: str, data: bytes, *, append: bool = False, parents: bool = False, progress: Progress | None = None
    ) -> Written:
        """Write a file, in place of the one that has its name.

        Args:
            path: where on the board.
            data: the content, as it is.
            append: keep what the file holds already and write behind it.
            parents: make the folders that are missing.
            progress: called after every piece.

        Raises:
            NoSpace: there is no room for it beside the old file, which stays until the new one is whole.
            NoSuchFile: the folder is missing.
            BadName: no file can be called that.
            TransferFailed: what the board has read back was something else, each time.
        """
        _check_name(path)
        found, space = self._look(path)
        if found is not None and found.folder:
            raise FileProblem(f"{path} on the board on {self._address} is a folder: a file cannot take its place.")
        old = found.size if found is not None and append else 0
        if space is not None and len(data) + old > space.free:
            raise NoSpace(
                f"{path} needs {len(data) + old} bytes, and the board on {self._address} has {space.free} free; an old "
                "file stays until the new one is whole. Remove something first (%rm)."
            )
        if parents and "/" in path.strip("/") and not self.flat:
            self.mkdir(path.rpartition("/")[0], parents=True)
        unfinished = path + UNFINISHED
        try:
            for _ in range(ATTEMPTS):
                self._send(unfinished, path if append and found is not None else "", data, progress)
                if self._is_whole(unfinished, path, old, data):
                    return Written(len(data), self._method, self._replace(unfinished, path, old + len(data)))
        except LineLost as error:
            raise LineLost(
                f"{error} {path} was being written: the board has the old file or the new one, and maybe an unfinished "
                f"{unfinished}."
            ) from error
        except BaseException:
            self._clean_up(unfinished)
            raise
        self._clean_up(unfinished)
        raise TransferFailed(
            f"{path} arrived damaged {ATTEMPTS} times at the board on {self._address}: the line loses bytes. The board "
            "has what it had before."
        )

    def _send(self, unfinished: str, old: str, data: bytes, progress: Progress | None) -> None:
        module = self._abilities.base64
        paced = not module or self._board.paced
        opening = snippets.hold("files_put_checked", unfinished, old) if paced else ""
        self._ask(opening or snippets.hold("files_put", unfinished, old, module), unfinished, len(data))
        size = MIN_PIECE if paced else min(max(self._abilities.memory // MEMORY_SHARE, MIN_PIECE), MAX_PIECE)
        at = 0
        while at < len(data):
            piece = data[at : at + size]
            try:
                if paced:
                    self._put_checked(unfinished, piece)
                else:
                    self._ask(snippets.held(at, base64.b64encode(piece).decode("ascii")), unfinished)
            except DeviceError as error:
                if error.name != "MemoryError" or size <= MIN_PIECE:
                    raise
                size = max(size // 2, MIN_PIECE)
                continue
            at += len(piece)
            if progress is not None:
                progress(at, len(data))
        self._ask(snippets.let_go(), unfinished)

    def _put_checked(self, unfinished: str, piece: bytes) -> None:
        """Send a piece over a line that may lose some of it; the board says whether all of it has come."""
        total = zlib.adler32(piece)
        source = snippets.held(total & 0xFFFF, piece, total >> 16)
        for _ in range(ATTEMPTS):
            with contextlib.suppress(_Damaged):
                if "+" in self._ask(source, unfinished):
                    return
        raise TransferFailed(
            f"A piece of {unfinished.removesuffix(UNFINISHED)} arrived damaged {ATTEMPTS} times at the board on "
            f"{self._address}: the line loses bytes. The board has what it had before."
        )

    def _is_whole(self, unfinished: str, path: str, old: int, data: bytes) -> bool:
        before, sent = self._digests(unfinished, old, old + len(data))
        return sent == self._digest(data) and (not old or before == self._digests(path, 0, old)[1])

    def _replace(self, unfinished: str, path: str, size: int) -> str:
        """Put the new file in the place of the old one; return what this board could not do."""
        if self._abilities.rename:
            self._rename(unfinished, path)
            return ""
        self._ask(snippets.call("files_copy", unfinished, path, 64), path, size)
        if self._digests(path, 0, size) != self._digests(unfinished, 0, size):
            raise TransferFailed(
                f"{path} on the board on {self._address} is damaged: the board could not copy {unfinished}, which "
                "holds it, in its place."
            )
        self._ask(snippets.call("files_remove", unfinished, False), path)
        return "this board cannot rename: the finished file was copied into its place"

    def _rename(self, source: str, target: str) -> None:
        exists = next(number for number, name in self._abilities.numbers.items() if name == "EEXIST")
        self._ask(snippets.call("files_rename", source, target, exists), target)

    def _clean_up(self, unfinished: str) -> None:
        # Whatever went wrong may go wrong again: the error that led here is the one to be seen.
        with contextlib.suppress(MicroPythonError, KeyboardInterrupt):
            self._ask(snippets.let_go(), unfinished)
            self._ask(snippets.call("files_remove", unfinished, False), unfinished)

    # -- changing ------------------------------------------------------------------------------------------------

    def remove(self, path: str, *, recurse: bool = False) -> int:
        """Remove a file or an empty folder, with ``recurse`` also a folder and what is in it; return how many."""
        found = self.stat(path)
        if found is None:
            raise NoSuchFile(f"There is no {path} on the board on {self._address}.")
        name = path.rstrip("/")
        if not name or (found.folder and not recurse and self.list(path)):
            what = "everything on it" if not name else f"{path}, which is not empty"
            raise FileProblem(f"The board on {self._address} keeps {what}.")
        return int(self._ask(snippets.call("files_remove", name, recurse), path).strip())

    def mkdir(self, path: str, *, parents: bool = False) -> None:
        """Make a folder; with ``parents`` also those above it, and one that is there is left as it is."""
        _check_name(path.rstrip("/"))
        if self.flat:
            raise FileProblem(f"The board on {self._address} has no folders.")
        self._ask(snippets.call("files_mkdir", path.rstrip("/"), parents), path)

    def move(self, source: str, target: str) -> None:
        """Give a file or a folder another name; a file of that name is replaced."""
        _check_name(target)
        found = self.stat(source)
        if found is None:
            raise NoSuchFile(f"There is no {source} on the board on {self._address}.")
        if normpath(source) == normpath(target):  # some file systems remove a file that is renamed to itself
            return
        if self._abilities.rename:
            self._rename(source.rstrip("/"), target.rstrip("/"))
        else:
            self.copy(source, target)
            self.remove(source)

    def copy(self, source: str, target: str) -> None:
        """Copy a file on the board, in place of a file of that name."""
        _check_name(target)
        found = self.stat(source)
        if found is None or found.folder:
            what = "is a folder" if found else "is not there"
            raise (FileProblem if found else NoSuchFile)(f"{source} on the board on {self._address} {what}.")
        if normpath(source) == normpath(target):
            return
        unfinished = target + UNFINISHED
        try:
            self._ask(snippets.call("files_copy", source, unfinished, 64 if self.flat else 512), target, found.size)
            if self._digests(source, 0, found.size) != self._digests(unfinished, 0, found.size):
                raise TransferFailed(f"The board on {self._address} could not copy {source}: the copy differs.")
            self._replace(unfinished, target, found.size)
        except LineLost:
            raise
        except BaseException:
            self._clean_up(unfinished)
            raise

    # -- the board's side ----------------------------------------------------------------------------------------

    @property
    def _address(self) -> str:
        return self._board.address

    @property
    def _method(self) -> str:
        return "SHA-256 verified" if self._abilities.sha256 else "Adler-32 verified"

    def _digest(self, data: bytes) -> object:
        if self._abilities.sha256:
            return hashlib.sha256(data).digest()
        total = zlib.adler32(data)
        return (total & 0xFFFF, total >> 16)

    def _digests(self, path: str, split: int, size: int) -> tuple[object, object]:
        """Return the board's digests of the first ``split`` bytes of a file and of the rest, ``size`` in all."""
        module = self._abilities.sha256
        if module:
            source = snippets.call("files_digest", path, split, module)
        else:
            source = snippets.call("files_flat_digest", path, split)
        first, second = _tuple(self._ask(source, path, size), (object, object))
        return first, second

    def _ask(self, source: str, path: str, size: int = 0) -> str:
        """Run a helper on the board and return what it printed.

        Args:
            source: from ``snippets``.
            path: the file that errors tell about.
            size: bytes that the board has to work on, for the deadline.
        """
        said: list[str] = []
        self._run(source, path, said.append, PATIENCE + size / DIGEST_SPEED)
        return "".join(said)

    def _run(self, source: str, path: str, take: Callable[[str], object], patience: float = PATIENCE) -> None:
        execution = self._board.start(source)
        deadline = time.monotonic() + patience
        done = False
        while not done:
            done = execution.done
            # "" may also be half a line end, which is kept until the rest of it comes.
            if text := execution.read(max(0.0, deadline - time.monotonic())):
                take(text)
                deadline = time.monotonic() + patience
            elif not execution.done and not execution.interrupts and time.monotonic() >= deadline:
                self._board.interrupt()
                execution.wait()
                raise BoardTimeout(
                    f"The board on {self._address} did not answer for {patience:g} s"
                    + (f" while it worked on {path.removesuffix(UNFINISHED)}." if path else ".")
                )
        try:
            execution.check()
        except DeviceError as error:
            raise self._meaning(error, path.removesuffix(UNFINISHED)) from error
        if execution.interrupts:  # it came too late for this piece, and means the whole
            raise KeyboardInterrupt

    def _meaning(self, error: DeviceError, path: str) -> BaseException:
        """Return what an exception of a helper means for whoever wanted something of ``path``."""
        on = f"on the board on {self._address}"
        if error.name == "KeyboardInterrupt":
            return KeyboardInterrupt()
        if error.name in ("NameError", "TypeError", "AttributeError", "SyntaxError", "IndentationError"):
            return _Damaged(error.name, error.message, error.traceback)
        if error.name != "OSError":
            return error
        named = re.search(r"\bE[A-Z]{3,}\b", error.message)
        number = re.search(r"\d+", error.message)
        what = named[0] if named else self._abilities.numbers.get(int(number[0]), "") if number else ""
        match what:
            case "ENOSPC":
                return NoSpace(f"There is no room for {path} {on}. Remove something first (%rm); what was there is.")
            case "ENOENT" | "ENOTDIR":
                folder = path.rstrip("/").rpartition("/")[0]
                return NoSuchFile(f"There is no {path} {on}" + (f", or no folder {folder}." if folder else "."))
            case "EROFS":
                return ReadOnly(
                    f"The file system {on} is read-only: {path} cannot be changed. On CircuitPython, eject its drive "
                    "on the computer first."
                )
            case "EACCES" | "EPERM" | "ENOTCAPABLE":
                return FileProblem(f"The board on {self._address} does not allow that for {path} ({what}).")
            case "EEXIST":
                return FileProblem(f"{path} is there already {on}.")
            case "EISDIR":
                return FileProblem(f"{path} {on} is a folder.")
            case "ENOTEMPTY":
                return FileProblem(f"{path} {on} is a folder that is not empty.")
            case "ENAMETOOLONG":
                return BadName(f"The name {path} is too long {on}.")
        if "file not found" in error.message:  # what a micro:bit says, of names that are too long as well
            return BadName(f"The name {path} is too long {on}.") if len(path) > 100 else NoSuchFile(f"No {path} {on}.")
        return FileProblem(f"{path} {on}: {error}")


class _Damaged(DeviceError):
    """A helper failed in a way in which only one does that has lost some of its bytes."""


def _check_text(path: str) -> None:
    if "\0" in path:
        raise BadName(f"The name {path!r} holds a NUL.")
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        raise BadName(f"The name {path!r} holds half a character.") from None


def _check_name(path: str) -> None:
    _check_text(path)
    if not path or path.rpartition("/")[2] in ("", ".", ".."):
        raise BadName(f"{path!r} is no name of a file." if path else "The name of the file is missing.")


def _tuple(text: str, kinds: tuple[type, ...]) -> tuple[Any, ...]:
    """Read a tuple that the board printed, as data.

    Raises:
        TransferFailed: it is none of that shape.
    """
    try:
        value = ast.literal_eval(text.strip()) if len(text) <= _LONGEST_LINE else None
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        value = None
    if isinstance(value, tuple) and len(value) == len(kinds) and all(map(isinstance, value, kinds)):
        return value
    raise TransferFailed(f"The board said {text[:200]!r}, which is no answer about files; something else may print.")


def _from_base64(line: str) -> bytes | None:
    try:
        return base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError):
        return None


def _from_literal(line: str) -> bytes | None:
    try:
        value = ast.literal_eval(line) if len(line) <= _LONGEST_LINE else None
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None
    return value if isinstance(value, bytes) else None
