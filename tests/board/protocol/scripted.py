"""A scripted line: plays a board that answers late, wrongly or never."""

from __future__ import annotations

import queue
import time
from typing import TYPE_CHECKING

from metakernel_micropython.errors import LineLost
from metakernel_micropython.transports import Transport

if TYPE_CHECKING:
    from collections.abc import Callable

BANNER = b"raw REPL; CTRL-B to exit\r\n>"
FRIENDLY = b"MicroPython v1.20 on 2023-04-26; A board with A chip\r\n>>> "


class Line(Transport):
    """A line whose other end is ``answer``: called with what is written, it says what comes back."""

    address = "a scripted line"

    def __init__(self, answer: Callable[[bytes], bytes | None] = lambda data: None) -> None:
        self._said: queue.SimpleQueue[bytes | Exception] = queue.SimpleQueue()
        self.answer = answer
        self.written = b""
        self.closed = False

    def say(self, data: bytes) -> None:
        self._said.put(data)

    def pull(self) -> None:
        self._said.put(LineLost("The line is gone."))

    def read(self, timeout: float | None = None) -> bytes:
        try:
            said = self._said.get(timeout=timeout)
        except queue.Empty:
            return b""
        if isinstance(said, Exception):
            self.pull()
            raise said
        return said

    def write(self, data: bytes, timeout: float = 5) -> None:
        self.written += data
        if reply := self.answer(data):
            self.say(reply)

    def close(self) -> None:
        self.closed = True
        self.pull()


def prompt(data: bytes) -> bytes | None:
    """A board at its raw prompt, on which each program prints ``hi``."""
    if data.endswith(b"\x02\x01"):
        return FRIENDLY + BANNER
    if data.endswith(b"\x01") or data == b"\x03\x04":
        return BANNER
    return b"OKhi\r\n\x04\x04>" if data.endswith(b"\x04") else None


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)
