"""Whole folders between this computer and a board, file by file.

What a board calls its files is data: nothing it says makes a file outside of the folder that was asked for.
"""

from __future__ import annotations

import errno
import posixpath
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...errors import FileProblem, HostFileProblem, NoSuchFile
from . import host_files, host_tree
from .entries import UNCHANGED
from .host_rules import RUNNING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .entries import Written
    from .filesystem import ExecutorWithFiles, Files
    from .host_rules import HostRules
    from .transmission import FolderProgress

OF_DRIVES = frozenset({"System Volume Information", "$RECYCLE.BIN", ".Spotlight-V100", ".Trashes", ".fseventsd"})
"""Folders that Windows and macOS keep on top of each drive; nobody may read some of them."""

LEFT_OUT = OF_DRIVES | {"__pycache__", ".ipynb_checkpoints", ".git", ".hg", ".svn", ".bzr"}
"""Folders that tools of the computer make for themselves, of no use on a board."""


@dataclass
class Tally:
    """What was done with a folder, and so far, while it is in work.

    Attributes:
        total: files that there are to do.
        files: files that are done.
        size: their bytes.
        skipped: files that were left out on purpose, each with the reason.
        failed: files and folders that did not work, each with the reason.
        remarks: names that are not everywhere what they are here, see ``host_files.remarks``.
        written: how the last file was written to the board.
        changed: the files of the board whose content is another one now.
    """

    total: int = 0
    files: int = 0
    size: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    remarks: list[tuple[str, str]] = field(default_factory=list)
    written: Written | None = None
    changed: list[str] = field(default_factory=list)


def join(folder: str, name: str) -> str:
    """Return the path of ``name`` in a folder of a board; ``""`` and ``.`` are its current folder."""
    return name if folder in ("", ".", "./") else folder.rstrip("/") + "/" + name


def root(files: Files, folder: str) -> str:
    """Return a folder as its board knows it: one without folders has only ``""``, whatever people call it."""
    return "" if files.flat and folder in ("/", ".", "./") else folder


def prefix(folder: str) -> str:
    """Return what the paths of a listing of ``folder`` begin with."""
    return folder and folder.rstrip("/") + "/"


def absolute(board: ExecutorWithFiles, path: str) -> str:
    """Return a path on a board from its root on, without ``.`` and ``..``."""
    current = "/" if board.files.flat else str(board.evaluate("__import__('os').getcwd()", own=True))
    return "/" + posixpath.normpath(posixpath.join(current, path)).lstrip("/")


def import_path(board: ExecutorWithFiles) -> list[str]:
    """Return the folders from which a board imports."""
    if board.files.flat:
        return [""]
    found = board.evaluate("list(getattr(__import__('sys'),'path',()))", own=True)
    return [path for path in found if isinstance(path, str)] if isinstance(found, list) else []


def target_on_board(board: ExecutorWithFiles, source: str, target: str) -> str:
    """Return where ``source`` goes on the board when it is moved or copied to ``target``: into it, if it is a folder.

    Raises:
        FileProblem: that is where it is already, or inside of itself.
    """
    target = root(board.files, target)
    found = board.files.stat(target)
    if found is not None and found.folder:
        target = join(target, source.rstrip("/").rpartition("/")[2])
    here, there = absolute(board, source), absolute(board, target)
    if here == there:
        raise FileProblem(f"{source} is there already: {target} is the same file on the board on {board.address}.")
    if there.startswith(here.rstrip("/") + "/"):
        raise FileProblem(f"{source} cannot go into itself: {target} lies in it on the board on {board.address}.")
    return target


def send_folder(
    files: Files,
    source: Path,
    target: str = "",
    *,
    append: bool = False,
    follow_links: bool = False,
    progress: FolderProgress | None = None,
    tally: Tally | None = None,
) -> Tally:
    """Send a folder's files, with its sub-folders, into a folder of the board, which is made when it is missing.

    What is left out, and why, is in the tally; see ``host_tree.walk``.

    Args:
        files: the board's file system.
        source: the folder on this computer.
        target: the folder on the board; ``""`` is its current one.
        append: write behind what the board's files hold already.
        follow_links: follow links that lead out of the folder, too.
        progress: called as it goes on.
        tally: kept up to date, for whoever wants to know how far it came when it fails.

    Raises:
        NoSpace: a file is larger than the board's file system; nothing was sent.
        FileProblem: the board refuses a file; what was sent before stays.
        HostFileProblem: a file cannot be read.
    """
    tally = Tally() if tally is None else tally
    target = root(files, target)
    tree = host_tree.walk(source, _left_out, follow_links=follow_links)
    tally.skipped += tree.skipped
    tally.remarks += tree.remarks
    if files.flat and (tree.folders or target):
        where = f"{source} has folders in it" if tree.folders else f"there can be no {target}"
        raise FileProblem(f"This board has no folders, and {where}.")
    if target.strip("/") not in ("", ".", ".."):
        files.mkdir(target, parents=True)
    for folder in tree.folders:
        files.mkdir(join(target, folder), parents=True)
    tally.total = len(tree.files)
    with files.together():
        for file in tree.files:
            place = join(target, file.name)
            files.check_room(place, file.size, append=append)
            data = host_files.read(file.path)
            part = _part(progress, file.name, tally, tree.size)
            tally.written = files.write(place, data, append=append, progress=part)
            if tally.written.note != UNCHANGED:
                tally.changed.append(place)
            tally.files += 1
            tally.size += len(data)
    return tally


