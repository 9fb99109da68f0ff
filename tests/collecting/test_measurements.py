"""%%collect from a notebook on boards whose lines are cut, and whose kernel is restarted meanwhile."""

from __future__ import annotations

import csv
import json
import os
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from metakernel_micropython.collecting.collection_state import read_state, stop_path

from ..boards import Cable, in_background, needs_virtual
from ..front_end import Jupyter
from ..virtual.boards import TcpBoard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MINUTES = float(os.environ.get("COLLECT_MINUTES", "10"))

CODE = """\
import time
try:
    n
except NameError:
    n = 0
# %%
n += 1
{"n": n, "ticks": time.ticks_ms(), "ns": time.time_ns()}
"""

DEADLINE = 60


class Lab:
    """Virtual boards that stay when their lines are cut, and a kernel that is connected to them."""

    def __init__(self, folder: Path, count: int) -> None:
        self.folder = folder
        self.boards = [TcpBoard() for _ in range(count)]
        self.cables = [Cable(board.port) for board in self.boards]
        self.kernel = Jupyter(folder)

    def connect(self) -> None:
        for number, cable in enumerate(self.cables):
            self.kernel.do(f"%connect {cable.address} --name desk{number}")

    def close(self) -> None:
        for one in self.folder.glob("*.collect"):
            stop_path(one.with_suffix("")).touch()
        until(lambda: not any(running(one.with_suffix("")) for one in self.folder.glob("*.collect")))
        self.kernel.close(now=True)
        for cable in self.cables:
            cable.close()
        for board in self.boards:
            board.end()


def running(path: Path) -> bool:
    state = read_state(path)
    return state is not None and state.alive


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def rows_in(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def of_board(path: Path, name: str) -> list[dict[str, str]]:
    return [row for row in rows_in(path) if row["board"] == name]


def clock_error(rows: list[dict[str, str]]) -> float:
    """The most that a board's time is wrong by, in milliseconds: on a virtual board ticks and UTC are one clock.

    The ticks are read a moment before the time; where nothing came between the two, that tells their difference.
    """
    zero = min(int(row["ns"]) / 1e6 - int(row["ticks"]) for row in rows)
    errors = []
    for row in rows:
        told = datetime.fromisoformat(row["board_time"]).timestamp() * 1000
        errors.append(told - (int(row["board_ms"]) + zero + 0.5))
    return max(map(abs, errors))


def check(path: Path, name: str, losses: int) -> tuple[int, float]:
    """Check the rows of one board; return how many there are, and the error of its clock in milliseconds."""
    rows = of_board(path, name)
    numbers = [int(row["n"]) for row in rows]
    assert numbers[0] == 1
    assert len(set(numbers)) == len(numbers)
    # A run whose answer the cut line has taken with it is none that anybody has heard.
    assert numbers[-1] - len(numbers) <= losses, (name, numbers)
    return len(numbers), clock_error(rows)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Callable[[int], Lab]]:
    needs_virtual()
    made: list[Lab] = []

    def make(count: int) -> Lab:
        made.append(Lab(tmp_path, count))
        made[-1].connect()
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_a_cut_line_and_a_kernels_restart_lose_no_row_that_a_board_had_answered(lab: Callable[[int], Lab]) -> None:
    here = lab(2)
    path = here.folder / "rows.csv"
    here.kernel.do(f"%%collect --every 50ms --csv rows.csv --on all --background\n{CODE}", timeout=DEADLINE)
    until(lambda: len(of_board(path, "desk1")) > 10)
    here.cables[0].pull()
    before = len(of_board(path, "desk1"))
    until(lambda: len(of_board(path, "desk1")) > before + 10)  # the other one goes on
    here.kernel.restart()
    there = read_state(path)
    assert there is not None and there.alive
    shown = here.kernel.do("%collect")
    (table,) = shown.of("display_data")
    assert f"process {there.pid}" in table["data"]["text/plain"]
    assert "rows in rows.csv, one every 0.05 s" in table["data"]["text/html"]  # the file without its folders
    until(lambda: "desk0 is back" in json.dumps(read_state(path).notes))  # type: ignore[union-attr]
    before = len(of_board(path, "desk0"))
    until(lambda: len(of_board(path, "desk0")) > before + 5)
    here.kernel.do("%collect stop", timeout=DEADLINE)
    assert not running(path)
    _, error = check(path, "desk0", losses=1)
    assert error < 5
    _, error = check(path, "desk1", losses=0)
    assert error < 5
    state = read_state(path)
    assert state is not None and state.state == "ended"
    assert [board.losses for board in state.boards] == [1, 0]
    assert state.rows == len(rows_in(path))
    assert here.kernel.do("%python len(collected)").value == str(state.rows)


