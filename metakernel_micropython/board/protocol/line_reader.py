"""A board's line: one thread that always reads it, what is known of it, and writing to it.

Boards drop what nobody reads, so the thread never pauses for long. It knows nothing of what the bytes mean: a
``Receiver`` gets them, with the lock held.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Protocol

from ...errors import LineLost
from ...interrupts import Condition
from ...transports.tap import FROM_BOARD, TO_BOARD, Tap

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...transports.base import Transport

TAIL = 13
"""Bytes that are kept of what came last: what a board says as it restarts, which is longer than a mark (see
``questions``), and shorter than two marks with a prompt between them."""


class Receiver(Protocol):
    """Who gets what comes over the line.

    Its methods are called with the lock held, mostly by the thread that reads.
    """

    def on_received(self, data: bytes) -> None:
        """Bytes came."""

    def on_lost(self, error: LineLost) -> None:
        """The line is gone; nothing comes any more."""

    def on_closed(self) -> None:
        """``close`` was called, in whichever thread."""

    @property
    def full(self) -> bool:
        """Whether so much waits to be taken that the board has to wait; whoever takes some notifies."""


class LineReader:
    """An open line with the thread that reads it.

    Any thread may write, wait or close.

    Args:
        transport: the open line.
        tap: is told everything that goes over the line.

    Attributes:
        address: what a person types to reach the board.
        changed: its lock guards what is known of the line and of the board; notified whenever some of it changes.
        sending: the lock that keeps what the protocol decided and what is written in one order; taken before that of
            ``changed``.
        received: bytes that came so far.
        tail: the last of them, at most ``TAIL``.
        heard_at: when something came last, in the host's monotonic seconds.
        lost: why the line is gone; None while it is there.
        lost_at: when it was lost, likewise; 0 while it is there.
        closed: whether ``close`` was called.
    """

    def __init__(self, transport: Transport, tap: Tap | None = None) -> None:
        self.transport = transport
        self.address = transport.address
        self.tap = tap or Tap()
        self.tap.begin(transport.address)
        self.changed = Condition()
        self.sending = threading.Lock()
        self.received = 0
        self.tail = b""
        self.heard_at = time.monotonic()
        self.lost: LineLost | None = None
        self.lost_at = 0.0
        self.closed = False
        self._hidden_until = b""  # what comes may be the echo of a password, up to this mark; empty for what is shown
        self._receiver: Receiver | None = None
        self._thread: threading.Thread | None = None

    def start(self, receiver: Receiver) -> None:
        """Have the thread read from now on."""
        self._receiver = receiver
        thread = threading.Thread(
            target=self._read_forever, args=(receiver,), name=f"line to {self.address}", daemon=True
        )
        try:
            thread.start()
        except BaseException:  # Stop: nobody has this object yet who could close the line
            self.transport.close()
            raise
        self._thread = thread

    def _read_forever(self, receiver: Receiver) -> None:
        try:
            while True:
                data = self.transport.read()
                self._note_received(data)
                with self.changed:
                    self.received += len(data)
                    self.heard_at = time.monotonic()
                    self.tail = (self.tail + data)[-TAIL:]
                    receiver.on_received(data)
                    self.changed.notify_all()
                    while receiver.full and not self.closed:
                        self.changed.wait()
        except Exception as error:  # whatever it is, nobody reads any more, and whoever waits must hear of it
            self._lose(error if isinstance(error, LineLost) else self._failed("read", error))

    def _failed(self, what: str, error: Exception) -> LineLost:
        """Return the loss of the line that an error of this computer's is."""
        reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        lost = LineLost(f"The line to {self.address} was lost: it could not be {what} any more ({reason}).")
        lost.__cause__ = error
        return lost

    def _lose(self, error: LineLost) -> None:
        with self.changed:
            if self.lost is None:
                self.lost = error
                self.lost_at = time.monotonic()
                if not self.closed:
                    self.tap.note_event("lost", str(error))
                if self._receiver is not None:
                    self._receiver.on_lost(error)
            self.changed.notify_all()

    # -- what the tap is told ------------------------------------------------------------------------------------

    def hide_until(self, mark: bytes) -> None:
        """Keep what comes from the tap until a mark came; ``b""``: show it from now on."""
        self._hidden_until = mark

    def _note_received(self, data: bytes) -> None:
        """Tell the tap what came, without what may be the echo of a password; the mark behind it may come in pieces."""
        if mark := self._hidden_until:
            self._note(FROM_BOARD, data, hidden=True)
            _, found, data = (self.tail + data).partition(mark)
            if not found:
                return
            self._hidden_until = b""
            data = mark + data
        self._note(FROM_BOARD, data)

    def _note(self, direction: str, data: bytes, *, hidden: bool = False) -> None:
        self.tap.note(direction, data, getattr(self.transport, "secrets", ()), hidden=hidden)

    # -- writing -------------------------------------------------------------------------------------------------

    def write(self, data: bytes, *, hidden: bool = False) -> None:
        """Put bytes on the line; whoever calls holds ``sending`` and not the lock of ``changed``.

        Args:
            data: the bytes; none is no more than a look whether the line is there.
            hidden: keep them from the tap.

        Raises:
            LineBusy: the board does not take them.
            LineLost: the line is gone.
        """
        if self.lost is not None:
            raise self.lost
        if data:
            self._note(TO_BOARD, data, hidden=hidden)
            try:
                self.transport.write(data)
            except LineLost:
                raise
            except Exception as error:  # nobody knows what the board has got of it
                self._lose(self._failed("written to", error))
                self.transport.close()
                raise self.lost or LineLost(str(error)) from error

    # -- waiting -------------------------------------------------------------------------------------------------

    def wait_while_heard(self, arrived: Callable[[], bool], silence: float, limit: float) -> bool:
        """Wait for something that the line brings, as long as bytes come; return whether it has.

        Args:
            arrived: whether it is there.
            silence: seconds without a byte that end the wait.
            limit: seconds that end it, whatever comes.

        Raises:
            LineLost: the line was lost meanwhile.
        """
        end = time.monotonic() + limit
        with self.changed:
            while not arrived():
                seconds = min(silence, end - time.monotonic())
                if seconds <= 0 or not self.wait_for_bytes(seconds, over=arrived):
                    return False
                if self.lost is not None:
                    raise self.lost
            return True

    def wait_for_bytes(
        self, timeout: float, received: int | None = None, over: Callable[[], bool] = lambda: False
    ) -> bool:
        """Wait (the lock is held) until more arrives or no more can; False after ``timeout`` seconds without.

        Args:
            timeout: seconds.
            received: bytes that had come when there was nothing to wait for; None: those until now.
            over: tells when nothing is to be waited for any more.
        """
        before = self.received if received is None else received
        return self.changed.wait_for(lambda: self.received != before or self.lost is not None or over(), timeout)

    def wait_for_quiet(self, quiet: float, limit: float) -> None:
        """Wait until nothing came for ``quiet`` seconds, at most ``limit`` seconds.

        Raises:
            LineLost: the line was lost meanwhile.
        """
        deadline = time.monotonic() + limit
        with self.changed:
            while time.monotonic() < deadline and self.wait_for_bytes(quiet):
                if self.lost is not None:
                    raise self.lost

    # -- ending --------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Free the line at once and wait for the thread. Idempotent, callable from any thread."""
        with self.changed:
            if not self.closed and self.lost is None:
                self.tap.note_event("closed")
            self.closed = True
            if self._receiver is not None:
                self._receiver.on_closed()
            self.changed.notify_all()
        self.transport.close()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(1.0)
