"""The board of a first cell that nobody has named, and a board that two notebooks want."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from ..boards import needs_virtual
from ..virtual.boards import Served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..conftest import Start

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the board is on a pseudo-terminal")


@pytest.fixture
def port(tmp_path: Path) -> Iterator[str]:
    """A port with a board on it."""
    needs_virtual()
    link = tmp_path / "tty"
    served = Served("--pty", str(link))
    assert served.process.stdout
    served.process.stdout.readline()
    yield str(link)
    served.end()


def plugged(*ports: str, **more: str | None) -> dict[str, str | None]:
    return {"MICROPYTHON_PORTS": os.pathsep.join(ports), "MICROPYTHON_BOARD": None, **more}


def test_the_only_board_that_is_plugged_in_is_taken_by_the_first_cell(start: Start, port: str) -> None:
    kernel = start(plugged(port))
    reply = kernel.do("print(6 * 7)")
    *told, how, printed = reply.stdout.splitlines()
    assert printed == "42"
    assert " ".join(told).startswith(f"[connected to {port}, the only board that is plugged in: MicroPython v")
    assert how == "[%connect ADDRESS chooses another]"
    assert kernel.do("print(1)").stdout == "1\n"


def test_a_magic_takes_it_as_well(start: Start, port: str) -> None:
    assert f"[connected to {port}" in " ".join(start(plugged(port)).do("%ls").stdout.split())


def test_typing_takes_no_board(start: Start, port: str) -> None:
    kernel = start(plugged(port))
    kernel.complete("pri")
    kernel.inspect("print")
    kernel.run("print(1)", silent=True, store_history=False)
    assert "connected: none" in kernel.do("%boards").stdout


def test_of_several_none_is_taken_and_each_is_named_with_the_line_to_run(start: Start, port: str) -> None:
    other, second = os.openpty()
    try:
        error = start(plugged(port, os.ttyname(second))).fail("1")
    finally:
        os.close(other)
        os.close(second)
    assert error.name == "NotConnected"
    assert f"%connect {port}" in error.value
    assert "%connect /dev/" in error.value


def test_the_setting_turns_it_off_and_the_board_is_still_named(start: Start, port: str) -> None:
    error = start(plugged(port, MICROPYTHON_BOARD="")).fail("1")
    assert error.name == "NotConnected"
    assert f"%connect {port}" in error.value


def test_a_board_that_was_disconnected_is_left_alone(start: Start, port: str) -> None:
    kernel = start(plugged(port))
    kernel.do("1")
    kernel.do("%disconnect")
    assert kernel.fail("1").name == "NotConnected"


def test_a_port_in_use_names_the_notebook_that_has_it(start: Start, port: str) -> None:
    first = start(plugged(port, JPY_SESSION_NAME="/home/ada/lesson 1.ipynb"))
    first.do("x = 1")
    second = start(plugged(port))
    for code in ("print(1)", "%connect", f"%connect {port}"):
        error = second.fail(code)
        assert error.name == "ConnectError"
        assert f"{port} is in use by the notebook lesson 1.ipynb (process " in error.value
        assert f"%connect {port} --take" in error.value
    assert first.do("x").value == "1"


def test_taking_a_board_has_the_other_notebook_let_go(start: Start, port: str) -> None:
    first = start(plugged(port, JPY_SESSION_NAME="first.ipynb"))
    first.do("x = 1")
    second = start(plugged(port, JPY_SESSION_NAME="second.ipynb"))
    told = second.do(f"%connect {port} --take").stderr
    assert "was freed by the notebook first.ipynb" in " ".join(told.split())  # a long port's name wraps the line
    assert second.do("x").value == "1"
    error = first.fail("x")
    assert error.value.startswith(f"The notebook second.ipynb has taken the board on {port}.")
    first.do("%connect --take")
    assert first.do("x").value == "1"
    assert second.fail("x").name == "NotConnected"


def test_a_cell_that_runs_ends_when_its_board_is_taken(start: Start, port: str) -> None:
    first = start(plugged(port))
    first.do("x = 1")
    second = start(plugged(port))
    running = first.client.execute("while True: pass")
    second.do(f"%connect {port} --take")
    assert second.do("x").value == "1"
    assert first._ask(running, "execute_reply")["status"] == "error"


def test_taking_what_nobody_has_is_connecting(start: Start, port: str) -> None:
    kernel = start(plugged(port))
    reply = kernel.do(f"%connect {port} --take")
    assert reply.stderr == ""
    kernel.do(f"%connect {port} --take")
    assert kernel.do("6 * 7").value == "42"


def test_a_kernel_that_was_killed_holds_nothing(start: Start, port: str) -> None:
    first = start(plugged(port))
    first.do("1")
    first.close(now=True)
    assert start(plugged(port)).do("6 * 7").value == "42"


def test_a_board_that_is_connected_here_is_named_as_such(start: Start, port: str) -> None:
    kernel = start(plugged(port))
    kernel.do(f"%connect {port} --name left")
    error = kernel.fail(f"%connect {port} --name right")
    assert "is already connected here as left" in error.value
    assert kernel.do("6 * 7").value == "42"
