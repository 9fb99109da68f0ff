"""What the kernel publishes, no faster than its front ends read it.

ZeroMQ's publishing socket never waits: for a front end that is behind it queues as many messages as its high water
mark says, however big they are, and then throws messages away without a word, the one that says that the cell has ended
among them. The throttle stands in front of that socket: what finds no room waits here, in its order, and whoever has a
lot to say asks for room first. A front end that does not read at all is given up after a while, as the socket would
have done.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Self

import zmq

from ..interrupts import Condition

if TYPE_CHECKING:
    from collections.abc import Callable

QUEUE_LENGTH = 32
"""Messages that ZeroMQ keeps for each front end (its high water mark, 1000 by default)."""

MESSAGE_LIMIT = 256 * 1024
"""Characters of output in one message."""

ROOM = 1024 * 1024
"""Bytes that wait here before there is room for no more output."""

PATIENCE = 10.0
"""Seconds after which a front end that reads nothing is waited for no longer."""

HURRY = 0.25
"""Seconds that output may still take to be shown when somebody has pressed Stop."""

RETRY = 0.01
"""Seconds between two attempts to give a message to a front end that is behind; ZeroMQ does not tell when it can."""

LAST_WORDS = 4096
"""Characters that are shown at least of what was printed last: often they say why it ended."""


class IOPubThrottle:
    """A stand-in for the kernel's iopub socket, which any thread may send to.

    Messages are given to ZeroMQ by ipykernel's IO thread, as before.
    """

    def __init__(self, socket: Any) -> None:
        """Stand in front of ipykernel's ``BackgroundSocket``."""
        self.io_thread = socket.io_thread
        self._socket = socket
        self._process = os.getpid()
        self._changed = Condition()
        self._queue: deque[tuple[list[Any], bool, int]] = deque()
        self._bytes = 0  # in the queue
        self._retrying = False
        self._behind_since: float | None = None
        self._missed = False
        self._hurried = float("inf")  # from when on nobody waits for room

    @classmethod
    def around(cls, socket: Any) -> Self | None:
        """Return a throttle for a kernel's socket; None where that is none of ipykernel's."""
        return cls(socket) if hasattr(socket, "io_thread") else None

    # -- any thread ----------------------------------------------------------------------------------------------

    def send(self, message: Any, *args: Any, **kwargs: Any) -> None:
        """Send a message of one part."""
        self.send_multipart([message], *args, **kwargs)

    def send_multipart(self, parts: list[Any], flags: int = 0, copy: bool = True, **kwargs: Any) -> None:
        """Send a message; it waits here while a front end has no room for it."""
        if os.getpid() != self._process:  # a fork of this process, whose messages ipykernel hands to this one
            self._socket.send_multipart(parts, flags, copy=copy, **kwargs)
            return
        if self._bytes > 4 * ROOM and threading.current_thread() is threading.main_thread():
            self.wait_for_room()
        size = sum(len(part) for part in parts)
        with self._changed:
            self._queue.append((parts, copy, size))
            self._bytes += size
        self.io_thread.schedule(self._give_all)

    def wait_for_room(self) -> bool:
        """Wait until there is room for more output; return whether there is, which is False only in a hurry."""
        if os.getpid() != self._process:  # a fork has none of the threads that make room
            return True
        with self._changed:
            while self._bytes >= ROOM:
                left = self._hurried - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(min(left, PATIENCE))
            return True

    def hurry(self) -> None:
        """Somebody waits for the cell's end: from soon on output gets the room that there is, and no more."""
        with self._changed:
            self._hurried = min(self._hurried, time.monotonic() + HURRY)
            self._changed.notify_all()

    def take_time(self) -> None:
        """A cell begins: output may wait for room again."""
        self._hurried = float("inf")

    def take_missed(self) -> bool:
        """Return whether a front end may have missed messages since the last call."""
        missed, self._missed = self._missed, False
        return missed

    # -- ipykernel's IO thread -----------------------------------------------------------------------------------

    def _give_all(self) -> None:
        while self._queue:
            parts, copy, size = self._queue[0]
            if not self._give(parts, copy):
                if not self._retrying:
                    self._retrying = True
                    self.io_thread.io_loop.call_later(RETRY, self._retry)
                return
            with self._changed:
                self._queue.popleft()
                self._bytes -= size
                self._changed.notify_all()

    def _retry(self) -> None:
        self._retrying = False
        self._give_all()

    def _give(self, parts: list[Any], copy: bool) -> bool:
        """Give a message to ZeroMQ; return False where it has to wait."""
        socket = self.io_thread.socket
        if socket is None or socket.closed:  # the kernel ends
            return True
        try:
            # Only for these messages: what else ipykernel sends must neither wait nor fail.
            socket.setsockopt(zmq.XPUB_NODROP, 1)
            try:
                socket.send_multipart(parts, zmq.NOBLOCK, copy=copy)
            finally:
                socket.setsockopt(zmq.XPUB_NODROP, 0)
        except zmq.Again:
            now = time.monotonic()
            if self._behind_since is None:
                self._behind_since = now
            if now - self._behind_since < PATIENCE and self.io_thread.thread.is_alive():
                return False
            self._missed = True
            with contextlib.suppress(zmq.ZMQError):
                socket.send_multipart(parts, zmq.NOBLOCK, copy=copy)  # those who read get it
        except zmq.ZMQError as error:
            if error.errno != zmq.ENOTSOCK:
                raise
        else:
            self._behind_since = None
        return True


class BoundedOutput:
    """What the board prints, as messages of a size that bounds what waits; what must be left out is told.

    Args:
        iopub: where the messages go; None: there is always room.
        show: sends a message of output.
        tell: sends a message about it.
    """

    def __init__(
        self, iopub: IOPubThrottle | None, show: Callable[[str], object], tell: Callable[[str], object]
    ) -> None:
        self._iopub = iopub
        self._show = show
        self._tell = tell
        self._left_out = 0  # characters
        self._last = ""  # the end of what is left out

    def feed(self, text: str) -> None:
        """Show text, as soon as the front ends have room for it."""
        for at in range(0, len(text), MESSAGE_LIMIT):
            piece = text[at : at + MESSAGE_LIMIT]
            if self._iopub is None or self._iopub.wait_for_room():
                self.catch_up()
                self._show(piece)
            else:
                self._left_out += len(piece)
                self._last = (self._last + piece)[-LAST_WORDS:]

    def catch_up(self) -> None:
        """Say what was left out, if anything was, and show its last words."""
        if not self._left_out:
            return
        size, last = self._left_out - len(self._last), self._last
        self._left_out, self._last = 0, ""
        if size:
            self._tell(f"[{size:,} characters of output left out here: Stop came while the front end was behind]")
        self._show(last)

    def hurry(self) -> None:
        """Somebody waits for the cell's end; any thread may say so."""
        if self._iopub is not None:
            self._iopub.hurry()

    def close(self) -> None:
        """The program has ended: say what was left out of its output."""
        self.catch_up()
