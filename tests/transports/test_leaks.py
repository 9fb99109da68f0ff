"""What a connection takes it gives back: descriptors, threads, processes."""

import gc
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
import serial

from metakernel_micropython.transports import Transport, open_transport, virtual
from metakernel_micropython.transports.pump import PumpedLine

from ..boards import in_background
from .conftest import Terminal, linux_only

pytestmark = [linux_only, pytest.mark.filterwarnings("ignore:set:DeprecationWarning")]  # pyserial's

CYCLES = 50


def _zombies() -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = path.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if state == "Z" and int(parent) == os.getpid():
            found.append(path.parent.name)
    return found


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
def nothing_is_left() -> Iterator[None]:
    open_transport("exec:true").close()  # what is imported once is not a leak
    gc.collect()
    before = _descriptors(), threading.active_count(), _zombies()
    yield
    # Fewer than before is well: what tests of other modules have left behind goes when it goes.
    assert _descriptors() <= before[0]
    assert threading.active_count() <= before[1]
    assert set(_zombies()) <= set(before[2])


def _cycle(make: Callable[[], Transport]) -> None:
    for number in range(CYCLES):
        line = make()
        reader = in_background(lambda line=line: line.read()) if number % 2 else None
        line.close()
        if reader:
            reader()


def test_a_terminal(terminal: Terminal, nothing_is_left: None) -> None:
    _cycle(lambda: open_transport(terminal.device))


def test_a_pumped_port(terminal: Terminal, nothing_is_left: None) -> None:
    _cycle(lambda: PumpedLine(terminal.device, serial.Serial(terminal.device, timeout=None, exclusive=True)))


def test_a_tcp_port(listener: socket.socket, nothing_is_left: None) -> None:
    def make() -> Transport:
        line = open_transport(f"socket://127.0.0.1:{listener.getsockname()[1]}")
        listener.accept()[0].close()
        return line

    _cycle(make)


def test_a_command(nothing_is_left: None) -> None:
    _cycle(lambda: open_transport("exec:cat"))


def test_a_child(listener: socket.socket, nothing_is_left: None) -> None:
    where = listener.getsockname()
    code = f"""import os, socket
s = socket.create_connection({where!r})
s.sendall(os.environ["{virtual.SECRET_VARIABLE}"].encode() + b"\\n")
s.recv(1)"""
    _cycle(lambda: virtual._start([sys.executable, "-I", "-S", "-c", code], listener, "virtual", None, kept=False))


def test_what_does_not_open(listener: socket.socket, nothing_is_left: None) -> None:
    port = listener.getsockname()[1]
    for number in range(CYCLES):
        for address in ("exec:no-such-command-42", "/etc/passwd", "/dev/ttyNothing42", "socket://127.0.0.1:1"):
            with pytest.raises(Exception, match=r"."):
                open_transport(address)
        if number < 2:
            with pytest.raises(Exception, match=r"."):
                open_transport(f"rfc2217://127.0.0.1:{port}?timeout=0.1")
            listener.accept()[0].close()


@pytest.mark.parametrize("how", ["slow", "stopped"])
def test_a_board_that_is_slow_to_die_leaves_no_zombie(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if how == "slow":
        monkeypatch.setattr(virtual, "_END_PATIENCE", 0)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    wait, calls = child.wait, []

    def interrupted(timeout: float | None = None) -> int:
        calls.append(timeout)
        if how == "stopped" and len(calls) == 1:
            raise KeyboardInterrupt
        return wait(timeout)

    monkeypatch.setattr(child, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt) if how == "stopped" else nullcontext():
        virtual._end(child, 0)
    deadline = time.monotonic() + 10
    while child.returncode is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert _zombies() == []
