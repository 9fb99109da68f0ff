"""%cd."""

from __future__ import annotations

from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, Namespace, argument, arguments


class CdMagic(BoardMagic):
    """Changes the board's current folder."""

    group = "Files"

    @arguments(argument("folder", nargs="?", default="", help="a folder on the board; without it, say which it is"))
    def line_cd(self, args: Namespace) -> None:
        """%cd [FOLDER] - change the current folder of the board.

        The host's folder is changed with %python import os; os.chdir(...).
        """
        if args.folder:
            self.board.execute(f"__import__('os').chdir({args.folder!r})")
        self.kernel.Print(self.board.evaluate("__import__('os').getcwd()", own=True))


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(CdMagic)
