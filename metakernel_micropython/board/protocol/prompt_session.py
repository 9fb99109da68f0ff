"""The session with a board's prompt: brought there, told apart, reset, left; and what comes while nothing runs.

It takes what the line brings to whom it is for: to the execution that runs, or to the unsolicited output, which is kept
with a bound.
"""

from __future__ import annotations

import contextlib
import time
from functools import partial
from typing import TYPE_CHECKING

from ...errors import ConnectError, LineLost, MicroPythonError
from ...transports.options import ATTACH_TIMEOUT
from . import ctrl_c_stream, diagnosis, farewell, resend
from . import patience as deadlines
from .capabilities import CHUNK, Capabilities
from .control_bytes import CTRL_C
from .diagnosis import Diagnosis
from .events import Done, Event, LateEnd, Output, Rebooted, Started, State
from .execution import Execution
from .firmware_output import RAW_BANNER
from .line_reader import LineReader
from .repl import Repl
from .text import decode
from .unsolicited import UnsolicitedBuffer

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...transports.base import Transport
    from ...transports.tap import Tap

ATTACH_INTERVALS = (0.5, 0.5, 0.5, 0.5, 0.1)
"""Seconds between the requests for the prompt; the last stays."""

RESET_FAREWELL = b"soft reboot\r\n"
"""What a board says last on a line that ends with its soft reset."""


