"""What %mip does, and what it shows."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ..board.files.folder_sync import NOT_COMPILED
from ..board.files.folders import import_path
from ..errors import MicroPythonError
from . import installed_packages, mpy_compiler
from .packages import Downloads, Package, PackageError, split_name
from .paths import counted, human, shown
from .sync_report import SyncTransfer

if TYPE_CHECKING:
    from argparse import Namespace

    from ..front_end import FrontEnd


def install(front_end: FrontEnd, args: Namespace) -> None:
    """Download packages with all that they need, and send what the board does not have."""
    board = front_end.require_board()
    files = board.files
    command = f"%mip install {' '.join(args.names)}"
    target = installed_packages.default_target(board, command) if args.target is None else args.target
    wanted = mpy_compiler.target(board) if args.mpy else None
    syncing = SyncTransfer(front_end, args)
    for text in args.names:
        name, version = split_name(text)
        downloads = Downloads(args.index, wanted.version if wanted else 0)
        packages = downloads.get(name, version)
        for package in packages:
            if wanted is not None:
                _compile(package, wanted)
            if any(path.endswith(mpy_compiler.SUFFIX) for path in package.files):
                _check_compiled(package, wanted or mpy_compiler.target(board))
        plan = installed_packages.prepare_install(files, target, packages, force=args.force)
        if not args.quiet:
            for package in packages[1:]:
                syncing.say(f"{shown(name)} needs {_titled(package.name, package.version)}")
            for path, reason in plan.keep:
                syncing.say(f"Kept {shown(path)}: {reason}")
        done = syncing.carry_out(plan, name)
        where = shown(target) or "the current folder"
        title = _titled(packages[0].name, packages[0].version)
        syncing.say(f"Installed {title} in {where}: {syncing.summary(plan, done)}")


def list_installed(front_end: FrontEnd, args: Namespace) -> None:
    """Print which packages the board has."""
    board = front_end.require_board()
    files = board.files
    targets = import_path(board) if args.target is None else [args.target]
    number = 0
    for target in dict.fromkeys(targets):
        if target.startswith("."):  # .frozen
            continue
        record = installed_packages.read(files, target)
        if not record:
            continue
        changes = installed_packages.changes(files, target, record)
        front_end.Print(f"{shown(target) or 'the current folder'}:")
        for name, package in sorted(record.items()):
            size = sum(what.size for what in package.files.values())
            changed, missing = changes[name]
            notes = [f"{counted(len(package.files), 'file')}, {human(size)}"]
            notes += [] if package.asked else ["needed by another"]
            notes += [f"{changed} changed since"] if changed else []
            notes += [f"{missing} missing"] if missing else []
            front_end.Print(f"  {_titled(name, package.version)} ({', '.join(notes)})")
            number += 1
    if not number:
        front_end.Print("No packages that %mip installed.")


def uninstall(front_end: FrontEnd, args: Namespace) -> None:
    """Remove packages' files from the board."""
    board = front_end.require_board()
    files = board.files
    command = f"%mip uninstall {' '.join(args.names)}"
    target = installed_packages.default_target(board, command) if args.target is None else args.target
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
