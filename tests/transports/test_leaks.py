"""What a connection takes it gives back: descriptors, threads, processes."""

import gc
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
import serial

from metakernel_micropython.board import Board
from metakernel_micropython.board.protocol import line_reader
from metakernel_micropython.board.protocol.prompt_session import PromptSession
from metakernel_micropython.errors import BoardTimeout, LineLost
from metakernel_micropython.transports import Transport, open_transport, virtual
from metakernel_micropython.transports.fdline import FdLine
from metakernel_micropython.transports.options import KeptParts
from metakernel_micropython.transports.pump import PumpedLine
from metakernel_micropython.transports.virtual_control import ControlLine

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
    def make() -> Transport:
        deadline = time.monotonic() + 10
        while True:
            try:
                return PumpedLine(terminal.device, serial.Serial(terminal.device, timeout=None, exclusive=True))
            except serial.SerialException:  # the thread of the one before has not let go of it yet
                assert time.monotonic() < deadline
                time.sleep(0.01)

    _cycle(make)


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
c, s = (socket.create_connection({where!r}) for _ in "12")
c.sendall(os.environ["{virtual.CONTROL_VARIABLE}"].encode() + b"\\n")
s.sendall(os.environ["{virtual.SECRET_VARIABLE}"].encode() + b"\\n")
s.recv(1)"""
    command = [sys.executable, "-I", "-S", "-c", code]
    _cycle(lambda: virtual._start(command, listener, "virtual", None, KeptParts(), kept=False))


@pytest.mark.parametrize("asked", [True, False])
def test_requests_about_parts(listener: socket.socket, nothing_is_left: None, asked: bool) -> None:
    def make() -> ControlLine:
        control = ControlLine("virtual", socket.create_connection(listener.getsockname()), str)
        other, _ = listener.accept()
        with other:
            if asked:
                other.sendall(b'{"id": 1, "ok": {}}\n' * 2)
                with suppress(BoardTimeout, LineLost):  # it comes before the question, and counts for nobody
                    control.ask("parts", timeout=0.02)
        return control

    for _ in range(CYCLES):
        make().close()


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
    with tempfile.TemporaryFile() as log:
        child = virtual._spawn([sys.executable, "-c", "import time; time.sleep(60)"], log, dict(os.environ))
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


STOPS = [0.0, 0.03, 0.06, 0.1, 0.13, 0.16, 0.2, 0.23, 0.26, 0.3, 0.33]


@pytest.mark.parametrize("after", STOPS)
def test_stop_at_any_moment_leaves_no_board(after: float, virtual_address: str) -> None:
    others = set(psutil.Process().children())  # of other tests
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(after, signal.raise_signal, (signal.SIGINT,))
    try:
        with suppress(KeyboardInterrupt):
            timer.start()
            with Board.connect(virtual_address):
                while True:
                    time.sleep(0.01)
        timer.join()
    finally:
        signal.signal(signal.SIGINT, before)
    deadline = time.monotonic() + 10
    while left := set(psutil.Process().children()) - others:
        assert time.monotonic() < deadline, left
        time.sleep(0.01)


def test_stop_as_the_reader_starts_closes_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    line = open_transport("exec:cat")

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(line_reader.threading.Thread, "start", stopped)
    with pytest.raises(KeyboardInterrupt):
        PromptSession(line)
    with pytest.raises(LineLost):
        line.read()


def test_stop_as_a_line_closes_comes_when_it_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    line = open_transport("exec:cat")
    assert isinstance(line, FdLine)
    freed: list[bool] = []
    free = line._free
    monkeypatch.setattr(line, "_free", lambda: (free(), freed.append(True)))
    wait_for = line._gate.wait_for

    def stopped(*arguments: Any) -> bool:
        signal.raise_signal(signal.SIGINT)
        return wait_for(*arguments)

    monkeypatch.setattr(line._gate, "wait_for", stopped)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            line.close()
    finally:
        signal.signal(signal.SIGINT, before)
    assert freed == [True]


def test_stop_as_a_virtual_board_is_there_ends_it(virtual_address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[bool] = []
    start, create = virtual._start, socket.create_server

    def started(*arguments: Any, **options: Any) -> Any:
        line = start(*arguments, **options)
        close = line.close
        monkeypatch.setattr(line, "close", lambda: (close(), closed.append(True)))
        return line

    class Stopped(socket.socket):
        def __exit__(self, *_: object) -> None:
            self.close()
            raise KeyboardInterrupt

    monkeypatch.setattr(virtual, "_start", started)
    monkeypatch.setattr(socket, "create_server", lambda *a, **o: Stopped(fileno=create(*a, **o).detach()))
    with pytest.raises(KeyboardInterrupt):
        open_transport(virtual_address)
    assert closed == [True]
