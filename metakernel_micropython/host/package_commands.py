"""What %mip does, and what it shows."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ..board.files import host_files
from ..board.files.folder_sync import NOT_COMPILED
from ..board.files.folders import import_path
from ..errors import FileProblem, MagicError, MicroPythonError
from . import installed_packages, mpy_compiler, package_requirements
from .board_places import file_for_board
from .package_cache import PackageCache
from .package_requirements import Requirement
from .package_web import PackageError
from .packages import Downloads, Package, split_name
from .paths import board_target, counted, human, shown
from .sync_report import SyncTransfer

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Collection, Mapping, Sequence

    from ..board.files.folder_sync import Plan
    from ..front_end import FrontEnd
    from .installed_packages import Installed


class _Installation:
    """Downloads packages for one command, and sends what the board does not have.

    Args:
        front_end: whose board it is, and where the lines go.
        args: the command's arguments.
        command: what a person typed, for the line that would work.
    """

    def __init__(self, front_end: FrontEnd, args: Namespace, command: str) -> None:
        self._front_end = front_end
        self._args = args
        self._board = front_end.require_board()
        self.files = self._board.files
        self.target = _target(front_end, args, command)
        self.syncing = SyncTransfer(front_end, args)

    @property
    def where(self) -> str:
        """The folder, in words."""
        return shown(self.target) or "the current folder"

    def download(
        self,
        wanted: Sequence[tuple[str, str]],
        *,
        compiled: Collection[str] | None = None,
        digests: Mapping[str, Mapping[str, str]] | None = None,
    ) -> list[Package]:
        """Return packages and what they need, compiled where that is wanted. Nothing is changed on the board.

        Args:
            wanted: names and versions.
            compiled: the packages that are wanted as .mpy files; None for all, where the command says so.
            digests: what is known of the files' content, see ``Downloads``.

        Raises:
            PackageError: one cannot be had, or the board would not load it.
            CompileError: one does not compile.
        """
        for_all = compiled is None and self._args.mpy
        mpy = mpy_compiler.target(self._board) if for_all or compiled else None
        downloads = Downloads(
            self._args.index,
            mpy.version if mpy else 0,
            cache=None if self._args.no_cache else PackageCache(),
            plain=() if for_all else [name for name, _ in wanted if name not in (compiled or ())],
            digests=digests,
        )
        packages = downloads.get_all(wanted)
        self._tell_offline(downloads)
        for package in packages:
            if mpy is not None and (for_all or package.name in (compiled or ())):
                _compile(package, mpy)
            if any(path.endswith(mpy_compiler.SUFFIX) for path in package.files):
                _check_compiled(package, mpy or mpy_compiler.target(self._board))
        return packages

    def _tell_offline(self, downloads: Downloads) -> None:
        if downloads.unreachable and not self._args.QUIET:
            servers = ", ".join(f"{server} ({reason})" for server, reason in downloads.unreachable.items())
            day = time.strftime("%Y-%m-%d", time.localtime(downloads.oldest))
            self._front_end.Error(
                f"[cannot be reached: {shown(servers)}. Its files come from this computer's cache, downloaded on {day} "
                "or later]"
            )

    def prepare(self, packages: Sequence[Package], asked: Collection[str]) -> Plan:
        """Find out what is to be done; nothing is changed. See ``prepare_install``."""
        return installed_packages.prepare_install(
            self.files, self.target, packages, force=self._args.force, asked=asked
        )

    def carry_out(self, plan: Plan, name: str) -> str:
        """Send what a plan says, and return how much that was, in words."""
        if not self._args.quiet:
            for path, reason in plan.keep:
                self.syncing.say(f"Kept {shown(path)}: {reason}")
        done = self.syncing.carry_out(plan, name)
        return self.syncing.summary(plan, done)


def install(front_end: FrontEnd, args: Namespace) -> None:
    """Install packages with all that they need."""
    if args.requirement is not None:
        _install_file(front_end, args)
        return
    installation = _Installation(front_end, args, f"%mip install {' '.join(args.names)}")
    for text in args.names:
        name, version = split_name(text)
        packages = installation.download([(name, version)])
        plan = installation.prepare(packages, {packages[0].name})
        if not args.quiet:
            for package in packages[1:]:
                installation.syncing.say(f"{shown(name)} needs {_titled(package.name, package.version)}")
        summary = installation.carry_out(plan, name)
        title = _titled(packages[0].name, packages[0].version)
        installation.syncing.say(f"Installed {title} in {installation.where}: {summary}")


def downloads_for(args: Namespace, mpy: int) -> tuple[dict[str, bytes | None], list[Package]]:
    """Download what ``install`` takes from addresses, for other computers that will install it.

    Args:
        args: the command's arguments; another command than ``install`` takes nothing that is known here.
        mpy: the version of .mpy that the boards load; 0 for none.

    Returns:
        What is behind each address, None for nothing; and the packages.

    Raises:
        PackageError: something cannot be had.
    """
    if args.action != "install":
        return {}, []
    requirements = _requirements(args) if args.requirement is not None else []
    compiled = {one.name for one in requirements if one.compiled}
    wanted = [(one.name, one.version) for one in requirements] or [split_name(text) for text in args.names]
    downloads = Downloads(
        args.index,
        mpy if args.mpy or compiled else 0,
        cache=None if args.no_cache else PackageCache(),
        plain=() if args.mpy else [name for name, _ in wanted if name not in compiled],
        digests={one.name: one.digests for one in requirements},
    )
    packages = [package for name, version in wanted for package in downloads.get(name, version)]
    return downloads.obtained, packages


def _requirements(args: Namespace) -> list[Requirement]:
    path = host_files.host_path(args.requirement)
    if path.is_file() and path.stat().st_size > package_requirements.MAX_SIZE:
        raise PackageError(f"{path} is too large for a file of requirements.")
    return package_requirements.parse(host_files.read(path), str(path))


def _install_file(front_end: FrontEnd, args: Namespace) -> None:
    """Install what a file of requirements names; where it has digests, exactly that."""
    path = host_files.host_path(args.requirement)
    requirements = _requirements(args)
    installation = _Installation(front_end, args, f"%mip install -r {args.requirement}")
    packages = installation.download(
        [(one.name, one.version) for one in requirements],
        compiled=None if args.mpy else {one.name for one in requirements if one.compiled},
        digests={one.name: one.digests for one in requirements},
    )
    package_requirements.check(packages, requirements, str(path))
    needed = {name for package in packages for name in package.needs}
    plan = installation.prepare(packages, {one.name for one in requirements} - needed)
    summary = installation.carry_out(plan, path.name)
    checked = "all with the digests that it names" if requirements[0].digests else "it names no digests"
    number = counted(len(packages), "package")
    installation.syncing.say(f"Installed {number} of {path} in {installation.where}, {checked}: {summary}")


def update(front_end: FrontEnd, args: Namespace) -> None:
    """Install the newest version of packages that the board has, and of what they need."""
    installation = _Installation(front_end, args, "%mip update")
    record = installed_packages.read(installation.files, installation.target)
    names = _known(record, args.names, installation.where) if args.names else sorted(record)
    if not names:
        installation.syncing.say(f"No packages that %mip installed in {installation.where}.")
        return
    packages = installation.download(
        [(name, record[name].branch) for name in names],
        compiled=None if args.mpy else {name for name in names if record[name].compiled},
    )
    plan = installation.prepare(packages, ())
    if not args.quiet:
        for package in packages:
            installation.syncing.say(_step(package, record.get(package.name)))
    summary = installation.carry_out(plan, "update")
    installation.syncing.say(f"Updated {counted(len(names), 'package')} in {installation.where}: {summary}")


def _step(package: Package, before: Installed | None) -> str:
    """Return what an update does with a package, in words."""
    if before is None:
        return f"{_titled(package.name, package.version)} is new: another package needs it"
    prints = {path: what.sha256 for path, what in before.files.items()}
    same = prints == {path: installed_packages.sha256(data) for path, data in package.files.items()}
    if before.version != package.version:
        return f"{shown(package.name)} {shown(before.version) or '(no version)'} -> {shown(package.version)}"
    title = _titled(package.name, package.version)
    return f"{title} is the newest" if same else f"{title} has other files under the same version"


def list_installed(front_end: FrontEnd, args: Namespace) -> None:
    """Print which packages the board has."""
    files = front_end.require_board().files
    number = 0
    for target, record in _records(front_end, args).items():
        changes = installed_packages.changes(files, target, record)
        front_end.Print(f"{shown(target) or 'the current folder'}:")
        for name, package in sorted(record.items()):
            size = sum(what.size for what in package.files.values())
            modified, missing = changes[name]
            notes = [f"{counted(len(package.files), 'file')}, {human(size)}"]
            notes += [] if package.asked else ["needed by another"]
            notes += [f"{len(modified)} modified since"] if modified else []
            notes += [f"{len(missing)} missing"] if missing else []
            front_end.Print(f"  {_titled(name, package.version)} ({', '.join(notes)})")
            number += 1
    if not number:
        front_end.Print("No packages that %mip installed.")


def show(front_end: FrontEnd, args: Namespace) -> None:
    """Print what is known of packages on the board: where from, what they need, and how each file is now."""
    files = front_end.require_board().files
    records = _records(front_end, args)
    wanted = [split_name(text)[0] for text in args.names]
    everywhere = {name for record in records.values() for name in record}
    _known(dict.fromkeys(everywhere), wanted, ", ".join(map(shown, records)) or "any folder that it imports from")
    for name in wanted:
        for target, record in records.items():
            if name not in record:
                continue
            package = record[name]
            modified, missing = installed_packages.changes(files, target, {name: package})[name]
            needing = sorted(other for other in record if name in record[other].needs)
            lines = [f"{_titled(name, package.version)} in {shown(target) or 'the current folder'}"]
            lines.append(f"  from {shown(package.source)}" + (f" ({shown(package.branch)})" if package.branch else ""))
            lines += [f"  needs {', '.join(map(shown, package.needs))}"] if package.needs else []
            lines += [f"  needed by {', '.join(map(shown, needing))}"] if needing else []
            for path, what in sorted(package.files.items()):
                state = ", modified" if path in modified else ", missing" if path in missing else ""
                lines.append(f"  {shown(path)} ({human(what.size)}{state})")
            front_end.Print("\n".join(lines))


def freeze(front_end: FrontEnd, args: Namespace) -> None:
    """Print or save a file of requirements: the packages of one folder with their files' digests."""
    output = _output(args)
    files = front_end.require_board().files
    target = _target(front_end, args, "%mip freeze")
    where = shown(target) or "the current folder"
    record = installed_packages.read(files, target)
    if not record:
        raise FileProblem(f"There are no packages that %mip installed in {where}: %mip list shows where it did.")
    requirements, warnings = [], []
    for name, (modified, missing) in sorted(installed_packages.changes(files, target, record).items()):
        package = record[name]
        of_index = ":" not in name
        digests = {path: what.sha256.hex() for path, what in package.files.items()}
        one = Requirement(name, package.version if of_index else package.branch, digests)
        one.remarks += [f"{path} is modified on the board; this is the package's own" for path in sorted(modified)]
        one.remarks += [f"{path} is missing on the board" for path in sorted(missing)]
        if not of_index and not package.branch:
            one.remarks.append(f"{name} names no branch or tag: what is there may change, and is refused then")
        lost = [need for need in package.needs if need not in record]
        one.remarks += [f"{name} needs {need}, which is not installed" for need in lost]
        requirements.append(one)
        warnings += one.remarks
    title = f"Packages for MicroPython, from {where} of a board. %mip install -r FILE installs exactly these."
    text = package_requirements.dumped(requirements, [title])
    if output is None:
        front_end.Print(text, end="")
        return
    path = host_files.host_path(file_for_board(front_end, output))
    host_files.replace(path, text.encode("utf-8", "surrogatepass"))
    for warning in warnings:
        front_end.Error(f"[{shown(warning)}]")
    for other, others in _records(front_end, args).items():
        if other != target:
            left = f"{counted(len(others), 'package')} in {shown(other)}"
            front_end.Error(f"[{left} are not in it: %mip freeze --target {shown(other)}]")
    if not args.QUIET:
        front_end.Print(f"Saved {counted(len(requirements), 'package')} of {where} in {path}")


