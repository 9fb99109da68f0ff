"""%%on."""

from __future__ import annotations

from metakernel_micropython.fleet.fleet_cell import fleet_of, run_cell
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments
from metakernel_micropython.sessions.broadcast import Broadcast
from metakernel_micropython.sessions.registry import ALL
from metakernel_micropython.sessions.several_magics import with_followers

FLEET = "fleet:"
"""Stands in front of names and patterns of boards that ``%fleet`` connected."""


def names(kernel: MicroPythonKernel) -> list[str]:
    """Return the names of the connected boards, and what stands for all of them; those of the fleet behind them."""
    fleet = fleet_of(kernel)
    far = [f"{FLEET}*", *(FLEET + name for name in fleet.members)] if fleet is not None else []
    return [*kernel.connections.names, ALL, *far]


class OnMagic(BoardMagic):
    """Runs a cell on several boards."""

    kernel: MicroPythonKernel
    group = "Board"

    @arguments(
        argument("names", nargs="+", metavar="NAME", complete=names, help="boards, desk*, all, or fleet:PATTERN")
    )
    def cell_on(self, args: Namespace) -> None:
        """%%on NAME ... - run the cell on these boards at the same time (all: on every connected one).

        Names may be patterns, as in desk*. What the boards print appears as it comes, line by line, with their names in
        front; the values of the last expression follow, equal ones as one. A board that fails, is slow or is lost holds
        up no other; the cell fails in the end if one did, and says which. Stop interrupts all of them.

        Magics on top of the cell that are about a board act on each of them: %upload, %mip, %run ... Their equal
        answers are shown as one, too. A table tells what %%time, %%timeit and %%test came to, %%plot has a line
        for each board, %get makes dicts by the boards' names, %download saves into folders of their names.

        fleet:* stands for the boards of other machines that %fleet connected, fleet:NAME for one of them, fleet:2 for
        those of engine 2, as for %%fleet, which does the same.

        Examples:
          %%on left right
          from machine import Pin
          Pin(25, Pin.OUT).toggle()

          %%on all
          %upload main.py
          %reboot --hard

          %%on all
          %%plot
          while True: print(sensor.read())

          %%on fleet:*
          import os
          os.uname().machine
        """
        far = [name for name in args.names if name.startswith(FLEET)]
        if far:
            self._on_fleet(far, [name for name in args.names if name not in far])
            return
        boards = self.kernel.connections.select(args.names)
        code, self.evaluate = with_followers(self.kernel.runner, self.code, "%%on"), False
        if code.strip():
            Broadcast(self.kernel, self.kernel.runner, self.kernel.interrupts, boards, code).run()

    def _on_fleet(self, far: list[str], near: list[str]) -> None:
        if near:
            raise MagicError(
                f"{near[0]} is connected to this notebook, {far[0]} to the fleet: one cell runs here or there. Run it "
                f"twice, with %%on {' '.join(near)} and with %%on {' '.join(far)}."
            )
        code, self.evaluate = with_followers(self.kernel.runner, self.code, "%%on"), False
        run_cell(self.kernel, self.kernel.runner, code, [name.removeprefix(FLEET) for name in far])


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(OnMagic)
