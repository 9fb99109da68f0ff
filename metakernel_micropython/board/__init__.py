"""MicroPython boards, without Jupyter: usable from a script."""

from .board import Between, Board
from .conversation import Execution

__all__ = ["Between", "Board", "Execution"]
