"""Where the files of one of several boards go on this computer: none may take another board's place."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..board.files import host_files
from ..board.files.host_rules import RUNNING
from ..errors import HostFileProblem, MagicError
from ..front_end import one_of_several

if TYPE_CHECKING:
    from pathlib import Path

    from ..front_end import FrontEnd

NAME = "{name}"
"""Stands for the board's name in what a person types."""


def named_for_board(front_end: FrontEnd, typed: str) -> str:
    """Return a path with the board's name in the place of ``{name}``.

    Raises:
        HostFileProblem: no file of this computer can have the board's name.
    """
    if NAME not in typed:
        return typed
    part = one_of_several.get()
    return named(typed, part.name if part is not None else front_end.connections.current_name or "board")


def named(typed: str, board: str) -> str:
    """Return a path with a board's name in the place of ``{name}``; that of a fleet's board has no slash there.

    Raises:
        HostFileProblem: no file of this computer can have the board's name.
    """
    name = board.replace("/", "-")
    if reason := RUNNING.unfit(name):
        raise HostFileProblem(f"No file on this computer can be called {name}, as the board is: {reason}.")
    return typed.replace(NAME, name)


def file_for_board(front_end: FrontEnd, typed: str) -> str:
    """Return the file on this computer that is meant for this board; ``{name}`` stands for the board's name.

    Raises:
        MagicError: a cell on several boards would write the same file for each.
    """
    if one_of_several.get() is not None and NAME not in typed:
        stem, dot, suffix = typed.rpartition(".")
        example = f"{stem}-{NAME}.{suffix}" if dot and stem and "/" not in suffix else f"{typed}-{NAME}"
        raise MagicError(
            f"Each board would write the same {typed}: put {NAME} into it, which stands for the board's name, as in "
            f"{example}."
        )
    return named_for_board(front_end, typed)


def folder_for_board(front_end: FrontEnd, typed: str) -> str:
    """Return the folder on this computer that is meant for this board: of several, one of the board's name in it.

    Args:
        front_end: whose board it is.
        typed: the folder; ``{name}`` stands for the board's name. ``""``: the current folder.
    """
    if one_of_several.get() is not None and NAME not in typed:
        typed = f"{typed.rstrip('/' + os.sep)}/{NAME}" if typed.strip("/" + os.sep) else f"{typed}{NAME}"
    return named_for_board(front_end, typed)


def target_for_board(front_end: FrontEnd, typed: str) -> str:
    """Return where a file of this board goes: a file's name, or with a slash at its end a folder that is there.

    Of several boards each has a folder of its name, in the folder that was named, unless ``{name}`` stands in the path.

    Raises:
        MagicError: the same file would be written for each.
        HostFileProblem: the folder cannot be made.
    """
    if one_of_several.get() is None or NAME in typed:
        return named_for_board(front_end, typed)
    if typed and not typed.endswith(("/", os.sep)) and not host_files.host_path(typed).is_dir():
        return file_for_board(front_end, typed)
    folder = folder_for_board(front_end, typed)
    make_folder(host_files.host_path(folder))
    return folder


def make_folder(path: Path) -> None:
    """Make a folder on this computer, and those that are missing above it.

    Raises:
        HostFileProblem: it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise host_files.problem(path, error) from error
