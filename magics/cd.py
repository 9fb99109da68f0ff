"""%cd and %pwd."""

from __future__ import annotations

from metakernel_micropython.board.files.current_folder import change_folder, current_folder
from metakernel_micropython.host.paths import board_paths, shown
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, Namespace, argument, arguments


class CdMagic(BoardMagic):
    """Changes the board's current folder."""

    group = "Files"

    @arguments(
        argument(
            "folder",
            nargs="?",
            default="",
            complete_path=board_paths,
            help="on the board; default: say which it is",
        )
    )
    def line_cd(self, args: Namespace) -> None:
        """%cd [FOLDER] - change the current folder of the board.

        The host's folder is changed with %python import os; os.chdir(...).

        Examples:
          %cd lib
          %cd ..
        """
        if args.folder:
            change_folder(self.board, args.folder)
        self.line_pwd(args)

    def line_pwd(self, _args: Namespace) -> None:
        """%pwd - say which is the current folder of the board.

        Example:
          %pwd
        """
        self.kernel.Print(shown(current_folder(self.board)))


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magics to the kernel."""
    kernel.register_magics(CdMagic)
