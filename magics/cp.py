"""%cp."""

from __future__ import annotations

from metakernel_micropython.board.files.folders import copy_folder, root, target_on_board
from metakernel_micropython.host.paths import board_paths, board_target, counted, shown
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments


class CpMagic(BoardMagic):
    """Copies files on the board."""

    group = "Files"

    @arguments(
        argument("source", complete_path=board_paths, help="a file or folder on the board"),
        argument("target", complete_path=board_paths, help="the copy's name, or a folder that it goes into"),
        argument("-r", "--recurse", action="store_true", help="copy a folder with what is in it"),
    )
    def line_cp(self, args: Namespace) -> None:
        """%cp SOURCE TARGET [-r] - copy a file or a folder on the board; a file called TARGET is replaced.

        %upload and %download copy between the computer and the board.

        Examples:
          %cp main.py main.old
          %cp -r lib backup
        """
        files = self.board.files
        found = files.stat(root(files, args.source))
        if found is not None and found.folder and not args.recurse:
            raise MagicError(f"{shown(args.source)} is a folder: %cp -r copies it with what is in it.")
        target = target_on_board(self.board, args.source, board_target(args.target))
        what = shown(args.source)
        if found is not None and found.folder:
            what += f" with {counted(copy_folder(files, args.source, target), 'file')}"
        else:
            files.copy(args.source, target)
        self.kernel.Print(f"Copied {what} to {shown(target)}")


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(CpMagic)
