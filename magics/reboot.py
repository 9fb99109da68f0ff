"""%reboot, with its older names %rebootdevice and %restart, and %reset."""

from __future__ import annotations

import math

from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments
from metakernel_micropython.magic_arguments import seconds


class RebootMagic(BoardMagic):
    """Soft-resets the board."""

    kernel: MicroPythonKernel
    group = "Board"
    same_as = {"%rebootdevice": "%reboot", "%restart": "%reboot", "%reset": "%reboot"}  # noqa: RUF012

    @arguments(
        argument("--hard", action="store_true", help="as the reset button does it, and connect again"),
        argument(
            "--run",
            nargs="?",
            type=seconds,
            const=math.inf,
            metavar="SECONDS",
            help="have main.py run, too, and watch it as %%monitor does: so long, or until Stop",
        ),
    )
    def line_reboot(self, args: Namespace) -> None:
        """%reboot [--hard | --run [SECONDS]] - soft-reset the board: its variables are gone, boot.py runs.

        main.py runs with --run alone: its output is shown until Stop, which leaves it running (see %monitor).

        With --hard the whole chip restarts, with its peripherals and its network, by machine.reset(); a board that has
        none, or that does not listen, by the reset line of its USB bridge (as boards with an Espressif chip have it).
        main.py begins to run then, and is interrupted. The files on the board stay.

        Examples:
          %reboot
          %reboot --hard
          %reboot --run 10
        """
        if args.run is not None:
            if args.hard:
                raise MagicError("%reboot --hard interrupts main.py to connect again: --run goes without it.")
            self.board.background.run_main()
            if failed := self.kernel.runner.watch(self.kernel.boards.ready_alone(), args.run):
                self.fail(failed)
            return
        if args.hard:
            self.kernel.require_board()
            connection = self.kernel.connection
            assert connection is not None
            board = connection.hard_reset(self.kernel.Error)
            self.kernel.Print(f"{board.address} was reset: {board.banner or 'a raw line'}")
            return
        self._soft_reset()

    def refusal(self, _mtype: str, _name: str, args: str) -> str:
        """Say why no more than one board is watched."""
        if "--run" not in args:
            return ""
        return "--run watches the board that cells run on. %use NAME chooses it; %reboot alone restarts several."

    def _soft_reset(self) -> None:
        said = self.board.soft_reset()
        self.kernel.Print(said.removeprefix("OK\n").strip("\n"))

    def line_rebootdevice(self, _args: Namespace) -> None:
        """%rebootdevice - soft-reset the board (see %reboot).

        Example:
          %rebootdevice
        """
        self._soft_reset()

    @arguments(argument("-f", action="store_true", help="as in IPython; nothing is asked in any case"))
    def line_reset(self, _args: Namespace) -> None:
        """%reset [-f] - soft-reset the board (see %reboot); nothing is asked.

        Example:
          %reset -f
        """
        self._soft_reset()

    def line_restart(self, _args: Namespace) -> None:
        """%restart - soft-reset the board (see %reboot).

        Example:
          %restart
        """
        self._soft_reset()


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(RebootMagic)
