"""What people type by habit gets a right answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from ..boards import Microbit
    from ..conftest import Start
    from ..front_end import Jupyter

A_CLOCK = """
import sys
class RTC:
    now = (2020, 1, 2, 3, 4, 5, 6, 7)
    def datetime(self, value=None):
        if value is None: return RTC.now
        RTC.now = value
class machine: pass
machine.RTC = RTC
sys.modules['machine'] = machine
"""


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("%matplotlib inline", "not needed"),
        ("%load_ext autoreload", "%sync FOLDER --reload"),
        ("%autoreload 2", "%sync FOLDER --reload"),
        ("%load_ext rich", "extensions of IPython"),
        ("%config InlineBackend.figure_format = 'retina'", "micropython_kernel_config.py"),
    ],
)
def test_lines_that_set_up_ipython_are_passed_over(jupyter: Jupyter, code: str, said: str) -> None:
    reply = jupyter.do(f"{code}\nprint('goes on')")
    assert reply.stdout == "goes on\n"
    assert said in reply.stderr


def test_pip_says_which_is_meant(plain: Jupyter) -> None:
    error = plain.fail("%pip install requests")
    assert "!pip installs packages for the Python of this computer, %mip those for the board" in error.value


def test_reset_asks_nothing(jupyter: Jupyter) -> None:
    for code in ("%reset", "%reset -f"):
        jupyter.do("x = 1")
        jupyter.do(code)
        assert jupyter.fail("x").name == "NameError"


def test_the_current_folder_is_told_and_errors_are_ours(jupyter: Jupyter) -> None:
    here = jupyter.do("%pwd").stdout
    assert here == jupyter.do("%cd").stdout
    error = jupyter.fail("%cd nowhere")
    assert error.name in ("NoSuchFile", "FileProblem")
    assert "on the board on" in error.value or "The board on" in error.value
    assert jupyter.do("%pwd").stdout == here


def test_a_file_is_no_folder(plain: Jupyter) -> None:
    plain.connect_empty()
    plain.do("%touch a.txt")
    assert "is a file, not a folder" in plain.fail("%cd a.txt").value
    plain.do("%mkdir 'x$(y)'")
    assert plain.do("%cd 'x$(y)'").stdout == "/x$(y)\n"
    assert plain.do("%cd ..").stdout == "/\n"


def test_touch_makes_an_empty_file_and_changes_none(jupyter: Jupyter) -> None:
    jupyter.run("%rm t.txt")
    assert jupyter.do("%touch t.txt").stdout == "Made t.txt\n"
    assert jupyter.do("%cat t.txt").stdout == ""
    jupyter.do("%%file t.txt\ncontent")
    assert jupyter.do("%touch t.txt").stdout == "t.txt is there already\n"
    assert jupyter.do("%cat t.txt").stdout == "content\n"
    jupyter.do("%rm t.txt")


def test_a_digest_is_that_of_sha256sum(jupyter: Jupyter) -> None:
    jupyter.do("%sendtofile -b t.txt\nabc")
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert jupyter.do("%sha256sum t.txt").stdout == f"{digest}  t.txt\n"
    jupyter.do("%rm t.txt")
    assert jupyter.fail("%sha256sum t.txt").name == "NoSuchFile"


def test_a_folder_is_compared_with_the_boards(start: Start, tmp_path: Path, virtual_address: str) -> None:
    kernel = start()
    kernel.do(f"%connect {virtual_address}")
    lib = tmp_path / "lib"
    lib.mkdir()
    for name in ("a.py", "b.py", "c.py"):
        (lib / name).write_text(name)
    assert "no folder lib" in kernel.fail("%diff lib").value
    kernel.do("%sync lib")
    assert kernel.do("%diff lib").stdout == "3 files the same\n"
    (lib / "a.py").write_text("changed\n")
    (lib / "b.py").unlink()
    (lib / "new.py").write_text("")
    assert kernel.do("%diff lib").stdout.splitlines() == [
        "differs     lib/a.py",
        "only here   lib/new.py",
        "only there  lib/b.py",
        "1 file the same, 3 not",
    ]
    lines = kernel.do("%diff lib/a.py lib/a.py").stdout.splitlines()
    assert lines[-2:] == ["-a.py", "+changed"]
    assert kernel.do("%diff lib/c.py lib/").stdout.startswith("lib/c.py and lib/c.py are the same")
    assert kernel.fail("%diff lib/new.py").name == "NoSuchFile"
    (lib / "a.py").write_bytes(b"\xff\x00")
    assert "differ" in kernel.do("%diff lib/a.py lib/a.py").stdout


def test_the_clock_is_read_and_set(plain: Jupyter) -> None:
    plain.connect_empty()
    plain.do(A_CLOCK)
    assert plain.do("%rtc").stdout.startswith("2020-01-02 04:05:06, ")
    assert "behind this computer's clock" in plain.do("%rtc").stdout
    assert plain.do("%rtc --set").stdout.endswith("as this computer's clock\n")
    assert plain.do("RTC.now[3] == (2026 * 0 + __import__('time').localtime()[6])").value == "True"


def test_a_clock_that_cannot_be_set_does_not_keep_a_board_from_being_connected(
    start: Start, microbit: Microbit
) -> None:
    kernel = start(arguments=("--MicroPythonKernel.sync_clock=True",))
    assert "cannot be set" in kernel.do(f"%connect {microbit.address}").stderr
    assert kernel.do("6 * 7").value == "42"
    assert "has no clock that tells the date" in kernel.fail("%rtc").value
    assert "cannot be set" in kernel.fail("%rtc --set").value


def test_a_file_that_is_run_finds_its_arguments(start: Start, tmp_path: Path, virtual_address: str) -> None:
    kernel = start()
    kernel.do(f"%connect {virtual_address}")
    (tmp_path / "a.py").write_text("import sys\nprint(sys.argv)\n")
    assert kernel.do("%run a.py").stdout == "['a.py']\n"
    assert kernel.do("%run a.py one --two 'th ree'").stdout == "['a.py', 'one', '--two', 'th ree']\n"
    kernel.do("%upload a.py")
    assert kernel.do("%run -m a four -v").stdout == "['a', 'four', '-v']\n"


def test_arguments_for_a_board_that_has_no_place_for_them_are_refused(
    start: Start, tmp_path: Path, microbit: Microbit
) -> None:
    kernel = start()
    kernel.do(f"%connect {microbit.address}")
    (tmp_path / "a.py").write_text("print('runs')\n")
    assert kernel.do("%run a.py").stdout == "runs\n"
    assert "has no sys.argv for one" in kernel.fail("%run a.py one").value


def test_a_program_that_ends_itself_is_said_to_have_done_so(plain: Jupyter) -> None:
    plain.connect_empty()
    for code in ("import sys\nsys.exit()", "raise SystemExit"):
        assert "The program ended itself with SystemExit" in plain.fail(code).value
