"""Tab and Shift-Tab in IPython's kernel: what belongs to the board is answered as this project's kernel answers it.

``tab_completion`` is for a terminal, where IPython asks itself. It adds to what IPython finds; here nothing of Python's
is offered where a cell is the board's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .instance_hooks import InstanceHooks

if TYPE_CHECKING:
    from .embedded_kernel import EmbeddedKernel
    from .tab_completion import TabCompletion

_REST_OF_NAME = re.compile(r"[\w-]*")


class TypingRequests:
    """Answers for the kernel of one shell; in a terminal, which has no such requests, it does nothing.

    Args:
        kernel: knows the magics and the board.
        tab: says what of a cell is ours.
    """

    def __init__(self, kernel: EmbeddedKernel, tab: TabCompletion) -> None:
        self._kernel = kernel
        self._tab = tab
        self._hooks = InstanceHooks(kernel.host_kernel)

    def begin(self) -> None:
        """Answer from now on."""
        if hasattr(self._kernel.host_kernel, "do_inspect"):
            self._complete = self._hooks.put("do_complete", self._do_complete)
            self._inspect = self._hooks.put("do_inspect", self._do_inspect)

    def end(self) -> None:
        """Leave all requests to IPython again."""
        self._hooks.end()

    def _do_complete(self, code: str, cursor_pos: int) -> Any:
        asked = self._asked(code, cursor_pos)
        if asked is None or not {" ", "\n"} & {*asked[0][: asked[1]]}:  # the name of a magic: IPython has others
            return self._complete(code, cursor_pos)
        with self._kernel.stops:  # a Stop would end the talk with the board in the middle
            reply = self._kernel.assistant.complete(*asked)
        before = cursor_pos - asked[1]
        for place in (reply, *reply["metadata"]["_jupyter_types_experimental"]):
            for key in ("cursor_start", "cursor_end", "start", "end"):
                if key in place:
                    place[key] += before
        return reply

    def _do_inspect(self, code: str, cursor_pos: int, *args: Any, **options: Any) -> Any:
        asked = self._asked(code, cursor_pos) or self._asked_name(code, cursor_pos)
        if asked is None:
            return self._inspect(code, cursor_pos, *args, **options)
        with self._kernel.stops:
            return self._kernel.do_inspect(*asked, *args, **options)

    def _asked_name(self, code: str, cursor: int) -> tuple[str, int] | None:
        """Return the same where the cursor is in the name of a command; as a name of Python it may be another thing."""
        name = _REST_OF_NAME.match(code, cursor)
        asked = self._tab.asked(code[:cursor] + (name[0] if name is not None else "") + " ")
        return (asked, len(asked) - 1) if asked is not None else None

    def _asked(self, code: str, cursor: int) -> tuple[str, int] | None:
        """Return the cell and the cursor as our own kernel would have them; None where the cursor is not in ours."""
        before, behind = code[:cursor], code[cursor:]
        asked = self._tab.asked(before)
        if asked is None:
            return None
        if "\n" not in asked:
            behind = behind.partition("\n")[0]  # the rest of the cell is Python
        return asked + behind, len(asked)
