"""The protocol on a live line: one thread that always reads, executions with their output, deadlines on every wait.

Boards drop what nobody reads, so the reader never pauses for long: what arrives between executions is kept apart (with
a bound) and what an execution prints waits for whoever shows it.
"""

from __future__ import annotations

import ast
import contextlib
import re
import threading
import time
import warnings
from typing import TYPE_CHECKING

from ...errors import (
    BoardBusy,
    BoardReset,
    ConnectError,
    DeviceError,
    LineLost,
    MicroPythonError,
)
from ...interrupts import Condition
from ...transports.tap import FROM_BOARD, MASK, TO_BOARD, Tap
from .. import snippets
from . import questions
from .repl import (
    CHUNK,
    CHUNK_PAUSE,
    CTRL_C,
    RAW_BANNER,
    Done,
    Event,
    Output,
    Ready,
    Rebooted,
    Repl,
    Started,
    State,
)
from .text import TextDecoder, decode

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from ...transports.base import Transport

ATTACH_TIMEOUT = 10.0
"""Seconds in which a board must come to its prompt: some boot for a while, some run a program that must be stopped."""

ATTACH_INTERVALS = (0.5, 0.5, 0.5, 0.5, 0.1)
"""Seconds between the requests for the prompt; the last stays. Programs that catch Ctrl-C in a loop are stopped only by
one that comes while they handle another."""

PATIENT_REQUESTS = 6
"""Requests for the prompt before each begins with a ``BURST``."""

BURST = CTRL_C * 32
"""Ctrl-C as fast as the line carries them: one of them hits the moment in which a program handles the one before."""

ANSWER_TIMEOUT = 10.0
"""Seconds in which a board at its prompt must take (more of) the source or finish a soft reset."""

INTERRUPT_GRACE = 5.0
"""Seconds that a program has for its own clean-up after Ctrl-C, before the cell is given up."""

SECOND_INTERRUPT_GRACE = 1.0
"""Seconds that it has after a second Ctrl-C."""

NUDGE_DELAY = 0.25
"""Seconds after Ctrl-C before a return follows it: old firmware that waits for a character in ``input()`` notices the
interrupt only when one comes."""

INTERRUPT_INTERVAL = 0.1
"""Seconds between two Ctrl-C while the board may still compile, when it takes them for data."""

COMPILE_SPEED = 10_000
"""Bytes of source per second that a slow board compiles, for telling how long Ctrl-C may be taken for data."""

MAX_CHUNK_PAUSE = 0.2
"""Seconds between two chunks of source at most, however much a board drops."""

ANSWER_CHUNK = 64
"""Bytes per write of an answer to a program, where the board has a bigger buffer: 256 bytes, or less, and nothing that
tells when they are full."""

FAREWELL_TIMEOUT = 1.0
"""Seconds that a board has to remove what the host has put there, when the line is closed."""

LOOK = 0.5
"""Seconds between two looks whether somebody stops a program whose source a board does not take."""

COMPILE_PATIENCE = 0.3
"""Seconds that a small board may take to find a syntax error, before the program counts as running."""

PENDING_LIMIT = 1024 * 1024
"""Bytes of output that wait to be shown before the reader lets the board wait."""

MAX_BANNER = 300
"""Characters that are kept of what a board calls itself."""

RESET_FAREWELL = b"soft reboot\r\n"
"""What a board says last on a line that ends with its soft reset."""

NOISE_SIZE = 4
"""Bytes that must have come before they are called noise."""

NOISE_SHARE = 0.25
"""Share of them that no text holds, from which on they are."""

USUAL_BAUD = "9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600 and 1500000"

UNSOLICITED_LIMIT = 256 * 1024
"""Bytes kept of what a board prints between executions; the oldest go first, and their number is told."""


_OWN_FRAME = re.compile(r'^  File "<stdin>", line \d+, in __mk_input_\r?\n', re.MULTILINE)
"""A line of a traceback that lies in snippets/input.py, whose name no program uses."""


