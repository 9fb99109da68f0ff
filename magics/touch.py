"""%touch."""

from __future__ import annotations

from metakernel_micropython.host.paths import board_paths, board_target, shown
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, Namespace, argument, arguments


class TouchMagic(BoardMagic):
    """Makes empty files on the board."""

    group = "Files"

    @arguments(
        argument("files", nargs="+", metavar="FILE", complete_path=board_paths, help="a file on the board"),
    )
    def line_touch(self, args: Namespace) -> None:
        """%touch FILE... - make empty files on the board; one that is there stays as it is.

        MicroPython has no way to set the time of a file.

        Example:
          %touch lib/__init__.py
        """
        for path in map(board_target, args.files):
            if self.board.files.stat(path) is not None:
                self.kernel.Print(f"{shown(path)} is there already")
                continue
            self.board.files.write(path, b"")
            self.kernel.Print(f"Made {shown(path)}")


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(TouchMagic)
