"""%mkdir."""

from __future__ import annotations

from metakernel_micropython.host.paths import board_paths, board_target, shown
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, Namespace, argument, arguments


class MkdirMagic(BoardMagic):
    """Makes folders on the board."""

    group = "Files"

    @arguments(
        argument("folders", nargs="+", metavar="FOLDER", complete_path=board_paths, help="a new folder on the board"),
        argument("-p", "--parents", action="store_true", help="also those above it; one that is there is no error"),
    )
    def line_mkdir(self, args: Namespace) -> None:
        """%mkdir FOLDER... [-p] - make folders on the board.

        Examples:
          %mkdir data
          %mkdir -p data/2026/july
        """
        for folder in map(board_target, args.folders):
            self.board.files.mkdir(folder, parents=args.parents)
            self.kernel.Print(f"Made {shown(folder)}")


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(MkdirMagic)
