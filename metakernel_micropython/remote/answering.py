"""The thread that answers what a board asks for while its program runs."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import LineLost
from ..interrupts import Condition
from . import messages
from .messages import Request, RequestReader, Sign

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..board.protocol.program_requests import Asking

IDLE = 2.0
"""Seconds without a request after which the thread ends; the next request starts another."""

PIECE_PATIENCE = 3.0
"""Seconds in which the board must take a piece out of its receive buffer, before it counts as lost on the way."""

REQUEST_PATIENCE = 1.0
"""Seconds in which a request that has begun must have come."""


@dataclass(frozen=True)
class _Asked:
    """A request that waits for its answer.

    Attributes:
        request: the request.
        program: the program that waits.
        interrupts: how often somebody had stopped it when it asked.
        turn: its place among all.
    """

    request: Request
    program: Asking
    interrupts: int
    turn: int


class Answering:
    """Takes requests out of what one board prints, and answers them. It is ``Capabilities.requests`` of that board.

    Args:
        token: see ``RequestReader``.
        piece: bytes after which the board says that it has taken them.
        answer: returns an error's number and the body of the answer to a request.
        window_bits: see ``messages.answer``.
        remarks: returns, once, what could not be done and a board cannot say.
    """

    def __init__(
        self,
        token: str,
        piece: int,
        answer: Callable[[str, bytes], tuple[int, bytes]],
        window_bits: int = 0,
        remarks: Callable[[], list[str]] = list,
    ) -> None:
        self.take_remarks = remarks
        self._reader = RequestReader(token)
        self._piece = piece
        self._answer = answer
        self._window_bits = window_bits
        self._changed = Condition()  # guards all below
        self._waiting: deque[_Asked] = deque()
        self._begun: tuple[_Asked, float] | None = None  # a request that has come in part, and since when
        self._turn = 0  # of the answer that somebody waits for; another number: nobody waits any more
        self._taken = 0  # pieces of the answer that is on its way
        self._thread: threading.Thread | None = None
        self._closed = False
        self._last: tuple[Request, tuple[bytes, bytes]] | None = None  # what was answered last, for one that asks again

    # -- called by the thread that reads, with the lock of the line held -------------------------------------------

    def take(self, program: Asking, data: bytes) -> bytes:
        """Take what a program printed; see ``Requests``."""
        output, found = self._reader.feed(data)
        if found or self._reader.incomplete or self._begun is not None:
            with self._changed:
                for one in found:
                    self._note(one, program)
                if not self._reader.incomplete:
                    self._begun = None
                elif found or self._begun is None:
                    damaged = Request("", 0, b"", damaged=True)
                    self._begun = _Asked(damaged, program, program.interrupts, self._turn), time.monotonic()
                if self._thread is None and not self._closed:
                    self._thread = threading.Thread(target=self._run, name="mounted folder", daemon=True)
                    self._thread.start()
                self._changed.notify_all()
        return output

    def _note(self, one: Request | Sign, program: Asking) -> None:
        if isinstance(one, Sign) and one.text == "+":
            self._taken += 1
            return
        self._turn += 1
        self._taken = 0
        self._waiting.clear()
        if isinstance(one, Request):
            self._waiting.append(_Asked(one, program, program.interrupts, self._turn))

    def rest(self) -> bytes:
        """Return what was held; see ``Requests``."""
        with self._changed:
            self._forget()
            return self._reader.flush()

    def close(self) -> None:
        """Answer no more."""
        with self._changed:
            self._closed = True
            self._forget()

    def _forget(self) -> None:
        self._turn += 1
        self._begun = None
        self._waiting.clear()
        self._changed.notify_all()

    # -- in the thread ---------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while (asked := self._next()) is not None:
            with contextlib.suppress(LineLost):  # whoever waits for the program hears of it
                self._send(*self._ready(asked.request), asked)

    def _next(self) -> _Asked | None:
        """Wait for a request; None where the thread is to end."""
        with self._changed:
            idle = time.monotonic() + IDLE
            while not self._waiting:
                end = idle if self._begun is None else self._begun[1] + REQUEST_PATIENCE
                left = end - time.monotonic()
                if left <= 0 and self._begun is not None:
                    asked, self._begun = self._begun[0], None
                    return asked
                if left <= 0 or self._closed:
                    self._thread = None
                    return None
                self._changed.wait(left)
            return self._waiting.popleft()

    def _ready(self, request: Request) -> tuple[bytes, bytes]:
        """Return an answer as it goes to the board."""
        if request.damaged:
            return messages.answer(request.number, messages.AGAIN)
        if self._last is None or self._last[0] != request:  # else the board has not got the answer as it was sent
            try:
                found = self._answer(request.kind, request.body)
            except Exception:  # the board waits, and would wait on
                found = messages.FAILED, b""
            self._last = request, messages.answer(request.number, *found, self._window_bits)
        return self._last[1]

    def _send(self, head: bytes, body: bytes, asked: _Asked) -> None:
        """Send an answer, never more than two pieces ahead of what the board has taken."""
        size = self._piece
        pieces = -(-len(body) // size)
        with self._changed:
            if asked.turn != self._turn:
                return
        sent = 2
        going = asked.program.feed(head + body[: 2 * size], asked.interrupts)
        while going and sent < pieces:
            if not self._wait(sent - 1, asked):
                return
            free = min(self._taken + 2, pieces)
            going = asked.program.feed(body[sent * size : free * size], asked.interrupts)
            sent = free
        if going:
            self._wait(pieces + 1, asked)

    def _wait(self, taken: int, asked: _Asked) -> bool:
        """Wait until the board has taken pieces; return False where it wants no more of this answer."""
        with self._changed:
            self._changed.wait_for(lambda: asked.turn != self._turn or self._taken >= taken, PIECE_PATIENCE)
            if asked.turn != self._turn:
                return False
            if self._taken >= taken:
                return True
        # Something was lost on the way: what fills the piece has the board see that, and ask again.
        asked.program.feed(messages.FILLER * (self._piece + messages.HEAD), asked.interrupts)
        return False
