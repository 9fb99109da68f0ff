"""A folder of this computer as it goes to a board: one walk for everything that sends folders.

A link that leads out of the folder is not followed unless somebody wants it: a project from the net with a link to
``/etc/shadow`` in it would have sent that file. What is left out is told, each with its reason.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from . import host_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BESIDE = "is beside it"
"""What the reason ends with for a .py file that its .mpy file replaces."""


class Excluded(Protocol):
    """Says what is left out without a word."""

    def __call__(self, path: str, *, folder: bool) -> bool:
        """Whether a path below the folder is left out."""


@dataclass(frozen=True)
class HostFile:
    """A file to be sent.

    Attributes:
        name: below the folder, with slashes.
        path: on this computer.
        size: bytes.
    """

    name: str
    path: Path
    size: int


@dataclass
class HostTree:
    """What a folder has for a board, in the order in which it goes; all names are below it, with slashes.

    Attributes:
        files: the files.
        folders: sub-folders, each before its contents.
        skipped: what was left out though it is not excluded, each with the reason.
    """

    files: list[HostFile] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return sum(file.size for file in self.files)

    @property
    def remarks(self) -> list[tuple[str, str]]:
        """Names that other computers and file systems do not have as they are here; see ``host_files.remarks``."""
        return host_files.remarks([*self.folders, *(file.name for file in self.files)])


def walk(folder: Path, excluded: Excluded, *, follow_links: bool = False) -> HostTree:
    """Return what is in a folder and below. Links inside of it are followed, but not in circles.

    A ``.py`` beside its ``.mpy`` is skipped, since the board would import the ``.py``; so is what is no regular file.

    Args:
        folder: on this computer.
        excluded: what is left out without a word.
        follow_links: follow links that lead out of the folder, too.

    Raises:
        HostFileProblem: there is no such folder, or one in it cannot be read.
    """
    tree = HostTree()
    top = folder.resolve()

    def leads_out(path: Path) -> bool:
        return not follow_links and not path.is_relative_to(top)

    _walk(folder, "", tree, excluded, leads_out, (top,))
    return tree


def _walk(
    folder: Path,
    start: str,
    tree: HostTree,
    excluded: Excluded,
    leads_out: Callable[[Path], bool],
    above: tuple[Path, ...],
) -> None:
    try:
        names = sorted(path.name for path in folder.iterdir())
    except OSError as error:
        raise host_files.problem(folder, error) from error
    for each in names:
        name, path = start + each, folder / each
        try:
            there = path.resolve()
            is_folder = path.is_dir()
            size = path.stat().st_size if path.is_file() else -1
        except (OSError, RuntimeError) as error:  # RuntimeError: links that lead to each other, before Python 3.13
            if not excluded(name, folder=False):
                tree.skipped.append((name, getattr(error, "strerror", None) or "it is a link that leads nowhere"))
            continue
        if excluded(name, folder=is_folder):
            continue
        if leads_out(there):
            tree.skipped.append((name, f"it is a link that leads out of the folder, to {there}; see --follow-links"))
        elif is_folder and there in above:
            tree.skipped.append((name, "it is a link to a folder around it"))
        elif is_folder:
            tree.folders.append(name)
            _walk(path, name + "/", tree, excluded, leads_out, (*above, there))
        elif size < 0:
            tree.skipped.append((name, "it is no regular file"))
        elif each.endswith(".py") and each[:-3] + ".mpy" in names:
            tree.skipped.append((name, f"{each[:-3]}.mpy {BESIDE}"))
        else:
            tree.files.append(HostFile(name, path, size))
