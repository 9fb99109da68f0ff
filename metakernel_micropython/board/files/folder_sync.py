"""A folder on a board made like one on this computer: only what changed moves.

>>> with Board.connect("virtual") as board:
...     plan = prepare(board.files, collect(Path("src")), "/lib", delete=True)
...     done = carry_out(board.files, plan)

What is deleted goes after everything has arrived, and never outside of the folder. Excluded names are neither sent nor
deleted.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from ...errors import Advice, FileProblem, HostFileProblem, NoSpace
from . import host_files, host_tree, sync_room
from .folders import LEFT_OUT, join, root
from .helper_programs import UNFINISHED
from .host_rules import RUNNING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from .comparison import Comparison
    from .entries import Written
    from .filesystem import Files
    from .host_rules import HostRules
    from .transmission import FolderProgress

    Compile = Callable[[Path], bytes]
    """Returns the .mpy file that a .py file becomes."""

OF_THE_SYSTEM = (".DS_Store", "._*", "Thumbs.db", "desktop.ini")
"""Files that Windows and macOS put into folders that somebody opens."""

EXCLUDED = (*sorted(LEFT_OUT), "*.pyc", *OF_THE_SYSTEM, ".*.swp", "*~", "*" + UNFINISHED)
"""What is excluded always: what tools of the computer make for themselves, and files that are not whole."""

NOT_COMPILED = frozenset({"boot.py", "main.py"})
"""Files that a board runs only as .py."""

KEPT = frozenset({"boot.py", "webrepl_cfg.py", "settings.toml"})
"""What a board starts with or comes into the network with: not deleted where a folder lacks it."""

IS_UNFINISHED, STARTS_THE_BOARD = "it is unfinished", "the board starts or connects with it"
BY_HAND = frozenset({IS_UNFINISHED, STARTS_THE_BOARD})
"""Reasons why a file is kept that goes only when somebody removes it."""

ROOM_ASKED_FROM = 1 << 20
"""Bytes of a folder from which on the board is asked for its room before they are read."""

_LINE_ENDS = {"\n", "\r"}  # paths go to the board in lines
_SPLIT = "the name holds a line end"


class Excludes:
    """Patterns of names that are left alone.

    A pattern without a slash is for every name; one with a slash for paths from the folder on; one that ends with a
    slash for folders. ``*`` stands for any characters. What lies in an excluded folder is excluded.

    Args:
        patterns: further ones.
        rules: of the system whose people type them: on Windows folders may end with a backslash.
    """

    def __init__(self, patterns: Iterable[str] = (), rules: HostRules = RUNNING) -> None:
        typed = map(rules.slashed, patterns)
        self._patterns = [*EXCLUDED, *(pattern.removeprefix("./") for pattern in typed if pattern.strip("./"))]

    def __call__(self, path: str, *, folder: bool) -> bool:
        """Whether a path below the folder is excluded."""
        return any(self._matches(name, folder=True) for name in _above(path)) or self._matches(path, folder=folder)

    def _matches(self, path: str, *, folder: bool) -> bool:
        for pattern in self._patterns:
            wanted = pattern.rstrip("/")
            if pattern.endswith("/") and not folder:
                continue
            name = path if "/" in wanted else path.rpartition("/")[2]
            if fnmatchcase(name, wanted.removeprefix("/")):
                return True
        return False


@dataclass
class Source:
    """What a folder on this computer has for a board; all paths are below it, with slashes.

    Attributes:
        files: contents.
        folders: sub-folders, each before its contents.
        hidden: .py files by the .mpy files that they became: a board would import them in their place.
        skipped: what was left out though it is not excluded, each with the reason.
        remarks: names that are not everywhere what they are here, see ``host_files.remarks``.
        excludes: what was excluded.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    folders: list[str] = field(default_factory=list)
    hidden: dict[str, str] = field(default_factory=dict)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    remarks: list[tuple[str, str]] = field(default_factory=list)
    excludes: Excludes = field(default_factory=Excludes)


