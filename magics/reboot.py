"""%reboot, with its older names %rebootdevice and %restart."""

from __future__ import annotations

from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, Namespace


class RebootMagic(BoardMagic):
    """Soft-resets the board."""

    group = "Board"

    def line_reboot(self, _args: Namespace) -> None:
        """%reboot - soft-reset the board: its variables are gone, boot.py runs, main.py does not.

        The files on the board stay.
        """
        said = self.board.soft_reset()
        self.kernel.Print(said.removeprefix("OK\n").strip("\n"))

    def line_rebootdevice(self, args: Namespace) -> None:
        """%rebootdevice - soft-reset the board (see %reboot)."""
        self.line_reboot(args)

    def line_restart(self, args: Namespace) -> None:
        """%restart - soft-reset the board (see %reboot)."""
        self.line_reboot(args)


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(RebootMagic)
