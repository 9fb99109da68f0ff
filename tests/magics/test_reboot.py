"""%reboot, %rebootdevice, %restart, %cd."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ..front_end import Jupyter


@pytest.mark.parametrize("name", ["reboot", "rebootdevice", "restart"])
def test_a_reboot_forgets_variables_and_keeps_files(jupyter: Jupyter, name: str) -> None:
    jupyter.do("x = 7\nf = open('kept.txt', 'w')\nf.write('here')\nf.close()")
    assert "soft reboot" in jupyter.do(f"%{name}").stdout
    assert jupyter.fail("x").name == "NameError"
    assert jupyter.do("open('kept.txt').read()").value == "'here'"
    jupyter.do("import os\nos.remove('kept.txt')")


def test_code_below_a_reboot_runs_after_it(jupyter: Jupyter) -> None:
    jupyter.do("x = 7")
    reply = jupyter.do("%reboot\n'x' in globals()")
    assert reply.value == "False"
    assert reply.stderr == ""


def test_many_reboots_in_a_row_work(jupyter: Jupyter) -> None:
    for _ in range(5):
        jupyter.do("%reboot")
    reply = jupyter.do("1")
    assert (reply.value, reply.stdout, reply.stderr) == ("1", "", "")


def test_boot_py_runs_and_main_py_does_not(plain: Jupyter, virtual_address: str) -> None:
    plain.do(f"%connect {virtual_address}")
    for name in ("boot", "main"):
        plain.do(f"f = open('{name}.py', 'w')\nf.write('print(\"this is {name}\")')\nf.close()")
    said = plain.do("%reboot").stdout
    assert "this is boot" in said
    assert "this is main" not in said
    plain.do("%disconnect")


def test_a_reboot_without_a_board_fails(plain: Jupyter) -> None:
    plain.run("%disconnect")
    assert plain.fail("%reboot").name == "NotConnected"


def test_cd_changes_the_boards_folder(plain: Jupyter, virtual_address: str) -> None:
    plain.do(f"%connect {virtual_address}\nimport os\nos.mkdir('sub dir')")
    assert plain.do("%cd 'sub dir'").stdout.rstrip().endswith("sub dir")
    assert (plain.do("os.getcwd()").value or "").endswith("sub dir'")
    assert plain.fail("%cd no-such-folder").name == "NoSuchFile"
    plain.do("%disconnect")


def test_a_hard_reboot_restarts_the_board_and_connects_again(jupyter: Jupyter) -> None:
    jupyter.do("x = 7\nf = open('kept.txt', 'w')\nf.write('here')\nf.close()")
    reply = jupyter.do("%reboot --hard\n'x' in globals()")
    assert reply.value == "False"
    assert " was reset: MicroPython v" in reply.stdout
    assert reply.stderr == ""
    assert jupyter.do("open('kept.txt').read()").value == "'here'"
    jupyter.do("import os\nos.remove('kept.txt')")


def test_a_hard_reboot_stops_main_py(plain: Jupyter, virtual_address: str) -> None:
    plain.do(f"%connect {virtual_address}")
    plain.do("f = open('main.py', 'w')\nf.write('was_here = 1\\nwhile True: pass')\nf.close()")
    assert plain.do("%reboot --hard\nwas_here").value == "1"
    plain.do("%disconnect")


def test_a_board_without_a_reset_of_its_own_is_told_with_what_to_do(plain: Jupyter, virtual_address: str) -> None:
    plain.do(f"%connect {virtual_address}\nimport sys\nclass machine: pass\nsys.modules['machine'] = machine")
    error = plain.fail("%reboot --hard")
    assert error.name == "CannotReset"
    assert "press its reset button" in error.value
    assert plain.do("1").value == "1"
    plain.do("%disconnect")
