"""Copying firmware to a board's drive.

The board takes each block as it comes, and restarts when it has the last one: the drive is gone then, before the
system has written what it wanted to. That is the normal end, but only when everything was handed over.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from typing import TYPE_CHECKING

from ..errors import MicroPythonError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .drives import Drive

PIECE = 32 * 1024
"""Bytes that are handed to the drive at a time; each is on the board before the next one."""

_GONE = (errno.EIO, errno.ENODEV, errno.ENXIO, errno.ENOENT, errno.ENOTDIR, errno.ESTALE, errno.EROFS, errno.EINVAL)
"""What systems say of a drive that is gone."""


class CopyFailed(MicroPythonError):
    """Firmware could not be copied to a board's drive."""


def copy(data: bytes, name: str, drive: Drive, progress: Callable[[int, int], object] | None = None) -> bool:
    """Write firmware into a drive.

    Args:
        data: the file's content.
        name: the file's name.
        drive: the drive.
        progress: called with the bytes that are written, and all bytes.

    Returns:
        Whether the drive has gone with the last bytes, because the board has restarted.

    Raises:
        CopyFailed: it did not get everything; the message says why.
        KeyboardInterrupt: it was stopped; the drive has a part of it.
    """
    target = drive.path / name
    done = 0
    try:
        if not drive.present:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o666)
    except OSError as error:
        raise _failed(drive, error, 0, len(data)) from error
    try:
        while done < len(data):
            piece = data[done : done + PIECE]
            done += os.write(handle, piece)
            try:
                os.fsync(handle)
            except OSError as error:
                if done == len(data) and _is_gone(drive, error):
                    return True
                raise
            if progress is not None:
                progress(done, len(data))
            if done < len(data) and not drive.present:  # not every system says so of a file that is open
                raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
    except OSError as error:
        raise _failed(drive, error, done, len(data)) from error
    except KeyboardInterrupt:
        _close(handle)
        with contextlib.suppress(OSError):
            target.unlink()
        raise
    finally:
        _close(handle)
    return not drive.present


def wait_until_gone(drive: Drive, seconds: float, look: float = 0.1) -> bool:
    """Wait until a drive is gone, because its board has restarted; return whether it is."""
    deadline = time.monotonic() + seconds
    while drive.present:
        if time.monotonic() > deadline:
            return False
        time.sleep(look)
    return True


def _close(handle: int) -> None:
    with contextlib.suppress(OSError):
        os.close(handle)


def _is_gone(drive: Drive, error: OSError) -> bool:
    return error.errno in _GONE and not drive.present


def _failed(drive: Drive, error: OSError, done: int, total: int) -> CopyFailed:
    reason = error.strerror or str(error)
    unchanged = "Nothing was written: the board is as it was." if not done else _HALF
    if error.errno == errno.ENOSPC:
        return CopyFailed(f"The drive {drive} is full: it took {done} of {total} bytes. {unchanged}")
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM) and drive.present:
        return CopyFailed(
            f"The drive {drive} cannot be written ({reason}). {unchanged} Mount it so that you may write to it."
        )
    if _is_gone(drive, error) or not drive.present:
        return CopyFailed(f"The drive {drive} went away after {done} of {total} bytes. {unchanged}")
    return CopyFailed(f"The drive {drive} took {done} of {total} bytes: {reason}. {unchanged}")


_HALF = (
    "The board has half of the firmware, which does not start. Bring it into its bootloader again (by its button) and "
    "run the command again."
)
