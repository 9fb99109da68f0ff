"""%clock: how fast the board's clock runs beside the host's."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from metakernel_micropython.magic import BoardMagic, Namespace, argument, arguments

if TYPE_CHECKING:
    from metakernel_micropython.kernel import MicroPythonKernel

# Older boards have running_time() of the module microbit in place of time.ticks_ms().
TICKS = "getattr(__import__('time'), 'ticks_ms', None) or __import__('microbit').running_time"
WRAP = 1 << 29
"""Milliseconds after which the smallest boards' ticks begin anew."""


class ClockMagic(BoardMagic):
    """Compares two clocks."""

    group = "Board"

    @arguments(argument("--seconds", type=float, default=2.0, help="how long to measure (default: %(default)s)"))
    def line_clock(self, args: Namespace) -> None:
        """%clock [--seconds N] - measure how fast the board's clock runs.

        The longer it measures, the less the time on the wire matters.
        """
        if args.seconds <= 0:
            raise ValueError("--seconds must be more than 0")
        (first, begin, doubt_before) = self._look()
        time.sleep(args.seconds)
        (last, end, doubt_after) = self._look()
        host = end - begin
        board = (last - first) % WRAP
        ppm = (board / 1000 / host - 1) * 1e6
        doubt = (doubt_before + doubt_after + 0.001) / host * 1e6
        drift = ppm * 86400 / 1e6
        self.kernel.Print(
            f"In {host:.1f} s of the host the board counted {board} ms: {ppm:+.0f} ppm (give or take {doubt:.0f}), "
            f"which is {abs(drift):.1f} s {'fast' if drift > 0 else 'slow'} in a day."
        )

    def _look(self) -> tuple[int, float, float]:
        """Return the board's milliseconds, the host's time in seconds, and how far off the latter may be."""
        before = time.monotonic()
        ticks = self.board.evaluate(f"({TICKS})()")
        after = time.monotonic()
        assert isinstance(ticks, int)
        return ticks, (before + after) / 2, (after - before) / 2


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(ClockMagic)
