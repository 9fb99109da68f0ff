"""A board behind a TCP port: ``socket://host:port``, as serial servers, emulators and QEMU offer it.

pyserial has a handler of this name, but it leaves Nagle's algorithm on (two small writes then cost 40 ms), drops what
the other side said first, and its close() sleeps 0.3 s. What is left to do is a socket's own work.
"""

from __future__ import annotations

import contextlib
import socket
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..errors import ConnectError
from .fdline import SocketLine
from .open_errors import network_error_text

if TYPE_CHECKING:
    from .address import Address
    from .options import ConnectionOptions

CONNECT_TIMEOUT = 5.0
"""Seconds for all addresses of a host together."""

# A host that lost power sends no FIN. Ask after 10 s of silence, every 5 s, and give up after 3 questions.
_KEEPALIVE = {"TCP_KEEPIDLE": 10, "TCP_KEEPALIVE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}


def connect(address: Address, _options: ConnectionOptions) -> SocketLine:
    """Open ``socket://host:port``.

    Raises:
        ConnectError: the host is unknown, refuses, or does not answer within ``CONNECT_TIMEOUT``.
    """
    parts = urlsplit(address.target)
    assert parts.hostname is not None and parts.port is not None  # the parser saw to it
    connection = open_socket(address.text, parts.hostname, parts.port)
    try:
        return SocketLine(address.text, connection)
    except OSError as error:
        connection.close()
        raise ConnectError(network_error_text(address.text, error)) from error


def open_socket(name: str, host: str, port: int) -> socket.socket:
    """Connect to a host, and have the system find out when it is gone.

    Args:
        name: what messages call it.
        host: a name or an address.
        port: the TCP port.

    Raises:
        ConnectError: the host is unknown, refuses, or does not answer within ``CONNECT_TIMEOUT``.
    """
    connection = _connected(name, host, port)
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _KEEPALIVE.items():
        if hasattr(socket, option):
            with contextlib.suppress(OSError):
                connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
    return connection


def _connected(name: str, host: str, port: int) -> socket.socket:
    deadline = time.monotonic() + CONNECT_TIMEOUT
    last_error: Exception | None = None
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:  # UnicodeError: a name that IDNA cannot carry
        raise ConnectError(network_error_text(name, error)) from error
    for family, kind, protocol, _, where in found:
        try:
            connection = socket.socket(family, kind, protocol)
        except OSError as error:
            last_error = error
            continue
        try:
            connection.settimeout(max(deadline - time.monotonic(), 0.1))
            connection.connect(where)
        except OSError as error:
            connection.close()
            last_error = error
        else:
            return connection
    raise ConnectError(network_error_text(name, last_error or TimeoutError())) from last_error
