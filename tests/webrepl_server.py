"""MicroPython's WebREPL in front of a board that is reached otherwise: the server's part, with what is odd about it.

The WebSocket is the package ``websockets``, so that the client meets another implementation than its own. The oddities
are those of ``extmod/modwebrepl.c`` (C) and ``extmod/modwebsocket.c`` (W) of the firmware and of ``webrepl.py`` of
micropython-lib (L); each can be switched. The binary protocol for files is left out.
"""

from __future__ import annotations

import socket
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from websockets.exceptions import ConnectionClosed
from websockets.protocol import State
from websockets.sync.server import ServerConnection, serve

from metakernel_micropython.errors import LineLost
from metakernel_micropython.transports import open_transport

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from websockets.http11 import Request, Response

PASSWORD = "s3cr-pw"

REBOOT = b"soft reboot\r\n"


@dataclass
class Quirks:
    """How the server behaves.

    Attributes:
        password: what lets a client in.
        frame: bytes of output per frame; W sends each piece that the firmware prints as a frame of its own.
        buffer: bytes that the board's receive buffer has room for (``stdin_ringbuf`` of the ESP ports; 260 measured);
            what more comes at once is dropped silently. None: no limit.
        takes_every: seconds between two times that the board empties that buffer.
        ends_with_reset: the connection ends behind "soft reboot", with all of the firmware's sockets.
        away: seconds after that until boot.py serves WebREPL again; None: it never does.
        drops_early: refuse a second client before the handshake, as older versions of L do; else right after it.
        asks: whether a password is asked for; else it is some other WebSocket.
        answers: whether the password gets an answer.
        status: HTTP status in place of the handshake.
        binary: send output as binary frames.
    """

    password: str = PASSWORD
    frame: int = 32
    buffer: int | None = 260
    takes_every: float = 0.002
    ends_with_reset: bool = True
    away: float | None = 0.7
    drops_early: bool = False
    asks: bool = True
    answers: bool = True
    status: int | None = None
    binary: bool = False


class BoardBehind:
    """A virtual board, whose output goes to the session of the moment, and nowhere while there is none."""

    def __init__(self) -> None:
        self.line = open_transport("virtual")
        self.sink: Callable[[bytes], None] | None = None
        greeting = b""
        deadline = time.monotonic() + 60
        while not greeting.endswith(b">>> "):  # what it says at its start is no session's
            greeting += self.line.read(20)
            assert time.monotonic() < deadline, f"the virtual board only said {greeting!r}"
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        with suppress(LineLost):
            while True:
                data = self.line.read()
                sink = self.sink
                if sink is not None:
                    sink(data)

    def close(self) -> None:
        self.line.close()


