"""Packages on a board: what belongs to which stands in a small file beside them. Without Jupyter.

The record is ``.mip.json`` in the folder with the packages, so that it goes wherever that goes:

    {"version": 1, "packages": {NAME: {"version": ..., "source": URL, "asked": whether a person asked for it,
        "needs": [NAME ...], "files": {PATH: [size, SHA-256, Adler-32]}, "branch": of a repository, where asked for}}}

What it says is data from a board: a path that leads out of the folder is never followed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..board.files.comparison import Fingerprint
from ..board.files.folder_sync import Plan, Source, prepare
from ..board.files.folders import absolute, import_path, join
from ..errors import FileProblem
from .packages import unfit

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from ..board import Board
    from ..board.files.filesystem import Files
    from .packages import Package

RECORD = ".mip.json"
"""The name of the record."""

MODIFIED = "it was modified since it was installed"

MAX_RECORD = 256 * 1024
"""Bytes of a record; a larger one is none of ours."""


@dataclass
class Installed:
    """A package on a board.

    Attributes:
        version: ``""`` where its source has none.
        source: the URL it came from.
        asked: whether a person asked for it; else another package needs it.
        needs: the names of the packages that it needs.
        files: what its files were like, by their paths below the folder.
        branch: the branch or tag of a repository that was asked for; ``""`` for none.
    """

    version: str
    source: str
    asked: bool
    needs: list[str]
    files: dict[str, Fingerprint]
    branch: str = ""

    @property
    def compiled(self) -> bool:
        """Whether it was installed as .mpy files."""
        return any(path.endswith(".mpy") for path in self.files)


@dataclass
class Removal:
    """What uninstalling does; all paths are below the folder.

    Attributes:
        target: the folder.
        delete: files that go.
        keep: files that stay, each with the reason.
        missing: files that are gone already.
        left: the packages that stay.
        notes: what is to be known about those.
    """

    target: str
    delete: list[str] = field(default_factory=list)
    keep: list[tuple[str, str]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    left: dict[str, Installed] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def default_target(board: Board, command: str = "") -> str:
    """Return the folder for packages: the first ``lib`` from which the board imports.

    Args:
        board: which.
        command: what a person typed, for the line that would work.

    Raises:
        FileProblem: there is none.
    """
    paths = import_path(board)
    for path in paths:
        if (path.endswith("/lib") or board.files.flat) and not path.startswith("/rom"):
            return path
    where = ", ".join(map(repr, paths)) or "nowhere"
    problem = f"The board on {board.address} imports from {where}, and none of that is a folder lib"
    others = [path for path in paths if not path.startswith((".", "/rom"))]
    if not others:
        raise FileProblem(f"{problem}, nor one that can be written: add one with sys.path.append first.")
    folder = others[0] or absolute(board, "")  # "" is the current folder
    raise FileProblem(f"{problem}. This would work: {command or '%mip install NAME'} --target {folder}")


def read(files: Files, target: str) -> dict[str, Installed]:
    """Return the packages in a folder of a board, by name.

    Raises:
        FileProblem: their record is damaged.
    """
    path = join(target, RECORD)
    found = files.stat(path)
    if found is None or found.folder:
        return {}
    record: Any = None
    if found.size <= MAX_RECORD:
        try:
            record = json.loads(files.read(path))
            return {name: _installed(name, entry) for name, entry in record["packages"].items()}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            pass
    raise FileProblem(
        f"{path}, where it stands which packages the board has, is damaged. Remove it (%rm) and reinstall."
    )


def prepare_install(
    files: Files,
    target: str,
    packages: Sequence[Package],
    *,
    force: bool = False,
    asked: Collection[str] | None = None,
) -> Plan:
    """Compare packages with what a board has. Nothing is changed.

    The record is the last file of the plan: an installation that ends in the middle can be done again.

    Args:
        files: the board's file system.
        target: the folder for packages.
        packages: what is to be installed.
        force: replace files also when they belong to nobody or somebody else, or were modified.
        asked: the names of those that a person asked for; None for the first one.

    Raises:
        FileProblem: files are in the way, or the board cannot hold it.
    """
    before = read(files, target)
    names = {packages[0].name} if asked is None else asked
    contents: dict[str, bytes] = {}
    after = dict(before)
    for package in packages:
        for path, data in package.files.items():
            if contents.setdefault(path, data) != data or path == RECORD:
                raise FileProblem(f"{package.name} has a {path} that cannot be beside another of that name.")
        known = before.get(package.name)
        is_asked = package.name in names or (known is not None and known.asked)
        prints = {path: Fingerprint.of(data) for path, data in package.files.items()}
        after[package.name] = Installed(
            package.version, package.source, is_asked, package.needs, prints, package.branch
        )
    plan = prepare(files, Source(contents, _folders(contents)), target)
    own = {path: what for package in packages if package.name in before for path, what in _files(before, package.name)}
    staying = {path for installed in after.values() for path in installed.files}
    stale = [path for path in own if path not in staying]
    replaced = [path for path in plan.send if path not in plan.new]
    known_files = {path: own[path] for path in (*stale, *replaced) if path in own}
    found = files.compare(target, known_files) if known_files else None
    if not force:
        _check_replaced(
            target, replaced, before, {package.name for package in packages}, found.same if found else set()
        )
    plan.delete = [path for path in stale if found and path in found.same]
    plan.keep = [(path, MODIFIED) for path in stale if found and path in found.different]
    if after != before:
        plan.send[RECORD] = _dumped(after)
        if not before:
            plan.new.add(RECORD)
    return plan


def prepare_uninstall(files: Files, target: str, names: Iterable[str]) -> Removal:
    """Find out what goes with some packages. Nothing is changed.

    Raises:
        FileProblem: one is not installed.
    """
    left = read(files, target)
    known = ", ".join(sorted(left)) or "none"
    own: dict[str, Fingerprint] = {}
    needed: set[str] = set()
    for name in dict.fromkeys(names):
        if name not in left:
            raise FileProblem(
                f"{name} is not installed in {target or 'the current folder'}. Installed packages: {known}."
            )
        needed |= set(left[name].needs)
        own |= left.pop(name).files
    removal = Removal(target, left=left)
    owners = {path: name for name, installed in left.items() for path in installed.files}
    removal.keep = [(path, f"{owners[path]} has it too") for path in own if path in owners]
    alone = {path: what for path, what in own.items() if path not in owners}
    found = files.compare(target, alone)
    removal.delete = [path for path in alone if path in found.same]
    removal.missing = [path for path in alone if path in found.missing]
    removal.keep += [(path, f"{MODIFIED}; %rm removes it") for path in alone if path in found.different | found.wrong]
    for name in sorted(left):
        for need in left[name].needs:
            if need not in left and need in names:
                removal.notes.append(f"{name} needs {need}, which goes.")
        if name in needed and not left[name].asked and not any(name in other.needs for other in left.values()):
            removal.notes.append(f"{name} was installed for it, and nothing else needs that: %mip uninstall {name}")
    return removal


def uninstall(files: Files, removal: Removal) -> None:
    """Remove the files, the folders that they leave empty, and what the record says of them.

    Raises:
        FileProblem: the board refuses one; what was removed before is gone, and the record still has the package.
    """
    files.remove_all([join(removal.target, path) for path in removal.delete])
    for folder in reversed(_folders([*removal.delete, *removal.missing])):
        path = join(removal.target, folder)
        found = files.stat(path)
        if found is not None and found.folder and not files.list(path):
            files.remove(path)
    record = join(removal.target, RECORD)
    if removal.left:
        files.write(record, _dumped(removal.left))
    else:
        files.remove(record)


def changes(files: Files, target: str, record: dict[str, Installed]) -> dict[str, tuple[set[str], set[str]]]:
    """Return which files of each package were modified, and which are missing, since it was installed."""
    wanted: dict[str, bytes | Fingerprint | None] = {}
    for installed in record.values():
        wanted |= installed.files
    found = files.compare(target, wanted)
    return {
        name: ((found.different | found.wrong) & installed.files.keys(), found.missing & installed.files.keys())
        for name, installed in record.items()
    }


def sha256(data: bytes) -> bytes:
    """Return the digest that a record has of a file with this content."""
    return Fingerprint.of(data).sha256


def _check_replaced(
    target: str, replaced: Sequence[str], before: dict[str, Installed], names: set[str], untouched: set[str]
) -> None:
    """Refuse to replace what is not the packages' own.

    Raises:
        FileProblem: there is something; the message lists it.
    """
    problems = []
    for path in replaced:
        owners = [name for name, installed in before.items() if path in installed.files]
        others = [name for name in owners if name not in names]
        if others:
            problems.append(f"{join(target, path)} belongs to {others[0]}")
        elif not owners:
            problems.append(f"{join(target, path)} belongs to no package")
        elif path not in untouched:
            problems.append(f"{join(target, path)} was modified since it was installed")
    if problems:
        lines = "".join(f"\n  {problem}" for problem in problems)
        raise FileProblem(f"These files would be replaced; nothing was changed, --force replaces them:{lines}")


def _folders(paths: Iterable[str]) -> list[str]:
    """Return the folders of files, each before those in it."""
    parts = [path.split("/")[:-1] for path in paths]
    return sorted({"/".join(part[:count]) for part in parts for count in range(1, len(part) + 1)})


def _files(record: dict[str, Installed], name: str) -> Iterable[tuple[str, Fingerprint]]:
    return record[name].files.items()


def _installed(name: object, entry: dict[str, Any]) -> Installed:
    """Read a package of the record.

    Raises:
        ValueError: it is none; and what reading another shape raises.
    """
    files = {}
    for path, (size, sha256, adler32) in entry["files"].items():
        if unfit(path) or not isinstance(size, int) or not isinstance(adler32, int) or size < 0:
            raise ValueError(path)
        files[path] = Fingerprint(size, bytes.fromhex(sha256), adler32)
    branch = entry.get("branch", "")
    texts = (name, entry["version"], entry["source"], branch, *entry["needs"])
    if not all(isinstance(text, str) and text.isprintable() for text in texts):
        raise ValueError(name)
    return Installed(entry["version"], entry["source"], bool(entry["asked"]), list(entry["needs"]), files, branch)


def _dumped(record: dict[str, Installed]) -> bytes:
    packages = {
        name: {
            "version": installed.version,
            "source": installed.source,
            "asked": installed.asked,
            "needs": installed.needs,
            "files": {path: [what.size, what.sha256.hex(), what.adler32] for path, what in installed.files.items()},
            **({"branch": installed.branch} if installed.branch else {}),
        }
        for name, installed in sorted(record.items())
    }
    return json.dumps({"version": 1, "packages": packages}, separators=(",", ":")).encode()