def fetch_folder(
    files: Files,
    source: str,
    target: Path,
    *,
    follow_links: bool = False,
    progress: FolderProgress | None = None,
    tally: Tally | None = None,
    rules: HostRules = RUNNING,
) -> Tally:
    """Fetch a folder's files, with its sub-folders, into a folder on this computer, which is made when it is missing.

    What cannot have its name here, would leave the folder, or cannot be read, is told in the tally; the rest is
    fetched. Each file replaces an old one in one step.

    Args:
        files: the board's file system.
        source: the folder on the board; ``""`` is its current one.
        target: the folder on this computer.
        follow_links: save also where a link on this computer leads out of that folder.
        progress: called as it goes on.
        tally: kept up to date, for whoever wants to know how far it came when it fails.
        rules: of this computer's system.

    Raises:
        NoSuchFile: the board has no such folder.
        HostFileProblem: the target cannot be made, or the disk is full.
    """
    tally = Tally() if tally is None else tally
    source = root(files, source)
    there = files.stat(source)
    if there is None or not there.folder:
        raise NoSuchFile(f"There is no folder {source} on the board.")
    entries = files.list(source, recurse=True)
    _make_folder(target)
    tally.total = sum(not entry.folder for entry in entries)
    total = sum(entry.size for entry in entries)
    start = prefix(source)
    seen: dict[str, Path] = {}
    tally.remarks += host_files.remarks([entry.path.removeprefix(start) for entry in entries])
    with files.together():
        for entry in entries:
            try:
                path = _place(entry.path, start, target, seen, rules, follow_links=follow_links)
                if entry.folder:
                    _make_folder(path)
                    continue
                _make_folder(path.parent)  # a board without folders may have slashes in its names
                data = files.read(entry.path, progress=_part(progress, entry.path, tally, total))
                host_files.replace(path, data, rules)
            except (FileProblem, HostFileProblem) as error:
                if isinstance(error.__cause__, OSError) and error.__cause__.errno == errno.ENOSPC:
                    raise
                tally.failed.append((entry.path, str(error)))
            except OSError as error:  # what this computer says of a name before anything is opened
                tally.failed.append((entry.path, str(host_files.problem(target, error))))
            else:
                tally.files += 1
                tally.size += len(data)
    return tally


def copy_folder(files: Files, source: str, target: str) -> int:
    """Copy a folder on the board, with what is in it; return the number of files."""
    entries = files.list(source, recurse=True)
    files.mkdir(target, parents=True)
    start = prefix(source)
    for entry in entries:
        path = join(target, entry.path.removeprefix(start))
        if entry.folder:
            files.mkdir(path, parents=True)
        else:
            files.copy(entry.path, path)
    return sum(not entry.folder for entry in entries)


def _left_out(path: str, *, folder: bool) -> bool:
    return folder and path.rpartition("/")[2] in LEFT_OUT


def _place(path: str, start: str, target: Path, seen: dict[str, Path], rules: HostRules, *, follow_links: bool) -> Path:
    """Return where a file of the board goes.

    Raises:
        HostFileProblem: nowhere.
    """
    parts = path.removeprefix(start).split("/")
    reason = "" if path.startswith(start) else "it is not in the folder that was asked for"
    reason = reason or next(filter(None, map(rules.unfit, parts)), "")
    if reason:
        raise HostFileProblem(reason)
    place = target.joinpath(*parts)
    if not follow_links and not place.resolve().is_relative_to(target.resolve()):
        raise HostFileProblem(f"a link on this computer leads out of {target}; see --follow-links")
    other = seen.setdefault(unicodedata.normalize("NFC", "/".join(parts)).casefold(), place)
    if other != place and other.is_file() and (_one_name(place, other, rules) or _same(place, other)):
        raise HostFileProblem(f"this computer takes it for the same name as {other.name}")
    return place


def _one_name(path: Path, other: Path, rules: HostRules) -> bool:
    return rules.folded(str(path)) == rules.folded(str(other))


def _same(path: Path, other: Path) -> bool:
    """Whether two names are one file: on a disk that does not tell capitals or kinds of accents apart."""
    return path.exists() and path.samefile(other)


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise host_files.problem(path, error) from error


def _part(progress: FolderProgress | None, name: str, tally: Tally, total: int) -> Callable[[int, int], object] | None:
    """Return the progress of one file as a part of the whole."""
    if progress is None:
        return None
    before = tally.size
    return lambda done, _size: progress(name, before + done, total)
