"""Files on this computer: read whole, replaced in one step, and which names of a board's files they can have."""

from __future__ import annotations

import os
import secrets
import shutil
import unicodedata
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import HostFileProblem
from ...transports.private_file import private

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

placed: ContextVar[Callable[[str], Path] | None] = ContextVar("placed", default=None)
"""Tells where something lies here that a person named on another computer; None where people name files of this one."""

_NOT_ON_WINDOWS = frozenset('\\/:*?"<>|')
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
_DEVICES = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"}
_DEVICES |= {name + digit for name in ("COM", "LPT") for digit in "0123456789¹²³"}

MAX_NAME = 255
"""Bytes of a name at most, on the file systems of every computer (NTFS and APFS count characters)."""

MAX_SIZE = 1 << 30
"""Bytes of a file at most that is read to be sent; all of it is in memory meanwhile."""


def host_path(text: str) -> Path:
    """Return the path that a person typed, ``~`` expanded.

    Raises:
        HostFileProblem: it holds a NUL, or names the home of somebody who is not known.
    """
    if "\0" in text:
        raise HostFileProblem(f"The name {text!r} holds a NUL.")
    try:
        os.fsencode(text)
    except UnicodeEncodeError as error:
        raise unencodable(error) from None
    if (place := placed.get()) is not None:
        return place(text)
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise HostFileProblem(f"{text}: {error}") from error


def read(path: Path) -> bytes:
    """Return the content of a file.

    Raises:
        HostFileProblem: it cannot be read, or is too large; the message says why.
    """
    try:
        size = path.stat().st_size
        if size > MAX_SIZE:
            raise HostFileProblem(f"{path} on this computer has {size} bytes; more than {MAX_SIZE} are not sent.")
        return path.read_bytes()
    except MemoryError:
        raise HostFileProblem(f"{path} on this computer has {size} bytes: its memory has no room for them.") from None
    except OSError as error:
        raise problem(path, error) from error


def check_target(path: Path) -> None:
    """See whether a file could be written, before it is fetched for minutes.

    Raises:
        HostFileProblem: there is a folder or a device of its name, or no folder for it.
    """
    if path.is_dir():
        raise HostFileProblem(f"{path} on this computer is a folder: a file cannot take its place.")
    if path.exists() and not path.is_file():
        raise HostFileProblem(f"{path} on this computer is no regular file.")
    if not path.parent.is_dir():
        raise HostFileProblem(f"There is no folder {path.parent} on this computer. Make it first, or name another.")


def replace(path: Path, data: bytes) -> None:
    """Write a file in one step: whatever happens, the old content or the new one is there.

    Raises:
        HostFileProblem: it cannot be written.
    """
    check_target(path)
    path = path.resolve()  # a link stays one
    unfinished = path.with_name(f".{secrets.token_hex(4)}.mk-part")
    try:
        try:
            opener = private if path.exists() else None
            with open(unfinished, "xb", opener=opener) as file:
                if opener:
                    shutil.copymode(path, unfinished)  # before there is anything to read
                file.write(data)
            unfinished.replace(path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise problem(path, error) from error


def append(path: Path, data: bytes) -> None:
    """Write behind what a file holds; one that is missing is made.

    Raises:
        HostFileProblem: it cannot be written.
    """
    check_target(path)
    try:
        with path.open("ab") as file:
            file.write(data)
    except OSError as error:
        raise problem(path, error) from error


def unencodable(error: UnicodeEncodeError) -> HostFileProblem:
    """Return the error for a name that the names of files on this computer have no characters for, as with LANG=C."""
    wrong = error.object[error.start : error.end]
    if any("\ud800" <= character <= "\udfff" for character in wrong):
        return HostFileProblem(f"The name {error.object!r} holds half a character.")
    return HostFileProblem(
        f"Names of files on this computer are in {error.encoding} here, which has no {wrong}: {error.object} cannot be "
        "one. Start Jupyter with LANG=C.UTF-8 or PYTHONUTF8=1 in the environment."
    )


def problem(path: Path, error: OSError) -> HostFileProblem:
    """Return what the system says about a file as an error for people."""
    if isinstance(error, FileNotFoundError):
        return HostFileProblem(f"There is no {path} on this computer.")
    return HostFileProblem(f"{path} on this computer: {error.strerror or error}")


def unfit(name: str, *, windows: bool = os.name == "nt") -> str:
    """Say why a name from a board cannot be the name of a file in a folder here; ``""`` where it can.

    Args:
        name: one part of a path.
        windows: whether Windows' rules hold.
    """
    if name in ("", ".", ".."):
        return "that is no name of a file"
    if "/" in name or "\0" in name:
        return "the name holds a slash or a NUL"
    try:
        size = len(os.fsencode(name))
    except UnicodeEncodeError as error:
        return f"names on this computer are in {error.encoding} here (LANG=C.UTF-8 or PYTHONUTF8=1 changes that)"
    if size > MAX_NAME:
        return f"the name is longer than the {MAX_NAME} bytes that this computer allows"
    if windows:
        if _NOT_ON_WINDOWS & set(name) or min(name) < " ":
            return "Windows does not allow all of these characters in a name"
        if name[-1] in " .":
            return "Windows does not keep a dot or a blank at the end of a name"
        if name.partition(".")[0].rstrip().upper() in _DEVICES:
            return "Windows has a device of this name"
    return ""


def remarks(paths: Iterable[str]) -> list[tuple[str, str]]:
    """Say which paths are not the same everywhere: people carry their files to other computers and boards.

    Args:
        paths: with slashes.

    Returns:
        Each with what is special about it.
    """
    found: list[tuple[str, str]] = []
    seen: dict[str, str] = {}
    for path in paths:
        if reason := unfit(path.rpartition("/")[2], windows=True):
            found.append((path, reason))
        other = seen.setdefault(unicodedata.normalize("NFC", path).casefold(), path)
        if other != path:
            found.append((path, f"Windows, macOS and boards with FAT take it for the same name as {other}"))
    return found
