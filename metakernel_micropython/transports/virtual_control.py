"""The second connection to a virtual board: requests about its parts, and their answers.

JSON, one on a line, each with a number, so that one that waits holds up no other. What comes is checked here for its
form and its size; what it says is for whoever asked.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
import time
from typing import TYPE_CHECKING, Any

from ..errors import BoardTimeout, LineLost
from ..interrupts import Condition
from .fdline import SocketLine

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

REQUEST_TIMEOUT = 10.0
"""Seconds in which a request that waits for nothing is answered, also on a busy computer."""

MAX_ANSWER = 8 * 1024 * 1024
"""Bytes of an answer."""


class Refused(Exception):
    """The board refuses a request.

    Args:
        text: what it says about it.
        advice: the name of one of ``errors.Advice``; "" for none.
    """

    def __init__(self, text: str, advice: str) -> None:
        super().__init__(text)
        self.advice = advice


class _Connection(SocketLine):
    """The connection itself."""

    def __init__(self, name: str, connection: socket.socket, why_lost: Callable[[], str]) -> None:
        super().__init__(name, connection)
        self._why = why_lost

    def _why_lost(self, _error: OSError | None) -> str:
        return self._why()


class ControlLine:
    """The connection. Any thread may ask, and close it. Nothing is made before the first request.

    Args:
        name: what messages call the board.
        connection: to the board, which has proved who it is.
        why_lost: says in a sentence why the board has ended.
    """

    def __init__(self, name: str, connection: socket.socket, why_lost: Callable[[], str]) -> None:
        self.name = name
        self._socket = connection
        self._why_lost = why_lost
        self._numbers = itertools.count(1)
        self._changed = Condition()  # guards all below
        self._connection: _Connection | None = None
        self._answers: dict[int, dict[str, Any] | None] = {}  # by the request's number; None: not there yet
        self._lost: LineLost | None = None

    def ask(self, what: str, *, timeout: float = REQUEST_TIMEOUT, **arguments: object) -> dict[str, Any]:
        """Send a request and return its answer.

        Args:
            what: which.
            timeout: seconds for the answer.
            arguments: plain data.

        Raises:
            Refused: the board cannot do it.
            BoardTimeout: it did not answer in time.
            LineLost: it has ended, does not take the request, or does not speak this protocol.
        """
        number = next(self._numbers)
        deadline = time.monotonic() + timeout
        connection = self._opened(number)
        try:
            connection.write(_line({"id": number, "do": what, **arguments}))
            answer = self._wait(number, deadline, timeout)
        except KeyboardInterrupt:
            with contextlib.suppress(LineLost):
                connection.write(_line({"id": next(self._numbers), "do": "cancel", "request": number}))
            raise
        finally:
            with self._changed:
                self._answers.pop(number, None)
        return _checked(answer)

    def _opened(self, number: int) -> _Connection:
        """Return the connection, on which an answer with this number is waited for."""
        with self._changed:
            if self._lost is not None:
                raise self._lost
            if self._connection is None:
                self._connection = _Connection(self.name, self._socket, self._why_lost)
                threading.Thread(
                    target=self._read, args=(self._connection,), name="control of a virtual board", daemon=True
                ).start()
            self._answers[number] = None
            return self._connection

    def _wait(self, number: int, deadline: float, timeout: float) -> dict[str, Any]:
        with self._changed:
            while (answer := self._answers[number]) is None:
                if self._lost is not None:
                    raise self._lost
                left = deadline - time.monotonic()
                if left <= 0:
                    raise BoardTimeout(
                        f"The board on {self.name} did not answer a request about its parts within {timeout:g} s."
                    )
                self._changed.wait(left)
            return answer

    def _read(self, connection: _Connection) -> None:
        """Take what comes to who has asked for it."""
        try:
            rest = bytearray()
            while True:
                data = connection.read()
                rest += data
                if b"\n" in data:
                    *lines, last = rest.split(b"\n")
                    rest = last
                    for line in lines:
                        self._take(bytes(line))
                elif len(rest) > MAX_ANSWER:
                    raise ValueError("an answer is too long")
        except LineLost as error:
            lost = error
        except (ValueError, RecursionError):
            lost = LineLost(f"The board on {self.name} does not speak the protocol for parts.")
        with self._changed:
            self._lost = self._lost or lost
            self._changed.notify_all()
        connection.close()

    def _take(self, line: bytes) -> None:
        """Keep an answer.

        Raises:
            ValueError: it is none.
        """
        answer = json.loads(line)
        if not isinstance(answer, dict):
            raise ValueError("an answer is a dictionary")
        number = answer.get("id")
        with self._changed:
            if isinstance(number, int) and number in self._answers:  # else nobody waits for it any more
                self._answers[number] = answer
                self._changed.notify_all()

    def close(self) -> None:
        """End the connection. Idempotent; callable from any thread."""
        with self._changed:
            connection = self._connection
            self._lost = self._lost or LineLost(f"The connection to the board on {self.name} is closed.")
            self._changed.notify_all()
        if connection is not None:
            connection.close()
        else:
            self._socket.close()


def _line(request: dict[str, object]) -> bytes:
    # The line end in front ends a request that Stop has cut off: that one is ignored, and this one is not.
    return b"\n" + json.dumps(request).encode() + b"\n"


def _checked(answer: dict[str, Any]) -> dict[str, Any]:
    """Return what an answer holds.

    Raises:
        Refused: it is a refusal.
    """
    found = answer.get("ok")
    if isinstance(found, dict):
        return found
    said, advice = answer.get("error"), answer.get("advice")
    text = said[:2000] if isinstance(said, str) and said else "The board refuses the request and does not say why."
    raise Refused(text, advice if isinstance(advice, str) else "")
