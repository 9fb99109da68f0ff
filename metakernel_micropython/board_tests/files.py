"""Files of tests: on this computer, and on the board."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..board.files.host_files import host_path, read
from ..errors import HostFileProblem, NoSuchFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..board import Board

_NAMES = re.compile(r"test_.*\.py|.*_test\.py", re.DOTALL)
"""Files of a folder that have tests, as pytest takes them."""


def found_here(word: str) -> Iterator[tuple[str, bytes]]:
    """Give the files that a word names, with their contents: one, or those of a folder and of the folders in it.

    Raises:
        HostFileProblem: there is none, or one cannot be read.
    """
    path = host_path(word)
    if not path.is_dir():
        yield word, read(path)
        return
    found = sorted(one for one in path.rglob("*.py") if _is_test(one, path))
    if not found:
        raise HostFileProblem(f"{path} on this computer has no files test_*.py or *_test.py.")
    for one in found:
        yield str(one), read(one)


def found_on_board(board: Board, path: str) -> Iterator[tuple[str, bytes]]:
    """Give the files that a path on a board names, with their contents, as ``found_here`` does.

    Raises:
        MicroPythonError: there is none, or the board does not answer.
    """
    entry = board.files.stat(path)
    if entry is None or not entry.folder:
        yield f":{path}", board.files.read(path)
        return
    names = sorted(one.path for one in board.files.list(path) if not one.folder)
    names = [name for name in names if _NAMES.fullmatch(name.rpartition("/")[2])]
    if not names:
        raise NoSuchFile(f"{path} on the board has no files test_*.py or *_test.py.")
    for name in names:
        yield f":{name}", board.files.read(name)


def text_of(path: str, data: bytes) -> str:
    r"""Return the text of a file, with ``\n`` line ends.

    Raises:
        HostFileProblem: it is none in UTF-8.
    """
    try:
        return re.sub("\r\n?", "\n", data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise HostFileProblem(f"{path} is no text in UTF-8: {error.reason}.") from error


def _is_test(path: Path, folder: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    return not hidden and _NAMES.fullmatch(path.name) is not None and path.is_file()
