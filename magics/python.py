"""%python, %%python."""

from __future__ import annotations

from typing import Any

from metakernel_micropython.cell.parser import lines_above
from metakernel_micropython.host.outcome import Outcome
from metakernel_micropython.host.python_cells import HostPython, PythonFailed
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, ExceptionWrapper, MagicError, Namespace, argument, arguments


class PythonMagic(BoardMagic):
    """Runs Python on this computer."""

    kernel: MicroPythonKernel
    group = "Notebook and host"
    on_several = False
    alone = "it runs on this computer, once. Write it above %%on, or in a cell of its own."

    def __init__(self, kernel: MicroPythonKernel) -> None:
        super().__init__(kernel)
        self._python = HostPython(kernel)
        self._value: Any = None

    @property
    def env(self) -> dict[str, Any]:
        """The names that cells have made."""
        return self._python.names

    def run(self, mtype: str, name: str, args: str) -> None:
        """Take what stands behind %python as it is: it is code."""
        self._value = None
        if mtype == "line" and args.strip() not in ("-h", "--help"):
            self._line(args)
        else:
            super().run(mtype, name, args)

    @arguments(argument("code", nargs="...", help="an expression or a statement"))
    def line_python(self, args: Namespace) -> None:
        """%python CODE - run a line of Python on this computer; its value is that of the cell.

        It runs in IPython, as %%python does. Modules beside the notebook can be imported while it runs. %get brings
        values of the board, %put sends some; board is the connected board.

        Examples:
          %python import os; os.chdir("..")
          %python board.evaluate("6 * 7")
        """

    @arguments(
        argument("-e", "--eval_output", action="store_true", help="run what the cell gives as code on the board")
    )
    def cell_python(self, args: Namespace) -> None:
        """%%python [-e] - run the cell in IPython on this computer; its last expression is shown.

        Pictures of matplotlib, tables, display(), input(), await, ! and the commands of IPython work as they do there;
        ; at the end hides the value. The name board is the connected board, as in board.execute("print(1)"). Where the
        cell gives a value to the name retval, that one is shown. Modules beside the notebook can be imported while it
        runs.

        Example:
          %%python
          import platform
          platform.node()
        """
        self.evaluate = False
        outcome = self._run(self.code, show=not args.eval_output)
        if args.eval_output and outcome is not None:
            self.code, self.evaluate = str(outcome.value), True

    def post_process(self, retval: Any) -> Any:
        """Return the cell's value: the board's where it has one, else that of the line or cell of Python."""
        found = super().post_process(retval)
        value, self._value = self._value, None
        return value if found is None else found

    def _line(self, code: str) -> None:
        if not code.strip():
            raise MagicError("%python needs code on its line; %%python runs a whole cell on this computer.")
        if (outcome := self._run(code.strip(), show=False)) is not None:
            self._value = outcome.shown or None

    def _run(self, code: str, *, show: bool) -> Outcome | None:
        above, _ = lines_above(self.kernel.cell, code)
        try:
            return self._python.run(code, self.kernel.execution_count, above, show=show)
        except PythonFailed as failed:
            self.fail(ExceptionWrapper(failed.name, failed.text, failed.lines))
            return None


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(PythonMagic)
