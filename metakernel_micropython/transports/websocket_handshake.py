"""Opening a WebSocket to a board: TCP, TLS where it is asked for, and the handshake, each with a deadline."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..errors import ConnectError
from .open_errors import network_error_text
from .tcp import CONNECT_TIMEOUT, open_socket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .address import Address


def open_websocket(address: Address) -> socket.socket:
    """Return a connection on which both sides speak WebSocket.

    Raises:
        ConnectError: it could not be opened; the message says what to do next.
    """
    import websocket

    parts = urlsplit(address.target)
    assert parts.hostname is not None and parts.port is not None  # the parser saw to it
    name = address.text
    try:
        connection = open_socket(name, parts.hostname, parts.port)
    except ConnectError as error:
        if isinstance(error.__cause__, ConnectionRefusedError):
            raise ConnectError(
                f"{name} refused the connection: no WebREPL runs there. Start it on the board (import webrepl_setup "
                "there, once, over its serial port), and check the port."
            ) from error
        raise
    try:
        connection.settimeout(CONNECT_TIMEOUT)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if address.scheme == "wss":
            connection = ssl.create_default_context().wrap_socket(connection, server_hostname=parts.hostname)
        with _deadline(connection) as late:
            try:
                # No redirects: the password is for this host. websocket-client offers no compression.
                handshake: Any = websocket.WebSocket()
                handshake.connect(address.target, socket=connection, timeout=CONNECT_TIMEOUT, redirect_limit=0)
                if handshake.getstatus() != HTTPStatus.SWITCHING_PROTOCOLS:
                    raise websocket.WebSocketException("a redirect, which the library takes for a connection")
            # Before 1.9 the library let ValueError, IndexError and others out where an answer is no HTTP.
            except Exception as error:
                raise ConnectError(_handshake_trouble(name, TimeoutError() if late() else error)) from error
        return connection
    except ssl.SSLCertVerificationError as error:
        connection.close()
        raise ConnectError(
            f"The certificate of {name} is not trusted: {error.verify_message}. If it is yours, name its file, or that "
            "of the authority that signed it, in the environment variable SSL_CERT_FILE before the kernel starts."
        ) from error
    except ssl.SSLError as error:
        connection.close()
        raise ConnectError(
            f"{name} does not speak TLS ({(error.reason or str(error)).replace('_', ' ').lower()}): a WebREPL without "
            "it is at ws:// in place of wss://."
        ) from error
    except OSError as error:
        connection.close()
        raise ConnectError(network_error_text(name, error)) from error
    except BaseException:
        connection.close()
        raise


@contextlib.contextmanager
def _deadline(connection: socket.socket) -> Iterator[Callable[[], bool]]:
    """End the connection when what is done inside takes too long: the library's own timeout is one for each byte."""
    over = threading.Event()

    def end() -> None:
        over.set()
        with contextlib.suppress(OSError):
            socket.socket.shutdown(connection, socket.SHUT_RDWR)  # not TLS's own, which a reader would stumble over

    timer = threading.Timer(CONNECT_TIMEOUT, end)
    timer.daemon = True
    timer.start()
    try:
        yield over.is_set
    finally:
        timer.cancel()


def _handshake_trouble(name: str, error: Exception) -> str:
    import websocket

    if isinstance(error, websocket.WebSocketBadStatusException):
        return (
            f"{name} is a web server, but no WebREPL: it answered with HTTP status {error.status_code}. Check the port "
            "(8266 unless the board's boot.py names another)."
        )
    if isinstance(error, (websocket.WebSocketConnectionClosedException, ConnectionError)):
        return serves_another(name)
    if isinstance(error, (websocket.WebSocketTimeoutException, TimeoutError)):
        return (
            f"{name} takes connections, but did not answer in time. Check the port, or reset the board and try again."
        )
    if isinstance(error, OSError):
        return network_error_text(name, error)
    return f"{name} answers, but not as a WebREPL does. Check the port; a plain TCP port is socket://host:port."


def serves_another(name: str) -> str:
    """The sentence for a WebREPL that ends the connection at once."""
    return (
        f"{name} closed the connection before it asked for the password. A WebREPL serves one client at a time: close "
        "the other one (a browser, another notebook), or reset the board if that is gone already, and connect again."
    )
