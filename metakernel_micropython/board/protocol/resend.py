"""Sending a program again where a board without flow control has not taken it as it is.

Such a board drops what its receive buffer has no room for. Where it finds a syntax error that is none, nothing of the
program has run, and it is sent again with longer pauses. Where its compiler had no memory it is sent again, too: these
boards have little, and much of it is garbage.
"""

from __future__ import annotations

import ast
import warnings
from typing import TYPE_CHECKING

from .diagnosis import device_error, lacks_memory
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

    Raises:
        DeviceError: the board's memory is so full that it cannot even take the program.
    """
    _see_room(source, collect_garbage, capabilities)
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


def _see_room(source: bytes, collect_garbage: Callable[[], object], capabilities: Capabilities) -> None:
    """Refuse a program that would end a board for good, which has no memory left.

    Without raw-paste the prompt collects the source in a buffer that grows (shared/runtime/pyexec.c, pyexec_raw_repl).
    Where there is no memory for that, nothing catches the MemoryError, and the board hangs.

    Raises:
        DeviceError: a MemoryError, as if the board had raised it.
    """
    if capabilities.no_flow_control and capabilities.full and len(source) > capabilities.line_buffer:
        collect_garbage()  # the shortest program that frees something, and tells whether any fits
        if capabilities.full:
            raise device_error("MemoryError: the board has no memory left to take this program\n")
    capabilities.line_buffer = max(capabilities.line_buffer, len(source))


def _is_python(source: bytes) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return True
