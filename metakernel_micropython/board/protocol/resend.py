"""Sending a program again where a board without flow control has not taken it as it is.

Such a board drops what its receive buffer has no room for. Where it finds a syntax error that is none, nothing of the
program has run, and it is sent again with longer pauses. Where its compiler had no memory it is sent again, too: these
boards have little, and much of it is garbage.
"""

from __future__ import annotations

import ast
import warnings
from typing import TYPE_CHECKING

from .diagnosis import lacks_memory
from .repl import CHUNK

if TYPE_CHECKING:
    from collections.abc import Callable

    from .capabilities import Capabilities
    from .execution import Execution

MAX_CHUNK_PAUSE = 0.2
"""Seconds between two chunks of source at most, however much a board drops."""


def start(
    source: bytes,
    start_once: Callable[[bytes], Execution],
    collect_garbage: Callable[[], object],
    capabilities: Capabilities,
) -> Execution:
    """Start a program, as often as it takes.

    Args:
        source: the program.
        start_once: starts it.
        collect_garbage: has the board find free memory.
        capabilities: what the board can; the pauses that it needs are noted there.
    """
    execution = start_once(source)
    if not capabilities.no_flow_control or len(source) <= CHUNK:
        return execution
    if lacks_memory(execution.refused()):
        collect_garbage()
        execution = start_once(source)
    pause = capabilities.chunk_pause
    while capabilities.chunk_pause < MAX_CHUNK_PAUSE:
        refusal = execution.refused()
        if refusal is None or lacks_memory(refusal) or not _is_python(source):
            break
        capabilities.chunk_pause *= 3
        execution = start_once(source)
        if execution.refused() == refusal:  # the board means it
            capabilities.chunk_pause = pause
            break
    return execution


def _is_python(source: bytes) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return True