class Execution:
    """A program on the board: what it prints as it comes, and how it ends.

    As a context it does not outlive its ``with`` statement: whatever goes wrong there, the program is stopped.

    Attributes:
        give_up_at: when the board must have taken the source, or must have stopped, in the host's monotonic seconds.
    """

    def __init__(self, conversation: Conversation, size: int) -> None:
        self._conversation = conversation
        self._changed = conversation.changed
        self._pending = bytearray()
        self._decoder = TextDecoder()
        self._compile_time = 0.25 + size / COMPILE_SPEED
        self._compiled_by = float("inf")  # by when the board has certainly started to run the program
        self._interrupts = 0
        self._next_interrupt = float("inf")
        self._nudge_at = float("inf")
        self.give_up_at = time.monotonic() + ANSWER_TIMEOUT  # until the board has the whole source
        self._ended = False
        self._failure: MicroPythonError | None = None

    def __enter__(self) -> Execution:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if not self._ended:
            self._conversation.interrupt()
            self.discard()

    @property
    def done(self) -> bool:
        """Whether it has ended; output may still wait to be read."""
        return self._ended

    @property
    def printed(self) -> bool:
        """Whether output waits to be read."""
        return bool(self._pending)

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

    @property
    def interrupts(self) -> int:
        """How often somebody asked to stop it."""
        return self._interrupts

    def read(self, timeout: float | None = None) -> str:
        """Return what was printed since the last call, at once if something was.

        Waits at most ``timeout`` seconds (None: as long as it takes) and returns ``""`` when nothing came, when
        somebody interrupted it meanwhile, or when it has ended and everything was read.
        """
        data, ended = self._take(timeout)
        text = self._decoder.feed(data)
        return text + self._decoder.flush() if ended else text

    def read_bytes(self, timeout: float | None = None) -> bytes:
        """Return the bytes that were printed, as ``read`` does the text."""
        return self._take(timeout)[0]

    def _take(self, timeout: float | None) -> tuple[bytes, bool]:
        """Return what was printed since the last call, and whether that was the last of it."""
        with self._changed:
            interrupts = self._interrupts
            self._wait(lambda: self._pending or self._ended or self._interrupts != interrupts, timeout)
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

    def answer(self, text: str | None, *, echoes: bool = False, secret: bool = False) -> str:
        """Give the program a line of input; return what had to be left out of it, ``""`` for nothing.

        Args:
            text: the line; None for the end of input.
            echoes: as the ``questions.Question`` says.
            secret: keep it out of what the tap is told.

        Raises:
            LineLost: the line to the board was lost.
        """
        data, left_out = questions.answer_line(text, echoes=echoes)
        self._conversation.answer(self, data, secret=secret)
        return left_out

    def feed(self, data: bytes) -> bool:
        """Send bytes to the program, which reads them; return whether it still runs and nobody has interrupted it.

        Raises:
            LineLost: the line to the board was lost.
        """
        return self._conversation.feed(self, data)

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

    # The methods below are called with the lock held.

    def _wait(self, arrived: Callable[[], object], timeout: float | None) -> None:
        deadline = float("inf") if timeout is None else time.monotonic() + timeout
        while not arrived():
            now = time.monotonic()
            if not self._ended and now >= self.give_up_at:
                self._conversation.abandon(self)
                return
            if not self._ended and now >= self._next_interrupt:
                self._interrupt_again(now)
                continue  # what is waited for may have come while the lock was not held
            if not self._ended and now >= self._nudge_at:
                self._nudge_at = float("inf")
                self._unlocked(self._conversation.nudge)
                continue
            wake = min(deadline, self.give_up_at, self._next_interrupt, self._nudge_at)
            if wake <= now:
                return
            self._changed.wait(None if wake == float("inf") else wake - now)

    def _interrupt_again(self, now: float) -> None:
        # While the board compiles, Ctrl-C is data for it (PX parse_compile_execute sets the interrupt character
        # afterwards). Once the program surely runs no more are sent: they would break its clean-up.
        self._next_interrupt = now + INTERRUPT_INTERVAL if now < self._compiled_by else float("inf")
        self._unlocked(self._conversation.send_interrupt)

    def _unlocked(self, send: Callable[[], None]) -> None:
        """Send something without the lock, which the reader needs meanwhile."""
        self._changed.release()
        try:
            send()
        finally:
            self._changed.acquire()

    def note_interrupt(self) -> None:
        """Somebody asked to stop it: the time that its clean-up may take begins."""
        now = time.monotonic()
        self._interrupts += 1
        self._next_interrupt = now + INTERRUPT_INTERVAL if now < self._compiled_by else float("inf")
        self._nudge_at = now + NUDGE_DELAY
        grace = INTERRUPT_GRACE if self._interrupts == 1 else SECOND_INTERRUPT_GRACE
        self.give_up_at = min(self.give_up_at, now + grace)

    def note_progress(self) -> None:
        """The board takes the source: the time in which it must take the rest begins anew."""
        if not self._interrupts and not self.started:
            self.give_up_at = time.monotonic() + ANSWER_TIMEOUT

    @property
    def started(self) -> bool:
        """Whether the board has the whole source."""
        return self._compiled_by != float("inf")

    def note_started(self) -> None:
        """The board has the whole source."""
        self._compiled_by = time.monotonic() + self._compile_time
        if not self._interrupts:
            self.give_up_at = float("inf")

    def note_output(self, data: bytes) -> None:
        """The board printed ``data``."""
        self._pending += data

    def note_end(self, failure: MicroPythonError | None) -> None:
        """It is over; ``failure`` says why, where it did not end well."""
        self._ended = True
        self._failure = failure

    @property
    def full(self) -> bool:
        """Whether so much output waits that the board has to."""
        return len(self._pending) >= PENDING_LIMIT


