"""A board on the network: ``ws://host:8266``, MicroPython's WebREPL; ``wss://`` where TLS stands before it.

The other side is ``webrepl.py`` of micropython-lib on ``extmod/modwebrepl.c`` and ``extmod/modwebsocket.c`` of the
firmware. What they ask of a client:

- Only text frames reach the prompt; binary ones are a protocol for files (modwebrepl.c, ``webrepl_read``). So bytes go
  out, and come back, as text frames that need not be UTF-8.
- The payload of a control frame is read as data (modwebsocket.c, ``websocket_read``). So no pings are sent, TCP's own
  probes find a dead host, and the frame that closes the connection is empty.
- The board's receive buffer has some 260 bytes, and what has no room in it is dropped without a word.
- One client is served at a time; for another one the connection ends before the password is asked for.
- A soft reset ends the connection; boot.py may start WebREPL again.
"""

from __future__ import annotations

import contextlib
import os
import ssl
import threading
import time
from typing import TYPE_CHECKING, Any

from ..errors import Advice, ConnectError, LineBusy, LineLost
from .fdline import READ_LIMIT, SocketLine
from .open_errors import network_error_text
from .websocket_handshake import open_websocket, serves_another

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from .address import Address
    from .options import ConnectionOptions, Password

PASSWORD_VARIABLE = "MICROPYTHON_WEBREPL_PASSWORD"  # noqa: S105 - the name of the variable
"""The environment variable with the password, for those who do not want to type it."""

LOGIN_TIMEOUT = 10.0
"""Seconds that a board has to ask for the password, and again to answer it."""

RETURN_TIMEOUT = 20.0
"""Seconds that a board has after its restart to join its network and start WebREPL."""

BURST = 256
"""Bytes that go out at once; raw-paste has no more on its way (two windows of 128)."""

BURST_PAUSE = 0.1
"""Seconds before more of one write goes out: the time that a board is given to take what fills its buffer."""

LONGEST_PASSWORD = 9
"""Bytes that the firmware keeps of a password (modwebrepl.c, ``webrepl_passwd``)."""

MAX_FRAME = 1024 * 1024
"""Bytes of a frame; boards send fewer than 65536 (modwebsocket.c), and what promises more is no board."""

_PROMPT = b"Password: "
_GRANTED = b"WebREPL connected\r\n"
_DENIED = b"Access denied"

_FRAME = 128  # bytes of payload
_GOODBYE = 1.5  # seconds that close() waits for the board to notice, so that the next client is not one too many
_RETURN_INTERVAL = 0.5  # seconds between two attempts to reach a board that restarts
_PONG_TIMEOUT = 0.5  # seconds
_LONGEST_EXCERPT = 80  # bytes


class AccessDenied(ConnectError):
    """The board did not accept the password."""


def connect(address: Address, options: ConnectionOptions) -> WebReplLine:
    """Open ``ws://host:port`` or ``wss://host:port`` and log in.

    The password is ``options.password``, else the environment's ``MICROPYTHON_WEBREPL_PASSWORD``, else what a person
    answers where ``options.password`` can ask one.

    Raises:
        ConnectError: the host cannot be reached, does not speak WebREPL, serves another client, or denies access.
    """
    given = options.password
    known = given if isinstance(given, str) else os.environ.get(PASSWORD_VARIABLE) or None
    line = _open(address)
    with _closed_on_failure(line):
        line.expect_prompt()
        line.log_in(_checked(known if known is not None else _asked(address.text, given)))
    return line


@contextlib.contextmanager
def _closed_on_failure(line: WebReplLine) -> Iterator[None]:
    try:
        yield
    except LineLost as error:
        line.close()
        raise ConnectError(str(error)) from error
    except BaseException:
        line.close()
        raise


def _asked(name: str, ask: Password | None) -> str:
    answer = ask(name) if callable(ask) else None
    if answer is None:
        raise ConnectError(
            f"The WebREPL at {name} wants a password, and there is nobody to ask for it here.",
            Advice.LOG_IN,
            address=name,
            variable=PASSWORD_VARIABLE,
        )
    return answer


def _checked(password: str) -> str:
    if any(ord(char) < 32 or 0xD800 <= ord(char) < 0xE000 for char in password):
        raise ConnectError("The password holds a control character, which no WebREPL can have in its own.")
    return password


