"""%rtc."""

from __future__ import annotations

from datetime import datetime, timedelta

from metakernel_micropython.board import clock
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, Namespace, argument, arguments

_EXACT = timedelta(seconds=2)
"""By less than this a clock that tells whole seconds is right."""


class RtcMagic(BoardMagic):
    """Reads and sets the board's clock."""

    kernel: MicroPythonKernel
    group = "Board"

    @arguments(argument("--set", action="store_true", help="set it to this computer's local time"))
    def line_rtc(self, args: Namespace) -> None:
        """%rtc [--set] - tell what the board's clock says, or set it by this computer's.

        The clock of most boards begins anew when they lose power. With c.MicroPythonKernel.sync_clock = True it is set
        whenever a board is connected.

        Examples:
          %rtc
          %rtc --set
        """
        if args.set:
            clock.set_to_now(self.board)
        told = clock.read(self.board)
        self.kernel.Print(f"{told:%Y-%m-%d %H:%M:%S}, {_compared(told - datetime.now())}")


def _compared(difference: timedelta) -> str:
    if abs(difference) < _EXACT:
        return "as this computer's clock"
    amount = timedelta(seconds=round(abs(difference).total_seconds()))
    return f"{amount} {'ahead of' if difference > timedelta() else 'behind'} this computer's clock"


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(RtcMagic)
