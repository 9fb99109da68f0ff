"""A module that the board has imported is named when its file changes, and is imported anew when somebody says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ..front_end import Jupyter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..boards import Microbit
    from ..conftest import Start


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lib = tmp_path / "lib"
    lib.mkdir()
    (lib / "sensor.py").write_text("v = 1\n")
    (lib / "user.py").write_text("from sensor import v as w\n")
    (lib / "main_user.py").write_text("import user\n")
    return tmp_path


@pytest.fixture
def kernel(folder: Path, virtual_address: str) -> Iterator[Jupyter]:
    made = Jupyter(folder)
    made.do(f"%connect {virtual_address}")
    made.do("%sync lib")
    made.do("import sys\nsys.path.append('lib')\nimport sensor, user, main_user")
    yield made
    made.close(now=True)


@pytest.mark.parametrize(
    "command",
    [
        "%sync lib",
        "%upload lib",
        "%upload lib/sensor.py lib/",
        "%sendtofile --source lib/sensor.py lib/",
        "%%file lib/sensor.py\nv = 2",
    ],
)
def test_a_module_that_was_imported_before_is_named(kernel: Jupyter, folder: Path, command: str) -> None:
    (folder / "lib" / "sensor.py").write_text("v = 2\n")
    assert "[the board still has the old sensor" in kernel.do(command).stderr
    assert kernel.do("import sensor\nsensor.v").value == "1"
    kernel.do("%reload sensor")
    assert kernel.do("sensor.v, user.w, main_user.user.w").value == "(2, 2, 2)"


def test_deploy_names_it_as_well(kernel: Jupyter) -> None:
    number = kernel.do("v = 3").number
    assert "the old sensor" in kernel.do(f"%deploy {number} --to lib/sensor.py").stderr


def test_what_is_new_or_unchanged_or_not_imported_is_not_named(kernel: Jupyter, folder: Path) -> None:
    assert kernel.do("%sync lib").stderr == ""
    assert kernel.do("%sendtofile --source lib/sensor.py lib/").stderr == ""
    (folder / "lib" / "other.py").write_text("v = 1\n")
    (folder / "lib" / "data.txt").write_text("v = 1\n")
    assert kernel.do("%sync lib").stderr == ""
    assert kernel.do("%%file sensor.py\nv = 9").stderr == ""  # another file of this name


@pytest.mark.parametrize("command", ["%sync lib --reload", "%upload lib/sensor.py lib/ --reload"])
def test_reload_drops_what_changed_and_what_imports_it(kernel: Jupyter, folder: Path, command: str) -> None:
    (folder / "lib" / "sensor.py").write_text("v = 2\n")
    assert "[the next import of main_user, sensor, user runs the new files]" in kernel.do(command).stderr
    assert kernel.do("import sensor, main_user\nsensor.v, main_user.user.w").value == "(2, 2)"


def test_the_setting_does_it_always(folder: Path, virtual_address: str) -> None:
    kernel = Jupyter(folder, arguments=("--MicroPythonKernel.reload=True",))
    try:
        kernel.do(f"%connect {virtual_address}")
        kernel.do("%sync lib /")
        kernel.do("import sensor")
        (folder / "lib" / "sensor.py").write_text("v = 2\n")
        assert "runs the new files" in kernel.do("%sync lib /").stderr
        assert kernel.do("import sensor\nsensor.v").value == "2"
    finally:
        kernel.close(now=True)


def test_a_module_whose_new_file_fails_is_told_with_its_own_lines(kernel: Jupyter) -> None:
    kernel.do("%%file lib/sensor.py\n1/0")
    error = kernel.fail("%reload sensor")
    assert error.name == "ZeroDivisionError"
    assert 'File "/lib/sensor.py", line 1' in error.text
    assert "__repl_print__" not in error.text
    kernel.do("%%file lib/sensor.py\nv = 5")
    assert kernel.do("import sensor\nsensor.v").value == "5"


@pytest.mark.parametrize(
    ("name", "said"), [("sensor.py", "%reload sensor"), ("lib/sensor", "%reload sensor"), ("a b", "")]
)
def test_what_is_no_name_of_a_module_is_refused(kernel: Jupyter, name: str, said: str) -> None:
    error = kernel.fail(f"%reload '{name}'")
    assert error.name == "MagicError"
    assert "is no name of a module" in error.value
    assert said in error.value


def test_a_module_that_is_not_there_is_named(kernel: Jupyter) -> None:
    assert kernel.fail("%reload nothing_here").name == "ImportError"


def test_a_board_without_a_list_of_modules_says_so(start: Start, microbit: Microbit) -> None:
    kernel = start()
    kernel.do(f"%connect {microbit.address}")
    assert "%reboot" in kernel.fail("%reload sensor").value