class Conversation:
    """A board's line with the protocol on it. It owns the transport and the thread that reads it.

    Any thread may interrupt or close; executions are one at a time.

    Args:
        transport: the open line.
        raw: leave the protocol off; what comes is only collected (``take_unsolicited``).
        tap: is told everything that goes over the line.
    """

    def __init__(self, transport: Transport, *, raw: bool = False, tap: Tap | None = None) -> None:
        self.transport = transport
        self.raw = raw
        self._raw_io = False  # somebody writes bytes of their own: the protocol rests until it attaches again
        self.tells_questions: bool | None = False  # whether input() tells when it asks; None: this board cannot
        self.shows = False  # whether the board has the function that gives the host something to show
        self._hidden = False  # what comes may be the echo of a password, up to the end of its question
        self._tap = tap or Tap()
        self._tap.begin(transport.address)
        self.changed = Condition()
        self.repl = Repl()
        self.restarted = False  # the board restarted while nothing was executed
        self._sending = threading.Lock()  # keeps what the protocol decided and what is written in one order
        self._execution: Execution | None = None
        self._unsolicited = bytearray()
        self._dropped = 0
        self._received = 0
        self._last = b""  # the end of what was received
        self.restarts = 0  # how often the board was seen to restart
        self.heard_at = time.monotonic()  # when something came last
        self.lost_at = 0.0  # when the line was lost
        self._lost: LineLost | None = None
        self._returns = False  # the board restarts, and the line can be opened again
        self._closed = False
        self._reader = threading.Thread(target=self._read_forever, name=f"line to {transport.address}", daemon=True)
        self._reader.start()

    @property
    def lost(self) -> LineLost | None:
        """Why the line is gone; None while it is there."""
        return self._lost

    @property
    def away(self) -> bool:
        """Whether the board's restart ended the line, which ``reopened`` opens again: a WebREPL starts with boot.py."""
        return self._lost is not None and self._returns and not self._closed

    def reopened(self) -> Conversation:
        """End this conversation, and return the one that goes on with the board when it is back at its prompt.

        Raises:
            ConnectError: the board does not come back, or not to its prompt.
            LineLost: the new line was lost, too, or somebody closed this conversation meanwhile.
        """
        reopen: Callable[[], Transport] = getattr(self.transport, "reopen")  # noqa: B009 - few transports have it
        try:
            line = reopen()
        except MicroPythonError:
            self.close(exit_raw_repl=False)
            raise
        if self._closed:
            line.close()
            raise LineLost(f"The connection to {self.transport.address} was closed.")
        self.close(exit_raw_repl=False)
        conversation = Conversation(line, tap=self._tap)
        conversation.restarts = self.restarts + 1
        conversation.repl.learn_from(self.repl)
        try:
            conversation.attach()
        except BaseException:
            conversation.close(exit_raw_repl=False)
            raise
        return conversation

    @property
    def executing(self) -> bool:
        """Whether a program runs, or is on its way."""
        return self._execution is not None

    @property
    def ready(self) -> bool:
        """Whether the board waits at the raw prompt."""
        return self.repl.state is State.READY and not self._raw_io

    # -- reading -------------------------------------------------------------------------------------------------

    def _read_forever(self) -> None:
        try:
            while True:
                data = self.transport.read()
                self._note(FROM_BOARD, data, hidden=self._hides(data))
                with self.changed:
                    self._received += len(data)
                    self.heard_at = time.monotonic()
                    self._last = (self._last + data)[-len(RESET_FAREWELL) :]
                    for event in [Output(data)] if self.raw or self._raw_io else self.repl.receive(data):
                        self._handle(event)
                    self.changed.notify_all()
                    while self._execution is not None and self._execution.full and not self._closed:
                        self.changed.wait()
        except LineLost as error:
            with self.changed:
                self._note_loss(error)
                self.changed.notify_all()

    def _note_loss(self, error: LineLost) -> None:
        rebooting = self.repl.state is State.REBOOTING
        if rebooting:
            self._handle(Output(self.repl.release()))  # the announcement of the reset, which nothing will follow
        restarts = rebooting or self._last == RESET_FAREWELL
        self._returns = restarts and not self.raw and hasattr(self.transport, "reopen")
        self._lost = error
        self.lost_at = time.monotonic()
        failure: MicroPythonError = error
        if self._returns:
            address = self.transport.address
            failure = BoardReset(
                f"The board on {address} restarted: its variables are gone. The next cell connects again."
            )
        self._end_execution(failure)

    def _handle(self, event: Event) -> None:
        execution = self._execution
        match event:
            case Output(data):
                # Before the board has the whole source, it is a timer or a thread that prints.
                if execution is not None and execution.started:
                    execution.note_output(data)
                else:
                    self._keep_unsolicited(data)
            case Started():
                if execution is not None:
                    execution.note_started()
            case Done(traceback):
                self._end_execution(device_error(decode(traceback)) if traceback else None)
            case Rebooted():
                self.restarted = execution is None
                self.restarts += 1
                self.tells_questions = False
                self.shows = False
                self._end_execution(
                    BoardReset(f"The board on {self.transport.address} restarted: its variables are gone.")
                )
            case Ready():
                pass

    def _end_execution(self, failure: MicroPythonError | None) -> None:
        execution, self._execution = self._execution, None
        self._hidden = False
        if execution is not None:
            execution.note_end(failure)

    def _keep_unsolicited(self, data: bytes) -> None:
        self._unsolicited += data
        excess = len(self._unsolicited) - UNSOLICITED_LIMIT
        if excess > 0:
            del self._unsolicited[:excess]
            self._dropped += excess

    def keep_unsolicited(self, data: bytes) -> None:
        """Have bytes count as printed outside of executions."""
        with self.changed:
            self._keep_unsolicited(data)

    def take_unsolicited(self) -> tuple[bytes, int]:
        """Return what arrived outside of executions, and how many older bytes had no room; forget both."""
        with self.changed:
            data, dropped = bytes(self._unsolicited), self._dropped
            self._unsolicited.clear()
            self._dropped = 0
            return data, dropped

    def _note(self, direction: str, data: bytes, *, hidden: bool = False) -> None:
        self._tap.note(direction, MASK if hidden else data, getattr(self.transport, "secrets", ()))

    def _hides(self, data: bytes) -> bool:
        """Whether bytes from the board may hold the echo of a password; the mark behind it may come in pieces."""
        hidden = self._hidden
        if hidden and questions.OVER.encode() in self._last + data:
            self._hidden = False
        return hidden

    # -- by hand -------------------------------------------------------------------------------------------------

    def write(self, data: bytes, *, pause: float = 0.0) -> None:
        """Put bytes on the line as they are; the protocol rests until the next execution attaches again.

        Args:
            data: the bytes.
            pause: seconds between pieces that the smallest receive buffer takes; 0 for all in one piece.

        Raises:
            BoardBusy: a program runs.
            LineLost: the line is gone, or the board does not take them.
        """
        with self._sending:
            self._rest()
            size = CHUNK if pause else max(1, len(data))
            for at in range(0, len(data), size):
                self._write(data[at : at + size])
                if pause:
                    time.sleep(pause)

    def read(self, quiet: float, limit: float) -> tuple[bytes, int]:
        """Return what arrived outside of executions, and how many older bytes had no room; forget both.

        Args:
            quiet: seconds without a byte that end the wait for more.
            limit: seconds that the wait takes at most.

        Raises:
            BoardBusy: a program runs.
            LineLost: the line is gone, and everything that came before was read.
        """
        if not self.ready:
            self._rest()  # a protocol that looks for the prompt holds bytes back
        with contextlib.suppress(LineLost):
            self._wait_for_quiet(quiet, limit)
        data, dropped = self.take_unsolicited()
        if not data and self._lost is not None:
            raise self._lost
        return data, dropped

    def _rest(self) -> None:
        with self.changed:
            if self._execution is not None:
                raise BoardBusy(f"The board on {self.transport.address} runs a program.")
            if not self.raw and not self._raw_io:
                self._raw_io = True
                self._keep_unsolicited(self.repl.release())

    # -- writing -------------------------------------------------------------------------------------------------

    def _write(self, data: bytes, *, hidden: bool = False) -> None:
        if self._lost is not None:
            raise self._lost
        if data:
            self._note(TO_BOARD, data, hidden=hidden)
            self.transport.write(data)

    def attach(self, timeout: float = ATTACH_TIMEOUT) -> bytes:
        """Bring the board to the raw prompt from whatever it does, without a reset; return what came meanwhile.

        A program that runs is interrupted, again and again until the deadline: it may catch Ctrl-C, sleep, or the
        board may be booting.

        Raises:
            ConnectError: no raw prompt within ``timeout`` seconds; the message shows what came instead.
            DeviceError: somebody interrupted it.
            LineLost: the line is gone.
        """
        deadline = time.monotonic() + timeout
        self.take_unsolicited()
        requests = 0
        settle = self._raw_io  # a prompt that somebody asked for by hand may be on its way
        while True:
            with self._sending:
                with self.changed:
                    if self._raw_io:
                        self.tells_questions = self.shows = False  # who knows what was done to the board
                    self._raw_io = False
                    data = self.repl.send_attach()
                self._write(data if requests < PATIENT_REQUESTS else BURST + data)
            interval = ATTACH_INTERVALS[min(requests, len(ATTACH_INTERVALS) - 1)]
            requests += 1
            with self.changed:
                rest = deadline - time.monotonic()
                self.changed.wait_for(lambda: self.ready or self._lost, max(0.0, min(interval, rest)))
                if self._lost is not None:
                    raise self._lost
            if self.ready and (requests > 1 or settle):
                # Each request is answered by a banner; the late ones must not fall into the first execution.
                self._wait_for_quiet(0.15, 1.0)
            if self.ready:
                # The banner may be that of a board that has just restarted: what answers an empty program has answered
                # all that was sent before. And old firmware keeps a Ctrl-C that comes as a program ends for the next.
                self._run_aside(b"", 1.0)
            if self.ready:
                return self.take_unsolicited()[0].replace(RAW_BANNER, b"")
            if time.monotonic() >= deadline:
                raise ConnectError(self._no_prompt(timeout))

    def _run_aside(self, source: bytes, timeout: float) -> None:
        """Run a short program of our own before what was asked for.

        Args:
            source: the program.
            timeout: seconds after which it is given up; the board must be brought to its prompt anew then.

        Raises:
            DeviceError: somebody interrupted it, who means what follows.
            LineLost: the line is gone.
        """
        execution = self._start_once(source)
        if not execution.wait(timeout):
            with self.changed:
                self.abandon(execution)
        if execution.interrupts:
            raise DeviceError("KeyboardInterrupt", "", "KeyboardInterrupt: \n")

    def _no_prompt(self, timeout: float) -> str:
        came, _ = self.take_unsolicited()
        with self.changed:
            came += self.repl.release()  # what might have been the start of a banner
        address = self.transport.address
        if not came:
            return (
                f"No MicroPython answered on {address} within {timeout:g} s: nothing came back. Check that this is the "
                "right port (%boards lists them) and baud rate, and that the board runs MicroPython. If its program "
                f"cannot be interrupted, press its reset button while %connect {address} --timeout 60 tries."
            )
        if _is_noise(came):
            return (
                f"{address} sends no text, but {came[-24:]!r}: the baud rate is probably wrong. Usual ones are "
                f"{USUAL_BAUD}; name one as in %connect {address} --baud 9600. (74880 is what ESP8266 boards speak "
                "while they boot.)"
            )
        return (
            f"The board on {address} did not come to its prompt within {timeout:g} s. It sent: {_excerpt(came)}. A "
            "program that cannot be interrupted may be running. Press the board's reset button while %connect "
            f"{address} --timeout 60 tries: most boards can be stopped as they start. If that does not help, start it "
            "without main.py (many have a safe mode), or write its firmware anew."
        )

    def _wait_for_quiet(self, quiet: float, limit: float) -> None:
        deadline = time.monotonic() + limit
        with self.changed:
            while time.monotonic() < deadline and self._wait_for_bytes(quiet):
                if self._lost is not None:
                    raise self._lost

    def _wait_for_bytes(self, timeout: float, received: int | None = None, execution: Execution | None = None) -> bool:
        """Wait (the lock is held) until more arrives or no more can; False after ``timeout`` seconds without.

        Args:
            timeout: seconds.
            received: bytes that had come when there was nothing to wait for; None: those until now.
            execution: what ran then.
        """
        if received is None:
            received, execution = self._received, self._execution

        def moved() -> bool:
            return self._received != received or self._lost is not None or self._execution is not execution

        return self.changed.wait_for(moved, timeout)

    def identify(self) -> str:
        """Return the banner of the friendly prompt, for example ``MicroPython v1.27.0 on ...; NAME with MCU``.

        Raises:
            ConnectError: the board did not answer.
            LineLost: the line is gone.
        """
        with self._sending:
            with self.changed:
                data = self.repl.send_identify()
            self._write(data)
        with self.changed:
            self.changed.wait_for(lambda: self.ready or self._lost, ANSWER_TIMEOUT)
            if self._lost is not None:
                raise self._lost
            if not self.ready:
                raise ConnectError(self._no_prompt(ANSWER_TIMEOUT))
        lines = decode(self.take_unsolicited()[0]).splitlines()
        named = [line.strip() for line in lines if "Python" in line]
        # It is shown and kept: a board must not move somebody's cursor with it.
        return "".join(filter(str.isprintable, named[-1]))[:MAX_BANNER] if named else ""

    def soft_reset(self) -> str:
        """Soft-reset the board and return what it said; variables are gone, ``boot.py`` has run.

        Raises:
            BoardBusy: it did not come back within the deadline.
            LineLost: the line is gone.
        """
        self.take_unsolicited()
        with self._sending:
            with self.changed:
                self.restarted = False
                data = self.repl.send_soft_reset()
            self._write(data)
        with self.changed:
            self.changed.wait_for(lambda: self.restarted or self._lost, ANSWER_TIMEOUT)
            if self._lost is not None:
                raise self._lost
            if not self.restarted:
                raise BoardBusy(
                    f"The board on {self.transport.address} did not come back from its soft reset within "
                    f"{ANSWER_TIMEOUT:g} s. Press its reset button and connect again."
                )
            self.restarted = False
        return decode(self.take_unsolicited()[0])

    # -- executing -----------------------------------------------------------------------------------------------

    def start(self, source: bytes) -> Execution:
        """Send a program to the raw prompt and let it run.

        A board without raw-paste has no flow control, and drops what its receive buffer has no room for. Where it
        finds a syntax error that is none, nothing of the program has run, and it is sent again with longer pauses.
        Where its compiler had no memory it is sent again, too: these boards have little, and much of it is garbage.

        Raises:
            SourceError: the source cannot be sent.
            BoardBusy: the board does not take the source.
            LineLost: the line is gone.
        """
        execution = self._start_once(source)
        if self.repl.raw_paste is not False or len(source) <= CHUNK:
            return execution
        if _lacks_memory(self._refusal(execution)):
            self._run_aside(b"__import__('gc').collect()", ANSWER_TIMEOUT)
            execution = self._start_once(source)
        pause = self.repl.chunk_pause
        while self.repl.chunk_pause < MAX_CHUNK_PAUSE:
            refusal = self._refusal(execution)
            if refusal is None or _lacks_memory(refusal) or not _is_python(source):
                break
            self.repl.chunk_pause *= 3
            execution = self._start_once(source)
            if self._refusal(execution) == refusal:  # the board means it
                self.repl.chunk_pause = pause
                break
        return execution

    def _refusal(self, execution: Execution) -> str | None:
        """Return the traceback of a program that did not compile; None where it runs, printed, or ended otherwise."""
        with self.changed:
            self.changed.wait_for(lambda: execution.done or execution.printed or self._lost, COMPILE_PATIENCE)
        return execution.refusal

    def _start_once(self, source: bytes) -> Execution:
        execution = Execution(self, len(source))
        try:
            with self._sending:
                with self.changed:
                    data = self.repl.send_source(source)
                    self._execution = execution
                    self.restarted = False
                try:
                    self._write(data)
                except LineLost as error:
                    with self.changed:
                        self._end_execution(error)
                    raise
            self._send_rest(execution)
        except KeyboardInterrupt:  # Ctrl-C on the host: the board may have half of the source
            with self.changed:
                self.abandon(execution)
            raise
        return execution

    def _pause(self, execution: Execution, seconds: float) -> None:
        """Wait (the lock is held) while a board without flow control takes a chunk; its end and Stop end that."""
        interrupts = execution.interrupts
        if seconds:
            self.changed.wait_for(
                lambda: self._execution is not execution or execution.interrupts != interrupts, seconds
            )

    def _send_rest(self, execution: Execution) -> None:
        with self.changed:
            self._pause(execution, self.repl.pause)
        while True:
            with self._sending:
                with self.changed:
                    received = self._received
                    sending = self.repl.sending and self._execution is execution
                    chunk = self.repl.data_to_send() if self._execution is execution else b""
                    pause = self.repl.pause
                    sent = self.repl.sent
                try:
                    self._write(chunk)
                except LineLost as error:
                    with self.changed:
                        self._end_execution(error)
                    return
            if not sending or sent:
                return
            with self.changed:
                if chunk:
                    execution.note_progress()
                    self._pause(execution, pause)
                    continue
                # The answer may have come since the lock was released to write. What else a board prints is none.
                left = execution.give_up_at - time.monotonic()
                if left <= 0:
                    self.abandon(execution)
                    return
                self._wait_for_bytes(min(left, LOOK), received, execution)

    def answer(self, execution: Execution, data: bytes, *, secret: bool = False) -> None:
        """Send a running program a line of input, in pieces that its board has room for.

        It ends early when the program does, or is interrupted: what is left would be source for the prompt.

        Raises:
            LineLost: the line is gone.
        """
        interrupts = execution.interrupts
        size = CHUNK if self.repl.raw_paste is False else ANSWER_CHUNK
        for at in range(0, len(data), size):
            if at:
                time.sleep(CHUNK_PAUSE)
            with self._sending:
                with self.changed:
                    if self._execution is not execution or execution.interrupts != interrupts:
                        return
                    self._hidden = secret
                self._write(data[at : at + size], hidden=secret)

    def feed(self, execution: Execution, data: bytes) -> bool:
        """Send bytes to a running program; return False where it has ended or was interrupted meanwhile.

        Raises:
            LineLost: the line is gone.
        """
        with self._sending:
            with self.changed:
                if self._execution is not execution or execution.interrupts:
                    return False
            self._write(data)
            return True

    def abandon(self, execution: Execution) -> None:
        """Give up a program that does not end (the lock is held); the next execution synchronises anew."""
        address = self.transport.address
        if execution.interrupts:
            message = (
                f"The board on {address} did not stop: Ctrl-C got no answer. Its program may still be running. Try "
                "again, or press the board's reset button and connect again with %connect."
            )
        else:
            message = f"The board on {address} does not take code: no answer within {ANSWER_TIMEOUT:g} s."
        if self._execution is execution:
            self._execution = None
            self.repl = self._new_repl()
        if not execution.done:
            execution.note_end(BoardBusy(message))

    def forget(self) -> None:
        """Take nothing for granted: the board was reset and has not said so. The next execution synchronises anew."""
        with self.changed:
            execution, self._execution = self._execution, None
            self.repl = self._new_repl()
            self.restarts += 1
            self.tells_questions = False
            if execution is not None:
                execution.note_end(BoardReset(f"The board on {self.transport.address} was reset."))
            self.changed.notify_all()

    def _new_repl(self) -> Repl:
        repl = Repl()
        repl.learn_from(self.repl)
        return repl

    def interrupt(self) -> bool:
        """Send Ctrl-C to the program that runs; return whether there is one."""
        with self.changed:
            if self._execution is None:
                return False
            self._execution.note_interrupt()
            self.changed.notify_all()
        self.send_interrupt()
        return True

    def send_interrupt(self) -> None:
        """Put Ctrl-C on the line in the way that the state of the conversation asks for."""
        with self._sending:
            with self.changed:
                if self._execution is None:
                    return
                data, events = self.repl.send_interrupt()
                for event in events:
                    self._handle(event)
                self.changed.notify_all()
            try:
                self._write(data)
            except LineLost as error:
                with self.changed:
                    self._end_execution(error)
                    self.changed.notify_all()

    def nudge(self) -> None:
        """Put a return on the line for a program that waits for a character; the next source clears it away."""
        with contextlib.suppress(LineLost), self._sending:
            if self._execution is not None:
                self._write(b"\r")

    # -- ending --------------------------------------------------------------------------------------------------

    def close(self, *, exit_raw_repl: bool = True) -> None:
        """Free the line at once, from any thread. The board's state stays as it is.

        Args:
            exit_raw_repl: stop what runs and return to the friendly prompt first, which the next program expects.
        """
        try:
            if exit_raw_repl and not self.raw and self._lost is None and not self._closed:
                with contextlib.suppress(LineLost):  # a line that is gone needs no farewell
                    self._exit_raw_repl()
        finally:  # Stop may come during the farewell; the port must be free all the same
            with self.changed:
                self._closed = True
                if self._execution is not None:
                    self._end_execution(LineLost(f"The connection to {self.transport.address} was closed."))
                self.changed.notify_all()
            self.transport.close()
        if threading.current_thread() is not self._reader:
            self._reader.join(1.0)

    def _exit_raw_repl(self) -> None:
        if self.interrupt():
            with self.changed:
                self.changed.wait_for(lambda: self._execution is None or self._lost, 0.5)
        if self.tells_questions and self.ready:
            with contextlib.suppress(MicroPythonError):
                self.start(snippets.call("input_end").encode()).wait(FAREWELL_TIMEOUT)
        if self.shows and self.ready:
            with contextlib.suppress(MicroPythonError):
                self.start(snippets.call("display_end").encode()).wait(FAREWELL_TIMEOUT)
        with self._sending:
            if self._raw_io:
                # What was written may have started a program. While the board compiles it, Ctrl-C is data for it.
                self._write(b"\r" + CTRL_C)
                self._wait_for_quiet(0.1, 0.3)
                self._write(b"\r" + CTRL_C)
            with self.changed:
                self._unsolicited.clear()
                data = self.repl.send_leave()
            self._write(data)
        # An answer shows that the byte has left the line's buffers, which closing empties.
        with self.changed:
            self._wait_for_bytes(0.3)


