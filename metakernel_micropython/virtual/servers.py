"""The outer ends of the board's line: a pseudo terminal, a TCP port, a connection to the program that started it.

Each runs on daemon threads of its own: one reads from the client, one writes to it. Nothing here polls.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from metakernel_micropython.virtual.line import Line

_CHUNK = 64 * 1024  # bytes
_PATIENCE = 2.0  # seconds after which a pty that nobody reads counts as one that nobody has opened


class Server(Protocol):
    """A way to reach the board."""

    def serve(self) -> None:
        """Carries bytes between the line and clients, until there can be no more of them."""


def start(server: Server, ended: Callable[[BaseException | None], None]) -> None:
    """Runs the server on a thread; `ended` is called on that thread, with the error if there was one."""

    def target() -> None:
        error: BaseException | None = None
        try:
            server.serve()
        except BaseException as caught:
            error = caught
        ended(error)

    threading.Thread(target=target, name="server", daemon=True).start()


class _Writer:
    """Sends what the board says to the client of the moment."""

    def __init__(self, line: Line, client: socket.socket | None = None) -> None:
        self._line = line
        self._client = client
        threading.Thread(target=self._run, name="writer", daemon=True).start()

    def connect(self, client: socket.socket) -> None:
        self._client = client
        self._line.connect()

    def disconnect(self) -> None:
        self._line.disconnect()
        self._client = None

    def _run(self) -> None:
        while True:
            data = self._line.take()
            client = self._client
            if client:
                with contextlib.suppress(OSError):  # the reader sees the end of the connection, too
                    client.sendall(data)


def _talk(line: Line, writer: _Writer, client: socket.socket) -> None:
    """Serves one connection until it ends."""
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    writer.connect(client)
    try:
        while data := client.recv(_CHUNK):
            line.receive(data)
    except OSError:
        pass
    finally:
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)  # a writer that waits for a client that has gone wakes up
        writer.disconnect()
        client.close()


class TcpServer:
    """The board on a TCP port of this computer, for one client at a time.

    Args:
        line: the board's line.
        port: 0 for any free one.

    Raises:
        OSError: the port is not free.

    Attributes:
        port: the port in use.
    """

    def __init__(self, line: Line, port: int) -> None:
        self._line = line
        self._socket = socket.create_server(("127.0.0.1", port), backlog=4)
        self.port: int = self._socket.getsockname()[1]

    def serve(self) -> None:
        """Serves one client after the other, for ever."""
        writer = _Writer(self._line)
        while True:
            client, _ = self._socket.accept()
            _talk(self._line, writer, client)


class BoardSession:
    """The board on a connection to the program that has started it; when that ends, so does the board.

    Args:
        line: the board's line.
        host: where the program listens.
        port: where the program listens.
        secret: what proves to it who connects.

    Raises:
        OSError: nobody listens there.
    """

    def __init__(self, line: Line, host: str, port: int, secret: str) -> None:
        self._line = line
        self._socket = socket.create_connection((host, port), timeout=10)
        self._socket.settimeout(None)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(secret.encode() + b"\n")
        line.connect()  # the board's first words are for somebody

    def serve(self) -> None:
        """Serves the connection until it ends."""
        # The board may have said its first words already: the writer must know to whom from its beginning.
        _talk(self._line, _Writer(self._line, self._socket), self._socket)


def _is_left_over(link: Path, ours: str) -> bool:
    """Whether a link is of a board that was killed: the system gives the numbers of terminals again and again.

    A board that lives has a lock of the kind of ``lockf`` on its terminal; programs that open a port take other kinds.

    Args:
        link: a symbolic link.
        ours: the new terminal.
    """
    import fcntl

    target = str(link.readlink())
    if not link.exists() or target == ours:
        return True
    if not target.startswith(("/dev/pts/", "/dev/ttys")):
        return False  # somebody's own link
    try:
        terminal = os.open(target, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.lockf(terminal, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(terminal)
    return True


class Pty:
    """The board on a pseudo terminal, which programs open like a serial port. Not on Windows.

    A pty cannot tell whether anybody has opened it. So what nobody reads for some seconds is dropped, as by a board,
    and what follows, too, until somebody reads.

    Args:
        line: the board's line.
        link: the path that becomes a link to the terminal.

    Raises:
        OSError: there is something else at that path already.
    """

    def __init__(self, line: Line, link: Path) -> None:
        import fcntl
        import pty
        import tty

        self._line = line
        self._link = link
        # The board keeps the terminal open itself: else reading fails while no client has.
        self._master, self._terminal = pty.openpty()
        tty.setraw(self._terminal)
        os.set_blocking(self._master, False)
        name = os.ttyname(self._terminal)
        fcntl.lockf(self._terminal, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if link.is_symlink() and _is_left_over(link, name):
            link.unlink()
        link.symlink_to(name)
        self._name = name
        line.connect()

    def close(self) -> None:
        """Removes the link."""
        with contextlib.suppress(OSError):
            if self._link.is_symlink() and self._link.readlink() == Path(self._name):
                self._link.unlink()

    def serve(self) -> None:
        """Carries bytes for ever."""
        threading.Thread(target=self._write, name="writer", daemon=True).start()
        while True:
            select.select([self._master], [], [])
            with contextlib.suppress(BlockingIOError):
                self._line.receive(os.read(self._master, _CHUNK))

    def _write(self) -> None:
        patience = _PATIENCE
        while True:
            data = memoryview(self._line.take())
            while data:
                try:
                    data = data[os.write(self._master, data) :]
                    patience = _PATIENCE
                except BlockingIOError:
                    if not select.select([], [self._master], [], patience)[1]:
                        patience = 0.0
                        break