@dataclass
class Plan:
    """What is to be done; all paths are below the target.

    Attributes:
        target: the folder on the board.
        send: contents of the files that are new or changed.
        new: which of them are new.
        folders: folders to be made.
        delete: files and folders to be deleted, in the order in which they go.
        keep: what stays on the board though this computer does not have it, each with the reason.
        unchanged: files that are as they should be.
    """

    target: str
    send: dict[str, bytes] = field(default_factory=dict)
    new: set[str] = field(default_factory=set)
    folders: list[str] = field(default_factory=list)
    delete: list[str] = field(default_factory=list)
    keep: list[tuple[str, str]] = field(default_factory=list)
    unchanged: int = 0

    @property
    def size(self) -> int:
        """The bytes to be sent."""
        return sum(map(len, self.send.values()))


@dataclass
class Done:
    """What was done, kept up to date while it is in work.

    Attributes:
        sent: files that have arrived.
        size: their bytes.
        deleted: files and folders that are gone.
        written: how the last file was written.
    """

    sent: int = 0
    size: int = 0
    deleted: int = 0
    written: Written | None = None


def collect(
    folder: Path,
    excludes: Excludes | None = None,
    compiled: Compile | None = None,
    *,
    follow_links: bool = False,
    room: Callable[[], int | None] = lambda: None,
) -> Source:
    """Read a folder on this computer; see ``host_tree.walk`` for what is left out.

    Args:
        folder: which.
        excludes: what is left out.
        compiled: makes ``.mpy`` files of ``.py`` files.
        follow_links: follow links that lead out of the folder, too.
        room: returns the bytes of the file system that the files are for, None where nobody knows; asked where the
            files have so many that it matters.

    Raises:
        NoSpace: they have more; nothing was read.
        HostFileProblem: there is no such folder, or something in it cannot be read.
        MicroPythonError: what ``compiled`` raises.
    """
    if not folder.is_dir():
        what = "is no folder" if folder.exists() else "is not there"
        raise HostFileProblem(f"{folder} on this computer {what}.")
    source = Source(excludes=excludes or Excludes())
    tree = host_tree.walk(folder, source.excludes, follow_links=follow_links)
    source.folders = [name for name in tree.folders if not _LINE_ENDS & set(name)]
    source.skipped = tree.skipped + [(name, _SPLIT) for name in tree.folders if _LINE_ENDS & set(name)]
    source.remarks = tree.remarks
    size = sum(file.size for file in tree.files if compiled is None or not file.name.endswith(".py"))
    if size >= ROOM_ASKED_FROM and (most := room()) is not None and size > most:
        raise NoSpace(f"The files in {folder} have {size} bytes, and the board has room for {most} in all.")
    for file in tree.files:
        name, path, data = file.name, file.path, None
        if _LINE_ENDS & set(name):
            if not _LINE_ENDS & set(name.rpartition("/")[0]):
                source.skipped.append((name, _SPLIT))
            continue
        if compiled is not None and name.endswith(".py") and path.name not in NOT_COMPILED:
            source.hidden[name[:-3] + ".mpy"] = name
            name, data = name[:-3] + ".mpy", compiled(path)
        source.files[name] = host_files.read(path) if data is None else data
    return source


def prepare(files: Files, source: Source, target: str = "", *, delete: bool = False, others: bool = False) -> Plan:
    """Compare a folder on the board with what it should be. Nothing is changed.

    Where nothing is to be done, this is one execution on the board.

    Args:
        files: the board's file system.
        source: what the folder should hold.
        target: the folder on the board; ``""`` is its current one.
        delete: whether what the source does not have is to be deleted.
        others: tell also without ``delete`` what the source does not have.

    Raises:
        FileProblem: the board cannot hold it.
    """
    target = root(files, target)
    plan = Plan(target)
    if files.flat and (source.folders or target):
        where = f"there is the folder {source.folders[0]}" if source.folders else f"there can be no {target}"
        raise FileProblem(f"This board has no folders, and {where}.")
    wanted: dict[str, bytes | None] = {} if target in ("", "/", ".", "./") else {"": None}
    wanted |= dict.fromkeys(source.folders)
    wanted |= source.files
    hiding = [name for name in source.hidden.values() if name not in wanted]
    found = files.compare(target, wanted, hiding, others=delete or others)
    if found.wrong:
        name = min(found.wrong)
        is_folder = wanted[name] is None
        path = join(target, name) if name else target
        raise FileProblem(
            f"{path} is a {'file' if is_folder else 'folder'} on the board and a "
            f"{'folder' if is_folder else 'file'} here; nothing was changed.",
            Advice.REMOVE_IT,
            path=path,
        )
    plan.send = {name: data for name, data in source.files.items() if name in found.missing | found.different}
    plan.new = set(plan.send) & found.missing
    plan.folders = [name for name in wanted if wanted[name] is None and name in found.missing]
    plan.unchanged = len(source.files) - len(plan.send)
    _judge_others(plan, found, source, wanted, delete=delete)
    if not delete:
        by_source = {name: made for made, name in source.hidden.items()}
        hides = [(name, f"the board imports it in the place of {by_source[name]}") for name in sorted(found.unwanted)]
        plan.keep = [*hides, *(kept for kept in plan.keep if kept[0] not in found.unwanted)]
    return plan


