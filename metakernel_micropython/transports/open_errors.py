"""What went wrong when a line was opened, in a sentence that says what to do next."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_MISSING = {errno.ENOENT, errno.ENXIO, errno.ENODEV, errno.ENOTDIR}
_FORBIDDEN = {errno.EACCES, errno.EPERM}
_BUSY = {errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK}  # the latter two: flock() on a port that another program locked
_NOT_SERIAL = {errno.ENOTTY, errno.EISDIR, errno.EINVAL}

# On Windows pyserial keeps the system's error only as text inside its own message (serialwin32.py, Serial.open).
_WINDOWS_TEXT = {
    "FileNotFoundError": errno.ENOENT,
    "PermissionError": errno.EBUSY,  # ports are opened for one program at a time there, and have no owners
}


def port_error_text(name: str, device: str, error: BaseException, holders: str | None = None) -> str:
    """The sentence for a serial port that did not open.

    Args:
        name: the address, as typed.
        device: the path or name of the port.
        error: what opening it raised.
        holders: who has the port, where that is known already.
    """
    number = errno_of(error)
    what = name if name == device else f"{name} ({device})"
    if number in _MISSING:
        from .port_scan import plugged_in

        return f"There is no {what}. {plugged_in()}"
    if number in _FORBIDDEN:
        return f"You may not open {what}: {_who_may(device)}"
    if number in _BUSY:
        by = holders or ", ".join(holders_of(device)) or "another program"
        return f"{what} is in use by {by}. Close it there and connect again."
    if number in _NOT_SERIAL:
        return f"{what} is not a serial port, or does not take these settings: {_plain(error)}."
    return f"{what} could not be opened: {_plain(error)}."


def in_use(error: BaseException) -> bool:
    """Whether a port did not open because another program has it."""
    return errno_of(error) in _BUSY


def network_error_text(name: str, error: BaseException) -> str:
    """The sentence for a network address that did not answer, or not with what was expected."""
    cause = _root(error)
    if isinstance(cause, (socket.gaierror, UnicodeError)):
        return f"{name}: no host of that name is known. Check the spelling and the network."
    if isinstance(cause, TimeoutError) or errno_of(error) == errno.ETIMEDOUT:
        return f"{name} did not answer in time. Check that the host is on and reachable."
    if isinstance(cause, ConnectionRefusedError) or errno_of(error) == errno.ECONNREFUSED:
        return f"{name} refused the connection. Check the port, and that the program that serves the board is running."
    return f"{name} could not be reached: {_plain(error)}."


def errno_of(error: BaseException) -> int | None:
    """The system's error number behind an exception, where one can be found.

    pyserial wraps the original twice over: as an attribute, as the context, or only in the text.
    """
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno is not None:
            return seen.errno
        if type(seen).__name__ == "error" and seen.args and isinstance(seen.args[0], int):  # termios.error
            return seen.args[0]
        seen = seen.__cause__ or seen.__context__
    return next((number for text, number in _WINDOWS_TEXT.items() if text in str(error)), None)


def holders_of(device: str) -> Iterator[str]:
    """The programs that have a device open, on Linux and as far as /proc may be read: ``screen (process 4711)``."""
    if not sys.platform.startswith("linux"):
        return
    wanted = os.path.realpath(device)
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            if any(_link(fd) == wanted for fd in (process / "fd").iterdir()):
                if int(process.name) == os.getpid():
                    yield f"this program itself (process {process.name})"
                else:
                    yield f"{(process / 'comm').read_text('utf-8', 'replace').strip()} (process {process.name})"


def _link(path: Path) -> str | None:
    try:
        return os.readlink(path)  # noqa: PTH115 - a Path for each descriptor of each process is slow
    except OSError:
        return None


def _who_may(device: str) -> str:
    """Whose device it is, and how to become one of them."""
    if sys.platform == "win32":
        return "the system denies it. Close other programs that may use it and connect again."
    import grp

    try:
        status = Path(device).stat()
        group = grp.getgrgid(status.st_gid).gr_name
    except (OSError, KeyError):
        return "the system denies it. Ask who runs this machine for access to the device."
    if status.st_gid == 0 or not status.st_mode & 0o060:
        return f"it belongs to the user with number {status.st_uid} alone. Ask who runs this machine for access."
    return f'it belongs to the group {group}. Join it with "sudo usermod -aG {group} $USER", then log in again.'


def _root(error: BaseException) -> BaseException:
    """The first exception of a chain."""
    while (before := error.__cause__ or error.__context__) is not None:
        error = before
    return error


def _plain(error: BaseException) -> str:
    cause = _root(error)
    # The system's words stand after its number, in OSError and in termios.error alike.
    text = cause.args[1] if len(cause.args) > 1 and isinstance(cause.args[1], str) else str(cause)
    text = text or type(cause).__name__
    return text[:1].lower() + text[1:].rstrip(".")
