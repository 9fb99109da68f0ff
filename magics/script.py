"""%%script."""

from __future__ import annotations

from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments
from metakernel_micropython.magic_arguments import duration


class ScriptMagic(BoardMagic):
    """Does things to the virtual board's parts at given times."""

    kernel: MicroPythonKernel
    group = "Virtual board"
    on_several = False
    alone = "it runs on this computer, once. Write it in a cell of its own."

    @arguments(argument("--now", action="store_true", help="the times count from now"))
    def cell_script(self, args: Namespace) -> None:
        """%%script [--now] - do things to the virtual board's parts at given times, while programs run.

        Each line is a time, a part (with .SETTING, if not its first one is meant) and a value. The times count from the
        start of the next cell's program; with --now from now on, for a program that runs already (%%start, timers).

        Example:
          %%script
          0.5s button1 press
          600ms button1 release
          1s bmp280.temperature 31.5
        """
        text, self.evaluate = self.code, False
        steps = [
            _step(number, line) for number, line in enumerate(text.splitlines(), 1) if line.partition("#")[0].strip()
        ]
        if not steps:
            raise MagicError("%%script: there is no line below it, such as: 0.5s button1 press")
        parts = self.kernel.boards.parts
        if args.now:
            parts.script(steps)
        else:
            parts.script(steps, start="never")
            # Not with the next program that the board gets: that may be a look at its files, or Tab.
            self.kernel.runner.at_next_program = lambda: parts.script(steps)
        start = "" if args.now else ", once the next cell's program starts"
        count = f"{len(steps)} step" + ("s" if len(steps) > 1 else "")
        self.kernel.Print(f"{count}, the last after {max(step[0] for step in steps):g} s{start}.")

    def takes_text(self, _name: str, _args: str) -> bool:
        """Whether the lines below are text for the magic."""
        return True


def _step(number: int, line: str) -> tuple[float, str, str]:
    """Return the time in seconds, the part and the value of a line of a script."""
    words = line.partition("#")[0].split()
    try:
        when, part, value = words
        return duration(when), part, value
    except ValueError:
        raise MagicError(
            f"%%script, line {number}: {line.strip()!r} is no step: it is a time, a part and a value, as in "
            "0.5s button1 press"
        ) from None


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(ScriptMagic)
