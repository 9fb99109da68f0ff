"""An exception as the error of a cell."""

from __future__ import annotations

import sys
import traceback

from metakernel import ExceptionWrapper

from ..board.files.host_files import unencodable
from ..display.error_text import error_text
from ..display.wrapping import wrapped
from ..errors import DeviceError, MicroPythonError
from ..host.paths import visible

_BOLD, _PLAIN = "\033[1m", "\033[0m"  # no colour is readable on light red and on dark red


def without_frames(failed: ExceptionWrapper, name: str) -> ExceptionWrapper:
    """Return an error without the frames that lie in a program of ours.

    Args:
        failed: the error.
        name: the file that the program was called.
    """
    lines = iter(failed.traceback)
    return ExceptionWrapper(
        failed.ename, failed.evalue, [line for line in lines if f'File "{name}"' not in line or not next(lines, "")]
    )


def failure(error: BaseException) -> ExceptionWrapper:
    """Return an exception as the error of a cell.

    What this project raises is written for the person at the notebook and needs no Python traceback; anything else is
    a fault, and the traceback helps whoever mends it.
    """
    if isinstance(error, UnicodeEncodeError) and error.encoding == sys.getfilesystemencoding() != "utf-8":
        error = unencodable(error)
    # A private kind of error is shown under the name of the public one that it is.
    name = next(kind.__name__ for kind in type(error).__mro__ if not kind.__name__.startswith("_"))
    text = error_text(error)
    if isinstance(error, DeviceError):
        name, text = visible(error.name), visible(error.message)
    told = f"{name}: {text}"
    if not isinstance(error, DeviceError):  # what a board says is shown as it is
        told = wrapped(told)
    lines = [f"{_BOLD}{name}{_PLAIN}{told.removeprefix(name)}"]
    if isinstance(error, KeyboardInterrupt):
        lines = [f"{_BOLD}{name}{_PLAIN}: stopped"]
    elif not isinstance(error, (MicroPythonError, OSError, SystemExit)):
        lines = [*traceback.format_exception(error)[:-1], *lines]
    return ExceptionWrapper(name, text, lines)
