"""%display and %%display."""

from __future__ import annotations

import contextlib

from metakernel_micropython.cell.followers import DisplayFollower
from metakernel_micropython.cell.output import Follower, Stage
from metakernel_micropython.errors import MicroPythonError
from metakernel_micropython.fleet.fleet_cell import fleet_of
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments


class DisplayMagic(BoardMagic):
    """Shows pictures, tables and JSON that the board gives."""

    kernel: MicroPythonKernel
    group = "Board"
    on_several = False
    alone = "it is a setting of this notebook. Run it in a cell of its own: it holds for %%on, too."

    @arguments(
        argument("state", nargs="?", choices=("on", "off"), help="without it: say which"),
        argument("--allow-html", action="store_true", help="HTML, SVG, JavaScript ... of the board may run here"),
        argument("--forbid-html", action="store_true", help="they are shown as text again"),
    )
    def line_display(self, args: Namespace) -> None:
        """%display [on|off] [--allow-html] - give the board a function display() that shows things in the notebook.

        display(buffer, width, height, framebuf.RGB565) shows a picture in one of framebuf's formats; the format may be
        left out where the size tells, and all of it where the object has width, height and buffer, as display drivers
        have. display(data) shows PNG and JPEG, display(open("photo.jpg", "rb")) those in a file. Lists of dicts or of
        lists are tables, as in display(rows, ["time", "temp"]); dicts are JSON. display("<b>x</b>", "html"), "svg",
        "javascript", "markdown" and "latex" are shown as text unless you allow more for this session.

        The function takes about 2 kB of the board's memory, until %display off, %disconnect or a restart. It is also
        called show(), for programs that have a display of their own, as on the micro:bit: show(Image.HEART).

        Example:
          %display on
          import framebuf
          buffer = bytearray(128 * 8)
          fb = framebuf.FrameBuffer(buffer, 128, 64, framebuf.MONO_VLSB)
          fb.text("hello", 0, 0)
          display(buffer, 128, 64)
        """
        if args.allow_html and args.forbid_html:
            raise MagicError("%display: --allow-html and --forbid-html contradict each other.")
        if args.allow_html or args.forbid_html:
            self.kernel.allow_html = args.allow_html
            self.kernel.Print(f"HTML and what else could run in the browser is {self._may()}.")
        if args.state == "on":
            self._follow(self.kernel.runner.followers.of_all)
        elif args.state == "off":
            self._end()
        if not (args.allow_html or args.forbid_html) or args.state:
            self.kernel.Print(f"display() is {'on' if self._is_on() else 'off'}.")

    @arguments()
    def cell_display(self, args: Namespace) -> None:
        """%%display - give the board the function display() for this cell (see %display).

        Example:
          %%display
          display({'temperature': 21.5})
        """
        if not self._is_on():
            self._follow(self.kernel.runner.followers.of_cell)
            self.at_end(self._end)

    def _follow(self, followers: dict[Stage, Follower]) -> None:
        follower = DisplayFollower(self.kernel)
        if self.kernel.device is not None or fleet_of(self.kernel) is None:
            follower.prepare(self.board)
        followers[Stage.DISPLAY] = follower

    def _is_on(self) -> bool:
        return Stage.DISPLAY in self.kernel.runner.followers.of_all

    def _end(self) -> None:
        followers = self.kernel.runner.followers
        followers.of_cell.pop(Stage.DISPLAY, None)
        followers.of_all.pop(Stage.DISPLAY, None)
        for _, connection in self.kernel.connections:
            if connection.board is not None and connection.board.idle:
                with contextlib.suppress(MicroPythonError):  # one that is lost has it no more
                    connection.board.take_display()

    def _may(self) -> str:
        return "allowed in this session" if self.kernel.allow_html else "shown as text"


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(DisplayMagic)
