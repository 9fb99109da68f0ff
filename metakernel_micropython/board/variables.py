"""The names that a program has made on the board, with what they are; nothing of the user's runs for that."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from ..errors import TransferFailed
from . import snippets
from .files.helper_programs import parse_tuple

if TYPE_CHECKING:
    from .protocol.executor import Executor

TIMEOUT = 10.0
"""Seconds that the board has to answer."""

HELPERS = {"described": "described"}
"""What snippets call that tell of values."""

SHORT = 40
"""Characters or bytes of a text that is shown."""

MAX_REPLY = 200_000
"""Characters of its answer that are read."""


class Kind(IntEnum):
    """What a name stands for."""

    DATA = 0
    FUNCTION = 1
    CLASS = 2
    MODULE = 3


@dataclass(frozen=True)
class Variable:
    """A global name of the user's.

    Attributes:
        name: the name.
        type_name: of its type; of a class its own.
        kind: what it is.
        size: how many elements, characters or bytes it holds; None where it does not tell.
        value: its text; ``""`` where that is long, or would have to run code.
    """

    name: str
    type_name: str
    kind: Kind
    size: int | None
    value: str


def variables(board: Executor) -> list[Variable]:
    """Return the user's global names, sorted.

    Raises:
        MicroPythonError: the board did not answer.
    """
    # A micro:bit's prompt begins with ``from microbit import *``: those names are not the user's.
    at_start = "microbit" if "micro:bit" in getattr(board, "banner", "") else ""
    source = snippets.serve("variables", HELPERS, at_start)
    said = board.execute(source, timeout=TIMEOUT)[:MAX_REPLY]
    found = []
    for line in said.splitlines():
        try:
            name, class_text, kind, size, value = parse_tuple(line, (str, str, int, int, str))
            type_name = class_text.removeprefix("<class '").removesuffix("'>")
            if type_name in ("str", "bytes", "bytearray") and size > SHORT:
                value = ""
            found.append(Variable(name, type_name, Kind(kind), None if size < 0 else size, value))
        except (TransferFailed, ValueError):
            continue  # something else printed
    return found
