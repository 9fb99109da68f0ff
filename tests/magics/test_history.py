"""%history."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from ..conftest import Start
    from ..front_end import Jupyter


@pytest.fixture
def kernel(start: Start, tmp_path: Path) -> Jupyter:
    env: dict[str, str | None] = {"MICROPYTHON_HISTORY": str(tmp_path / "h.sqlite")}
    before = start(env)
    before.do("%comment earlier [1]")
    before.close()
    made = start(env)
    made.do("%comment one")
    made.do("%comment two\n%comment lines")
    return made


def test_it_shows_this_sessions_cells(kernel: Jupyter) -> None:
    assert kernel.do("%history").stdout == "%comment one\n%comment two\n%comment lines\n%history\n"
    assert kernel.do("%history -n").stdout.startswith("   1: %comment one\n   2: %comment two\n%comment lines\n   3: ")


def test_it_shows_the_last_and_the_found_cells_of_all_sessions(kernel: Jupyter) -> None:
    assert kernel.do("%history -l 4").stdout.startswith("%comment earlier [1]\n%comment one\n")
    assert kernel.do("%history -n -l 4").stdout.startswith("2/1: %comment one\n2/2: ")
    assert kernel.do("%history -g 'earlier [[]1]' -l 1").stdout == "1/1: %comment earlier [1]\n"
    assert "1/1: %comment earlier [1]\n" in kernel.do("%history -g comment*ear").stdout
    for _ in range(2):
        kernel.do("%comment same")
    assert kernel.do("%history -u -g ?comment*same").stdout.count(": %comment same\n") == 1


def test_it_writes_a_new_file(kernel: Jupyter, tmp_path: Path) -> None:
    file = tmp_path / "kept.py"
    assert kernel.do(f"%history -f {file}").stdout == f"3 cells written to {file}\n"
    assert file.read_text() == f"%comment one\n%comment two\n%comment lines\n%history -f {file}\n"
    assert "already" in kernel.fail(f"%history -f {file}").value
    assert "cannot be written" in kernel.fail(f"%history -f {tmp_path / 'none' / 'x'}").value


def test_wrong_arguments_fail(kernel: Jupyter) -> None:
    assert kernel.fail("%history -l 0").name == "MagicError"
    assert kernel.fail("%history -l x").name == "MagicError"