def _output(args: Namespace) -> str | None:
    """Return the file that ``-o FILE`` or ``> FILE`` names; None where neither is there."""
    words = list(args.names)
    if not words:
        return None if args.output is None else str(args.output)
    if words[0].startswith(">") and not words[0].startswith(">>") and args.output is None:
        words = [word for word in [words[0][1:], *words[1:]] if word]
        if len(words) == 1:
            return str(words[0])
    raise MagicError("%mip freeze takes no names: %mip freeze, %mip freeze > FILE or %mip freeze -o FILE.")


def uninstall(front_end: FrontEnd, args: Namespace) -> None:
    """Remove packages' files from the board."""
    files = front_end.require_board().files
    target = _target(front_end, args, f"%mip uninstall {' '.join(args.names)}")
    names = [split_name(name)[0] for name in args.names]
    removal = installed_packages.prepare_uninstall(files, target, names)
    installed_packages.uninstall(files, removal)
    syncing = SyncTransfer(front_end, args)
    if not args.quiet:
        for path, reason in removal.keep:
            syncing.say(f"Kept {shown(path)}: {reason}")
        for path in removal.missing:
            syncing.say(f"{shown(path)} was gone already")
        for note in removal.notes:
            syncing.say(shown(note))
    where = shown(target) or "the current folder"
    syncing.say(f"Uninstalled {', '.join(map(shown, names))} from {where}: {counted(len(removal.delete), 'file')}")


