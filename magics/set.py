"""%set."""

from __future__ import annotations

from metakernel_micropython.assist import part_names
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, Namespace, argument, arguments


class SetMagic(BoardMagic):
    """Does to the virtual board's parts what hands and weather do."""

    kernel: MicroPythonKernel
    group = "Virtual board"

    @arguments(
        argument("part", metavar="PART[.SETTING]", complete=part_names.settings, help="as %%parts lists it"),
        argument("value", help="a number, or a word such as pressed"),
    )
    def line_set(self, args: Namespace) -> None:
        """%set PART[.SETTING] VALUE - press a button, turn a knob, or say what a sensor measures.

        Without .SETTING the part's first one is meant. %parts KIND tells what a part takes.

        Examples:
          %set button1 pressed
          %set bmp280.temperature 31.5
        """
        self.kernel.boards.parts.set(args.part, args.value)


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(SetMagic)
