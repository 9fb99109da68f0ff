"""%%file."""

from __future__ import annotations

from metakernel_micropython.host.paths import board_paths
from metakernel_micropython.host.transfer import EMPTY, QUIET, Transfer, cell_content
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, Namespace, argument, arguments


class FileMagic(BoardMagic):
    """Writes the cell to a file on the board."""

    group = "Files"

    @arguments(
        argument("name", complete_path=board_paths, help="the file on the board"),
        argument("-a", "--append", action="store_true", help="write behind what the file holds already"),
        argument("-d", "--mkdir", action="store_true", help="make the folders that are missing"),
        EMPTY,
        *QUIET,
    )
    def cell_file(self, args: Namespace) -> None:
        """%%file NAME [-a] [-d] - write the cell to a file on the board; it does not run.

        %sendtofile can do more, %%writefile writes to a file on the computer.

        Example:
          %%file blink.py
          from machine import Pin
          Pin(2, Pin.OUT).on()
        """
        Transfer(self.kernel, args).send_cell(
            args.name, cell_content(self.code), empty=args.empty, append=args.append, parents=args.mkdir
        )
        self.evaluate = False


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(FileMagic)
