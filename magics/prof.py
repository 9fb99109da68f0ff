"""%%prof."""

from __future__ import annotations

from metakernel_micropython.cell.output import Stage
from metakernel_micropython.host.paths import visible
from metakernel_micropython.instrument.function_times import as_html, as_text, function_times
from metakernel_micropython.instrument.module_probes import ModuleFollower, complete_modules
from metakernel_micropython.instrument.request import Kind
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments


class ProfMagic(BoardMagic):
    """Takes the time of each function of a cell."""

    kernel: MicroPythonKernel
    group = "Board"
    on_several = False
    alone = "it follows the program of one board. %use NAME chooses it: run the cell without %%on."

    @arguments(
        argument(
            "modules",
            nargs="*",
            metavar="MODULE",
            complete_path=complete_modules,
            help="a file here or a module on the board",
        )
    )
    def cell_prof(self, args: Namespace) -> None:
        """%%prof [MODULE...] - run the cell, and show how often its functions were called and how long they took.

        Own is the time in a function alone, total that with the functions which it called, per call the total for
        each call; the functions with the most time of their own come first. What stands outside of functions is
        <module>. The board's own clock tells; what the measuring takes is measured and taken off.

        Functions of the cell are measured, and those of the modules named, which the cell has to import: as with
        %%coverage, a file here (sensor.py), a file on the board (/lib/sensor.py), or a module in one (sensor). All
        other functions, lambdas and comprehensions count for the function that calls them. The time in which a
        generator or a task waits is not its own. A cell that fails is shown, too.

        Functions for machine code (@micropython.native, viper, asm_*) are not looked into.

        Examples:
          %%prof
          def square(x):
              return x * x
          total = sum(square(x) for x in range(1000))

          %%prof sensor.py
          import sensor
          sensor.check()
        """
        follower = ModuleFollower(Kind.CALLS, args.modules)
        self.kernel.runner.followers.of_cell[Stage.PROBES] = follower
        self.at_end(lambda: self._tell(follower))

    def _tell(self, follower: ModuleFollower) -> None:
        self.kernel.runner.followers.of_cell.pop(Stage.PROBES, None)
        if follower.room:
            self.kernel.Error(follower.room)
        kept = follower.take()
        cell = f"In[{self.kernel.runner.number}]"
        sources = [(one.path, one.result) for one in follower.modules]
        sources += [(follower.name(one, cell), one.result) for one in follower.parts]
        for name, result in sources:
            where = "" if name == cell else f"{visible(name)}, "
            for left in result.left_alone:
                self.kernel.Error(f"[{where}line {left.first} was not measured: {left.reason}]")
        if sources and not any(result.probes for _, result in sources):
            raise MagicError("%%prof: nothing of the cell was measured.")
        if rows := function_times(sources, kept):
            self.kernel.present(as_text(rows), as_html(rows))


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(ProfMagic)
