"""%debug and %%debug."""

from __future__ import annotations

from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, ExceptionWrapper, MagicError, Namespace


class DebugMagic(BoardMagic):
    """Looks at a program that is paused, or at the error that has ended one."""

    kernel: MicroPythonKernel
    group = "Board"
    on_several = False
    alone = "it pauses the program of one board. %use NAME chooses it: run the cell without %%on."

    def line_debug(self, _args: Namespace) -> None:
        """%debug - look at the functions and local names of the last error, with pdb's commands.

        Boards keep nothing of a program that an error has ended. Where it ran with the debugger on, or below %%debug,
        its frames are there; otherwise the cell that failed is run once more, with what keeps them, and that is said
        first. In the prompt, h lists the commands: w shows the frames, u and d go to another one, p EXPRESSION shows a
        value, q leaves. Where a front end cannot ask, all frames are shown with their names.

        Example:
          %debug
        """
        debugger = self.kernel.debugging.debugger
        code = self.kernel.runner.failed_code
        if debugger.look_back():
            return
        if not code:
            raise MagicError("%debug: no cell has failed on the board since it was connected.")
        self.kernel.Error("[the cell that failed runs once more, so that its frames can be looked at]")
        missing = set(self.kernel.runner.failed_in)
        for _, earlier in reversed(self.kernel.runner.executed.codes()):
            missing -= debugger.define_again(self.board, earlier, missing)
        debugger.watch_once(self.kernel.cell, look_back=True)
        failed = self.kernel.runner.run_code(code)
        if not isinstance(failed, ExceptionWrapper):
            self.kernel.Error("[this time it did not fail]")
        elif not debugger.looked_back:
            self.fail(failed)

    def cell_debug(self, _args: Namespace) -> None:
        """%%debug - run the cell line by line: it stops before its first statement.

        In JupyterLab with the debugger on, the panel shows where; otherwise a prompt asks for pdb's commands: n runs
        the next line, s steps into a function, c continues, h lists the rest. breakpoint() in a cell stops there, too.

        Example:
          %%debug
          total = 0
          for i in range(3):
              total += i
        """
        self.kernel.debugging.debugger.watch_once(self.kernel.cell, stop_at_once=True)


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magics to the kernel."""
    kernel.register_magics(DebugMagic)
