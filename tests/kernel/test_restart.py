"""Restart means restart: the kernel comes back to its board, whose variables are gone; a shutdown leaves it alone."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jupyter_core.paths import jupyter_runtime_dir

from ..webrepl_server import PASSWORD

if TYPE_CHECKING:
    from ..boards import Microbit
    from ..conftest import Start
    from ..webrepl_server import WebReplServer

SETTINGS = "--MicroPythonKernel.restart="


def test_the_first_cell_after_a_restart_finds_the_board_without_variables(start: Start, microbit: Microbit) -> None:
    kernel = start()
    kernel.do(f"%connect {microbit.address}")
    kernel.do("x = 7")
    kernel.restart()
    reply = kernel.run("x")
    assert reply.error.name == "NameError"
    assert "the kernel was restarted" in reply.told
    assert microbit.address in reply.told
    assert "soft-reset, its variables are gone" in reply.told
    again = kernel.do("6 * 7")
    assert (again.value, again.stderr) == ("42", "")


def test_a_notebook_that_connects_itself_begins_from_scratch_as_well(start: Start, microbit: Microbit) -> None:
    kernel = start()
    kernel.do(f"%connect {microbit.address}")
    kernel.do("x = 7")
    kernel.restart()
    assert "soft-reset" in kernel.do(f"%connect {microbit.address}").stderr
    assert kernel.fail("x").name == "NameError"
    kernel.do("x = 8")
    assert kernel.do(f"%connect {microbit.address}").stderr == ""  # connecting alone resets nothing
    assert kernel.do("x").value == "8"


def test_a_kernel_that_was_killed_comes_back_to_its_board(start: Start, microbit: Microbit) -> None:
    kernel = start()
    kernel.do(f"%connect {microbit.address}")
    kernel.do("x = 7")
    kernel.restart(now=True)
    assert kernel.fail("x").name == "NameError"


@pytest.mark.parametrize("setting", ["keep", "off"])
def test_the_setting_keeps_the_variables_or_forgets_the_board(start: Start, microbit: Microbit, setting: str) -> None:
    kernel = start(arguments=(SETTINGS + setting,))
    kernel.do(f"%connect {microbit.address}")
    kernel.do("x = 7")
    kernel.restart()
    if setting == "keep":
        reply = kernel.do("x")
        assert reply.value == "7"
        assert "connected again" in reply.told
    else:
        assert kernel.fail("x").name == "NotConnected"
        kernel.do(f"%connect {microbit.address}")
        assert kernel.do("x").value == "7"


def test_a_restart_works_over_a_webrepl(start: Start, server: WebReplServer) -> None:
    kernel = start({"MICROPYTHON_WEBREPL_PASSWORD": PASSWORD})
    kernel.do(f"%connect {server.address}")
    kernel.do("x = 7")
    kernel.restart()
    reply = kernel.run("x", timeout=60)
    assert reply.error.name == "NameError"
    assert "soft-reset" in reply.told


def test_boards_with_names_keep_them(start: Start, microbit: Microbit, virtual_address: str) -> None:
    kernel = start()
    kernel.do(f"%connect {virtual_address} --name left")
    kernel.do(f"%connect {microbit.address} --name right")
    kernel.restart()
    reply = kernel.do("1 + 1")
    assert "started anew" in reply.told
    assert "soft-reset" in reply.told
    listed = kernel.do("%boards").stdout
    assert "  left" in listed
    assert "* right" in listed


def test_a_board_that_is_gone_after_a_restart_is_named_until_one_is_chosen(start: Start, microbit: Microbit) -> None:
    kernel = start()
    kernel.do(f"%connect {microbit.address}")
    microbit.unplug()
    kernel.restart()
    for _ in range(2):
        error = kernel.fail("1")
        assert error.name == "NotConnected"
        assert f"Before the restart cells ran on the board on {microbit.address}" in error.value
    kernel.do("%connect virtual")
    assert kernel.do("6 * 7").value == "42"


def test_a_board_that_was_disconnected_is_not_connected_after_a_restart(start: Start, microbit: Microbit) -> None:
    kernel = start()
    kernel.do(f"%connect {microbit.address}")
    kernel.do("%disconnect")
    kernel.restart()
    assert kernel.fail("1").name == "NotConnected"


def test_two_restarts_in_a_row_forget_nothing(start: Start, microbit: Microbit) -> None:
    kernel = start()
    kernel.do(f"%connect {microbit.address}")
    kernel.restart()
    kernel.restart()
    assert kernel.do("6 * 7").value == "42"


def test_a_shutdown_leaves_no_note(start: Start, microbit: Microbit) -> None:
    kernel = start()
    kernel.do(f"%connect {microbit.address}")
    folder = Path(jupyter_runtime_dir()) / "micropython-boards"
    (note,) = folder.glob(f"{Path(kernel.manager.connection_file).stem}*")
    if sys.platform != "win32":
        assert note.stat().st_mode & 0o077 == 0
    kernel.close()
    assert not note.exists()


def test_a_note_holds_no_password(start: Start, server: WebReplServer) -> None:
    kernel = start()
    kernel.do(f"%connect {server.address} --password {PASSWORD}")
    folder = Path(jupyter_runtime_dir()) / "micropython-boards"
    assert [note for note in folder.iterdir() if PASSWORD in note.read_text(encoding="utf-8")] == []
