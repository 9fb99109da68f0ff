"""Ctrl-C after Ctrl-C for a program that catches each of them: when they come, so that one hits the handler.

A board has one place for a pending interrupt, at which the program looks at its next jump. What arrives together, in a
packet or a FIFO, is therefore one interrupt. A program that catches it in an endless loop is left only by the next one,
if it is raised in the handler of the one before, which may last for microseconds (``pass``) or for as long as a
``print`` takes. Nobody can know when that is, so the pauses between two of them have every length. (PX
``mp_sched_keyboard_interrupt``, ``py/vm.c``: ``pending_exception_check``.)
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from .control_bytes import CTRL_C

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .line_reader import LineReader

PATIENT_REQUESTS = 6
"""Requests for the prompt before there are streams: most programs need no more than one, and time to clean up."""

DENSE = 32
"""The first of them have no pauses: a UART carries them one after the other."""

SPREAD = 68
"""So many more have pauses."""

SHORTEST, LONGEST = 50e-6, 5e-3
"""Seconds of these pauses; half of them are below 0.5 ms."""

_GOLDEN = 0.6180339887498949  # its multiples, modulo 1, fill the range evenly, however many there are


def send_before(request: int, line: LineReader, over: Callable[[], bool]) -> None:
    """Send the stream, if there is one, that goes before a request for the prompt.

    Args:
        request: how many requests there were.
        line: to the board.
        over: tells when no more are needed.

    Raises:
        LineLost: the line is gone.
    """
    if request < PATIENT_REQUESTS:
        return
    for pause in pauses(request - PATIENT_REQUESTS):
        if over():
            break
        with line.sending:
            line.write(CTRL_C)
        time.sleep(pause)


def pauses(stream: int) -> Iterator[float]:
    """Give the seconds to wait after each Ctrl-C of one stream; each is to be written by itself.

    Args:
        stream: how many streams there were before, which had other pauses.
    """
    for _ in range(DENSE):
        yield 0.0
    for place in range(SPREAD):
        yield SHORTEST * (LONGEST / SHORTEST) ** ((stream * SPREAD + place) * _GOLDEN % 1)
