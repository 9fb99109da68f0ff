"""The connection on which the program that started the board attaches parts and looks at them.

A second one, beside the board's line, and proved by a secret of its own. Requests and answers are JSON, one on a line.
Nothing of the parts is loaded before the first request comes.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from metakernel_micropython.virtual.virtual_board import Board


class ControlSession:
    """The board's end of the connection.

    Args:
        host: where the program listens.
        port: where the program listens.
        secret: what proves to it who connects.

    Raises:
        OSError: nobody listens there.
    """

    def __init__(self, host: str, port: int, secret: str) -> None:
        self._socket = socket.create_connection((host, port), timeout=10)
        self._socket.settimeout(None)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(secret.encode() + b"\n")
        self._sending = threading.Lock()

    def start(self, board: Board) -> None:
        """Answer requests about a board on a thread, until the connection ends; the board goes on then."""
        threading.Thread(target=self._serve, args=(board,), name="control", daemon=True).start()

    def _serve(self, board: Board) -> None:
        with contextlib.suppress(OSError), self._socket, self._socket.makefile("rb") as lines:
            line = lines.readline()
            if not line:
                return
            import json

            from metakernel_micropython.virtual.parts.requests import Requests

            requests = Requests(board.bench, self._send)
            board.prompt.started = requests.program_started
            while line:
                with contextlib.suppress(ValueError):
                    request = json.loads(line)
                    if isinstance(request, dict):
                        requests.handle(request)
                line = lines.readline()

    def _send(self, answer: dict[str, Any]) -> None:
        import json

        data = json.dumps(answer).encode() + b"\n"
        with self._sending, contextlib.suppress(OSError):  # the other side has gone: so does the board
            self._socket.sendall(data)
