"""%capture: what the board prints, in a file."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from ..boards import Microbit, in_background

if TYPE_CHECKING:
    from pathlib import Path

    from ..conftest import Start
    from ..front_end import Jupyter


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "an output.txt"


def test_output_goes_to_the_file_and_to_the_cell(jupyter: Jupyter, out: Path) -> None:
    reply = jupyter.do(f"%capture '{out}'\n%comment of the host\nprint('h\u00e9\\nllo')\nprint('end', end='')\n6*7")
    assert (reply.stdout, reply.value) == ("of the host\nh\u00e9\nllo\nend", "42")
    assert out.read_bytes() == "hé\nllo\nend".encode()
    jupyter.do("print('of another cell')")
    assert out.read_bytes() == "hé\nllo\nend".encode()


@pytest.mark.parametrize("option", ["-q", "--quiet"])
def test_quiet_counts_in_one_line(jupyter: Jupyter, out: Path, option: str) -> None:
    reply = jupyter.do(f"%capture '{out}' {option}\nfor i in range(300): print(i)")
    first, *_, last = reply.stdout.split("\r")[0], *reply.stdout.split("\r")[1:]
    assert first == ""
    assert last == f"300 lines captured in {out}\n"
    assert reply.stdout.count("\n") == 1
    assert out.read_text() == "".join(f"{i}\n" for i in range(300))


def test_quiet_keeps_counting_while_the_cell_runs(virtual: Jupyter, out: Path) -> None:
    reply = virtual.do(f"%capture -q '{out}'\nimport time\nprint(1)\ntime.sleep(1.5)\nprint(2)\nprint(3)")
    counts = [(at, text) for at, text in reply.streams()]
    assert counts[0][1] == "\r1 line captured"
    assert counts[0][0] < reply.seconds - 1
    assert counts[-1][1].endswith(f"\r3 lines captured in {out}\n")


@pytest.mark.parametrize("option", ["-Q", "--QUIET", "-q -Q"])
def test_very_quiet_says_only_how_many(jupyter: Jupyter, out: Path, option: str) -> None:
    reply = jupyter.do(f"%capture {option} '{out}'\nprint('a\\nb')\nprint('c', end='')\n1")
    assert reply.stdout == f"3 lines captured in {out}\n"
    assert reply.value == "1"
    assert out.read_text() == "a\nb\nc"


def test_a_cell_that_fails_leaves_what_was_printed(jupyter: Jupyter, out: Path) -> None:
    reply = jupyter.run(f"%capture '{out}' -Q\nprint('before')\n1/0")
    assert reply.error.name == "ZeroDivisionError"
    assert reply.stdout == f"1 line captured in {out}\n"
    assert out.read_text() == "before\n"
    assert jupyter.do("print(2)").stdout == "2\n"


def test_a_cell_that_is_stopped_leaves_what_was_printed(jupyter: Jupyter, out: Path) -> None:
    code = f"%capture '{out}'\nfor i in range(10**9):\n    print(i)"
    reply = jupyter.run(code, stop_at="50\n")
    assert reply.error.name == "KeyboardInterrupt"
    lines = out.read_text().split("\n")
    assert lines[:-1] == [str(i) for i in range(len(lines) - 1)]
    assert len(lines) > 50
    assert out.read_text() == reply.stdout


def test_a_cell_whose_code_does_not_run_ends_its_capture(jupyter: Jupyter, out: Path) -> None:
    jupyter.fail(f"%capture '{out}'\n%no_such_magic\nprint(1)")
    assert jupyter.do("print(2)").stdout == "2\n"
    assert out.read_text() == ""


def test_two_captures_in_a_cell_are_refused(jupyter: Jupyter, out: Path, tmp_path: Path) -> None:
    error = jupyter.fail(f"%capture '{out}'\n%capture '{tmp_path / 'other'}'\nprint(1)")
    assert str(out) in error.value
    assert out.read_text() == ""
    assert jupyter.do("print(2)").stdout == "2\n"


def test_a_file_that_cannot_be_written_fails_the_cell_before_its_code_runs(jupyter: Jupyter, tmp_path: Path) -> None:
    jupyter.do("x = 1")
    for path in (tmp_path / "none" / "out.txt", tmp_path):
        error = jupyter.fail(f"%capture '{path}'\nx = 2")
        assert error.name == "MagicError"
        assert str(path) in error.value
    assert jupyter.do("x").value == "1"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")  # noqa: PTH110
def test_a_full_disk_fails_the_cell_at_its_end(jupyter: Jupyter) -> None:
    reply = jupyter.run("%capture /dev/full\nprint(1)\nprint(2)\nx = 3")
    assert "/dev/full does not hold all" in reply.error.value
    assert reply.stdout == "1\n2\n"
    assert jupyter.do("x").value == "3"
    assert jupyter.fail("%capture /dev/full\nprint(1)\n1/0").name == "ZeroDivisionError"


def test_a_relative_file_lies_in_the_notebooks_folder(start: Start, virtual_address: str, tmp_path: Path) -> None:
    kernel = start()
    kernel.do(f"%connect {virtual_address}\n%capture out.txt -q\nprint(1)")
    assert (tmp_path / "out.txt").read_text() == "1\n"


def test_a_board_that_is_lost_leaves_what_was_printed(start: Start, microbit: Microbit, out: Path) -> None:
    kernel = start()
    kernel.do(f"%connect {microbit.address}")

    def unplug_once_it_printed() -> None:
        deadline = time.monotonic() + 10
        while not (out.exists() and out.read_text()) and time.monotonic() < deadline:
            time.sleep(0.05)
        microbit.unplug()

    ended = in_background(unplug_once_it_printed)
    reply = kernel.run(f"%capture '{out}'\nprint('before')\nwhile True: pass")
    assert ended() is None
    assert reply.error.name == "LineLost"
    assert out.read_text() == "before\n"
