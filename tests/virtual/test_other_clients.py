"""MicroPython's official tool as the client of a virtual board."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from .boards import Served, TcpBoard

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("mpremote")

MPREMOTE = [sys.executable, "-m", "mpremote"]
Mpremote = Callable[..., str]


@pytest.fixture(scope="module", params=["pty", "tcp"])
def address(
    request: pytest.FixtureRequest, shared: TcpBoard, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    if request.param == "tcp":
        yield shared.address
        return
    if os.name != "posix":
        pytest.skip("there are no pseudo terminals on this system")
    link = tmp_path_factory.mktemp("pty") / "board"
    served = Served("--pty", str(link))
    assert served.process.stdout
    served.process.stdout.readline()
    yield str(link)
    assert served.end() == 0


@pytest.fixture(scope="module")
def mpremote(address: str) -> Mpremote:
    def run(*arguments: str, fails: bool = False, cwd: Path | None = None) -> str:
        done = subprocess.run(
            [*MPREMOTE, "connect", address, *arguments], capture_output=True, text=True, timeout=30, cwd=cwd
        )
        assert (done.returncode != 0) is fails, done
        return done.stdout + done.stderr

    return run


def test_mpremote_executes(mpremote: Mpremote) -> None:
    assert mpremote("exec", "print(1)") == "1\n"
    assert "ZeroDivisionError: divide by zero" in mpremote("exec", "1/0", fails=True)
    assert mpremote("eval", "6*7") == "42\n"
    assert mpremote("exec", "from machine import Pin\nprint(Pin('LED', Pin.OUT, value=1))") == "Pin(GPIO25, mode=OUT)\n"
    assert (
        mpremote("exec", "from machine import I2C, SPI, UART\nprint(I2C(0).scan(), SPI(0).read(1))") == "[] b'\\x00'\n"
    )


def test_mpremote_moves_files(mpremote: Mpremote, tmp_path: Path) -> None:
    content = os.urandom(3000)
    (tmp_path / "data.bin").write_bytes(content)
    mpremote("fs", "mkdir", ":d", "+", "fs", "cp", str(tmp_path / "data.bin"), ":d/data.bin")
    assert "data.bin" in mpremote("fs", "ls", ":d")
    mpremote("fs", "cp", ":d/data.bin", str(tmp_path / "back.bin"))
    assert (tmp_path / "back.bin").read_bytes() == content
    mpremote("fs", "rm", ":d/data.bin", "+", "fs", "rmdir", ":d")
    assert "No such file" in mpremote("fs", "cat", ":d/data.bin", fails=True)


def test_mpremote_mounts_a_folder_and_runs_a_script(mpremote: Mpremote, tmp_path: Path) -> None:
    (tmp_path / "far.py").write_text("print('from afar')\n")
    (tmp_path / "script.py").write_text("import far\n")
    assert "from afar" in mpremote("mount", str(tmp_path), "run", str(tmp_path / "script.py"))


def test_mpremote_resets(mpremote: Mpremote) -> None:
    mpremote("resume", "exec", "kept = 1")
    assert mpremote("resume", "exec", "print(kept)") == "1\n"
    mpremote("soft-reset")
    assert "NameError" in mpremote("resume", "exec", "print(kept)", fails=True)


@pytest.mark.skipif(os.name != "posix", reason="pexpect needs a pseudo terminal")
@pytest.mark.parametrize("address", ["pty"], indirect=True)  # mpremote's terminal needs a file descriptor
def test_mpremote_opens_a_terminal(address: str) -> None:
    import pexpect

    terminal = pexpect.spawn(MPREMOTE[0], [*MPREMOTE[1:], "connect", address, "repl"], timeout=10)
    try:
        terminal.expect_exact("Use Ctrl-] or Ctrl-x to exit this shell")
        time.sleep(1)
        terminal.send("\r")
        terminal.expect_exact(">>> ")
        terminal.send("6*7\r")
        terminal.expect_exact("42\r\n>>> ")
        terminal.send("while True: pass\r\r")
        time.sleep(0.3)
        terminal.send("\x03")
        terminal.expect_exact("KeyboardInterrupt:")
        terminal.expect_exact(">>> ")
        terminal.send("\x18")
        terminal.expect(pexpect.EOF)
    finally:
        terminal.close(force=True)


@pytest.mark.skipif(os.name != "posix", reason="there are no pseudo terminals on this system")
def test_pyserial_opens_the_pty_again_and_again(shared: TcpBoard, tmp_path: Path) -> None:
    import serial

    served = Served("--pty", str(tmp_path / "board"))
    assert served.process.stdout
    served.process.stdout.readline()
    for turn in range(3):
        with serial.Serial(str(tmp_path / "board"), 115200, timeout=5) as port:
            port.write(b"\r\x03\x01")
            port.read_until(b"to exit\r\n>")
            port.write(b"n = %d\x04" % turn if turn == 0 else b"n += 1\x04")
            assert port.read_until(b"\x04\x04>") == b"OK\x04\x04>"
            port.write(b"print(n)\x04")
            assert port.read_until(b"\x04\x04>") == b"OK%d\r\n\x04\x04>" % turn
    assert served.end() == 0


@pytest.mark.skipif(os.name != "posix", reason="there are no pseudo terminals on this system")
def test_a_pty_that_nobody_reads_does_not_stop_the_board(shared: TcpBoard, tmp_path: Path) -> None:
    import serial

    (tmp_path / "main.py").write_text(
        "for i in range(20000): print('x' * 100)\nopen('done', 'w').close()\nwhile True: print('y')"
    )
    served = Served("--pty", str(tmp_path / "board"), "--folder", str(tmp_path))
    deadline = time.monotonic() + 10
    while not (tmp_path / "done").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    with serial.Serial(str(tmp_path / "board"), 115200, timeout=5) as port:
        port.write(b"\x03")
        assert port.read_until(b"KeyboardInterrupt: \r\n").endswith(b"KeyboardInterrupt: \r\n")
    served.end()
