"""Real things to connect to: pseudo-terminals, TCP ports, and the micro:bit that QEMU runs."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.boards import FIRMWARE, needs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from metakernel_micropython.transports import Transport

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")


def read_until(line: Transport, ending: bytes, timeout: float = 20) -> bytes:
    """Read until the line has said ``ending``."""
    heard = b""
    deadline = time.monotonic() + timeout
    while ending not in heard:
        left = deadline - time.monotonic()
        assert left > 0, f"no {ending!r} in {heard!r}"
        heard += line.read(left)
    return heard


class Terminal:
    """A pseudo-terminal: the board holds the master, the device is what a transport opens."""

    def __init__(self) -> None:
        self.master, slave = os.openpty()
        self.device = os.ttyname(slave)
        os.close(slave)

    def unplug(self) -> None:
        if self.master >= 0:
            os.close(self.master)
        self.master = -1


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    if sys.platform == "win32":
        pytest.skip("Windows has no pseudo-terminals")
    made = Terminal()
    yield made
    made.unplug()


@pytest.fixture
def closing() -> Iterator[Callable[[Transport], Transport]]:
    """Close what a test opened, also when it fails."""
    with ExitStack() as stack:

        def keep(line: Transport) -> Transport:
            stack.callback(line.close)
            return line

        yield keep


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        yield server


class Microbit:
    """A BBC micro:bit with MicroPython 1.9.2 in QEMU."""

    def __init__(self, serial: str) -> None:
        command = f"qemu-system-arm -M microbit -display none -monitor none -device loader,file={FIRMWARE} -serial"
        self.process = subprocess.Popen(
            [*command.split(), serial],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.address = ""

    def unplug(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


def _needs_qemu() -> None:
    needs(shutil.which("qemu-system-arm"), "qemu-system-arm")
    needs(FIRMWARE.exists(), "firmware-microbit-micropython")


@pytest.fixture
def microbit_on_tcp() -> Iterator[Microbit]:
    _needs_qemu()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    board = Microbit(f"tcp:127.0.0.1:{port},server,nowait")
    board.address = f"socket://127.0.0.1:{port}"
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        assert board.process.poll() is None, "QEMU ended"
        # /proc, not a connection: QEMU serves one client and would take this one for it.
        with suppress(OSError):
            if re.search(rf":{port:04X} 00000000:0000 0A", Path("/proc/net/tcp").read_text()):
                break
        time.sleep(0.05)
    yield board
    board.unplug()


@pytest.fixture
def microbit_on_pty() -> Iterator[Microbit]:
    _needs_qemu()
    board = Microbit("pty")
    assert board.process.stdout is not None
    said = board.process.stdout.readline().decode()
    found = re.search(r"redirected to (\S+)", said)
    assert found, said
    board.address = found[1]
    yield board
    board.unplug()