def test_stop_ends_it_and_the_board_is_the_notebooks_again(lab: Callable[[int], Lab]) -> None:
    here = lab(1)
    here.kernel.do("kept = 5")
    path = here.folder / "rows.csv"

    def stop() -> None:
        until(lambda: path.exists() and len(rows_in(path)) > 40)
        here.kernel.manager.interrupt_kernel()

    stopped = in_background(stop)
    code = "print('temp:', 21.5)\nprint('temp:', 22)"
    reply = here.kernel.run(f"%%collect --every 50ms --csv rows.csv\n{code}", timeout=DEADLINE)
    assert stopped() is None
    assert reply.ok, reply.content
    rows = rows_in(path)
    assert {row["temp"] for row in rows} == {"21.5", "22"}
    assert any("image/png" in content["data"] for content in reply.of("update_display_data"))
    tables = [content["data"].get("text/html", "") for content in reply.of("update_display_data")]
    assert any("desk0" in table and "temp 22" in table for table in tables)
    assert here.kernel.do("kept").value == "5"
    assert here.kernel.do("%python len(collected)").value == str(len(rows))


def test_stop_at_the_start_frees_the_board(lab: Callable[[int], Lab]) -> None:
    here = lab(1)
    code = "import time\ntime.sleep(1)\n1"
    reply = here.kernel.run(f"%%collect --every 100ms --csv rows.csv\n{code}", timeout=DEADLINE, stop_at_start=0.5)
    assert reply.interrupted_at
    assert not running(here.folder / "rows.csv")
    assert here.kernel.do("6 * 7").value == "42"


def test_code_that_fails_at_first_collects_nothing_and_frees_the_board(lab: Callable[[int], Lab]) -> None:
    here = lab(1)
    error = here.kernel.fail("%%collect --every 1s --csv rows.csv\nx = 1\nx +", timeout=DEADLINE)
    assert "SyntaxError" in error.value
    assert "line 3" in error.value  # of the cell
    error = here.kernel.fail("%%collect --every 1s --csv rows.csv\nobject()", timeout=DEADLINE)
    assert "makes no row" in error.value
    assert not (here.folder / "rows.csv").exists()
    assert here.kernel.do("6 * 7").value == "42"


def test_a_process_that_was_killed_is_told_and_gone_on_with(lab: Callable[[int], Lab]) -> None:
    here = lab(1)
    path = here.folder / "rows.csv"
    here.kernel.do(f"%%collect --every 50ms --csv rows.csv --background\n{CODE}", timeout=DEADLINE)
    until(lambda: len(rows_in(path)) > 3)
    state = read_state(path)
    assert state is not None
    psutil.Process(state.pid).kill()
    until(lambda: not running(path))
    with path.open("ab") as file:
        file.write(b"2026-11-28T01:00:00.000Z,desk0,2026")  # a row that was half written
    assert "%collect resume" in here.kernel.fail("%collect follow", timeout=DEADLINE).value
    before = len(rows_in(path)) - 1
    here.kernel.do("%collect resume", timeout=DEADLINE)
    until(lambda: len(rows_in(path)) > before + 3)
    here.kernel.do("%collect stop", timeout=DEADLINE)
    rows = rows_in(path)
    assert all(None not in row.values() and row["n"] for row in rows)
    assert rows[0]["n"] == "1"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("--every 10 fast --csv a.csv", "fast"),
        ("--every 1x --csv a.csv", "no time"),
        ("--every 1ms --csv a.csv", "10ms at the fastest"),
        ("--every 1s --for 0 --csv a.csv", "--for"),
        ("--every 1s --rotate 10 --csv a.csv", "no time and no size"),
        ("--every 1s --csv no/such/a.csv", "no folder"),
        ("--every 1s --csv .", "is a folder"),
        ("--every 1s --csv a.csv --on nobody", "No board is called nobody"),
        ("--every 1s", "--csv"),
    ],
)
def test_wrong_options_are_told_before_anything_begins(plain: Jupyter, options: str, told: str) -> None:
    assert told in plain.fail(f"%%collect {options}\n1").value


def test_without_a_measurement_collect_says_what_makes_one(plain: Jupyter) -> None:
    assert "%%collect --every" in plain.do("%collect").stdout


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_eight_boards_at_ten_hertz_with_two_losses_and_a_restart(lab: Callable[[int], Lab]) -> None:
    here = lab(8)
    path = here.folder / "rows.csv"
    seconds = MINUTES * 60
    begun = time.monotonic()
    here.kernel.do(
        f"%%collect --every 100ms --for {seconds:.0f}s --csv rows.csv --on all --background\n{CODE}", timeout=DEADLINE
    )
    time.sleep(seconds / 4)
    here.cables[2].pull()
    time.sleep(seconds / 4)
    here.kernel.restart()
    here.kernel.do("%collect")
    time.sleep(seconds / 4)
    here.cables[5].pull()
    while running(path):
        assert time.monotonic() < begun + seconds + DEADLINE
        time.sleep(0.5)
    results: list[tuple[int, float]] = []
    for number in range(8):
        results.append(check(path, f"desk{number}", losses=int(number in (2, 5))))
        print(f"desk{number}: {results[-1][0]} rows, clock within {results[-1][1]:.2f} ms")
    state: Any = read_state(path)
    assert state.state == "ended"
    assert [board.losses for board in state.boards] == [0, 0, 1, 0, 0, 1, 0, 0]
    for board in state.boards:
        print(f"{board.name}: missed {board.missed}, losses {board.losses}, gap {board.gap:.2f} s")
    for rows, error in results:
        assert rows > seconds * 10 * 0.9
        assert error < 5
