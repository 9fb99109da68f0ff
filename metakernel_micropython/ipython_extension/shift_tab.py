"""Shift-Tab in IPython's kernel: names of the board below ``%%micropython``, and help behind our magics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .embedded_kernel import EmbeddedKernel
    from .tab_completion import TabCompletion


class ShiftTab:
    """Answers for the kernel of one shell; in a terminal, which has no such request, it does nothing.

    Args:
        kernel: knows the magics and the board.
        tab: says what of a cell is ours.
    """

    def __init__(self, kernel: EmbeddedKernel, tab: TabCompletion) -> None:
        self._kernel = kernel
        self._tab = tab
        self._host: Any = kernel.host_kernel
        self._before: Any = None  # what somebody else has put in the place of the host's own

    def begin(self) -> None:
        """Answer from now on."""
        if hasattr(self._host, "do_inspect"):
            self._before = vars(self._host).get("do_inspect")
            self._own: Any = self._host.do_inspect
            self._host.do_inspect = self._do_inspect

    def end(self) -> None:
        """Leave all requests to IPython again."""
        if self._before is not None:
            self._host.do_inspect = self._before
        elif self._host is not None:
            vars(self._host).pop("do_inspect", None)

    def _do_inspect(self, code: str, cursor_pos: int, *args: Any, **options: Any) -> Any:
        before, behind = code[:cursor_pos], code[cursor_pos:]
        asked = self._tab.asked(before)
        if asked is None:
            return self._own(code, cursor_pos, *args, **options)
        if not asked.startswith("%%"):
            behind = behind.partition("\n")[0]  # the rest of the cell is Python
        with self._kernel.stops:  # a Stop would end the talk with the board in the middle
            return self._kernel.do_inspect(asked + behind, len(asked), *args, **options)
