"""A virtual board as a process, and a client that knows nothing but bytes and deadlines."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

COMMAND = [sys.executable, "-m", "metakernel_micropython.virtual"]
RAW_BANNER = b"raw REPL; CTRL-B to exit\r\n>"
READY = b"MicroPython v"


class Served:
    """A process that serves a board."""

    def __init__(self, *arguments: str, env: dict[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **(env or {})},
        )

    def end(self, number: int = signal.SIGTERM, within: float = 5) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(within)
        finally:
            self.process.kill()
            self.process.wait()
            for pipe in (self.process.stdout, self.process.stderr):
                assert pipe
                pipe.close()


class Client:
    """Speaks to a board over a socket; every wait ends."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def until(self, end: bytes, within: float = 10) -> bytes:
        """Everything up to and with `end`."""
        deadline = time.monotonic() + within
        chunks = [self.received]
        tail = self.received
        while end not in tail:
            self.socket.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                chunk = self.socket.recv(1 << 20)
            except TimeoutError:
                raise AssertionError(f"no {end!r} within {within} s after {b''.join(chunks)[-2000:]!r}") from None
            assert chunk, f"the connection ended after {b''.join(chunks)[-2000:]!r}"
            chunks.append(chunk)
            tail = tail[-len(end) :] + chunk
        text = b"".join(chunks)
        place = text.index(end) + len(end)
        self.received = text[place:]
        return text[:place]

    def silent(self, seconds: float) -> bytes:
        """What comes within the time."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                chunk = self.socket.recv(1 << 20)
            except TimeoutError:
                break
            if not chunk:
                break
            self.received += chunk
        text, self.received = self.received, b""
        return text

    def raw(self) -> None:
        """To the raw REPL, from wherever the board is, with nothing of before left."""
        self.send(b"\r\x03\x01")
        self.until(RAW_BANNER)

    def start(self, source: str | bytes) -> None:
        self.send((source.encode() if isinstance(source, str) else source) + b"\x04")
        self.until(b"OK")

    def result(self, within: float = 10) -> tuple[str, str]:
        output = self.until(b"\x04", within)[:-1]
        error = self.until(b"\x04>", within)[:-2]
        return output.decode(), error.decode()

    def run(self, source: str | bytes, within: float = 10) -> tuple[str, str]:
        """Executes in the raw REPL: output and error."""
        self.start(source)
        return self.result(within)

    def say(self, source: str, within: float = 10) -> str:
        """Executes in the raw REPL: output, and there is no error."""
        output, error = self.run(source, within)
        assert error == ""
        return output

    def interrupt(self, source: str, after: float = 0.15) -> tuple[str, str]:
        """Executes, and sends Ctrl-C a moment later."""
        self.start(source)
        self.received += self.silent(after)
        self.send(b"\x03")
        return self.result()

    def friendly(self) -> bytes:
        self.send(b"\r\x03\x01\x02")
        self.until(RAW_BANNER)
        return self.until(b"information.\r\n>>> ")

    def type(self, line: str, within: float = 10) -> str:
        """Types a line at the friendly prompt: what the board shows after its echo, up to the next prompt."""
        self.send(line.encode() + b"\r")
        echo = line.encode() + b"\r\n"
        shown = self.until(b">>> ", within)
        assert shown.startswith(echo), shown
        return shown[len(echo) : -len(b">>> ")].decode()


class TcpBoard(Served):
    """A board on a TCP port."""

    def __init__(self, *arguments: str, **keywords: Any) -> None:
        super().__init__("--tcp", "0", *arguments, **keywords)
        assert self.process.stdout
        self.said = self.process.stdout.readline().decode()
        match = re.search(r"socket://127\.0\.0\.1:(\d+)", self.said)
        assert match, (self.said, self.process.stderr and self.process.stderr.read())
        self.port = int(match[1])
        self.address = match[0]

    def connect(self) -> Client:
        return Client(socket.create_connection(("127.0.0.1", self.port), timeout=5))


class ChildBoard(Served):
    """A board on a connection to its parent, from its first word on."""

    SECRET = "a-secret"

    def __init__(self, *arguments: str, secret: bytes | None = None) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(20)
            port = server.getsockname()[1]
            super().__init__(
                "--connect", f"127.0.0.1:{port}", *arguments, env={"METAKERNEL_MICROPYTHON_VIRTUAL_SECRET": self.SECRET}
            )
            self.client = Client(server.accept()[0])
        assert self.client.until(b"\n") == self.SECRET.encode() + b"\n"


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, "utf-8")
