"""Boards that are lost: the cell that ran ends, the next one connects again by itself and says what became of it."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import psutil
import pytest

from metakernel_micropython.board import Board

from ..boards import Cable, needs_virtual

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..boards import Microbit
    from ..conftest import Start
    from ..front_end import Jupyter

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processes are looked at as POSIX has them")


def board_processes(kernel: Jupyter) -> list[psutil.Process]:
    return psutil.Process(kernel.manager.provisioner.pid).children()  # type: ignore[attr-defined]


def kill_the_board(kernel: Jupyter) -> None:
    for process in board_processes(kernel):
        process.kill()


@pytest.fixture
def cable(microbit: Microbit) -> Iterator[Cable]:
    made = Cable(microbit.port)
    yield made
    made.close()


def test_a_virtual_board_that_dies_in_a_cell_is_started_anew_by_the_next_one(
    start: Start, virtual_address: str, tmp_path: Path
) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    kernel = start({"MICROPYTHON_BOARD": f"{virtual_address}:{folder}"})
    kernel.do("f = open('kept.txt', 'w')\nf.write('here')\nf.close()")
    killed: list[float] = []

    def kill() -> None:
        killed.append(time.monotonic())
        kill_the_board(kernel)

    threading.Timer(0.7, kill).start()
    error = kernel.fail("print('going')\nwhile True: pass")
    assert time.monotonic() - killed[0] < 3
    assert error.name == "LineLost"
    assert "The next cell starts it anew" in error.value
    assert "lost:" in kernel.do("%boards").stdout
    reply = kernel.do("open('kept.txt').read()")
    assert reply.value == "'here'"
    assert "was started anew: its variables are gone" in reply.told
    assert kernel.do("1").stderr == ""
    assert len(board_processes(kernel)) == 1


def test_a_virtual_board_without_a_folder_says_that_its_files_are_gone(start: Start, virtual_address: str) -> None:
    kernel = start({"MICROPYTHON_BOARD": virtual_address})
    kernel.do("1")
    kill_the_board(kernel)
    time.sleep(0.5)
    reply = kernel.do("1")
    assert "files of the old one are gone" in reply.told
    assert reply.stdout == ""


def test_a_line_that_comes_back_keeps_the_variables_and_says_so(start: Start, cable: Cable) -> None:
    kernel = start({"MICROPYTHON_BOARD": cable.address})
    kernel.do("x = 7")
    time.sleep(1.0)  # a clock that has just begun proves nothing
    kernel.do("1")
    threading.Timer(0.5, cable.pull).start()
    error = kernel.fail("while True: pass")
    assert f"%connect {cable.address} --wait" in error.value
    reply = kernel.do("x")
    assert reply.value == "7"
    assert "connected again" in reply.told
    assert "its variables are there" in reply.told
    cable.pull()
    time.sleep(0.3)
    reply = kernel.do("%ls\nx")  # a magic connects again, too
    assert reply.value == "7"
    assert reply.stderr.count("connected again") == 1


def test_a_board_that_was_switched_off_meanwhile_has_lost_its_variables_and_says_so(
    start: Start, microbit: Microbit
) -> None:
    kernel = start({"MICROPYTHON_BOARD": microbit.address})
    kernel.do("x = 7")
    time.sleep(1.0)
    microbit.unplug()
    threading.Timer(1.5, microbit.start).start()
    reply = kernel.run("'x' in globals()")  # it comes back while the cell waits for it
    assert reply.value == "False"
    assert "waiting for the board" in reply.told
    assert "it restarted, its variables are gone" in reply.told


def test_a_board_that_stays_away_fails_cells_at_once_and_disconnect_forgets_it(
    start: Start, microbit: Microbit
) -> None:
    kernel = start()
    kernel.do(f"%connect {microbit.address}")
    microbit.unplug()
    time.sleep(0.2)
    assert "not there again" in kernel.fail("1").value
    reply = kernel.run("1")
    assert reply.seconds < 2
    assert f"%connect {microbit.address} --wait" in reply.error.value
    assert kernel.complete("whil") == ["while"]
    kernel.do("%disconnect")
    assert kernel.fail("1").value.startswith("No board is connected")


def test_stop_ends_the_wait_of_a_cell(start: Start, microbit: Microbit) -> None:
    kernel = start()
    kernel.do(f"%connect {microbit.address}")
    threading.Timer(0.3, microbit.unplug).start()
    kernel.fail("while True: pass")
    reply = kernel.run("1", stop_at_start=0.7)
    assert reply.error.name == "KeyboardInterrupt"
    assert reply.seconds < 4


# %connect --wait


def test_connect_waits_for_a_board_to_appear(start: Start, microbit: Microbit) -> None:
    microbit.unplug()
    kernel = start()
    reply = kernel.do(f"%connect --wait {microbit.address}\n6*7", once=("waiting for", microbit.start))
    assert reply.value == "42"
    assert f"waiting for {microbit.address}, at most 60 s" in reply.told


def test_the_wait_is_as_long_as_asked_and_can_be_stopped(plain: Jupyter) -> None:
    reply = plain.run("%connect --wait 0.6 /dev/no-such-port")
    assert "no answer from /dev/no-such-port within 0.6 s" in reply.error.value
    assert reply.seconds < 5
    reply = plain.run("%connect --wait /dev/no-such-port", stop_at_start=0.7)
    assert reply.error.name == "KeyboardInterrupt"
    assert "no wait" not in plain.fail("1").value


@pytest.mark.parametrize("options", ["--wait", "--wait 5", "--wait=5"])
def test_a_board_that_is_there_is_not_waited_for(plain: Jupyter, virtual_address: str, options: str) -> None:
    for command in (f"%connect {options} {virtual_address}", f"%connect {virtual_address} {options}"):
        reply = plain.do(f"{command}\n1")
        assert (reply.value, reply.stderr) == ("1", "")
    plain.do("%disconnect")


@pytest.mark.parametrize("options", ["--wait -1", "--wait=soon", "--wait=inf"])
def test_a_wait_that_is_no_time_is_refused(plain: Jupyter, options: str) -> None:
    assert plain.fail(f"%connect virtual {options}").name == "MagicError"


# The end of the kernel, while a cell runs.


def await_end(process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):
        process.wait(10)


@pytest.mark.parametrize("how", ["shutdown", "restart", "SIGTERM", "SIGKILL"])
def test_nothing_is_left_of_a_virtual_board(start: Start, tmp_path: Path, how: str) -> None:
    needs_virtual()
    folder = tmp_path / "tmp"
    folder.mkdir()
    kernel = start({"MICROPYTHON_BOARD": "virtual", "TMPDIR": str(folder)})
    kernel.do("1")
    assert list(folder.glob("virtual-board-*"))
    (board,) = board_processes(kernel)
    kernel.client.execute("while True: pass")
    time.sleep(0.5)
    process = psutil.Process(kernel.manager.provisioner.pid)  # type: ignore[attr-defined]
    if how == "shutdown":
        kernel.close()
    elif how == "restart":
        kernel.restart()
    else:
        process.send_signal({"SIGTERM": 15, "SIGKILL": 9}[how])
    await_end(board)
    deadline = time.monotonic() + 5
    while list(folder.glob("virtual-board-*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert list(folder.glob("virtual-board-*")) == []
    assert not board.is_running() or board.status() == psutil.STATUS_ZOMBIE


def test_a_virtual_board_that_is_killed_leaves_no_folder(start: Start, tmp_path: Path) -> None:
    needs_virtual()
    folder = tmp_path / "tmp"
    folder.mkdir()
    kernel = start({"MICROPYTHON_BOARD": "virtual", "TMPDIR": str(folder)})
    kernel.do("1")
    kill_the_board(kernel)
    time.sleep(0.5)
    kernel.do("1")
    assert len(list(folder.glob("virtual-board-*"))) == 1
    kernel.do("%disconnect")  # the files last as long as the kernel
    kernel.close()
    assert list(folder.glob("virtual-board-*")) == []


def test_sigterm_leaves_the_board_at_the_prompt_that_other_programs_expect(start: Start, microbit: Microbit) -> None:
    kernel = start({"MICROPYTHON_BOARD": microbit.address})
    kernel.do("x = 7")
    kernel.client.execute("while True: pass")
    time.sleep(0.5)
    process = psutil.Process(kernel.manager.provisioner.pid)  # type: ignore[attr-defined]
    process.terminate()
    await_end(process)
    with socket.create_connection(("127.0.0.1", microbit.port), 5) as line:
        line.sendall(b"x\r")
        said = b""
        while b"7\r\n>>> " not in said:
            said += line.recv(100)


def test_sigkill_leaves_a_board_that_the_next_program_gets_at_once(start: Start, microbit: Microbit) -> None:
    kernel = start({"MICROPYTHON_BOARD": microbit.address})
    kernel.do("x = 7")
    kernel.client.execute("while True: pass")
    time.sleep(0.5)
    os.kill(kernel.manager.provisioner.pid, 9)  # type: ignore[attr-defined]
    began = time.monotonic()
    with Board.connect(microbit.address) as board:
        assert board.evaluate("x") == 7
    assert time.monotonic() - began < 5
