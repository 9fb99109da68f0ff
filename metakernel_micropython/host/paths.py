"""Paths as people see and type them: shown without surprises, completed with Tab."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import MagicError, MicroPythonError
from ..magic_arguments import names_host_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..front_end import FrontEnd


def shown(text: str) -> str:
    r"""Return a name for display: what would move the cursor or turn the text around becomes ``\x1b`` and such."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


# Control characters other than line ends and tabs, and what turns the direction of writing around.
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    r"""Return a text of several lines for display: what would steer a terminal becomes ``\x1b`` and such."""
    return _STEERING.sub(lambda found: found.group().encode("unicode_escape").decode(), text)


def counted(number: int, what: str) -> str:
    """Return ``1 byte``, ``2 bytes``."""
    return f"{number} {what}" + ("" if number == 1 else "s")


def human(size: float) -> str:
    """Return a number of bytes in a unit that people compare: ``1.4 MiB``."""
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.4g} {unit}"
        size /= 1024
    return f"{size:.4g} GiB"


def quoted(path: str) -> str:
    """Return a path as it is typed behind a magic, as one argument: in quotes where it needs them."""
    if path and not set(path) & set(" \t\n\r\"'#"):
        return path
    if '"' not in path:
        return f'"{path}"'
    # Pieces in quotes that stand together are one word.
    return "'" + path.replace("'", "'\"'\"'") + "'"


_DRIVE = re.compile(r"[A-Za-z]:(?:[/\\]|\Z)")


def board_target(typed: str) -> str:
    r"""Return the path on a board that a person typed for what is written there. ``:`` in front of it may stand.

    Raises:
        MagicError: it has ``\`` between its folders, or the drive of a computer. The board would take that for a part
            of the name, and what imports the file would not find it.
    """
    path = typed.removeprefix(":")
    if _DRIVE.match(path):
        raise MagicError(
            f"{shown(typed)} is a path of a computer, and a board has no drives: name where it goes on the board, as "
            "in lib/sensor.py"
        )
    if "\\" in path:
        meant = path.replace("\\", "/")
        raise MagicError(f"{shown(typed)}: a board has / between its folders. Did you mean {shown(meant)}?")
    return path


def drawn(entries: Iterable[tuple[str, bool]]) -> Iterator[str]:
    """Give the lines of a tree.

    Args:
        entries: relative paths, each folder before its contents, and whether each is a folder.
    """
    paths = list(entries)
    folders = [path.rpartition("/")[0] for path, _ in paths]
    last = {folder: index for index, folder in enumerate(folders)}
    for index, (path, is_folder) in enumerate(paths):
        *above, name = path.split("/")
        bars = ""
        for depth in range(len(above)):
            bars += "    " if last.get("/".join(above[:depth]), -1) < index else "│   "
        corner = "└── " if last[folders[index]] == index else "├── "
        yield f"{bars}{corner}{shown(name)}{'/' if is_folder else ''}"


def board_paths(front_end: FrontEnd, word: str) -> list[str]:
    """Return the paths on the board that a word may become; none while the board is busy."""
    device = front_end.device
    if device is None or not device.idle:
        return []
    folder = _folder(word)
    try:
        entries = device.files.list(folder)
    except MicroPythonError:
        return []
    return _words(word, ((entry.path, entry.folder) for entry in entries if entry.path != folder))


@names_host_files
def host_paths(_front_end: FrontEnd, word: str, *, windows: bool = os.name == "nt") -> list[str]:
    r"""Return the paths on this computer that a word may become; hidden ones when it begins with their dot.

    Args:
        word: what stands before the cursor.
        windows: whether Windows' rules hold: ``\`` ends a folder as well, and a folder goes on as it was typed.
    """
    folder = _folder(word, "/\\" if windows else "/")
    slash = folder[-1:] or "/"
    hidden = word.lstrip("\"'")[len(folder) :].startswith(".")
    try:
        found = sorted(Path(folder.replace("\\", "/") if windows else folder).expanduser().iterdir())
        paths = ((folder + p.name, p.is_dir()) for p in found if hidden or p.name[:1] != ".")
        return _words(word, paths, slash)
    except (OSError, RuntimeError, ValueError):
        return []


def _folder(word: str, slashes: str = "/") -> str:
    """Return what stands before the last name of a path, with the slash."""
    path = word.lstrip("\"'")
    return path[: max(map(path.rfind, slashes)) + 1]


def _words(word: str, found: Iterable[tuple[str, bool]], slash: str = "/") -> list[str]:
    """Return paths as they are typed: in quotes where they need them; the quote of a folder stays open.

    What cannot be typed as one argument is left out: names with line ends and others that are not seen as they are,
    names that are an option, and names with the quote that is open already.
    """
    quote = word[0] if word[:1] in ("'", '"') and word else ""
    words = []
    for path, is_folder in found:
        if not path.isprintable() or path.startswith("-") or (quote and quote in path):
            continue
        typed = quote + path + quote if quote else quoted(path)
        closing = quote or (typed[0] if typed != path else "")
        words.append(typed.removesuffix(closing) + slash if is_folder else typed)
    return words
