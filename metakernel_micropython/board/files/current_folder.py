"""The board's current folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import FileProblem
from .. import snippets
from .entries import check_text
from .folders import absolute
from .helper_programs import Helpers

if TYPE_CHECKING:
    from .filesystem import ExecutorWithFiles


def current_folder(board: ExecutorWithFiles) -> str:
    """Return the path of the current folder; ``/`` on a board without folders."""
    return absolute(board, ".")


def change_folder(board: ExecutorWithFiles, folder: str) -> None:
    """Make another folder the current one.

    Raises:
        FileProblem: there is no such folder, or the board has none; the current one stays.
    """
    check_text(folder)
    if board.files.flat:
        if folder.strip("/") in ("", "."):
            return
        raise FileProblem(f"The board on {board.address} has no folders: all its files lie in one place.")
    if folder.rstrip("/") not in ("", ".", "..") and not folder.endswith("/.."):
        found = board.files.stat(folder)
        if found is not None and not found.folder:
            raise FileProblem(f"{folder} on the board on {board.address} is a file, not a folder.")
    Helpers(board).ask(snippets.statement(f"__import__('os').chdir({folder!r})"), folder)
