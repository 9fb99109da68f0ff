"""Python on this computer, for %%python: the names that its cells have made, and how one is run.

Modules beside the notebook can be imported while such a cell runs, behind all that are installed, and at no other time:
a file that somebody sent with a notebook must not run because it has the name of a package that is looked for.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import linecache
import os
import sys
import traceback
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_RESULT = "retval"  # a cell may give this name its value, as with MetaKernel


class PythonFailed(Exception):
    """A cell raised an exception.

    Args:
        error: the exception.
    """

    def __init__(self, error: BaseException) -> None:
        self.error = error
        super().__init__(str(error))

    @property
    def lines(self) -> list[str]:
        """The traceback from the cell on, as Python shows it."""
        told = traceback.TracebackException.from_exception(self.error)
        # What lies above the cell is this module; an error of syntax has no frame in the cell.
        while told.stack and told.stack[0].filename == __file__:
            del told.stack[0]
        return [line.rstrip("\n") for line in told.format()]


@contextlib.contextmanager
def importable() -> Iterator[None]:
    """Have modules in the current folder found, behind all others, as long as this lasts; what was imported stays."""
    try:
        entry = os.getcwd()  # noqa: PTH109 - a text of its own: the folder may be there too because somebody wants it
    except OSError:  # the folder is not there any more
        entry = ""
    if entry:
        sys.path.append(entry)
    try:
        yield
    finally:
        sys.path[:] = [one for one in sys.path if one is not entry]


class HostPython:
    """The names of %%python cells.

    Args:
        given: names that cells find among the built-in ones, for example ``input``.
    """

    def __init__(self, **given: object) -> None:
        self.names: dict[str, Any] = {"__name__": "__main__", "__builtins__": {**vars(builtins), **given}}
        self._cells = 0

    def run(self, code: str) -> Any:
        """Run code; return the value of its last expression, or what it has named ``retval``.

        Raises:
            PythonFailed: it raised an exception, also one that is there to end programs.
        """
        self._cells += 1
        name = f"<%%python {self._cells}>"
        linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
        self.names[_RESULT] = None
        try:
            with importable():
                value = self._run(code, name)
            found = self.names.get(_RESULT)
            return value if found is None else found
        except (Exception, SystemExit) as error:
            raise PythonFailed(error) from None
        finally:
            self.names.pop(_RESULT, None)

    def _run(self, code: str, name: str) -> Any:
        block = ast.parse(code, name)
        last = block.body[-1] if block.body else None
        if isinstance(last, ast.Expr):
            block.body.pop()
        execute: Callable[..., None] = exec
        execute(compile(block, name, "exec"), self.names)
        if not isinstance(last, ast.Expr):
            return None
        return eval(compile(ast.Expression(last.value), name, "eval"), self.names)  # noqa: S307 - the person's own