def device_error(traceback: str) -> DeviceError:
    """Return the exception that a board's traceback tells of."""
    traceback = _OWN_FRAME.sub("", traceback)
    lines = traceback.strip("\n").split("\n")
    while len(lines) > 1 and (lines[0].startswith("  ") or lines[0].startswith("Traceback (most recent call last)")):
        lines.pop(0)
    name, _, message = "\n".join(lines).partition(":")
    return DeviceError(name.strip(), message.strip(), traceback)


def _lacks_memory(refusal: str | None) -> bool:
    return refusal is not None and device_error(refusal).name == "MemoryError"


def _is_python(source: bytes) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return True


def _is_noise(data: bytes) -> bool:
    """Whether bytes look like text at another baud rate: bits in the wrong places, and stretched ones as NUL or 0xff.

    Text has hardly a byte of these; a program that prints binary data has many, but no banner or prompt comes either.
    """
    if len(data) < NOISE_SIZE:
        return False
    try:
        decode_error = not data.decode("utf-8")
    except UnicodeDecodeError as error:
        decode_error = error.end < len(data) - 3  # a character may be cut at the end, no more
    odd = sum(byte >= 0x80 or (byte < 0x20 and byte not in b"\t\n\r\x04\x1b") or byte == 0x7F for byte in data)
    return (decode_error or b"\0" in data) and odd > NOISE_SHARE * len(data)


def _excerpt(data: bytes, size: int = 120) -> str:
    text = decode(data)
    return repr(text if len(text) <= size else "..." + text[-size:])
