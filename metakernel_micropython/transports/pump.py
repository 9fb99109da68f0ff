"""Lines that only pyserial can wait for: ports on Windows, and RFC 2217.

pyserial's timeouts cannot follow the deadline of each read: assigning one sends the whole port configuration again. So
the port is opened to block, one thread moves what it says into a buffer, another what is written into the port, and the
deadlines are kept here, on conditions.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from typing import TYPE_CHECKING

from ..errors import LineBusy, LineLost
from ..interrupts import Condition
from .base import WRITE_TIMEOUT, Transport
from .fdline import CLOSE_PATIENCE, READ_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable

    import serial
    import serial.rfc2217

_BUFFER_LIMIT = 16 * 1024 * 1024  # bytes; a reader that never comes must not eat the memory


class PumpedLine(Transport):
    """A line over an open pyserial port that blocks (``timeout=None``)."""

    def __init__(
        self,
        address: str,
        port: serial.Serial | serial.rfc2217.Serial,
        name: str | None = None,
        before_close: Callable[[], None] = lambda: None,
        pulse_reset: Callable[[], bool] = lambda: False,
    ) -> None:
        """Take over an open port.

        Args:
            address: what a person types to reach this board again.
            port: the port, with ``timeout=None``.
            name: what messages call the line; the address unless given.
            before_close: called once while the port is still open; may raise OSError.
            pulse_reset: see ``Transport.pulse_reset``.
        """
        self.address = address
        self.name = name or address
        self._port = port
        self._before_close = before_close
        self._pulse_reset = pulse_reset
        self._news = Condition()  # guards the four below
        self._arrived = bytearray()
        self._lost: str | None = None
        self._closed = False
        self._outgoing: queue.SimpleQueue[_Parcel | None] = queue.SimpleQueue()
        self._write_lock = threading.Lock()
        self._threads = [
            threading.Thread(target=loop, name=f"{loop.__name__.strip('_')} {self.name}", daemon=True)
            for loop in (self._pump_in, self._pump_out)
        ]
        for thread in self._threads:
            thread.start()

    def read(self, timeout: float | None = None) -> bytes:
        """Return the bytes that have arrived; see ``Transport.read``."""
        with self._news:
            self._news.wait_for(lambda: self._arrived or self._lost or self._closed, timeout)
            if self._closed:
                raise LineLost(f"The line to {self.name} is closed.")
            if self._arrived:
                data = bytes(self._arrived[:READ_LIMIT])
                del self._arrived[:READ_LIMIT]
                self._news.notify_all()
                return data
            if self._lost:
                raise LineLost(self._lost)
            return b""

    def pulse_reset(self) -> bool:
        """Reset the board; see ``Transport.pulse_reset``."""
        return self._pulse_reset()

    def write(self, data: bytes, timeout: float = WRITE_TIMEOUT) -> None:
        """Write all of ``data`` within ``timeout`` seconds; see ``Transport.write``.

        After LineBusy a part of the bytes may have reached the board.
        """
        deadline = time.monotonic() + timeout
        if not self._write_lock.acquire(timeout=max(timeout, 0.0)):
            raise LineBusy(f"{self.name} did not take what was written before within {timeout:g} s.")
        try:
            with self._news:
                if self._closed:
                    raise LineLost(f"The line to {self.name} is closed.")
                if self._lost:
                    raise LineLost(self._lost)
            parcel = _Parcel(data)
            self._outgoing.put(parcel)
            if not parcel.done.wait(max(deadline - time.monotonic(), 0.0)):
                parcel.late = True
                self._cancel("cancel_write")
                if self._lost:
                    raise LineLost(self._lost)
                raise LineBusy(f"{self.name} did not take {len(data)} bytes in {timeout:g} s: it does not read.")
            if self._closed:
                raise LineLost(f"The line to {self.name} is closed.")
            if parcel.error is not None:
                raise LineLost(self._lost or _gone(self.name, parcel.error)) from parcel.error
        finally:
            self._write_lock.release()

    def close(self) -> None:
        """Free the line at once; see ``Transport.close``. Over RFC 2217 pyserial takes 0.3 s for it."""
        with self._news:
            if self._closed:
                return
            self._closed = True
            self._news.notify_all()
        self._outgoing.put(None)
        if self._port.is_open:
            with contextlib.suppress(Exception):  # pyserial raises its own, the system's, and TypeError when it is late
                self._before_close()
        deadline = time.monotonic() + CLOSE_PATIENCE
        if hasattr(self._port, "cancel_read"):
            # A cancel that comes just before the thread starts to wait is lost, so it is repeated. The port is closed
            # only when nobody waits on its handle any more.
            while any(thread.is_alive() for thread in self._threads) and time.monotonic() < deadline:
                self._cancel("cancel_read")
                self._cancel("cancel_write")
                for thread in self._threads:
                    if thread is not threading.current_thread():
                        thread.join(0.01)
        with contextlib.suppress(Exception):  # as above
            self._port.close()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(max(deadline - time.monotonic(), 0.05))

    def _cancel(self, method: str) -> None:
        """Wake the thread inside the port, where the port can do that."""
        with contextlib.suppress(Exception):  # the port may be half closed: pyserial then raises whatever comes
            getattr(self._port, method, lambda: None)()

    def _pump_in(self) -> None:
        while not self._closed:
            try:
                data = self._port.read(1)
                if data:
                    data += self._port.read(min(self._port.in_waiting, READ_LIMIT - 1))
            except Exception as error:  # a port that vanishes raises OSError, TypeError, AttributeError
                self._end(_gone(self.name, error))
                return
            with self._news:
                if not data:
                    # Cancelled by close(), or over RFC 2217 the end of the connection.
                    if not self._closed and not hasattr(self._port, "cancel_read"):
                        self._lost = f"The line to {self.name} is gone: the other side closed it."
                        self._news.notify_all()
                        return
                    continue
                self._arrived += data
                self._news.notify_all()
                self._news.wait_for(lambda: len(self._arrived) < _BUFFER_LIMIT or self._closed)

    def _pump_out(self) -> None:
        while (parcel := self._outgoing.get()) is not None:
            if parcel.late:
                continue
            try:
                rest = parcel.data
                while rest and not parcel.late and not self._closed:
                    # A cancel that was meant for the parcel before cuts it short.
                    rest = rest[self._port.write(rest) or 0 :]
            except Exception as error:  # as in _pump_in
                parcel.error = error
                self._end(_gone(self.name, error))
            parcel.done.set()
            if self._lost or self._closed:
                break
        # Whoever still waits must not wait for the deadline.
        with contextlib.suppress(queue.Empty):
            while True:
                left = self._outgoing.get_nowait()
                if left is not None:
                    left.error = OSError("the line is gone")
                    left.done.set()

    def _end(self, why: str) -> None:
        with self._news:
            self._lost = self._lost or why
            self._news.notify_all()


class _Parcel:
    """Bytes on their way to the port."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.done = threading.Event()
        self.late = False
        self.error: Exception | None = None


def _gone(name: str, error: Exception) -> str:
    return f"The line to {name} is gone: {str(error) or type(error).__name__}."