def installed_names(front_end: FrontEnd) -> list[str]:
    """Return what can be uninstalled; nothing while the board is busy."""
    device = front_end.device
    if device is None or not device.idle:
        return []
    try:
        return sorted(installed_packages.read(device.files, installed_packages.default_target(device)))
    except MicroPythonError:
        return []


def _target(front_end: FrontEnd, args: Namespace, command: str) -> str:
    """Return the folder for packages: the one that is named, or the board's."""
    if args.target is not None:
        return board_target(args.target)
    return installed_packages.default_target(front_end.require_board(), command)


def _records(front_end: FrontEnd, args: Namespace) -> dict[str, dict[str, Installed]]:
    """Return what is installed, by folder: in the one that is named, or in all that the board imports from."""
    board = front_end.require_board()
    targets = import_path(board) if args.target is None else [args.target]
    found = {target: installed_packages.read(board.files, target) for target in targets if target[:1] != "."}  # .frozen
    return {target: record for target, record in found.items() if record}


def _known(record: Mapping[str, object], names: Sequence[str], where: str) -> list[str]:
    """Return names without what stands there twice.

    Raises:
        FileProblem: one is not installed.
    """
    for name in names:
        if name not in record:
            known = ", ".join(map(shown, sorted(record))) or "none"
            raise FileProblem(f"{shown(name)} is not installed in {where}. Installed packages: {known}.")
    return list(dict.fromkeys(names))


def _compile(package: Package, wanted: mpy_compiler.Target) -> None:
    """Replace a package's .py files by .mpy files.

    Raises:
        CompileError: one does not compile.
    """
    with tempfile.TemporaryDirectory(prefix="mip-") as folder:
        for path, data in list(package.files.items()):
            name = path.rpartition("/")[2]
            if path.endswith(".py") and name not in NOT_COMPILED:
                source = Path(folder, name)
                source.write_bytes(data)
                del package.files[path]
                package.files[path.removesuffix(".py") + mpy_compiler.SUFFIX] = mpy_compiler.compiled(source, wanted)


def _check_compiled(package: Package, wanted: mpy_compiler.Target) -> None:
    """See whether the board loads a package's .mpy files.

    Raises:
        PackageError: it does not.
    """
    for path, data in package.files.items():
        if path.endswith(mpy_compiler.SUFFIX) and data[:2] != bytes([ord("M"), wanted.version]):
            raise PackageError(
                f"{path} of {package.name} is not for the board on {wanted.board}, which loads .mpy version "
                f"{wanted.version}. Install the .py files."
            )


def _titled(name: str, version: str) -> str:
    return shown(f"{name} {version}" if version else name)
