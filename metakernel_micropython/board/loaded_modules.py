"""Modules that a board has imported from files, and having it import them anew.

A board imports a module once, whatever becomes of its file (``sys.modules``).
"""

from __future__ import annotations

import re
from posixpath import join, normpath
from typing import TYPE_CHECKING

from ..errors import DeviceError, TransferFailed
from . import snippets
from .files.helper_programs import parse_literal, parse_tuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .protocol.executor import Executor

TIMEOUT = 15.0
"""Seconds that the board has to answer."""

MAX_REPLY = 100_000
"""Characters of its answer that are read."""

NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
"""The name of a module."""


def loaded_from(board: Executor, paths: Iterable[str]) -> list[str]:
    """Return the modules that a board has imported from files.

    Args:
        board: the board; one without ``sys.modules`` cannot tell, as a micro:bit.
        paths: which files, as a person names them on the board.
    """
    wanted = [path for path in paths if path.endswith((".py", ".mpy"))]
    if not wanted:
        return []
    try:
        first, *lines = board.execute(snippets.call("loaded_modules"), timeout=TIMEOUT)[:MAX_REPLY].splitlines()
        here = str(parse_literal(first))
        files = {name: join(here, file) for name, file in (parse_tuple(line, (str, str)) for line in lines)}
    except (DeviceError, TransferFailed, ValueError):
        return []
    places = {normpath(join(here, path)) for path in wanted}
    return sorted(name for name, file in files.items() if normpath(file) in places)


def reload_source(names: Iterable[str], *, again: bool) -> str:
    """Return source that drops modules and those that import them, and prints a line for each.

    Args:
        names: the modules.
        again: import them here, and have global names mean the new ones.
    """
    return snippets.call("drop_modules", " ".join(names), int(again))


def drop(board: Executor, names: Iterable[str]) -> list[str]:
    """Have the next import of modules run their files anew; return these and the ones that import them.

    Raises:
        MicroPythonError: it did not work.
    """
    said = board.execute(reload_source(names, again=False), timeout=TIMEOUT)[:MAX_REPLY]
    return sorted(str(parse_tuple(line, (str,))[0]) for line in said.splitlines())
