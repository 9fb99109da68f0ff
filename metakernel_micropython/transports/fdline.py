"""Lines that the operating system can wait for: file descriptors and sockets.

The rules that every such line shares are here: a read that sleeps until bytes come, a write with a deadline, a close
that wakes both. How to open one, and what its end means, is for the module that opens it.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import sys
import threading
import time
from abc import abstractmethod
from typing import TYPE_CHECKING

from ..errors import LineBusy, LineLost
from ..interrupts import Condition, HeldInterrupts
from .base import WRITE_TIMEOUT, Transport

if TYPE_CHECKING:
    from collections.abc import Iterator

_TCP_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)  # Linux only

READ_LIMIT = 64 * 1024
"""Most bytes that one read returns."""

CLOSE_PATIENCE = 1.0
"""Seconds that close() waits for a reader or writer that it woke to leave."""

_LAST_READS = 64  # by which a socket is emptied before it is closed; the other side may never stop talking

_LONGEST_SLEEP = 3600.0  # seconds; poll() takes milliseconds in an int, which a large timeout would overflow


def new_selector() -> selectors.BaseSelector:
    """A selector that takes terminals and costs no descriptor of its own.

    poll() has no limit on the number of a descriptor where select() stops at 1024. macOS is the exception: its poll()
    does not work on devices (the BUGS section of its manual page), and Windows has only select().
    """
    if sys.platform in ("darwin", "win32"):
        return selectors.SelectSelector()
    return selectors.PollSelector()


class SelectableLine(Transport):
    """A line over something a selector can wait for, which must not block.

    A thread that reads or writes counts as a user while it is inside. close() wakes the users, and the last one out
    frees the descriptor, so that its number is never closed, and given to another file, under somebody's feet.
    """

    def __init__(self, address: str, handle: int | socket.socket, name: str | None = None) -> None:
        """Take over an open handle.

        Args:
            address: what a person types to reach this board again.
            handle: the descriptor or socket, non-blocking.
            name: what messages call the line; the address unless given.
        """
        self.address = address
        self.name = name or address
        self._woken, self._waker = socket.socketpair()
        self._woken.setblocking(False)
        self._waker.setblocking(False)
        # Registered once: the reader and the writers only ever wait for the same two things.
        self._readable, self._writable = new_selector(), new_selector()
        self._readable.register(handle, selectors.EVENT_READ)
        self._writable.register(handle, selectors.EVENT_WRITE)
        for selector in (self._readable, self._writable):
            selector.register(self._woken, selectors.EVENT_READ)
        self._write_lock = threading.Lock()
        self._gate = Condition()  # guards the two below
        self._users = 0
        self._closed = False

    @abstractmethod
    def _receive(self, limit: int) -> bytes:
        """Take at most ``limit`` bytes, ``b""`` at the end of the line; BlockingIOError when none are there."""

    @abstractmethod
    def _send(self, data: memoryview) -> int:
        """Give as many bytes as are taken now, and return how many; BlockingIOError when none are."""

    @abstractmethod
    def _free(self) -> None:
        """Close the handle. Called once, by the last thread to leave; may raise OSError."""

    def _why_lost(self, error: OSError | None) -> str:
        """The sentence for the end of the line; ``error`` is None when the other side closed in an orderly way."""
        if error is None:
            return f"The line to {self.name} is gone: the other side closed it."
        return f"The line to {self.name} is gone: {(error.strerror or str(error)).lower()}."

    def read(self, timeout: float | None = None) -> bytes:
        """Return the bytes that have arrived; see ``Transport.read``."""
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._inside():
            while True:
                left = _LONGEST_SLEEP if deadline is None else deadline - time.monotonic()
                ready = self._readable.select(min(max(left, 0.0), _LONGEST_SLEEP))
                self._refuse_closed()
                if ready and (data := self._take_all()):
                    return data
                if deadline is not None and time.monotonic() >= deadline:
                    return b""

    def _take_all(self) -> bytes:
        """Everything that is there now, up to the limit: a terminal gives at most 4 KiB at a time."""
        parts: list[bytes] = []
        room = READ_LIMIT
        while room > 0:
            try:
                part = self._receive(room)
            except (BlockingIOError, InterruptedError):
                break
            except OSError as error:
                if parts:
                    break  # the bytes first; the next read meets the error again
                raise LineLost(self._why_lost(error)) from error
            if not part:
                if parts:
                    break
                raise LineLost(self._why_lost(None))
            parts.append(part)
            room -= len(part)
        return b"".join(parts)

    def write(self, data: bytes, timeout: float = WRITE_TIMEOUT) -> None:
        """Write all of ``data`` within ``timeout`` seconds; see ``Transport.write``.

        After LineBusy a part of the bytes may have reached the board.
        """
        deadline = time.monotonic() + timeout
        if not self._write_lock.acquire(timeout=max(timeout, 0.0)):
            raise LineBusy(f"{self.name} did not take what was written before within {timeout:g} s.")
        try:
            with self._inside():
                self._give_all(memoryview(data), timeout, deadline)
        finally:
            self._write_lock.release()

    def _give_all(self, data: memoryview, timeout: float, deadline: float) -> None:
        rest = data
        while rest:
            try:
                sent = self._send(rest)
            except (BlockingIOError, InterruptedError):
                sent = 0
            except OSError as error:
                raise LineLost(self._why_lost(error)) from error
            rest = rest[sent:]
            if not rest:
                return
            left = deadline - time.monotonic()
            if left <= 0:
                taken = len(data) - len(rest)
                raise LineBusy(f"{self.name} took {taken} of {len(data)} bytes in {timeout:g} s: it does not read.")
            if sent == 0:
                self._writable.select(min(left, _LONGEST_SLEEP))
            self._refuse_closed()

    def close(self) -> None:
        """Free the line at once; see ``Transport.close``. Stop comes when that is done: nobody would do the rest."""
        with HeldInterrupts():
            with self._gate:
                if self._closed:
                    return
                self._closed = True
                self._users += 1
                with contextlib.suppress(OSError):
                    self._waker.send(b"x")
                self._gate.wait_for(lambda: self._users == 1, CLOSE_PATIENCE)
            self._leave()

    @contextlib.contextmanager
    def _inside(self) -> Iterator[None]:
        with self._gate:
            self._refuse_closed()
            self._users += 1
        try:
            yield
        finally:
            self._leave()

    def _leave(self) -> None:
        with self._gate:
            self._users -= 1
            last = self._closed and self._users == 0
            self._gate.notify_all()
        if not last:
            return
        with contextlib.suppress(OSError):
            self._free()
        for part in (self._readable, self._writable, self._woken, self._waker):
            part.close()

    def _refuse_closed(self) -> None:
        if self._closed:
            raise LineLost(f"The line to {self.name} is closed.")


class FdLine(SelectableLine):
    """A line over a file descriptor: a terminal."""

    def __init__(self, address: str, fd: int, name: str | None = None) -> None:
        super().__init__(address, fd, name)
        self._fd = fd

    def _receive(self, limit: int) -> bytes:
        return os.read(self._fd, limit)

    def _send(self, data: memoryview) -> int:
        return os.write(self._fd, data)

    def _free(self) -> None:
        os.close(self._fd)


class SocketLine(SelectableLine):
    """A line over a connected TCP socket."""

    def __init__(self, address: str, connection: socket.socket, name: str | None = None) -> None:
        connection.setblocking(False)
        # Two small writes in a row otherwise wait for each other's acknowledgement, some 40 ms.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().__init__(address, connection, name)
        self._connection = connection

    def _receive(self, limit: int) -> bytes:
        data = self._connection.recv(limit)
        if _TCP_QUICKACK is not None and data:
            # A board behind a server with Nagle's algorithm (QEMU, most serial servers) says the rest of its answer
            # only when the first bytes are acknowledged, which otherwise takes some 40 ms. The option does not last.
            self._connection.setsockopt(socket.IPPROTO_TCP, _TCP_QUICKACK, 1)
        return data

    def _send(self, data: memoryview) -> int:
        return self._connection.send(data)

    def _free(self) -> None:
        # A socket that is closed with bytes unread resets the connection, which can cost the other side what was
        # written last. So the end is told first and what is here is taken.
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)
            for _ in range(_LAST_READS):
                if not self._connection.recv(READ_LIMIT):
                    break
        self._connection.close()