class WebReplServer:
    """One board's WebREPL. ``seen`` has what clients sent to the prompt, ``sessions`` counts those who got in."""

    def __init__(
        self,
        board: BoardBehind,
        quirks: Quirks | None = None,
        tls: ssl.SSLContext | None = None,
        port: int = 0,
    ) -> None:
        self.quirks = quirks or Quirks()
        self.seen = b""
        self.passwords: list[bytes] = []
        self.sessions = 0
        self.closed_by: list[bytes] = []  # payloads of the frames with which clients ended
        self.current: ServerConnection | None = None
        self._board = board
        self._tls = tls
        self._lock = threading.Lock()
        self._ring = bytearray()
        self._filled = threading.Condition()
        self._ended = False
        self._restarting = False
        self._heard = b""
        self.port = port
        self._listen()
        threading.Thread(target=self._empty_ring, daemon=True).start()

    @property
    def address(self) -> str:
        return f"{'wss' if self._tls else 'ws'}://127.0.0.1:{self.port}"

    def close(self) -> None:
        self._ended = True
        with self._filled:
            self._filled.notify_all()
        self.drop()
        self._server.shutdown()

    def drop(self) -> None:
        """End the session as a board does that closes its sockets: without a frame that says so."""
        with self._lock:
            connection, self.current = self.current, None
        if connection is not None:
            self._cut(connection)

    def say(self, data: bytes) -> None:
        """Print something as if the board had."""
        self._to_client(data)

    def ping(self) -> bool:
        """Ping the client, as no board does, but a server in between may; whether it answered."""
        assert self.current is not None
        return self.current.ping(b"are you there").wait(10)

    # -- listening -----------------------------------------------------------------------------------------------

    def _listen(self) -> None:
        options: dict[str, Any] = {"ssl": self._tls} if self._tls else {}
        listener = socket.create_server(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        self._server = serve(
            self._session,
            sock=listener,
            compression=None,  # W has none
            process_request=self._on_request,
            ping_interval=None,  # W sends none
            close_timeout=0.2,
            max_size=None,
            **options,
        )
        self._restarting = False
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _on_request(self, connection: ServerConnection, request: Request) -> Response | None:
        if self._restarting:
            self._cut(connection)
        if self.quirks.status is not None:
            return connection.respond(HTTPStatus(self.quirks.status), "no board here\n")
        if self._taken() and self.quirks.drops_early:
            self._reject(connection)
        return None

    def _reject(self, connection: ServerConnection) -> None:
        # L, accept_conn: the message goes to the session that is there.
        self.say(b"\r\nConcurrent WebREPL connection from %a rejected\r\n" % (connection.remote_address,))
        self._cut(connection)

    @staticmethod
    def _cut(connection: ServerConnection) -> None:
        with suppress(OSError):
            socket.socket.shutdown(connection.socket, socket.SHUT_RDWR)

    # -- one session ---------------------------------------------------------------------------------------------

    def _session(self, connection: ServerConnection) -> None:
        with self._lock:
            taken = self._taken()
            if not taken:
                self.current = connection  # os.dupterm has one place
        if taken:
            self._reject(connection)
            return
        try:
            self._serve(connection)
        except (ConnectionClosed, OSError):
            frame = connection.protocol.close_rcvd
            if frame is not None:
                self.closed_by.append(b"" if frame.code == 1005 else frame.serialize())
        finally:
            with self._lock:
                if self.current is connection:
                    self.current = None
                    self._let_go()
            self._cut(connection)

    def _taken(self) -> bool:
        """Whether there is a session. The firmware forgets one before it closes its socket (``mp_os_deactivate``)."""
        return self.current is not None and self.current.protocol.state is State.OPEN

    def _serve(self, connection: ServerConnection) -> None:
        if not self.quirks.asks:
            connection.send("hello, I am a chat\r\n")
        else:
            connection.send("Password: ")  # C, webrepl_make_new
        typed = bytearray()
        while not (b"\r" in typed or b"\n" in typed):  # nothing is echoed (C, STATE_PASSWD)
            typed += self._receive(connection)
        end = min(at for mark in b"\r\n" if (at := typed.find(mark)) >= 0)
        self.passwords.append(bytes(typed[:end]))
        if not self.quirks.answers:
            self._receive(connection)
            return
        if bytes(typed[:end][:10]) != self.quirks.password.encode():  # C: no more than 10 bytes are kept
            connection.send("\r\nAccess denied\r\n")
            return  # C returns "end of file", and os.dupterm closes the connection
        self.sessions += 1
        connection.send("\r\nWebREPL connected\r\n>>> ")  # whatever prompt the board is at
        self._heard = b""
        with self._lock:
            if self.current is connection:
                self._board.sink = self._to_client
        self._take(bytes(typed[end + 1 :]))
        while True:
            self._take(self._receive(connection))

    def _receive(self, connection: ServerConnection) -> bytes:
        return connection.recv(decode=False)

    def _take(self, data: bytes) -> None:
        with self._filled:
            room = len(data) if self.quirks.buffer is None else self.quirks.buffer - len(self._ring)
            self.seen += data[:room]
            self._ring += data[:room]
            self._filled.notify_all()

    def _empty_ring(self) -> None:
        while not self._ended:
            with self._filled:
                self._filled.wait_for(lambda: self._ring or self._ended)
            time.sleep(self.quirks.takes_every)
            with self._filled:
                data = bytes(self._ring)
                self._ring.clear()
            with suppress(LineLost):
                self._board.line.write(data)

    def _to_client(self, data: bytes) -> None:
        connection = self.current
        if connection is None:
            return
        reset = -1
        if self.quirks.ends_with_reset:
            before = len(self._heard)
            self._heard += data
            found = self._heard.find(REBOOT)
            if found >= 0:
                reset = found + len(REBOOT) - before
                data = data[:reset]
            self._heard = self._heard[-len(REBOOT) + 1 :]
        if reset >= 0:
            self._let_go()
        try:
            for at in range(0, len(data), self.quirks.frame):
                # Text frames whatever they hold: also half a character, or raw-paste's 0x80.
                connection.send(data[at : at + self.quirks.frame], text=not self.quirks.binary)
        except (ConnectionClosed, OSError):
            return
        if reset >= 0:
            threading.Thread(target=self._restart, daemon=True).start()

    def _let_go(self) -> None:
        """Hear no more of the board, which may be the next server's by now."""
        if self._board.sink == self._to_client:
            self._board.sink = None

    def _restart(self) -> None:
        self._restarting = True
        self.drop()
        threading.Thread(target=self._server.shutdown, daemon=True).start()
        if self.quirks.away is None:
            return
        time.sleep(self.quirks.away)
        while not self._ended:
            with suppress(OSError):  # the port is not free yet
                self._listen()
                break
            time.sleep(0.02)


def main() -> None:
    """Serve a virtual board until Ctrl-C: python -m tests.webrepl_server PORT PASSWORD."""
    server = WebReplServer(BoardBehind(), Quirks(password=sys.argv[2]), port=int(sys.argv[1]))
    print(server.address, flush=True)
    with suppress(KeyboardInterrupt):
        threading.Event().wait()


if __name__ == "__main__":
    main()
