"""%sha256sum."""

from __future__ import annotations

from metakernel_micropython.host.paths import board_paths, shown
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, Namespace, argument, arguments


class Sha256sumMagic(BoardMagic):
    """Tells files' digests."""

    group = "Files"

    @arguments(
        argument("files", nargs="+", metavar="FILE", complete_path=board_paths, help="a file on the board"),
    )
    def line_sha256sum(self, args: Namespace) -> None:
        """%sha256sum FILE... - tell the SHA-256 of files on the board, as the command sha256sum does.

        The board computes it where it can; else the file is read and this computer does.

        Example:
          %sha256sum main.py
        """
        for path in args.files:
            self.kernel.Print(f"{self.board.files.sha256(path).hex()}  {shown(path)}")


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(Sha256sumMagic)
