"""MicroPython boards, without Jupyter: usable from a script."""

from .board import Between, Board
from .conversation import Execution
from .files import Entry, Files, Space, Written

__all__ = ["Between", "Board", "Entry", "Execution", "Files", "Space", "Written"]
