"""MicroPython boards, without Jupyter: usable from a script."""

from .board import Board
from .files.entries import Entry, Space, Written
from .files.filesystem import Files
from .protocol.execution import Execution
from .protocol.unsolicited import UnsolicitedOutput

__all__ = ["Board", "Entry", "Execution", "Files", "Space", "UnsolicitedOutput", "Written"]
