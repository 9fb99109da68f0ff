"""%ls."""

from __future__ import annotations

from metakernel_micropython.board.files.folders import root
from metakernel_micropython.display.html import html_listing
from metakernel_micropython.host.paths import board_paths, shown
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, Namespace, argument, arguments


class LsMagic(BoardMagic):
    """Lists files on the board."""

    kernel: MicroPythonKernel
    group = "Files"

    @arguments(
        argument("folder", nargs="?", default="", complete_path=board_paths, help="a folder or file; default: here"),
        argument("-r", "--recurse", action="store_true", help="also what is in the folders"),
    )
    def line_ls(self, args: Namespace) -> None:
        """%ls [FOLDER] [-r] - list the files on the board with their sizes in bytes.

        The computer's files are listed with !ls (!dir on Windows).

        Examples:
          %ls
          %ls /lib -r
        """
        files = self.board.files
        entries = files.list(root(files, args.folder), recurse=args.recurse)
        width = max((len(str(entry.size)) for entry in entries), default=0)
        lines = [
            f"{'' if entry.folder else entry.size:>{width}}  {shown(entry.path)}{'/' if entry.folder else ''}"
            for entry in entries
        ]
        if not lines:
            self.kernel.Print(f"No files in {shown(args.folder) or 'the current folder'}.")
            return
        html = html_listing((entry.path, entry.size, entry.folder) for entry in entries)
        self.kernel.present("\n".join(lines), html)


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(LsMagic)
