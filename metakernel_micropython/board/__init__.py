"""MicroPython boards, without Jupyter: usable from a script."""

from .board import Board, UnsolicitedOutput
from .files.filesystem import Entry, Files, Space, Written
from .protocol.conversation import Execution

__all__ = ["Board", "Entry", "Execution", "Files", "Space", "UnsolicitedOutput", "Written"]
