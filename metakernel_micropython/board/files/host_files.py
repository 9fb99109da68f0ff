"""Files on this computer: read whole, replaced in one step, and which names of a board's files they can have."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import time
import unicodedata
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ...errors import HostFileProblem
from ...transports.private_file import private
from .host_rules import RUNNING, WINDOWS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .host_rules import HostRules

placed: ContextVar[Callable[[str], Path] | None] = ContextVar("placed", default=None)
"""Tells where something lies here that a person named on another computer; None where people name files of this one."""

MAX_SIZE = 1 << 30
"""Bytes of a file at most that is read to be sent; all of it is in memory meanwhile."""


PATIENCE = 0.2
"""Seconds that a file is waited for which another program has open: those that look for viruses let it go soon."""

_PAUSE = 0.02  # seconds
_OPEN_ELSEWHERE = (32, 33)  # Windows: ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION

_T = TypeVar("_T")


def host_path(text: str, rules: HostRules = RUNNING) -> Path:
    """Return the path that a person typed, ``~`` expanded.

    Args:
        text: what was typed.
        rules: of the system whose names it has.

    Raises:
        HostFileProblem: it holds a NUL, names the home of somebody who is not known, or what is no file here.
    """
    if "\0" in text:
        raise HostFileProblem(f"The name {text!r} holds a NUL.")
    if (place := placed.get()) is not None:
        return place(text)
    if reason := rules.unfit_path(text):
        raise HostFileProblem(f"{text} on this computer cannot be a file ({reason}). Take another name.")
    try:
        os.fsencode(text)
    except UnicodeEncodeError as error:
        raise unencodable(error) from None
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


def check_target(path: Path, rules: HostRules = RUNNING) -> None:
    """See whether a file could be written, before it is fetched for minutes.

    Args:
        path: the file.
        rules: of the system that it is on.

    Raises:
        HostFileProblem: there is a folder or a device of its name, no folder for it, or a file that must stay.
    """
    if path.is_dir():
        raise HostFileProblem(f"{path} on this computer is a folder: a file cannot take its place.")
    if path.exists() and not path.is_file():
        raise HostFileProblem(f"{path} on this computer is no regular file.")
    if not path.parent.is_dir():
        raise HostFileProblem(f"There is no folder {path.parent} on this computer. Make it first, or name another.")
    # Its copy would be read-only as well, and could be neither put in its place nor removed.
    if rules.locks and path.exists() and not path.stat().st_mode & stat.S_IWRITE:
        raise HostFileProblem(
            f"{path} on this computer is read-only, and stays as it is: allow writing, or take another name."
        )


def patiently(action: Callable[[], _T], rules: HostRules = RUNNING) -> _T:
    """Do what another program may hinder that has a file open for a moment, as Windows allows it; return its result.

    Raises:
        PermissionError: it does not let go.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return action()
        except PermissionError:
            if not rules.locks or time.monotonic() >= deadline:
                raise
            time.sleep(_PAUSE)


def put_in_place(unfinished: Path, path: Path, rules: HostRules = RUNNING) -> None:
    """Put a finished file in the place of another, in one step.

    Raises:
        OSError: it does not work; both are as they were.
    """
    patiently(lambda: unfinished.replace(path), rules)


def replace(path: Path, data: bytes, rules: HostRules = RUNNING) -> None:
    """Write a file in one step: whatever happens, the old content or the new one is there.

    Args:
        path: the file.
        data: its content.
        rules: of the system that it is on.

    Raises:
        HostFileProblem: it cannot be written.
    """
    check_target(path, rules)
    path = path.resolve()  # a link stays one
    unfinished = path.with_name(f".{secrets.token_hex(4)}.mk-part")
    try:
        try:
            opener = private if path.exists() else None
            with open(unfinished, "xb", opener=opener) as file:
                if opener:
                    shutil.copymode(path, unfinished)  # before there is anything to read
                file.write(data)
            put_in_place(unfinished, path, rules)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise problem(path, error, rules) from error


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


def problem(path: Path, error: OSError, rules: HostRules = RUNNING) -> HostFileProblem:
    """Return what the system says about a file as an error for people."""
    if reason := rules.too_long(path):  # Windows says that there is no such file
        return HostFileProblem(f"{path} on this computer: {reason}.")
    if isinstance(error, FileNotFoundError):
        return HostFileProblem(f"There is no {path} on this computer.")
    why = error.strerror or str(error)
    if getattr(error, "winerror", None) in _OPEN_ELSEWHERE:
        why = "another program has it open. Close it there, and try again"
    elif rules.locks and isinstance(error, PermissionError):
        why = f"{why}. Another program may have it open: close it there; or it is in a folder that others write"
    return HostFileProblem(f"{path} on this computer: {why}")


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
        if reason := WINDOWS.unfit(path.rpartition("/")[2]):
            found.append((path, reason))
        other = seen.setdefault(unicodedata.normalize("NFC", path).casefold(), path)
        if other != path:
            found.append((path, f"Windows, macOS and boards with FAT take it for the same name as {other}"))
    return found