class PromptSession:
    """The prompt of one board on one line, which it owns.

    Any thread may interrupt or close; executions are one at a time.

    Args:
        transport: the open line.
        raw: leave the protocol off; what comes is only collected (``take_unsolicited``).
        tap: is told everything that goes over the line.
        capabilities: what is known of the board from an earlier line; also an attribute.
        alone: leave the board to itself until ``attach``; also an attribute.

    Attributes:
        line: the line.
        repl: the protocol on it.
        raw: whether the protocol is left off.
        raw_io: whether it rests: somebody writes bytes of their own, or the board is left to itself.
        alone: whether a program of the board's own may run, as main.py does, which nothing has interrupted.
        restarted: whether the board restarted while nothing was executed; see ``take_restarted``.
        restarts: how often the board was seen to restart.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        raw: bool = False,
        tap: Tap | None = None,
        capabilities: Capabilities | None = None,
        alone: bool = False,
    ) -> None:
        self.line = LineReader(transport, tap)
        self.capabilities = capabilities or Capabilities()
        self.repl = Repl(self.capabilities)
        self.raw = raw
        self.restarted = False
        self.restarts = 0
        self.raw_io = self.alone = alone
        self._diagnosis = Diagnosis(transport.address)
        self._execution: Execution | None = None  # the newest; it may have ended
        self.unsolicited = UnsolicitedBuffer()
        self._returns = False  # the board's restart ended the line, which can be opened again
        self.line.start(self)

    # -- how it stands -------------------------------------------------------------------------------------------

    @property
    def _running(self) -> Execution | None:
        return self._execution if self._execution is not None and not self._execution.done else None

    @property
    def executing(self) -> bool:
        """Whether a program runs, or is on its way."""
        return self._running is not None

    @property
    def ready(self) -> bool:
        """Whether the board waits at the raw prompt."""
        return self.repl.state is State.READY and not self.raw_io

    @property
    def away(self) -> bool:
        """Whether the board's restart ended the line, which ``reopened`` opens again: a WebREPL starts with boot.py."""
        with self.line.changed:
            return self.line.lost is not None and self._returns and not self.line.closed

    def reopened(self, *, alone: bool = False) -> PromptSession:
        """End this session, and return the one that goes on with the board when it is back at its prompt.

        Args:
            alone: do not bring it there: leave it to itself.

        Raises:
            LineLost: the board does not come back, or not to its prompt, or somebody closed this line meanwhile.
        """
        reopen: Callable[[], Transport] = getattr(self.line.transport, "reopen")  # noqa: B009 - few transports have it
        try:
            line = reopen()
        except MicroPythonError as error:
            self.close(exit_raw_repl=False)
            if isinstance(error, ConnectError):
                raise error.turned_into(LineLost) from error
            raise
        if self.line.closed:
            line.close()
            raise self._diagnosis.closed()
        self.close(exit_raw_repl=False)
        self.capabilities.forget_functions()
        session = PromptSession(line, tap=self.line.tap, capabilities=self.capabilities, alone=alone)
        session.restarts = self.restarts + 1
        try:
            if not alone:
                session.attach()
        except BaseException as error:
            session.close(exit_raw_repl=False)
            if isinstance(error, ConnectError):
                raise error.turned_into(LineLost) from error
            raise
        return session

    # -- what the line brings (see line_reader.Receiver) -----------------------------------------------------------

    def on_received(self, data: bytes) -> None:
        """Take bytes to whom they are for."""
        for event in [Output(data)] if self.raw or self.raw_io else self.repl.receive(data):
            self._handle(event)
        if (running := self._running) is not None:
            running.note_maybe_ended()

    @property
    def full(self) -> bool:
        """Whether the program that runs has printed so much that the board has to wait."""
        running = self._running
        return running is not None and running.full

    def on_lost(self, error: LineLost) -> None:
        """End what runs; find out whether the line can be opened again."""
        rebooting = self.repl.state is State.REBOOTING
        if rebooting:
            self._handle(Output(self.repl.release()))  # the announcement of the reset, which nothing will follow
        restarts = rebooting or self.line.tail == RESET_FAREWELL
        self._returns = restarts and not self.raw and hasattr(self.line.transport, "reopen")
        self._end_execution(self._diagnosis.restarted(with_line=True) if self._returns else error)

    def on_closed(self) -> None:
        """End what runs."""
        self._end_execution(self._diagnosis.closed())

    def _handle(self, event: Event) -> None:
        running = self._running
        match event:
            case Output(data):
                # Before the board has the whole source, it is a timer or a thread that prints.
                if running is not None and running.started:
                    running.note_output(self.capabilities.output_of(running, data))
                else:
                    self.unsolicited.keep(data)
            case Started():
                if running is not None:
                    running.note_started()
            case Done(traceback):
                if running is not None:
                    running.note_output(self.capabilities.rest())
                    running.note_done(traceback)
            case Rebooted():
                self.restarted = running is None
                self.restarts += 1
                self.capabilities.forget_functions()
                self._end_execution(self._diagnosis.restarted())
            case LateEnd(traceback):
                self.unsolicited.keep(traceback)
                self.unsolicited.of_program = True

    def _end_execution(self, failure: MicroPythonError) -> None:
        self.line.hide_until(b"")
        if self._execution is not None:
            self._execution.note_output(self.capabilities.rest())
            self._execution.end(failure)

    # -- unsolicited output --------------------------------------------------------------------------------------

    def keep_unsolicited(self, data: bytes) -> None:
        """Have bytes count as printed outside of executions."""
        with self.line.changed:
            self.unsolicited.keep(data)

    def take_unsolicited(self) -> tuple[bytes, int]:
        """Return what arrived outside of executions, and how many older bytes had no room; forget both."""
        with self.line.changed:
            return self.unsolicited.take()

    def take_restarted(self) -> bool:
        """Return whether the board restarted while nothing was executed; forget it."""
        restarted, self.restarted = self.restarted, False
        return restarted

    # -- raw I/O mode --------------------------------------------------------------------------------------------

    def write(self, data: bytes, *, pause: float = 0.0) -> None:
        """Put bytes on the line as they are; the protocol rests until the next execution attaches again.

        Args:
            data: the bytes.
            pause: seconds between pieces that the smallest receive buffer takes; 0 for all in one piece.

        Raises:
            BoardBusy: a program runs.
            LineLost: the line is gone, or the board does not take them.
        """
        with self.line.sending:
            self._enter_raw_io()
            size = CHUNK if pause else max(1, len(data))
            for at in range(0, len(data), size):
                self.line.write(data[at : at + size])
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
            self._enter_raw_io()  # a protocol that looks for the prompt holds bytes back
        with contextlib.suppress(LineLost):
            self.line.wait_for_quiet(quiet, limit)
        data, dropped = self.take_unsolicited()
        if not data and self.line.lost is not None:
            raise self.line.lost
        return data, dropped

    def _enter_raw_io(self) -> None:
        with self.line.changed:
            if self.executing:
                raise self._diagnosis.runs_program()
            if not self.raw and not self.raw_io:
                self.raw_io = True
                self.unsolicited.keep(self.repl.release())

    # -- the prompt ----------------------------------------------------------------------------------------------

    def attach(self, timeout: float = ATTACH_TIMEOUT) -> bytes:
        """Bring the board to the raw prompt from whatever it does, without a reset; return what came meanwhile.

        A program that runs is interrupted, again and again until the deadline, at last by many Ctrl-C in a row: it may
        catch Ctrl-C, sleep, or the board may be booting.

        Raises:
            ConnectError: no raw prompt within ``timeout`` seconds; the message shows what came instead.
            DeviceError: somebody interrupted it.
            LineLost: the line is gone.
        """
        deadline = time.monotonic() + timeout
        self.take_unsolicited()
        requests = 0
        settle = self.raw_io  # a prompt that somebody asked for in raw I/O mode may be on its way
        while True:
            ctrl_c_stream.send_before(requests, self.line, lambda: self.ready or time.monotonic() >= deadline)
            if not (requests and self.ready):
                self._request_prompt()
            interval = ATTACH_INTERVALS[min(requests, len(ATTACH_INTERVALS) - 1)]
            requests += 1
            self.wait_until(lambda: self.ready, max(0.0, min(interval, deadline - time.monotonic())))
            if self.ready and (requests > 1 or settle):
                # Each request is answered by a banner; the late ones must not fall into the first execution.
                self.line.wait_for_quiet(0.15, 1.0)
            if self.ready:
                # The banner may be that of a board that has just restarted: what answers an empty program has answered
                # all that was sent before. And old firmware keeps a Ctrl-C that comes as a program ends for the next.
                self._run_aside(b"", 1.0)
            if self.ready:
                return self.take_unsolicited()[0].replace(RAW_BANNER, b"")
            if time.monotonic() >= deadline:
                raise self.no_prompt(timeout)

    def _request_prompt(self) -> None:
        with self.line.sending:
            with self.line.changed:
                if self.raw_io:
                    self.capabilities.forget_functions()  # who knows what was done to the board
                self.raw_io = self.alone = False
                data = self.repl.send_attach()
            self.line.write(data)

    def wait_until(self, arrived: Callable[[], bool], timeout: float) -> bool:
        """Wait for something that the line brings; return whether it has.

        Raises:
            LineLost: the line was lost meanwhile.
        """
        with self.line.changed:
            self.line.changed.wait_for(lambda: arrived() or self.line.lost, timeout)
            if self.line.lost is not None:
                raise self.line.lost
            return arrived()

    def no_prompt(self, timeout: float) -> ConnectError:
        """Return the error for a prompt that did not come within ``timeout`` seconds."""
        came, _ = self.take_unsolicited()
        with self.line.changed:
            came += self.repl.release()  # what might have been the start of a banner
        return self._diagnosis.no_prompt(came, timeout)

    def identify(self) -> str:
        """Return the banner of the friendly prompt, for example ``MicroPython v1.27.0 on ...; NAME with MCU``.

        Raises:
            ConnectError: the board did not answer.
            LineLost: the line is gone.
        """
        with self.line.sending:
            with self.line.changed:
                data = self.repl.send_identify()
            self.line.write(data)
        if not self.wait_until(lambda: self.ready, deadlines.ANSWER_TIMEOUT):
            raise self.no_prompt(deadlines.ANSWER_TIMEOUT)
        return diagnosis.banner(self.take_unsolicited()[0])

    def soft_reset(self) -> str:
        """Soft-reset the board and return what it said; variables are gone, ``boot.py`` has run.

        Raises:
            BoardBusy: it did not come back.
            LineLost: the line is gone.
        """
        self.take_unsolicited()
        with self.line.sending:
            with self.line.changed:
                self.restarted = False
                data = self.repl.send_soft_reset()
            self.line.write(data)
        if not self.line.wait_while_heard(lambda: self.restarted, deadlines.RESET_SILENCE, deadlines.RESET_LIMIT):
            raise self._diagnosis.no_soft_reset(deadlines.RESET_SILENCE)
        self.restarted = False
        return decode(self.take_unsolicited()[0])

    def forget(self) -> None:
        """Take nothing for granted: the board was reset and has not said so. The next execution synchronises anew."""
        with self.line.changed:
            self.repl.forget()
            self.restarts += 1
            self.capabilities.forget_functions()
            self._end_execution(self._diagnosis.reset())
            self.line.changed.notify_all()

    # -- executing -----------------------------------------------------------------------------------------------

    def start(self, source: bytes) -> Execution:
        """Send a program to the raw prompt and let it run.

        One that a board without flow control has not taken as it is is sent again; see ``resend``.

        Raises:
            SourceError: the source cannot be sent.
            BoardBusy: the board does not take the source.
            LineLost: the line is gone.
        """
        aside = partial(self._run_aside, timeout=deadlines.ANSWER_TIMEOUT)
        return resend.start(source, self._start_once, aside, self.identify, self.capabilities)

    def _start_once(self, source: bytes) -> Execution:
        execution = Execution(self.line, self.repl, self._diagnosis, len(source))
        execution.send(source, self._begin)
        return execution

    def _begin(self, execution: Execution) -> None:
        self._execution = execution
        self.restarted = False

    def _run_aside(self, source: bytes, timeout: float) -> str:
        """Run a short program of our own before what was asked for; return what it printed.

        Args:
            source: the program.
            timeout: seconds after which it is given up; the board must be brought to its prompt anew then.

        Raises:
            DeviceError: somebody interrupted it, who means what follows.
            LineLost: the line is gone.
        """
        execution = self._start_once(source)
        if not execution.wait(timeout):
            with self.line.changed:
                execution.abandon()
        if execution.interrupts:
            raise diagnosis.interrupted()
        return execution.read(0)

    def leave_alone(self) -> None:
        """Leave a board to itself that restarts now: its variables are gone, and main.py may run (lock held)."""
        self.raw_io = self.alone = True
        self.restarts += 1
        self.capabilities.forget_functions()

    def interrupt(self) -> bool:
        """Send Ctrl-C to the program that runs; return whether there is one, or may be one."""
        if self.alone:
            with self.line.sending:
                self.line.write(CTRL_C)
            return True
        with self.line.changed:
            execution = self._execution
            if execution is None or not execution.note_interrupt():
                return False
        execution.send_interrupt()
        return True

    # -- ending --------------------------------------------------------------------------------------------------

    def close(self, *, exit_raw_repl: bool = True) -> None:
        """Free the line at once, from any thread. The board's state stays as it is.

        Args:
            exit_raw_repl: stop what runs and return to the friendly prompt first, which the next program expects; a
                board that is left to itself stays so.
        """
        try:
            if exit_raw_repl and not self.raw and not self.alone and self.line.lost is None and not self.line.closed:
                with contextlib.suppress(LineLost):  # a line that is gone needs no farewell
                    farewell.exit_raw_repl(self)
        finally:  # Stop may come during the farewell; the port must be free all the same
            self.line.close()
