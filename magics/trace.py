"""%trace."""

from __future__ import annotations

from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, Namespace, argument, arguments


class TraceMagic(BoardMagic):
    """Shows what goes over the board's line."""

    kernel: MicroPythonKernel
    group = "Line"
    on_several = False
    alone = "it shows the line of the board that cells run on. %use NAME chooses it."

    @arguments(argument("state", nargs="?", choices=("on", "off"), help="without it: say which"))
    def line_trace(self, args: Namespace) -> None:
        """%trace [on|off] - show in each cell what goes over the board's line, as it happens.

        Each line has the seconds since the board was connected, > for what goes to the board or < for what comes from
        it, and the bytes; long pieces are cut (%connect --log FILE keeps them whole). Switched on before %connect, it
        shows the connecting as well.

        Examples:
          %trace on
          %trace off
        """
        if args.state is not None:
            self.kernel.trace.switch(args.state == "on")
        self.kernel.Print(f"The trace is {'on' if self.kernel.trace.on else 'off'}.")


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(TraceMagic)
