"""Helper programs for files: what a board can do, asking one of them something, and what its errors mean."""

from __future__ import annotations

import contextlib
import itertools
import re
from typing import TYPE_CHECKING, Any

from ...errors import (
    Advice,
    BadName,
    BoardTimeout,
    DeviceError,
    FileProblem,
    MicroPythonError,
    NoSpace,
    NoSuchFile,
    ReadOnly,
    RecordingDiffers,
    TransferFailed,
)
from .. import snippets
from ..protocol.capabilities import FileSupport
from ..protocol.literal import literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..protocol.executor import Executor

UNFINISHED = ".mk-part"
"""What the name of a file ends with until its content is whole."""

PATIENCE = 15.0
"""Seconds in which a board must answer, or say the next piece of a file."""

SLOW_STEP = 60.0
"""Seconds in which it must have changed something in its file system: while flash is erased or formatted, which a first
write may begin with, a board says nothing."""

MAX_REPLY = 1024 * 1024
"""Characters of an answer, for example a listing; a board that says more does not come to an end."""

DIGEST_SPEED = 2_000
"""Bytes per second of which even a slow board computes the digest."""

_LONGEST_LINE = 4096  # characters of one entry of a listing

_MOST_STARTS = 20  # of tuples that are tried

# What helpers print: tuples, bytes, numbers, marks.
_OURS = re.compile(r"""\(|b['"]|(?:[=+df-]|-?\d+)\s*\Z""")
_LOST_ITS_BEGINNING = re.compile(r".*, (?:True|False|\d+)\)\s*\Z")

# MicroPython's py/mperrno.h, the same as Linux.
_NUMBERS = {1: "EPERM", 2: "ENOENT", 13: "EACCES", 17: "EEXIST", 19: "ENODEV", 20: "ENOTDIR"}
_NUMBERS |= {21: "EISDIR", 28: "ENOSPC", 30: "EROFS", 36: "ENAMETOOLONG", 39: "ENOTEMPTY"}


_USED_MODULES = "binascii deflate errno gc hashlib io os struct sys ubinascii uhashlib uos"
"""Those that helpers for files import."""


class Damaged(TransferFailed):
    """A helper failed in a way in which only one does that has lost some of its bytes."""


