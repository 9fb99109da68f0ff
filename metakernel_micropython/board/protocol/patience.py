"""How long a program on the board may take: to be taken, to be compiled, to stop. No I/O; any clock."""

from __future__ import annotations

from enum import Enum, auto

ANSWER_TIMEOUT = 10.0
"""Seconds in which a board at its prompt must take (more of) the source or finish a soft reset."""

RESET_SILENCE = 15.0
"""Seconds in which it must say something more, until it is back from a soft reset: boot.py may wait for a network."""

RESET_LIMIT = 90.0
"""Seconds in which it must be back, whatever it says meanwhile."""

INTERRUPT_GRACE = 5.0
"""Seconds that a program has for its own clean-up after Ctrl-C, before the cell is given up."""

SECOND_INTERRUPT_GRACE = 1.0
"""Seconds that it has after a second Ctrl-C."""

NUDGE_DELAY = 0.25
"""Seconds after Ctrl-C before a return follows it: old firmware that waits for a character in ``input()`` notices the
interrupt only when one comes."""

END_PATIENCE = 1.0
"""Seconds in which nothing must contradict that a program has ended, where a thread has printed into its end."""

INTERRUPT_INTERVAL = 0.1
"""Seconds between two Ctrl-C while the board may still compile, when it takes them for data."""

COMPILE_SPEED = 10_000
"""Bytes of source per second that a slow board compiles, for telling how long Ctrl-C may be taken for data."""

_NEVER = float("inf")


class Due(Enum):
    """What has to be done with a program now."""

    GIVE_UP = auto()
    INTERRUPT = auto()
    """Send Ctrl-C again: the last one may have been data."""
    NUDGE = auto()
    """Send a return."""
    END = auto()
    """Take it for ended."""


class Patience:
    """The deadlines of one program. All moments are in the host's monotonic seconds.

    Args:
        size: bytes of source.
        now: the moment.

    Attributes:
        interrupts: how often somebody asked to stop it.
        give_up_at: when the board must have taken the source, or must have stopped.
        started: whether the board has the whole source.
    """

    def __init__(self, size: int, now: float) -> None:
        self.interrupts = 0
        self.give_up_at = now + ANSWER_TIMEOUT  # until the board has the whole source
        self.started = False
        self._compile_time = 0.25 + size / COMPILE_SPEED
        self._compiled_by = _NEVER  # by when the board has certainly started to run the program
        self._interrupt_at = _NEVER
        self._nudge_at = _NEVER
        self._ended_at = _NEVER

    def note_progress(self, now: float) -> None:
        """The board takes the source: the time in which it must take the rest begins anew."""
        if not self.interrupts and not self.started:
            self.give_up_at = now + ANSWER_TIMEOUT

    def note_started(self, now: float) -> None:
        """The board has the whole source."""
        self.started = True
        self._compiled_by = now + self._compile_time
        if not self.interrupts:
            self.give_up_at = _NEVER

    def note_maybe_ended(self, now: float, maybe: bool) -> None:
        """It looks as if it had ended, or it does not (any more)."""
        self._ended_at = min(self._ended_at, now + END_PATIENCE) if maybe else _NEVER

    def note_interrupt(self, now: float, grace: float | None = None) -> None:
        """Somebody asked to stop it: the time that its clean-up may take begins; ``grace`` seconds, None: as usual."""
        self.interrupts += 1
        self._interrupt_at = self._next_interrupt(now)
        self._nudge_at = now + NUDGE_DELAY
        if grace is None:
            grace = INTERRUPT_GRACE if self.interrupts == 1 else SECOND_INTERRUPT_GRACE
        self.give_up_at = min(self.give_up_at, now + grace)

    def _next_interrupt(self, now: float) -> float:
        # While the board compiles, Ctrl-C is data for it (PX parse_compile_execute sets the interrupt character
        # afterwards). Once the program surely runs no more are sent: they would break its clean-up.
        return now + INTERRUPT_INTERVAL if now < self._compiled_by else _NEVER

    def due(self, now: float) -> Due | None:
        """Return what has to be done now, each once; None for nothing."""
        if now >= self.give_up_at:
            return Due.GIVE_UP
        if now >= self._interrupt_at:
            self._interrupt_at = self._next_interrupt(now)
            return Due.INTERRUPT
        if now >= self._nudge_at:
            self._nudge_at = _NEVER
            return Due.NUDGE
        if now >= self._ended_at:
            return Due.END
        return None

    @property
    def next_at(self) -> float:
        """When something has to be done next; infinite where nothing has."""
        return min(self.give_up_at, self._interrupt_at, self._nudge_at, self._ended_at)
