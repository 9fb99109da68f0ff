"""The board's serial line: a buffer for each direction between the interpreter's thread and the client's threads.

What a UART and its interrupt handler do on a board: bytes that arrive are kept until the program reads them, except
for the interrupt character, which is acted upon at once; bytes that the program writes wait until the client takes
them, and the program waits when the buffer is full. Without a client, output goes nowhere.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

CTRL_C = 0x03
NO_CHARACTER = -1
_PAUSE, _GATHER = 0.005, 0.001  # seconds
_EAGER = 8  # pieces of output
_OVERRUN = 1.0  # seconds


class Line:
    """Both directions of the line.

    Attributes:
        interrupt_character: the byte that interrupts the program, or `NO_CHARACTER`.
        on_interrupt: called when it arrives; tells whether there was a program to interrupt.

    Args:
        output_limit: bytes of output that wait for the client before the program has to wait.
        input_limit: bytes of input that wait for the program. When they are full the client has to wait; but what a
            running program does not read for a second is lost, as from a UART, so that Ctrl-C gets through to it.
    """

    def __init__(self, output_limit: int = 256 * 1024, input_limit: int = 1024 * 1024) -> None:
        self.interrupt_character = NO_CHARACTER
        self.on_interrupt: Callable[[], bool] = lambda: False
        self._output_limit = output_limit
        self._input_limit = input_limit
        self._lock = threading.Lock()
        self._readable = threading.Condition(self._lock)
        self._accepting = threading.Condition(self._lock)
        self._writable = threading.Condition(self._lock)
        self._pending = threading.Condition(self._lock)
        self._input = bytearray()
        self._output = bytearray()
        self._connected = False
        self._woken = False
        self._eager = _EAGER

    # The interpreter's side.

    def read(self, limit: int) -> bytes:
        """Takes 1 to `limit` bytes of input, waiting for the first; returns ``b""`` when `wake` was called."""
        with self._lock:
            while not self._input:
                if self._woken:
                    self._woken = False
                    return b""
                self._readable.wait()
            data = bytes(self._input[:limit])
            del self._input[:limit]
            self._accepting.notify_all()
            return data

    def read_byte(self) -> int:
        """Takes one byte of input, waiting for it for as long as it takes."""
        while True:
            data = self.read(1)
            if data:
                return data[0]

    def next_byte(self) -> Generator[None, None, int]:
        """Takes one byte of input and returns it; gives None each time that `wake` was called meanwhile."""
        while not (data := self.read(1)):
            yield
        return data[0]

    def wait_readable(self, timeout: float | None) -> bool:
        """Waits for input.

        Args:
            timeout: seconds; None for ever.

        Returns:
            False when `wake` was called meanwhile (the caller was interrupted), else True.
        """
        end = None if timeout is None else time.monotonic() + timeout
        with self._lock:
            while not self._input and not self._woken:
                left = None if end is None else end - time.monotonic()
                if left is not None and left <= 0:
                    return True
                self._readable.wait(left)
            return not self._take_wake()

    def sleep(self, seconds: float) -> bool:
        """Waits; returns False when `wake` was called meanwhile."""
        end = time.monotonic() + seconds
        with self._lock:
            while not self._woken:
                left = end - time.monotonic()
                if left <= 0:
                    return True
                self._readable.wait(left)
            return not self._take_wake()

    def _take_wake(self) -> bool:
        woken, self._woken = self._woken, False
        return woken

    @property
    def waiting(self) -> int:
        """Bytes of input that a `read` would get at once."""
        return len(self._input)

    def write(self, data: bytes) -> None:
        """Sends output as it is, waiting while the client does not keep up."""
        with self._lock:
            while len(self._output) >= self._output_limit and self._connected:
                self._writable.wait()
            if self._connected:
                if not self._output:
                    self._pending.notify()
                self._output += data

    # The client's side.

    def connect(self) -> None:
        """A client listens from now on."""
        with self._lock:
            self._connected = True

    def disconnect(self) -> None:
        """Nobody listens any more: what waits is dropped, and what follows, too."""
        with self._lock:
            self._connected = False
            self._output.clear()
            self._writable.notify_all()

    def take(self) -> bytes:
        """Waits for output and takes all of it.

        The first pieces after a pause or after input come at once. A program that goes on writing is given a moment to
        write more, for to be woken for every ``print`` would slow it down.
        """
        with self._lock:
            if not self._output and not self._pending.wait_for(lambda: self._output, _PAUSE):
                self._eager = _EAGER
                self._pending.wait_for(lambda: self._output)
            self._eager -= 1
            gather = self._eager < 0
        if gather:
            time.sleep(_GATHER)
        with self._lock:
            data = bytes(self._output)
            self._output.clear()
            self._writable.notify_all()
            return data

    def receive(self, data: bytes) -> None:
        """Input has arrived; an interrupt character in it takes effect now, and is no data, if a program takes it.

        Several that arrive together are one interrupt: a board's handler takes them all out of a packet, or a FIFO,
        before the program goes on, and has one place for what is pending.
        """
        self._eager = _EAGER
        interrupted = False
        while data:
            # The program may change the character at any time, so it is looked at anew for every one that comes.
            character = self.interrupt_character
            before, mark, data = data.partition(bytes([character])) if character >= 0 else (data, b"", b"")
            with self._lock:
                self._put(before)
            if mark and (interrupted or self.on_interrupt()):
                if not interrupted:
                    self.wake()
                interrupted = True
            elif mark:
                with self._lock:
                    self._put(mark)

    def _put(self, data: bytes) -> None:
        """Keeps the input, with the lock held."""
        while data:
            room = self._input_limit - len(self._input)
            if room > 0:
                self._input += data[:room]
                data = data[room:]
                self._readable.notify_all()
            elif not self._accepting.wait(_OVERRUN) and self.interrupt_character >= 0:
                return

    def wake(self) -> None:
        """Ends the wait that the interpreter is in, or its next one."""
        with self._lock:
            self._woken = True
            self._readable.notify_all()

    def forget_wake(self) -> None:
        """The interrupt has been delivered: no wait has to end for it any more."""
        with self._lock:
            self._woken = False