class Helpers:
    """Runs helper programs on a board."""

    def __init__(self, board: Executor) -> None:
        self.board = board

    @property
    def support(self) -> FileSupport:
        """What this board has for files; asked once, in one execution where the firmware is of today."""
        capabilities = self.board.capabilities
        if capabilities.files is None:
            capabilities.files = self._ask_support()
        return capabilities.files

    def _ask_support(self) -> FileSupport:
        if not self.board.capabilities.no_flow_control:
            with contextlib.suppress(Damaged):  # an ImportError, most of the time
                (memory,) = parse_tuple(self.ask(snippets.ask("files_probe_quick"), ""), (int,))
                inflate = ("deflate", "DeflateIO")
                return FileSupport("binascii", "hashlib", True, True, memory, True, inflate)
        kinds = (str, str, bool, bool, int, bool, tuple)
        found = parse_tuple(self.ask(snippets.ask("files_probe"), ""), kinds)
        module64, module256, rename, folders, memory, binary, inflate = found
        if len(inflate) != 2 or not all(isinstance(name, str) for name in inflate):
            raise TransferFailed(f"The board on {self.board.address} said {inflate!r}, which names no module.")
        binary = binary and bool(module256)
        return FileSupport(module64, module256, rename, folders, memory, binary, inflate)

    def ask(self, source: str, path: str, size: int = 0, step: str = "") -> str:
        """Run a helper on the board and return what it printed, without what something else did.

        Args:
            source: from ``snippets``.
            path: the file that errors tell about.
            size: bytes that the board has to work on, for the deadline.
            step: what it does to its flash, for errors, as in ``copied``; that may take longer than anything else.
        """
        said: list[str] = []
        self.run(source, path, said.append, (SLOW_STEP if step else PATIENCE) + size / DIGEST_SPEED, step=step)
        ours, others = apart("".join(said))
        self.pass_on(others)
        return ours

    def pass_on(self, text: str) -> None:
        """Keep what a timer or a thread has printed meanwhile, which is shown as printed while nothing was executed."""
        if text:
            self.board.keep_unsolicited(text.encode("utf-8", "surrogatepass"))

    def run(
        self,
        source: str,
        path: str,
        take: Callable[[str], object],
        patience: float = PATIENCE,
        content: int = 0,
        step: str = "",
    ) -> None:
        """Run a helper on the board.

        Args:
            source: from ``snippets``.
            path: the file that errors tell about.
            take: called with what it prints, as it comes.
            patience: seconds in which it must print something, or end.
            content: characters that it may print besides an answer.
            step: what it does to its flash, for errors.
        """
        came = 0
        about = f" while it {step or 'worked on'} {path.removesuffix(UNFINISHED)}" if path else ""
        late = BoardTimeout(f"The board on {self.board.address} did not answer for {patience:g} s{about}.")
        try:
            with self.board.start(source) as execution:
                for text in execution.stream(idle=patience, late=late):
                    came += len(text)
                    if came > MAX_REPLY + content:
                        raise TransferFailed(
                            f"The board on {self.board.address} said more than {MAX_REPLY + content} characters"
                            + (f" about {path}" if path else "")
                            + " and did not end: there are too many files in one folder, or something else prints."
                        )
                    if text:
                        take(text)
                execution.check()
        except DeviceError as error:
            raise self.meaning(error, path.removesuffix(UNFINISHED)) from error
        if execution.interrupts:  # it came too late for this piece, and means the whole
            raise KeyboardInterrupt

    def _foreign_modules(self, error: DeviceError) -> list[str]:
        """Return the modules that helpers use and that a program has put something else in the place of."""
        if error.name not in ("AttributeError", "ImportError", "TypeError"):
            return []
        with contextlib.suppress(MicroPythonError):
            said = self.board.execute(snippets.call("foreign_modules", _USED_MODULES), timeout=PATIENCE)
            return sorted(set(said.split()) & set(_USED_MODULES.split()))
        return []

    def meaning(self, error: DeviceError, path: str) -> BaseException:
        """Return what an exception of a helper means for whoever wanted something of ``path``."""
        address = self.board.address
        on = f"on the board on {address}"
        if error.name == "KeyboardInterrupt":
            return KeyboardInterrupt()
        if error.name == "MemoryError" or isinstance(error, RecordingDiffers):
            return error
        if error.name != "OSError":
            if names := self._foreign_modules(error):
                return FileProblem(
                    f"On the board on {address} something of a program's stands in the place of the firmware's module "
                    f"{' and '.join(names)}: in sys.modules, or as a file of that name. Remove it, or reset the board. "
                    f"It said: {error}."
                )
            return Damaged(
                f"The board on {address} could not make sense of what was sent"
                + (f" about {path}" if path else "")
                + f": the line loses or changes bytes. It said: {error}. Try again."
            )
        named = re.search(r"\bE[A-Z]{3,}\b", error.message)
        number = re.search(r"\d{1,9}", error.message)
        what = named[0] if named else _NUMBERS.get(int(number[0]), "") if number else ""
        match what:
            case "ENOSPC":
                happened = f"There is no room for {path} {on}; what was there is still there."
                return NoSpace(happened, Advice.MAKE_ROOM, address=address, path=path)
            case "ENOENT" | "ENOTDIR" if path:
                folder = path.rstrip("/").rpartition("/")[0]
                return NoSuchFile(f"There is no {path} {on}" + (f", or no folder {folder}." if folder else "."))
            case "EROFS":
                return ReadOnly(
                    f"The file system {on} is read-only: {path} cannot be changed. On CircuitPython, eject its drive "
                    "on the computer first."
                )
            case "ENODEV":
                return FileProblem(f"There is no file system for {path or 'files'} {on}: nothing is mounted there.")
            case "EACCES" | "EPERM":
                return FileProblem(f"The board on {address} does not allow that for {path} ({what}).")
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
        if not path:
            return FileProblem(f"The board on {address} failed when it was asked about its files: {error}")
        return FileProblem(f"{path} {on}: {error}")


def apart(text: str) -> tuple[str, str]:
    """Return the lines of a helper's answer, and those that a timer or a thread has printed between them."""
    ours, others = [], []
    for line in text.splitlines(keepends=True):
        begins = 0 if _OURS.match(line) else _entry_in(line)
        if begins == len(line) and _LOST_ITS_BEGINNING.match(line):
            begins = 0
        others.append(line[:begins])
        ours.append(line[begins:])
    return "".join(ours), "".join(others)


def _entry_in(line: str) -> int:
    """Return where an entry of a listing begins in a line that something else has begun; its length for nowhere."""
    for found in list(re.finditer(r"\(['\"]", line[:_LONGEST_LINE]))[:_MOST_STARTS]:
        with contextlib.suppress(ValueError):
            value = literal(line[found.start() :], _LONGEST_LINE)
            if isinstance(value, tuple) and len(value) > 1 and isinstance(value[-1], int):
                return found.start()
    return len(line)


def parse_literal(text: str) -> object:
    """Read what the board printed as data.

    Raises:
        TransferFailed: it is none.
    """
    with contextlib.suppress(ValueError):
        return literal(text, _LONGEST_LINE)
    raise TransferFailed(f"The board said {text[:200]!r}, which is no answer about files; something else may print.")


def parse_tuple(text: str, kinds: tuple[type, ...]) -> tuple[Any, ...]:
    """Read a tuple that the board printed, as data.

    Raises:
        TransferFailed: it is none of that shape.
    """
    # Something else may have printed in front of it and behind it, without an end of its line.
    text = text[:_LONGEST_LINE]
    starts = [found.start() for found in re.finditer(r"\(", text)][:_MOST_STARTS]
    ends = [None, *(found.end() for found in re.finditer(r"\)", text))][: _MOST_STARTS + 1]
    for start, end in itertools.product(starts, ends):
        with contextlib.suppress(ValueError):
            value = literal(text[start:end], _LONGEST_LINE)
            if isinstance(value, tuple) and len(value) == len(kinds) and all(map(isinstance, value, kinds)):
                return value
    raise TransferFailed(f"The board said {text[:200]!r}, which is no answer about files; something else may print.")
