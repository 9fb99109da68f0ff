"""Sending a program again where a board without flow control has not taken it as it is.

Such a board drops what its receive buffer has no room for. Where it finds a syntax error that is none, nothing of the
program has run, and it is sent again with longer pauses. Where its compiler had no memory it is sent again, too: these
boards have little, and much of it is garbage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...syntax_tree import parsed
from .capabilities import CHUNK, LINE_BUFFER
from .diagnosis import device_error, lacks_memory

if TYPE_CHECKING:
    from collections.abc import Callable

    from .capabilities import Capabilities
    from .execution import Execution

MAX_CHUNK_PAUSE = 0.2
"""Seconds between two chunks of source at most, however much a board drops."""

ASKED_FROM = 1024
"""Bytes of a program from which on a board without flow control is asked whether it has room for it."""

LARGEST_SHARE = 0.75
"""Share of the free memory that a program's source may take: one that takes nearly all leaves a board that can compile
nothing any more, and more than all ends it."""

COLLECTIONS = 4
"""How often a board without memory may try to free some: what an earlier program has left on its stack counts as used
until another program runs there (py/gc.c)."""

_COLLECT = b"__import__('gc').collect()"
_FREE = _COLLECT + b"\nprint(__import__('gc').mem_free())"


def start(
    source: bytes,
    start_once: Callable[[bytes], Execution],
    aside: Callable[[bytes], str],
    release: Callable[[], object],
    capabilities: Capabilities,
) -> Execution:
    """Start a program, as often as it takes.

    Args:
        source: the program.
        start_once: starts it.
        aside: runs a short program of our own first, and returns what it printed.
        release: has the prompt give back the memory that it holds.
        capabilities: what the board can; the pauses that it needs are noted there.

    Raises:
        DeviceError: the board's memory has no room for the program.
    """
    if capabilities.no_flow_control and capabilities.full and capabilities.line_buffer > LINE_BUFFER:
        # The prompt keeps its buffer, as large as its longest source was, until it is left (pyexec_raw_repl).
        release()
        capabilities.line_buffer = LINE_BUFFER
    _see_room(source, aside, capabilities)
    execution = start_once(source)
    if not capabilities.no_flow_control or len(source) <= CHUNK:
        return execution
    if lacks_memory(execution.refused()):
        aside(_COLLECT)
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


def _see_room(source: bytes, aside: Callable[[bytes], str], capabilities: Capabilities) -> None:
    """Refuse a program that would end a board for good, which has no memory left.

    Without raw-paste the prompt collects the source in a buffer that grows (shared/runtime/pyexec.c, pyexec_raw_repl).
    Where there is no memory for that, nothing catches the MemoryError, and the board hangs.

    Raises:
        DeviceError: a MemoryError, as if the board had raised it.
    """
    if capabilities.no_flow_control and capabilities.full and len(source) > capabilities.line_buffer:
        # Many Ctrl-C may have filled the memory with the lines of their tracebacks, which old firmware forgets when the
        # next program runs: the shortest one that there is.
        for _ in range(COLLECTIONS):
            aside(b"")
            aside(_COLLECT)  # the shortest that frees something, and tells whether any fits
            if not capabilities.full:
                break
        else:
            raise device_error("MemoryError: the board has no memory left to take this program\n")
    if capabilities.no_flow_control and len(source) > max(ASKED_FROM, capabilities.line_buffer):
        free = aside(_FREE).strip()
        if free.isdecimal() and len(source) > LARGEST_SHARE * int(free):
            raise device_error(
                f"MemoryError: too large for this board's memory: the program has {len(source)} bytes, and of the "
                f"{int(free)} that are free its source may take {int(LARGEST_SHARE * int(free))}\n"
            )
    capabilities.line_buffer = max(capabilities.line_buffer, len(source))


def _is_python(source: bytes) -> bool:
    try:
        parsed(source)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return True
