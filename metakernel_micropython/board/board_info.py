"""What a board tells about itself: only what this one can, and as data.

Nothing is switched on for it: where no program has imported ``network``, no interface is asked for its address, because
on some boards that alone starts the radio and takes memory.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import DeviceError, MicroPythonError
from . import snippets
from .protocol.executor import Executor
from .protocol.literal import literal

if TYPE_CHECKING:
    from .files.entries import Space
    from .files.filesystem import Files


class BoardWithBanner(Executor, Protocol):
    """A board that can be asked about itself.

    Attributes:
        banner: what its prompt says it is.
    """

    banner: str

    @property
    def files(self) -> Files:
        """Its file system."""


TIMEOUT = 5.0
"""Seconds that the board has for each part of the answer."""

MAX_LINE = 2000
"""Characters of one answer that are read; what is longer is left out."""

MAX_LINES = 100

_HELPERS = {part: {"tell": "info_tell"} for part in ("info_system", "info_chip")}
"""The snippets that parts of the answer call."""


@dataclass(frozen=True)
class Memory:
    """A board's heap, without garbage.

    Attributes:
        used: bytes.
        free: bytes.
    """

    used: int
    free: int

    @property
    def total(self) -> int:
        """Bytes in all."""
        return self.used + self.free


@dataclass(frozen=True)
class Info:
    """What a board tells about itself.

    Attributes:
        facts: pairs of a name and a text, in the order in which people want to see them.
        memory: None where the board cannot tell.
        space: of the file system; None where the board cannot tell.
    """

    facts: list[tuple[str, str]] = field(default_factory=list)
    memory: Memory | None = None
    space: Space | None = None


def memory(board: Executor, *, timeout: float = TIMEOUT) -> Memory | None:
    """Return how a board's heap is used once its garbage is collected; None where the board cannot tell.

    Args:
        board: which.
        timeout: seconds that it has to answer.

    Raises:
        MicroPythonError: the board did not answer.
    """
    for value in _told(board, "info_memory", timeout):
        if len(value) == 2 and all(isinstance(count, int) and count >= 0 for count in value):
            return Memory(*value)
    return None


def info(board: BoardWithBanner) -> Info:
    """Ask a board about itself; it takes some executions.

    Raises:
        MicroPythonError: the board did not answer.
    """
    told: dict[str, Any] = {}
    for part in ("info_system", "info_chip"):
        for value in _told(board, part):
            if len(value) == 2 and isinstance(value[0], str):
                told[value[0]] = value[1]
    facts = [("Address", board.address), *_facts(told, board.banner)]
    for value in _told(board, "info_network"):
        facts += _network(value)
    try:
        space = board.files.space("")
    except MicroPythonError:
        space = None  # a board without a file system
    return Info(facts, memory(board), space)


def _told(board: Executor, part: str, timeout: float = TIMEOUT) -> list[tuple[Any, ...]]:
    """Return the tuples that a snippet printed; what is none, or too long, is left out."""
    try:
        source = snippets.serve(part, _HELPERS.get(part, {}))
        reply = board.execute(snippets.COLLECT + source, timeout=timeout)
    except DeviceError as error:
        if error.name == "MemoryError":
            raise
        return []  # a module that this board lacks
    found = []
    for line in reply.splitlines()[:MAX_LINES]:
        try:
            value = literal(line, MAX_LINE)
        except ValueError:
            continue
        if isinstance(value, tuple):
            found.append(value)
    return found


def _facts(told: dict[str, Any], banner: str) -> list[tuple[str, str]]:
    uname = told.get("uname")
    uname = [str(part) for part in uname] if isinstance(uname, tuple) else []
    board, _, chip = banner.partition(";")[2].strip().partition(" with ")
    rows = [
        ("Board", board or told.get("machine") or (uname[4] if len(uname) > 4 else "")),
        ("Chip", chip),
        ("Firmware", banner.partition(";")[0] or (uname[3] if len(uname) > 3 else told.get("version"))),
        ("Platform", told.get("platform")),
        ("Processor clock", _frequency(told.get("frequency"))),
        ("Unique id", told["id"].hex() if isinstance(told.get("id"), bytes) else None),
        ("Last reset", _reset(told.get("reset"))),
        ("Temperature", f"{told['temperature']} °C" if isinstance(told.get("temperature"), (int, float)) else None),
        ("Numbers", _numbers(told)),
        ("Loads .mpy", _mpy(told.get("mpy"))),
    ]
    return [(name, str(value)) for name, value in rows if value]


def _frequency(value: Any) -> str | None:
    # Some ports give a tuple: the core's first.
    if isinstance(value, tuple) and value:
        value = value[0]
    return f"{value / 1e6:g} MHz" if isinstance(value, int) and 0 < value < 1e15 else None


def _reset(value: Any) -> str | None:
    if isinstance(value, list) and value:
        return str(value[0]).removesuffix("_RESET").replace("_", " ").lower()
    return None if value is None else str(value)


def _numbers(told: dict[str, Any]) -> str | None:
    third = told.get("third")
    if not isinstance(third, str):
        return "integers only" if told else None
    precision = "double" if len(third) > 12 else "single"
    return f"{precision} precision" + (", integers of any size" if "big" in told else ", small integers only")


def _mpy(value: Any) -> str | None:
    # The version is the lowest byte, the sub-version of machine code the two bits above it (py/persistentcode.h).
    return f"version {value & 0xFF}.{value >> 8 & 3}" if isinstance(value, int) and value else None


def _network(value: tuple[Any, ...]) -> list[tuple[str, str]]:
    if len(value) != 3 or not isinstance(value[1], tuple) or not value[1]:
        return []
    what = {"STA_IF": "Wi-Fi", "AP_IF": "Wi-Fi access point"}.get(str(value[0]), str(value[0]))
    mac = f", MAC {value[2].hex(':')}" if isinstance(value[2], bytes) else ""
    return [(what, f"{value[1][0]}{mac}")]
