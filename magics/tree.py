"""%tree."""

from __future__ import annotations

from metakernel_micropython.board.folders import prefix, root
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, Namespace, argument, arguments
from metakernel_micropython.paths import board_paths, counted, drawn, shown


class TreeMagic(BoardMagic):
    """Draws the board's folders."""

    group = "Files"

    @arguments(argument("folder", nargs="?", default="", complete_path=board_paths, help="a folder; default: here"))
    def line_tree(self, args: Namespace) -> None:
        """%tree [FOLDER] - draw the files and folders on the board as a tree."""
        folder = root(self.board.files, args.folder)
        entries = self.board.files.list(folder, recurse=True)
        start = prefix(folder)
        files = sum(not entry.folder for entry in entries)
        lines = [
            shown(args.folder) or ".",
            *drawn((entry.path.removeprefix(start), entry.folder) for entry in entries),
            f"{counted(len(entries) - files, 'folder')}, {counted(files, 'file')}",
        ]
        self.kernel.Print("\n".join(lines))


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(TreeMagic)
