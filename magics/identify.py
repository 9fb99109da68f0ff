"""%identify."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metakernel_micropython.board import snippets
from metakernel_micropython.errors import DeviceError
from metakernel_micropython.front_end import one_of_several
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments

if TYPE_CHECKING:
    from metakernel_micropython.board import Board

BLINKS = 5
"""How often the LED lights."""

PATIENCE = 10.0
"""Seconds that a board may take to blink."""


SHOWN = {"display": "its display shows its name", "LED": "its LED blinked", "pin": "the pin blinked"}
"""What the board says it used, and how that is told."""


class IdentifyMagic(BoardMagic):
    """Makes a board be seen among several."""

    kernel: MicroPythonKernel
    group = "Several boards"

    @arguments(
        argument(
            "names",
            nargs="*",
            metavar="NAME",
            complete=lambda kernel: kernel.connections.names,
            help="boards; default: the one cells run on",
        ),
        argument("--pin", type=int, metavar="N", help="the LED's pin, where the firmware has no name for it"),
    )
    def line_identify(self, args: Namespace) -> None:
        """%identify [NAME ...] - have a board blink its LED, or show its name on its display.

        Which one on the desk is it? Boards with a display show their names there (micro:bit), the others blink the LED
        that their firmware knows as "LED" (Pico and others). Of other boards --pin tells the LED's pin: take one that
        nothing else hangs on. The pin is an output afterwards. Several boards follow one another; below %%on and
        %%fleet each shows itself, all at once.

        Examples:
          %identify left
          %identify desk*
          %identify desk3 --pin 2

          %%on all
          %identify
        """
        boards = self.kernel.connections
        if args.pin is not None and args.pin < 0:
            raise MagicError(f"%identify: --pin {args.pin} is no pin's number.")
        if (part := one_of_several.get()) is not None:
            if args.names:
                raise MagicError("%identify takes no names below %%on and %%fleet: each of the boards shows itself.")
            self.kernel.Print(self._show(part.name, self.board, args.pin))
            return
        chosen = boards.select(args.names) if args.names else [(boards.current_name or "board", None)]
        for name, session in chosen:
            board = self.board if session is None else session.ready(self.kernel.Error)
            self.kernel.Print(f"{name} ({board.address}): {self._show(name, board, args.pin)}")

    def _show(self, name: str, board: Board, pin: int | None) -> str:
        """Have a board show itself; return how it did."""
        try:
            used = board.execute(
                snippets.ask("identify", name, -1 if pin is None else pin, BLINKS), timeout=PATIENCE
            ).strip()
        except DeviceError as error:
            raise MagicError(f"%identify: {name} on {board.address} has nothing to show: {error}.") from error
        if used not in SHOWN:
            what = "no LED" if pin is None else f"no pin {pin}"
            raise MagicError(
                f"%identify: the firmware of {name} on {board.address} knows {what}. Name the pin of its LED, as in "
                f"%identify {name} --pin 2; or unplug it, and %boards tells which one is gone."
            )
        return SHOWN[used]


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(IdentifyMagic)
