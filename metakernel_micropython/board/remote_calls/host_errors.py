"""Exceptions on the board as exceptions of the host: of the same type, with the lines of the host's files."""

from __future__ import annotations

import builtins
import errno
import os
import re
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, TracebackType
from typing import TYPE_CHECKING, Any

from ..protocol.diagnosis import device_error
from ..snippets import REMOTE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...errors import DeviceError
    from .function_source import FunctionSource

_FRAME = re.compile(r'  File "(?P<file>[^"\n]*)", line (?P<line>\d{1,7})(?:, in (?P<name>[^\n]*))?')
_ERRNO = re.compile(r"\[Errno (\d+)\](?: (\w+))?")

_OWN = str(Path(__file__).parents[1]) + os.sep

MAX_FRAMES = 50
"""Frames of a traceback that are read."""


@dataclass(frozen=True)
class _Frame:
    file: str
    line: int
    name: str


def host_error(
    error: DeviceError, sources: Mapping[str, FunctionSource], address: str, arguments: tuple[Any, ...] | None = None
) -> Exception:
    """Return the exception that the host raises: of the built-in type of that name, or else a ``DeviceError``.

    Args:
        error: what ended the program.
        sources: the functions that were sent, by their names; ``<module>`` for one that is being sent.
        address: the board's.
        arguments: what the exception holds on the board; None where that is not known.
    """
    lines = error.traceback.split("\n")
    own = [number for number, line in enumerate(lines) if f", in {REMOTE}" in line]
    if own:  # what lies above is not the user's
        lines = ["Traceback (most recent call last):", *lines[own[-1] + 1 :]]
    lines = [line for line in lines if ", in <lambda>" not in line or _of_user(line, lines)]
    frames = [_host_frame(frame, sources, address) for line in lines[:MAX_FRAMES] if (frame := _parsed(line))]
    told = device_error("\n".join(lines))
    made = _made(told, arguments)
    made.__traceback__ = _traceback(frames)
    made.add_note(f"(raised on the board on {address})")
    return made


def without_own_frames(error: Exception) -> Exception:
    """Return an exception of the board's whose traceback begins with the frames of the host's function.

    One that was raised here keeps its frames.
    """
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_frame.f_code.co_filename.startswith(_OWN):
        traceback = traceback.tb_next
    return error if traceback is None else error.with_traceback(traceback)


def _of_user(line: str, lines: list[str]) -> bool:
    """Whether a frame of a lambda is the user's: the one that finds a name stands on top, and alone in its line."""
    return line != next((one for one in lines if _FRAME.match(one)), None) or ", line 1, " not in line


def _parsed(line: str) -> _Frame | None:
    found = _FRAME.match(line)
    return _Frame(found["file"], int(found["line"]), found["name"] or "<module>") if found else None


def _host_frame(frame: _Frame, sources: Mapping[str, FunctionSource], address: str) -> _Frame:
    """Return where a frame lies on the host; one of a file of the board has a name that is no file here."""
    if frame.file == "<stdin>":
        for name, source in sources.items():
            if (frame.name == name or frame.name in source.names) and frame.line <= source.lines:
                return _Frame(source.path, source.line + frame.line - 1, frame.name)
        return _Frame(f"<board on {address}>", frame.line, frame.name)
    return _Frame(f"<board on {address}: {frame.file}>", frame.line, frame.name)


def _made(error: DeviceError, arguments: tuple[Any, ...] | None) -> Exception:
    kind = getattr(builtins, error.name, None)
    if not isinstance(kind, type) or not issubclass(kind, Exception):
        return error
    if arguments is None:
        arguments = (error.message,) if error.message else ()
    if issubclass(kind, OSError) and (found := _ERRNO.search(error.message)):
        # The numbers of a board are those of Linux; names are the same everywhere.
        number = getattr(errno, found[2] or "", int(found[1]))
        arguments = (number, os.strerror(number))
    try:
        made = kind(*arguments)
    except Exception:  # it takes other arguments here
        return error
    return made


def _traceback(frames: list[_Frame]) -> TracebackType | None:
    """Return a traceback with these frames, the outermost first: Python and IPython show the lines of files."""
    made: TracebackType | None = None
    for frame in reversed(frames):
        code = compile("raise error", frame.file, "exec").replace(
            co_firstlineno=frame.line, co_name=frame.name, co_qualname=frame.name
        )
        try:
            FunctionType(code, {"error": Exception()})()
        except Exception as error:
            assert error.__traceback__ is not None
            here = error.__traceback__.tb_next
            assert here is not None
            made = TracebackType(made, here.tb_frame, here.tb_lasti, frame.line)
    return made
