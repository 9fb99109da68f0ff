"""A program that is paused, and who hears of it."""

from __future__ import annotations

import queue
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from .channel import PausedProgram

if TYPE_CHECKING:
    from collections.abc import Callable

    from .channel import Asker
    from .frame_values import Frame

RUN, STEP_IN, STEP_OVER, STEP_OUT = range(4)
"""How a paused program goes on."""


class Listener(Protocol):
    """Somebody who debugs: a front end's debugger, or a person in a console."""

    def stopped(self, stop: Stop) -> None:
        """A program has paused. It goes on once this has returned and ``stop.resume`` is set."""
        ...

    def went_on(self) -> None:
        """It runs again, or has ended."""
        ...


@dataclass
class Stop:
    """A program that is paused, or that an exception has ended.

    Attributes:
        asker: runs sources where it is paused.
        reason: ``breakpoint``, ``step``, ``pause`` or ``exception``.
        frames: the innermost first.
        text: of the exception; ``""`` without one.
        traceback: the board's own.
        resume: how it is to go on; None as long as it waits.
        jobs: what others want to have done on the main thread meanwhile.
    """

    asker: Asker
    reason: str
    frames: list[Frame]
    text: str = ""
    traceback: str = ""
    resume: int | None = None
    jobs: queue.SimpleQueue[Callable[[Asker | None], None]] = field(default_factory=queue.SimpleQueue)

    def go_on(self, kind: int) -> None:
        """Have it go on; any thread may call it."""
        self.resume = kind
        self.jobs.put(lambda _asker: None)  # it waits for jobs

    @property
    def over(self) -> bool:
        """Whether it waits no longer."""
        return self.resume is not None or (isinstance(self.asker, PausedProgram) and self.asker.over)
