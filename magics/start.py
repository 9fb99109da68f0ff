"""%%start."""

from __future__ import annotations

from metakernel_micropython.cell.parser import is_magic
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace


class StartMagic(BoardMagic):
    """Starts a program that runs on while the notebook goes on."""

    kernel: MicroPythonKernel
    group = "Board"
    on_several = False
    alone = "it starts a program on the board that cells run on. %use NAME chooses it: one cell for each board."

    def cell_start(self, _args: Namespace) -> None:
        """%%start - start the cell's program, and give the notebook back while it runs on.

        %monitor shows live what it prints; without it, the next cell shows that as printed between cells, and how it
        ended. A board runs one program at a time: the next cell that needs the board, for code or for a command as
        %ls, says that it interrupts the program, and does. Stop interrupts it when no cell runs. %%python, !command
        and Tab leave it alone. It cannot ask: input() ends it.

        Example:
          %%start
          while True:
              print(sensor.read())
              time.sleep(1)
        """
        if above := self.kernel.runner.followers.magic:
            raise MagicError(
                f"{above} follows a program to its end, and %%start does not wait for it: leave one of them out. "
                "(%%plot on top of %monitor draws what a started program prints.)"
            )
        code, self.evaluate = self.code, False
        if not code.strip():
            raise MagicError("%%start: there is no program below it.")
        if is_magic(code.lstrip().partition("\n")[0]):
            raise MagicError("%%start: the program stands right below it, without another command between.")
        if failed := self.kernel.runner.start(code):
            self.fail(failed)


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(StartMagic)