def carry_out(files: Files, plan: Plan, progress: FolderProgress | None = None, done: Done | None = None) -> Done:
    """Do what a plan says: send, and when all has arrived, delete.

    Args:
        files: the board's file system.
        plan: from ``prepare``.
        progress: called as it goes on.
        done: kept up to date, for whoever wants to know how far it came when it fails.

    Raises:
        NoSpace: the files would have no room on the board; nothing was changed.
        FileProblem: the board refuses a file; what was done before stays, the rest is as it was.
    """
    done = Done() if done is None else done
    with files.together():
        if plan.send:
            sync_room.check_room(files, plan.target, plan.send, plan.new, plan.folders)
        for folder in plan.folders:
            # One whose sub-folder is made comes with it.
            if not any(other.startswith(folder + "/" if folder else "") for other in plan.folders if other != folder):
                files.mkdir(join(plan.target, folder) if folder else plan.target, parents=True)
        _send_all(files, [(join(plan.target, name), data) for name, data in plan.send.items()], progress, done)
    if plan.delete:

        def gone(count: int) -> None:
            done.deleted = count

        files.remove_all([join(plan.target, name) for name in plan.delete], gone)
    return done


def _send_all(files: Files, contents: Sequence[tuple[str, bytes]], progress: FolderProgress | None, done: Done) -> None:
    """Write files, whose folders are there."""
    total = sum(len(data) for _, data in contents)

    def part(path: str, before: int) -> Callable[[int, int], object] | None:
        return None if progress is None else lambda now, _size: progress(path, before + now, total)

    for path, data in contents:
        done.written = files.write(path, data, progress=part(path, done.size))
        done.sent += 1
        done.size += len(data)


def _judge_others(
    plan: Plan, found: Comparison, source: Source, wanted: Mapping[str, bytes | None], *, delete: bool
) -> None:
    """Decide about what the board has and the source does not: it is deleted, or kept for a reason."""
    # A file system that does not tell capitals apart (FAT) has one file for both: it is there under our name, and not
    # listed under it. Where the board says that ours is missing, or lists it as well, it does tell them apart.
    hidden = set(wanted) - found.missing - found.listed
    alike = {_folded(name): name for name in hidden}
    skipped = {name for name, reason in source.skipped if not reason.endswith(host_tree.BESIDE)}
    told: set[str] = set()  # kept with all that is in it
    kept: set[str] = set()
    going: list[str] = []
    for entry in found.others:
        name = entry.path
        above = _above(name)
        if source.excludes(name, folder=entry.folder):
            reason = IS_UNFINISHED if name.endswith(UNFINISHED) else "it is excluded"
        elif name in found.foreign:
            reason = "another file system begins there"
        elif name in skipped or not skipped.isdisjoint(above):
            reason = "it was skipped on this computer"
        elif name in KEPT:
            reason = STARTS_THE_BOARD
        elif _folded(name) in alike:
            reason = f"to the board it is the same as {alike[_folded(name)]}"
        elif not delete:
            reason = "only the board has it"
        else:
            going.append(name)
            continue
        kept |= {name, *above}
        if told.isdisjoint(above):
            plan.keep.append((name, reason))
            told.add(name)
    plan.delete = [name for name in reversed(going) if name not in kept]


def _above(path: str) -> list[str]:
    """Return the folders above a path."""
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