def _open(address: Address) -> WebReplLine:
    connection = open_websocket(address)
    try:
        return WebReplLine(address, connection)
    except OSError as error:
        connection.close()
        raise ConnectError(network_error_text(address.text, error)) from error
    except BaseException:
        connection.close()
        raise


class WebReplLine(SocketLine):
    """A line to a board's WebREPL.

    Attributes:
        secrets: texts that have to be masked in logs.
    """

    secrets: tuple[str, ...] = ()

    def __init__(self, address: Address, connection: socket.socket) -> None:
        """Take over a connection whose handshake is done."""
        import websocket

        super().__init__(address.text, connection)
        self._place = address
        self._opcodes = websocket.ABNF
        self._errors: type[Exception] = websocket.WebSocketException
        self._ssl_lock = threading.Lock()  # an SSL object must not read and write at once
        self._arrived = bytearray()  # frames, or parts of them
        self._frames: Any = websocket.frame_buffer(self._take, skip_utf8_validation=True)
        self._early = b""  # what came with the answer to the password
        self._end = ""  # why nothing more will come
        self._outgoing = b""  # the rest of a frame, which must go out before the next
        self._outgoing_size = 0  # bytes of payload in it, for whoever writes it
        self._burst = 0  # bytes that went out at once
        self._password = ""

    # -- the password --------------------------------------------------------------------------------------------

    def expect_prompt(self) -> None:
        """Wait until the board asks for the password.

        Raises:
            ConnectError: it closes the connection, or says something else.
        """
        heard = self._hear((_PROMPT,))
        if heard.endswith(_PROMPT):
            return
        if self._end and not heard:
            raise ConnectError(serves_another(self.name))
        said = f"it said {heard[:_LONGEST_EXCERPT]!r}" if heard else "it said nothing"
        raise ConnectError(
            f"{self.name} is a WebSocket, but does not ask for a password as a WebREPL does: {said}. Check the port, "
            "or reset the board and try again."
        )

    def log_in(self, password: str) -> None:
        """Give the password.

        Raises:
            AccessDenied: it is not the board's.
            ConnectError: the board does not answer it.
            LineLost: the connection ended.
        """
        # A return ends the password; a newline behind it would be the prompt's.
        self.write(password.encode() + b"\r")
        heard = self._hear((_GRANTED, _DENIED))
        if _GRANTED in heard:
            self._password = password
            self.secrets = (password,)
            self._early = heard[heard.index(_GRANTED) :]
            return
        if _DENIED in heard:
            long = len(password.encode()) > LONGEST_PASSWORD
            hint = f" It has more than the {LONGEST_PASSWORD} bytes that boards keep." if long else ""
            raise AccessDenied(f"The WebREPL at {self.name} did not accept the password.{hint}")
        what = "closed the connection" if self._end else "said nothing"
        raise ConnectError(
            f"The WebREPL at {self.name} {what} when it got the password. Reset the board and try again."
        )

    def _hear(self, marks: tuple[bytes, ...]) -> bytes:
        """Return what comes until it holds one of the marks, the connection ends, or the time is over."""
        deadline = time.monotonic() + LOGIN_TIMEOUT
        heard = b""
        try:
            while not any(mark in heard for mark in marks) and len(heard) < MAX_FRAME:
                left = deadline - time.monotonic()
                if left <= 0:
                    break
                heard += self.read(left)
        except LineLost as error:
            self._end = self._end or str(error)
        return heard

    def reopen(self, timeout: float = RETURN_TIMEOUT) -> WebReplLine:
        """Open the line again that a restart of the board has ended, with the password that it took before.

        Raises:
            ConnectError: it could not be opened within ``timeout`` seconds.
            LineLost: somebody closed this line meanwhile.
        """
        deadline = time.monotonic() + timeout
        while True:
            self._refuse_closed()
            try:
                line = _open(self._place)
                with _closed_on_failure(line):
                    line.expect_prompt()
                    line.log_in(self._password)
                return line
            except AccessDenied:
                raise
            except ConnectError as error:
                if time.monotonic() + _RETURN_INTERVAL >= deadline:
                    raise ConnectError(
                        f"{self.name} did not come back within {timeout:g} s of the board's restart. Its boot.py has "
                        f"to join the network and start WebREPL. The last attempt: {error}"
                    ) from error
            time.sleep(_RETURN_INTERVAL)

    # -- frames that come ----------------------------------------------------------------------------------------

    def read(self, timeout: float | None = None) -> bytes:
        """Return the bytes that have arrived; see ``Transport.read``."""
        self._refuse_closed()
        if self._early:
            early, self._early = self._early, b""
            return early
        if self._end:
            raise LineLost(self._end)
        return super().read(timeout)

    def _receive(self, limit: int) -> bytes:
        if self._end:
            return b""
        data = self._receive_some(limit)
        if not data:
            return b""
        self._arrived += data
        payload = self._payload()
        if not payload and not self._end:
            raise BlockingIOError  # the rest of a frame, or a frame that is not for us
        return payload

    def _receive_some(self, limit: int) -> bytes:
        connection = self._connection
        if not isinstance(connection, ssl.SSLSocket):
            return super()._receive(limit)
        with self._ssl_lock:
            try:
                data = super()._receive(limit)
                while connection.pending():  # deciphered already: no selector tells of it
                    data += connection.recv(connection.pending())
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                raise BlockingIOError from None
        return data

    def _payload(self) -> bytes:
        """What the frames that have arrived carry for the reader."""
        payload = b""
        try:
            while not self._end:
                frame = self._frames.recv_frame()
                if frame.opcode == self._opcodes.OPCODE_CLOSE:
                    self._end = self._why_lost(None)
                elif frame.opcode == self._opcodes.OPCODE_PING:
                    self._pong(frame.data)
                elif frame.opcode != self._opcodes.OPCODE_PONG:
                    payload += frame.data
        except BlockingIOError:
            if (self._frames.length or 0) > MAX_FRAME:
                self._end = f"The line to {self.name} is gone: it sent a frame that is too long for a board."
        except self._errors:
            self._end = f"The line to {self.name} is gone: it sent something that is no WebSocket frame."
        return payload

    def _take(self, size: int) -> bytes:
        """What the library's frames are made of; it keeps the parts of one that is not whole."""
        if not self._arrived:
            raise BlockingIOError
        data = bytes(self._arrived[:size])
        del self._arrived[:size]
        return data

    def _why_lost(self, error: OSError | None) -> str:
        if error is None:
            return self._end or f"The line to {self.name} is gone: the board closed it."
        return super()._why_lost(error)

    # -- frames that go ------------------------------------------------------------------------------------------

    def _frame(self, data: bytes, opcode: int) -> bytes:
        return bytes(self._opcodes.create_frame(data, opcode).format())

    def _give_all(self, data: memoryview, timeout: float, deadline: float) -> None:
        self._burst = 0
        try:
            super()._give_all(data, timeout, deadline)
        except LineBusy:
            self._outgoing_size = 0  # what is left of the frame is not part of the next write
            raise

    def _send(self, data: memoryview) -> int:
        if not self._outgoing:
            if self._burst >= BURST:
                time.sleep(BURST_PAUSE)
                self._burst = 0
            piece = bytes(data[:_FRAME])
            self._outgoing = self._frame(piece, self._opcodes.OPCODE_TEXT)
            self._outgoing_size = len(piece)
            self._burst += len(piece)
        return self._outgoing_size if self._flush() else 0

    def _flush(self) -> bool:
        """Send what can be sent of the frame that is under way; whether that was all of it."""
        try:
            with self._ssl_lock:
                sent = self._connection.send(self._outgoing)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise BlockingIOError from None
        self._outgoing = self._outgoing[sent:]
        return not self._outgoing

    def _pong(self, data: bytes) -> None:
        """Answer a ping; boards send none, but what stands before them may."""
        if not self._write_lock.acquire(timeout=_PONG_TIMEOUT):
            return
        try:
            if self._outgoing:
                return  # a write that was given up: the other side does not read
            self._outgoing, self._outgoing_size = self._frame(data, self._opcodes.OPCODE_PONG), 0
            with contextlib.suppress(OSError):
                self._flush()
        finally:
            self._write_lock.release()

    # -- ending --------------------------------------------------------------------------------------------------

    def _free(self) -> None:
        with contextlib.suppress(OSError):
            if not self._outgoing and not self._end:
                self._outgoing = self._frame(b"", self._opcodes.OPCODE_CLOSE)
                if self._flush():
                    self._wait_for_end()
        super()._free()

    def _wait_for_end(self) -> None:
        self._readable.unregister(self._woken)
        deadline = time.monotonic() + _GOODBYE
        while (left := deadline - time.monotonic()) > 0:
            if self._readable.select(left):
                with contextlib.suppress(BlockingIOError):
                    if not self._receive_some(READ_LIMIT):
                        return
