"""The debugger of a kernel, with the requests of its front ends: what ``kernel`` asks for."""

from __future__ import annotations

import os
import re
import tempfile
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ..front_end import FrontEnd

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from ..cell.interrupt_state import InterruptState
    from ..cell.output import Follower
    from .adapter import DebugAdapter
    from .debug_session import Debugger

HASH_SEED = 0xC70F6907
"""Of the hash that gives the text of a cell its path."""


class DebuggingFrontEnd(FrontEnd, Protocol):
    """The front end whose debugger is answered."""

    interrupts: InterruptState

    def answer_later(self, kind: str, answer: Callable[[dict[str, Any]], Coroutine[Any, Any, dict[str, Any]]]) -> None:
        """Answer requests on the control channel that take their time."""
        ...

    def publish(self, kind: str, content: Mapping[str, Any]) -> None:
        """Send a message (type and content) to the cell that runs, or that ran last; any thread may call it."""
        ...


def path_of(text: str) -> str:
    """Return the path that stands for a cell; nothing lies there."""
    from ipykernel.compiler import murmur2_x86

    text = re.sub("[\ud800-\udfff]", "\ufffd", text)  # as JavaScript encodes half a surrogate pair
    return f"{_prefix()}{murmur2_x86(text, HASH_SEED)}.py"  # type: ignore[no-untyped-call]


def _prefix() -> str:
    return str(Path(tempfile.gettempdir()) / f"micropython_{os.getpid()}") + os.sep


class Debugging:
    """Makes a kernel's debugger once it is asked for: what it imports is not needed by those who do not debug.

    Args:
        front_end: the kernel.
    """

    def __init__(self, front_end: DebuggingFrontEnd) -> None:
        self._front_end = front_end
        front_end.answer_later("debug", self.answer)

    @cached_property
    def debugger(self) -> Debugger:
        """What knows where programs stop."""
        from .debug_session import Debugger

        kernel = self._front_end
        return Debugger(kernel, path_of, lambda: kernel.interrupts.busy, kernel.between_cells)

    @cached_property
    def _adapter(self) -> DebugAdapter:
        from .adapter import DebugAdapter

        info = {
            "hashMethod": "Murmur2",
            "hashSeed": HASH_SEED,
            "tmpFilePrefix": _prefix(),
            "tmpFileSuffix": ".py",
        }
        return DebugAdapter(self.debugger, self._front_end.publish, path_of, info)

    async def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer a request of a front end's debugger."""
        return await self._adapter.answer(request)

    def pauses(self, cell: str, code: str, file: str) -> Follower | None:
        """Return what has a program pause; None where nobody debugs it. See ``CellRunner.pauses``."""
        if "debugger" not in vars(self) and "breakpoint" not in code:
            return None
        return self.debugger.follower(cell, code, file)
