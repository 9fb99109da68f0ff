"""Python on this computer, for %%python: the names that its cells have made, and how one is run.

IPython runs them (see ``ipython_shell``); it is loaded for the first one. Modules beside the notebook can be imported
while such a cell runs, behind all that are installed, and at no other time: a file that somebody sent with a notebook
must not run because it has the name of a package that is looked for.
"""

from __future__ import annotations

import builtins
import contextlib
import getpass
import os
import sys
from functools import cached_property
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ..errors import CannotAsk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..front_end import HostFrontEnd
    from .ipython_shell import HostShell
    from .outcome import Failed, Outcome

GIVEN = frozenset(("In", "Out", "board", "exit", "get_ipython", "kernel", "open", "quit"))
"""Names that cells find and have not made."""


def _encodable(text: str) -> str:
    """Return text as a message can hold it: half a surrogate pair as an escape."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


class PythonFailed(Exception):
    """A cell raised an exception.

    Args:
        failed: the exception and its traceback.
    """

    def __init__(self, failed: Failed) -> None:
        self.name = type(failed.error).__name__
        try:
            self.text = _encodable(str(failed.error))
        except Exception:  # it is a cell's own
            self.text = ""
        self.lines = [_encodable(line) for line in failed.lines] or [self.name]
        super().__init__(self.text)


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
    """The host's Python of one kernel.

    Args:
        front_end: where what cells show goes, and who is asked.
    """

    def __init__(self, front_end: HostFrontEnd) -> None:
        self._front_end = front_end

    @cached_property
    def _module(self) -> ModuleType:
        module = ModuleType("__main__", "The names of %%python cells.")
        vars(module).update(self._given)
        return module

    @cached_property
    def _given(self) -> dict[str, object]:
        from .connected_board import ConnectedBoard

        return {"kernel": self._front_end, "board": ConnectedBoard(self._front_end)}

    @property
    def names(self) -> dict[str, Any]:
        """The names that cells have made and find."""
        return vars(self._module)

    @cached_property
    def _shell(self) -> HostShell:
        from .ipython_shell import HostShell

        return HostShell(self._front_end, self._module, self._given)

    def run(self, code: str, number: int, above: int = 0, *, show: bool) -> Outcome:
        """Run code; return what its last expression came to, or what it has named ``retval``.

        Args:
            code: the cell.
            number: the notebook's number for it.
            above: the lines of the notebook's cell that stand above the code.
            show: show this value at once.

        Raises:
            PythonFailed: it raised an exception, also one that is there to end programs.
        """
        shell = self._shell
        self._front_end.take_output()
        try:
            with self._front_end.current_shell(shell), self._asking(), importable(), shell.awaits.entered():
                outcome = shell.run(code, number, above, show=show)
        finally:
            shell.flush()
        if outcome.failed is not None:
            raise PythonFailed(outcome.failed)
        return outcome

    @contextlib.contextmanager
    def _asking(self) -> Iterator[None]:
        """Have what runs ask the person at the front end, as long as this lasts."""
        before = builtins.input, getpass.getpass
        builtins.input, getpass.getpass = self._ask, self._ask_unseen
        try:
            yield
        finally:
            builtins.input, getpass.getpass = before

    def _ask(self, prompt: object = "", /) -> str:
        """Return a line that the person at the front end types.

        Raises:
            CannotAsk: this front end has nobody to ask.
            EOFError: the person has ended the input.
        """
        return self._front_end.raw_input(self._question("input", prompt))

    def _ask_unseen(self, prompt: object = "Password: ", stream: object = None, *, echo_char: object = None) -> str:
        """Return a line that nobody sees while it is typed; raise what ``_ask`` raises."""
        return self._front_end.getpass(self._question("getpass", prompt))

    def _question(self, asking: str, prompt: object) -> str:
        if not self._front_end.can_ask:
            raise CannotAsk(
                f"The cell asks {str(prompt).strip()!r} with {asking}(), and this front end cannot ask for an answer. "
                "Run the cell in JupyterLab or jupyter console, or give the value in the code."
            )
        return str(prompt)
