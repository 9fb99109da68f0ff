"""A program on the board: sending it, its output as it comes, stopping it, and how it ended."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from ...errors import BoardTimeout, DeviceError, LineLost, MicroPythonError
from . import patience as deadlines
from . import questions
from .capabilities import CHUNK
from .diagnosis import device_error
from .patience import Due, Patience
from .text import TextDecoder, decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from .diagnosis import Diagnosis
    from .line_reader import LineReader
    from .repl import Repl

COMPILE_PATIENCE = 0.3
"""Seconds that a small board may take to find a syntax error, before the program counts as running."""

ANSWER_CHUNK = 64
"""Bytes per write of an answer to a program, where the board has a bigger buffer: 256 bytes, or less, and nothing that
tells when they are full."""

ANSWER_PAUSE = 0.01
"""Seconds between two such writes."""

LOOK = 0.5
"""Seconds between two looks whether somebody stops a program whose source a board does not take."""

SHORTEST_WAIT = 0.05
"""Seconds of a wait for output at least, also beyond a deadline: an interrupted program may take its time."""

PENDING_LIMIT = 1024 * 1024
"""Bytes of output that wait to be shown before the reader lets the board wait."""

_NEVER = float("inf")


class Execution:
    """A program on the board: what it prints as it comes, and how it ends.

    As a context it does not outlive its ``with`` statement: whatever goes wrong there, the program is stopped.

    Args:
        line: to the board.
        repl: the protocol, at its prompt.
        diagnosis: has the words for what may go wrong.
        size: bytes of source.
    """

    def __init__(self, line: LineReader, repl: Repl, diagnosis: Diagnosis, size: int) -> None:
        self._line = line
        self._repl = repl
        self._diagnosis = diagnosis
        self._changed = line.changed
        self._pending = bytearray()
        self._decoder = TextDecoder()
        self._patience = Patience(size, time.monotonic())
        self._ended = False
        self.asks = False  # a person was asked for a line that the program waits for
        self._failure: MicroPythonError | None = None

    def __enter__(self) -> Execution:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if not self._ended:
            self.interrupt()
            self.discard()

    # -- how it stands -------------------------------------------------------------------------------------------

    @property
    def done(self) -> bool:
        """Whether it has ended; output may still wait to be read."""
        return self._ended

    @property
    def printed(self) -> bool:
        """Whether output waits to be read."""
        return bool(self._pending)

    @property
    def started(self) -> bool:
        """Whether the board has the whole source."""
        return self._patience.started

    @property
    def full(self) -> bool:
        """Whether so much output waits that the board has to."""
        return len(self._pending) >= PENDING_LIMIT

    @property
    def interrupts(self) -> int:
        """How often somebody asked to stop it."""
        return self._patience.interrupts

    @property
    def refusal(self) -> str | None:
        """The traceback, where the board's compiler refused the source, so that nothing of it ran."""
        error = self._failure
        if isinstance(error, DeviceError) and error.name in ("SyntaxError", "IndentationError", "MemoryError"):
            frames = [line for line in error.traceback.splitlines() if line.startswith("  File ")]
            # A program that has run out of memory may have had none left for its frames.
            unknown = error.name == "MemoryError" and not frames
            if not self._pending and not unknown and not any(", in " in frame for frame in frames):
                return error.traceback
        return None

    def check(self) -> None:
        """Raise what ended it, once it has ended.

        Raises:
            DeviceError: the program raised an exception.
            BoardReset: the board restarted.
            BoardBusy: it did not stop when it was interrupted.
            LineLost: the line to the board was lost.
        """
        if self._failure is not None:
            raise self._failure

    # -- its output ----------------------------------------------------------------------------------------------

    def stream(
        self,
        *,
        idle: float | None = None,
        limit: float | None = None,
        late: BoardTimeout | None = None,
        tick: Callable[[], float | None] = lambda: None,
    ) -> Iterator[str]:
        """Give what it prints as it comes, until it has ended and everything was read; ``check`` says how it ended.

        Also gives ``""`` now and then: when somebody interrupts it, where what came is not a whole character or line
        end yet, and as ``tick`` asks for.

        Args:
            idle: seconds in which it must print something or end; None for no such deadline.
            limit: seconds in which it must end, from now; None for no limit.
            late: the error when a deadline has passed.
            tick: called before each wait, returns the seconds after which ``""`` is given where nothing came; None for
                as long as it takes.

        Raises:
            BoardTimeout: a deadline has passed; leaving the ``with`` statement stops the program. One that somebody has
                interrupted has its own time to end.
        """
        begun = heard = time.monotonic()
        ended = False
        while not ended:
            ended = self._ended
            end = _NEVER if limit is None else begun + limit
            deadline = end if idle is None else min(end, heard + idle)
            patience = max(SHORTEST_WAIT, deadline - time.monotonic())
            if (seconds := tick()) is not None:
                patience = min(patience, seconds)
            text = self.read(None if patience == _NEVER else patience)
            over = end if text else deadline
            if time.monotonic() >= over and not self._ended and not self.interrupts:
                raise late or BoardTimeout("The program on the board did not end in time.")
            yield text
            if text:
                heard = time.monotonic()

    def read(self, timeout: float | None = None) -> str:
        """Return what was printed since the last call, at once if something was.

        Waits at most ``timeout`` seconds (None: as long as it takes) and returns ``""`` when nothing came, when
        somebody interrupted it meanwhile, or when it has ended and everything was read.
        """
        data, ended = self._take(timeout)
        text = self._decoder.feed(data)
        return text + self._decoder.flush() if ended else text

    def put_back(self, text: str) -> None:
        """Have text that was read be read again."""
        with self._changed:
            self._pending[:0] = text.encode("utf-8", "replace")

    def read_bytes(self, timeout: float | None = None) -> bytes:
        """Return the bytes that were printed, as ``read`` does the text."""
        return self._take(timeout)[0]

    def _take(self, timeout: float | None) -> tuple[bytes, bool]:
        """Return what was printed since the last call, and whether that was the last of it."""
        with self._changed:
            interrupts = self.interrupts
            self._wait(lambda: self._pending or self._ended or self.interrupts != interrupts, timeout)
            data = bytes(self._pending)
            self._pending.clear()
            self._changed.notify_all()  # the reader may wait for room
            return data, self._ended

    def wait(self, timeout: float | None = None, pending: int = PENDING_LIMIT // 4) -> bool:
        """Wait until it ends; return whether it has.

        Returns earlier after ``timeout`` seconds, or when ``pending`` bytes of output wait to be read.
        """
        with self._changed:
            self._wait(lambda: self._ended or len(self._pending) >= pending, timeout)
            return self._ended

    def discard(self) -> None:
        """Wait until it ends, and throw away what it prints until then."""
        while not self.wait():
            self.read(0)

    def refused(self) -> str | None:
        """Wait until it has ended or certainly runs, and return ``refusal``."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._pending, COMPILE_PATIENCE)
        return self.refusal

    def _wait(self, arrived: Callable[[], object], timeout: float | None) -> None:
        """Wait (the lock is held) for what is asked for, and see to interrupts and the time to give up meanwhile."""
        deadline = _NEVER if timeout is None else time.monotonic() + timeout
        while not arrived():
            now = time.monotonic()
            due = None if self._ended else self._patience.due(now)
            if due is Due.GIVE_UP:
                self.abandon()
                return
            if due is Due.END:
                held, traceback = self._repl.take_for_ended()
                self.note_output(held)
                self.note_done(traceback)
                continue
            if due is not None:
                self._unlocked(self.send_interrupt if due is Due.INTERRUPT else self._nudge)
                continue  # what is waited for may have come while the lock was not held
            wake = min(deadline, self._patience.next_at)
            if wake <= now:
                return
            self._changed.wait(None if wake == _NEVER else wake - now)

    # -- its input -----------------------------------------------------------------------------------------------

    def answer(self, text: str | None, *, echoes: bool = False, secret: bool = False) -> str:
        """Give the program a line of input; return what had to be left out of it, ``""`` for nothing.

        It goes out in pieces that the board has room for, and ends early when the program does, or is interrupted:
        what is left would be source for the prompt.

        Args:
            text: the line; None for the end of input.
            echoes: as the ``questions.Question`` says.
            secret: keep it out of what the tap is told.

        Raises:
            LineLost: the line to the board was lost.
        """
        data, left_out = questions.answer_line(text, echoes=echoes)
        interrupts = self.interrupts
        size = CHUNK if self._repl.capabilities.no_flow_control else ANSWER_CHUNK
        for at in range(0, len(data), size):
            if at:
                time.sleep(ANSWER_PAUSE)
            with self._line.sending:
                with self._changed:
                    if self._ended or self.interrupts != interrupts:
                        break
                    self._line.hide_until(questions.OVER.encode() if secret else b"")
                self._line.write(data[at : at + size], hidden=secret)
        return left_out

    def feed(self, data: bytes, interrupts: int = 0) -> bool:
        """Send bytes to the program, which reads them; return whether it still runs and nobody has interrupted it.

        Args:
            data: what it reads.
            interrupts: how often somebody has asked to stop it before, and it has gone on.

        Raises:
            LineLost: the line to the board was lost.
        """
        with self._line.sending:
            with self._changed:
                if self._ended or self.interrupts > interrupts:
                    return False
            self._line.write(data)
            return True

    # -- sending it ----------------------------------------------------------------------------------------------

    def send(self, source: bytes, begun: Callable[[Execution], None]) -> None:
        """Send the source, all of it where the board takes it.

        Args:
            source: the program.
            begun: called once the protocol has it, with the lock held: what comes from now on is for this program.

        Raises:
            SourceError: the source cannot be sent.
            BoardBusy: the board is not at its prompt.
            LineLost: the line is gone.
        """
        try:
            with self._line.sending:
                with self._changed:
                    data = self._repl.send_source(source)
                    begun(self)
                try:
                    self._line.write(data)
                except LineLost as error:
                    with self._changed:
                        self.end(error)
                    raise
            self._send_rest()
        except KeyboardInterrupt:  # Ctrl-C on the host: the board may have half of the source
            with self._changed:
                self.abandon()
            raise

    def _send_rest(self) -> None:
        with self._changed:
            self._pause(self._repl.pause)
        while True:
            with self._line.sending:
                with self._changed:
                    received = self._line.received
                    sending = self._repl.sending and not self._ended
                    chunk = b"" if self._ended else self._repl.data_to_send()
                    pause = self._repl.pause
                    sent = self._repl.sent
                try:
                    self._line.write(chunk)
                except LineLost as error:
                    with self._changed:
                        self.end(error)
                    return
            if not sending or sent:
                return
            with self._changed:
                if chunk:
                    self._patience.note_progress(time.monotonic())
                    self._pause(pause)
                    continue
                # The answer may have come since the lock was released to write. What else a board prints is none.
                left = self._patience.give_up_at - time.monotonic()
                if left <= 0:
                    self.abandon()
                    return
                self._line.wait_for_bytes(min(left, LOOK), received, lambda: self._ended)

    def _pause(self, seconds: float) -> None:
        """Wait (the lock is held) while a board without flow control takes a chunk; its end and Stop end that."""
        interrupts = self.interrupts
        if seconds:
            self._changed.wait_for(lambda: self._ended or self.interrupts != interrupts, seconds)

    # -- stopping it ---------------------------------------------------------------------------------------------

    def interrupt(self, grace: float | None = None) -> bool:
        """Send Ctrl-C to the program; return whether it still ran.

        Args:
            grace: seconds that it has to end; None for the usual ones.
        """
        with self._changed:
            if not self.note_interrupt(grace):
                return False
        self.send_interrupt()
        return True

    def note_interrupt(self, grace: float | None = None) -> bool:
        """Note (the lock is held) that somebody asked to stop it; return whether it still runs.

        The time that its clean-up may take begins. ``send_interrupt`` has to follow.
        """
        if self._ended:
            return False
        self._patience.note_interrupt(time.monotonic(), grace)
        self._changed.notify_all()
        return True

    def send_interrupt(self) -> None:
        """Put Ctrl-C on the line in the way that the state of the protocol asks for."""
        with self._line.sending:
            with self._changed:
                if self._ended:
                    return
                data, ends = self._repl.send_interrupt()
                for end in ends:
                    self.note_done(end.traceback)
                self._changed.notify_all()
            try:
                self._line.write(data)
            except LineLost as error:
                with self._changed:
                    self.end(error)
                    self._changed.notify_all()

    def _nudge(self) -> None:
        # A return for a program that waits for a character; the next source clears it away.
        with contextlib.suppress(LineLost), self._line.sending:
            if not self._ended:
                self._line.write(b"\r")

    def _unlocked(self, send: Callable[[], None]) -> None:
        """Send something without the lock, which the reader needs meanwhile."""
        self._changed.release()
        try:
            send()
        finally:
            self._changed.acquire()

    def abandon(self) -> None:
        """Give it up (the lock is held) where it has not ended; the next execution brings the board to its prompt."""
        if not self._ended:
            self._repl.forget()
            self._ended = True
            told = self._diagnosis
            self._failure = told.not_stopped() if self.interrupts else told.takes_no_code(deadlines.ANSWER_TIMEOUT)

    # -- what the board says of it: called with the lock held -----------------------------------------------------

    def note_started(self) -> None:
        """The board has the whole source."""
        self._patience.note_started(time.monotonic())

    def note_output(self, data: bytes) -> None:
        """The board printed ``data``."""
        self._pending += data

    def note_maybe_ended(self) -> None:
        """Something came, after which it may have ended, or it has not after all."""
        self._patience.note_maybe_ended(time.monotonic(), self._repl.maybe_ended)

    def note_done(self, traceback: bytes) -> None:
        """It has ended; ``traceback`` is empty where it ended well."""
        failure = device_error(decode(traceback)) if traceback else None
        self._repl.capabilities.full = failure is not None and failure.name == "MemoryError"
        self.end(failure)

    def end(self, failure: MicroPythonError | None) -> None:
        """It is over; ``failure`` says why, where it did not end well."""
        if not self._ended:
            self._line.hide_until(b"")
            self._ended = True
            self._failure = failure
