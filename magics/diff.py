"""%diff."""

from __future__ import annotations

import difflib

from metakernel_micropython.board.files.folder_sync import Excludes, collect, prepare
from metakernel_micropython.board.files.folders import join
from metakernel_micropython.board.files.host_files import host_path, read
from metakernel_micropython.errors import NoSuchFile
from metakernel_micropython.host.paths import board_paths, counted, host_paths, shown, visible
from metakernel_micropython.host.transfer import FOLLOW_LINKS
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments

LINES = 200
"""Lines of differences that are shown of one file."""


class DiffMagic(BoardMagic):
    """Compares files of this computer with the board's."""

    kernel: MicroPythonKernel
    group = "Files"

    @arguments(
        argument("source", complete_path=host_paths, help="a file or a folder on this computer"),
        argument("destination", nargs="?", complete_path=board_paths, help="the file or folder on the board"),
        argument("--exclude", action="append", default=[], metavar="PATTERN", help="leave these names out; repeatable"),
        FOLLOW_LINKS,
    )
    def line_diff(self, args: Namespace) -> None:
        """%diff SOURCE [DEST] - tell how files of this computer and the board's differ; nothing is changed.

        Of a folder the files that differ, or that only one side has, are named; of one file the lines are shown:
        those of the board with -, those of this computer with +. DEST is chosen as for %sync.

        Examples:
          %diff lib
          %diff src /
          %diff main.py
        """
        source = host_path(args.source)
        if source.is_dir():
            self._folder(args)
        else:
            self._file(args)

    def _file(self, args: Namespace) -> None:
        source = host_path(args.source)
        target = args.destination or source.name
        found = self.board.files.stat(target)
        if found is not None and found.folder:
            target = join(target, source.name)
            found = self.board.files.stat(target)
        here = read(source)
        if found is None:
            raise NoSuchFile(f"There is no {target} on the board on {self.board.address}.")
        there = self.board.files.read(target)
        if here == there:
            self.kernel.Print(f"{source} and {shown(target)} are the same: {counted(len(here), 'byte')}")
            return
        try:
            old, new = there.decode("utf-8").splitlines(), here.decode("utf-8").splitlines()
        except UnicodeDecodeError:
            self.kernel.Print(f"{source} ({len(here)} bytes) and {shown(target)} ({len(there)} bytes) differ")
            return
        lines = list(difflib.unified_diff(old, new, f"{target} (board)", f"{source} (this computer)", lineterm=""))
        if not lines:
            lines = [f"{source} and {shown(target)} differ in their line ends alone"]
        more = [f"... and {len(lines) - LINES} lines more"] if len(lines) > LINES else []
        self.kernel.Print(visible("\n".join([*lines[:LINES], *more])))

    def _folder(self, args: Namespace) -> None:
        folder = host_path(args.source)
        files = self.board.files
        target = args.destination
        if target is None:
            target = "" if files.flat or folder.name == ".." else folder.name
        source = collect(folder, Excludes(args.exclude), None, follow_links=args.follow_links, room=lambda: None)
        plan = prepare(files, source, target, delete=True, others=True)
        if target and not files.flat and files.stat(target) is None:
            raise MagicError(f"There is no folder {target} on the board on {self.board.address}: %sync sends it.")
        lines = [
            f"{'only here ' if name in plan.new else 'differs   '}  {shown(join(plan.target, name))}"
            for name in plan.send
        ]
        there = sorted([*plan.delete, *(name for name, _ in plan.keep)])
        lines += [f"only there  {shown(join(plan.target, name))}" for name in there]
        lines.append(f"{counted(plan.unchanged, 'file')} the same" + (f", {len(lines)} not" if lines else ""))
        self.kernel.Print("\n".join(lines))


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(DiffMagic)
