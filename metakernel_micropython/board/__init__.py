"""MicroPython boards, without Jupyter: usable from a script.

The names are loaded when they are first wanted: the kernel's start needs small parts of this package, and no board.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .board import Board
    from .files.entries import Entry, Space, Written
    from .files.filesystem import Files
    from .protocol.execution import Execution
    from .protocol.unsolicited import UnsolicitedOutput

__all__ = ["Board", "Entry", "Execution", "Files", "Space", "UnsolicitedOutput", "Written"]

_PLACES = {
    "Board": "board",
    "Entry": "files.entries",
    "Execution": "protocol.execution",
    "Files": "files.filesystem",
    "Space": "files.entries",
    "UnsolicitedOutput": "protocol.unsolicited",
    "Written": "files.entries",
}


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
    globals()[name] = found
    return found
