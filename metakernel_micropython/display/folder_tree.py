"""A folder of the board as a tree: for consoles and for notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..board.files.folders import prefix, root
from ..host.paths import counted, drawn, shown
from .html import html_tree

if TYPE_CHECKING:
    from ..board import Board


def tree(board: Board, folder: str) -> tuple[str, str]:
    """Return what is in a folder as text and as HTML.

    Raises:
        MicroPythonError: the board refuses, or does not answer.
    """
    asked = root(board.files, folder)
    entries = board.files.list(asked, recurse=True)
    start = prefix(asked)
    files = sum(not entry.folder for entry in entries)
    top = shown(folder) or "."
    amount = f"{counted(len(entries) - files, 'folder')}, {counted(files, 'file')}"
    relative = [(entry.path.removeprefix(start), entry.size, entry.folder) for entry in entries]
    lines = [top, *drawn((path, is_folder) for path, _, is_folder in relative), amount]
    return "\n".join(lines), f"{html_tree(top, relative)}<p>{amount}</p>"
