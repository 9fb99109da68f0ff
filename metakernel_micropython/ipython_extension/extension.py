"""The extension of one IPython shell, from its loading to its end."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any

from ..host import shell as host_shell
from ..jupyter_internals import answer_control
from ..sessions.take_over import REQUEST as RELEASE
from .embedded_kernel import EmbeddedKernel
from .shell_magics import ShellMagics
from .tab_completion import TabCompletion
from .typing_requests import TypingRequests

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


_LEAVES_NOTES = re.compile(r"\s*%{1,2}(?:mpy\s+)?(?:readbytes|checkpoint)\b")
"""Cells that notes on what the board printed wait for: see ``kernel.py``."""


class Extension:
    """Boards for one shell.

    Args:
        shell: the shell.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._kernel = EmbeddedKernel(shell)
        self._magics = ShellMagics(shell, self._kernel)
        self._tab = TabCompletion(self._kernel, self._magics)
        self._typing = TypingRequests(self._kernel, self._tab)

    def load(self) -> None:
        """Add the magics; no port is opened."""
        self._magics.register()
        for where, problem in self._kernel.new_load_problems():
            self._kernel.Error(f"The magics in {where} could not be loaded: {problem}")
        self._shell.events.register("pre_run_cell", self._before_cell)
        self._shell.events.register("post_run_cell", self._after_cell)
        self._shell.Completer.custom_matchers.append(self._tab.matcher)
        self._typing.begin()
        self._kernel.first_moment.begin(lambda name: self._magics.own("cell", name))
        if (host := self._kernel.host_kernel) is not None:
            answer_control(host, RELEASE, self._kernel.boards.release)

    def unload(self) -> None:
        """Take the magics away, and free the boards; they keep their state."""
        self._magics.unregister()
        self._shell.events.unregister("pre_run_cell", self._before_cell)
        self._shell.events.unregister("post_run_cell", self._after_cell)
        with contextlib.suppress(ValueError):
            self._shell.Completer.custom_matchers.remove(self._tab.matcher)
        self._typing.end()
        self._kernel.first_moment.end()
        if (host := self._kernel.host_kernel) is not None:
            host.control_handlers.pop(f"{RELEASE}_request", None)
        self.end()

    def end(self) -> None:
        """Free the boards' lines, and end this computer's commands, as the kernel does when it is shut down."""
        host_shell.kill_all()
        self._kernel.boards.end(restart=False)
        self._kernel.connections.close_all()
        self._kernel.stops.end()

    def _before_cell(self, info: Any) -> None:
        if not _LEAVES_NOTES.match(info.raw_cell or ""):
            self._kernel.show_unsolicited()

    def _after_cell(self, _result: object) -> None:
        self._kernel.show_hints()
