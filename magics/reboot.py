"""%reboot, with its older names %rebootdevice and %restart, and %reset."""

from __future__ import annotations

from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, Namespace, argument, arguments


class RebootMagic(BoardMagic):
    """Soft-resets the board."""

    kernel: MicroPythonKernel
    group = "Board"
    same_as = {"%rebootdevice": "%reboot", "%restart": "%reboot", "%reset": "%reboot"}  # noqa: RUF012

    @arguments(argument("--hard", action="store_true", help="as the reset button does it, and connect again"))
    def line_reboot(self, args: Namespace) -> None:
        """%reboot [--hard] - soft-reset the board: its variables are gone, boot.py runs, main.py does not.

        With --hard the whole chip restarts, with its peripherals and its network, by machine.reset(); a board that has
        none, or that does not listen, by the reset line of its USB bridge (as boards with an Espressif chip have it).
        main.py begins to run then, and is interrupted. The files on the board stay.

        Examples:
          %reboot
          %reboot --hard
        """
        if args.hard:
            self.kernel.require_board()
            connection = self.kernel.connection
            assert connection is not None
            board = connection.hard_reset(self.kernel.Error)
            self.kernel.Print(f"{board.address} was reset: {board.banner or 'a raw line'}")
            return
        said = self.board.soft_reset()
        self.kernel.Print(said.removeprefix("OK\n").strip("\n"))

    def line_rebootdevice(self, args: Namespace) -> None:
        """%rebootdevice - soft-reset the board (see %reboot).

        Example:
          %rebootdevice
        """
        args.hard = False
        self.line_reboot(args)

    @arguments(argument("-f", action="store_true", help="as in IPython; nothing is asked in any case"))
    def line_reset(self, args: Namespace) -> None:
        """%reset [-f] - soft-reset the board (see %reboot); nothing is asked.

        Example:
          %reset -f
        """
        args.hard = False
        self.line_reboot(args)

    def line_restart(self, args: Namespace) -> None:
        """%restart - soft-reset the board (see %reboot).

        Example:
          %restart
        """
        args.hard = False
        self.line_reboot(args)


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(RebootMagic)
