"""%mip."""

from __future__ import annotations

import tempfile
from pathlib import Path

from metakernel_micropython import mpycross
from metakernel_micropython.board import installed
from metakernel_micropython.board.folders import import_path
from metakernel_micropython.board.sync import NOT_COMPILED
from metakernel_micropython.errors import MicroPythonError
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments
from metakernel_micropython.packages import Downloads, Package, PackageError, split_name
from metakernel_micropython.paths import board_paths, counted, human, shown
from metakernel_micropython.syncing import Syncing
from metakernel_micropython.transfer import QUIET


class MipMagic(BoardMagic):
    """Installs packages on the board."""

    group = "Files"

    @arguments(
        argument("action", choices=("install", "list", "uninstall"), help="what to do"),
        argument("names", nargs="*", metavar="NAME", complete=lambda kernel: _installed_names(kernel), help="packages"),
        argument("--target", metavar="FOLDER", complete_path=board_paths, help="the folder; default: the board's lib"),
        argument("--index", metavar="URL", help="another index than micropython.org's"),
        argument("--mpy", action="store_true", help="install .mpy files: the index's, or compiled here"),
        argument("--force", action="store_true", help="replace files that belong to no package, or were changed"),
        *QUIET,
    )
    def line_mip(self, args: Namespace) -> None:
        """%mip install NAME[@VERSION] ... | list | uninstall NAME ... - MicroPython's packages on the board.

        This computer downloads them, from micropython.org's index or from where a NAME points to:
        github:OWNER/REPOSITORY[/PATH][@BRANCH] (gitlab: and codeberg: too), or the https:// address of a package.json
        or a .py file. What a package needs comes with it. The board needs no network. MICROPYTHON_MIP_INDEX in the
        environment names another index for good.

        .mip.json in the folder with the packages holds which files are whose. Installing replaces a package's own
        files only; uninstalling removes exactly those, and leaves what was changed since or what another package has.

        Examples:
          %mip install aioble
          %mip install github:owner/repository@v1.2 --target /lib
          %mip list
          %mip uninstall aioble
        """
        if (args.action == "list") is bool(args.names):
            raise MagicError(
                "%mip list takes no names."
                if args.names
                else f"%mip {args.action}: name a package, as in %mip {args.action} aioble."
            )
        {"install": self._install, "list": self._list, "uninstall": self._uninstall}[args.action](args)

    def _install(self, args: Namespace) -> None:
        files = self.board.files
        target = installed.default_target(self.board) if args.target is None else args.target
        wanted = mpycross.target(self.board) if args.mpy else None
        syncing = Syncing(self.kernel, args)
        for text in args.names:
            name, version = split_name(text)
            downloads = Downloads(args.index, wanted.version if wanted else 0)
            packages = downloads.get(name, version)
            for package in packages:
                if wanted is not None:
                    _compile(package, wanted)
                if any(path.endswith(mpycross.SUFFIX) for path in package.files):
                    _check_compiled(package, wanted or mpycross.target(self.board))
            plan = installed.prepare_install(files, target, packages, force=args.force)
            if not args.quiet:
                for package in packages[1:]:
                    syncing.say(f"{_titled(package.name, package.version)} is needed by it")
                for path, reason in plan.keep:
                    syncing.say(f"Kept {shown(path)}: {reason}")
            done = syncing.carry_out(plan, name)
            where = shown(target) or "the current folder"
            title = _titled(packages[0].name, packages[0].version)
            syncing.say(f"Installed {title} in {where}: {syncing.summary(plan, done)}")

    def _list(self, args: Namespace) -> None:
        files = self.board.files
        targets = import_path(self.board) if args.target is None else [args.target]
        number = 0
        for target in dict.fromkeys(targets):
            if target.startswith("."):  # .frozen
                continue
            record = installed.read(files, target)
            if not record:
                continue
            changes = installed.changes(files, target, record)
            self.kernel.Print(f"{shown(target) or 'the current folder'}:")
            for name, package in sorted(record.items()):
                size = sum(what.size for what in package.files.values())
                changed, missing = changes[name]
                notes = [f"{counted(len(package.files), 'file')}, {human(size)}"]
                notes += [] if package.asked else ["needed by another"]
                notes += [f"{changed} changed since"] if changed else []
                notes += [f"{missing} missing"] if missing else []
                self.kernel.Print(f"  {_titled(name, package.version)} ({', '.join(notes)})")
                number += 1
        if not number:
            self.kernel.Print("No packages that %mip installed.")

    def _uninstall(self, args: Namespace) -> None:
        files = self.board.files
        target = installed.default_target(self.board) if args.target is None else args.target
        names = [split_name(name)[0] for name in args.names]
        removal = installed.prepare_uninstall(files, target, names)
        installed.uninstall(files, removal)
        syncing = Syncing(self.kernel, args)
        if not args.quiet:
            for path, reason in removal.keep:
                syncing.say(f"Kept {shown(path)}: {reason}")
            for path in removal.missing:
                syncing.say(f"{shown(path)} was gone already")
            for note in removal.notes:
                syncing.say(shown(note))
        where = shown(target) or "the current folder"
        syncing.say(f"Uninstalled {', '.join(map(shown, names))} from {where}: {counted(len(removal.delete), 'file')}")


def _compile(package: Package, wanted: mpycross.Target) -> None:
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
                package.files[path.removesuffix(".py") + mpycross.SUFFIX] = mpycross.compiled(source, wanted)


def _check_compiled(package: Package, wanted: mpycross.Target) -> None:
    """See whether the board loads a package's .mpy files.

    Raises:
        PackageError: it does not.
    """
    for path, data in package.files.items():
        if path.endswith(mpycross.SUFFIX) and data[:2] != bytes([ord("M"), wanted.version]):
            raise PackageError(
                f"{path} of {package.name} is not for the board on {wanted.board}, which loads .mpy version "
                f"{wanted.version}. Install the .py files."
            )


def _titled(name: str, version: str) -> str:
    return shown(f"{name} {version}" if version else name)


def _installed_names(kernel: MicroPythonKernel) -> list[str]:
    """Return what can be uninstalled; nothing while the board is busy."""
    device = kernel.device
    if device is None or not device.idle:
        return []
    try:
        return sorted(installed.read(device.files, installed.default_target(device)))
    except MicroPythonError:
        return []


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(MipMagic)
