"""The clock, the columns and the file of a measurement, without a board."""

from __future__ import annotations

import csv
import errno
import io
import random
import sys
from pathlib import Path

import pytest

from metakernel_micropython.__main__ import main
from metakernel_micropython.collecting import csv_rows
from metakernel_micropython.collecting.board_clock import BoardClock, RoundTrip, Ticks
from metakernel_micropython.collecting.collection_state import BoardState, CollectionState
from metakernel_micropython.collecting.csv_rows import FIXED, CsvRows, rotated
from metakernel_micropython.collecting.host_clock import HostClock
from metakernel_micropython.collecting.measurement import Measurement, Place, Rotation, duration, rotation
from metakernel_micropython.collecting.row_program import RowProgram
from metakernel_micropython.collecting.row_values import NoRow, RowReader
from metakernel_micropython.collecting.status_table import html, text_table
from metakernel_micropython.errors import HostFileProblem

ROW = ("2026-01-01T00:00:00.000Z", "desk", "2026-01-01T00:00:00.000Z", "1", "2.0000", "0.0")


def written(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_offset_and_drift_are_found_among_slow_and_fast_round_trips() -> None:
    chance = random.Random(1)
    clock, drift, zero = BoardClock(), 80e-6, 5000.0
    for burst in range(60):
        trips = []
        for number in range(3):
            at = zero + burst * 10 + number * 0.1
            delay = 0.002 + chance.expovariate(200)
            ticks = int((at + delay * chance.uniform(0.3, 0.7) - zero) * (1 + drift) * 1000)
            trips.append(RoundTrip(at, at + delay, ticks))
        clock.add(trips)
    assert -clock.drift * 1e6 == pytest.approx(80, abs=10)
    assert clock.when(int(595 * (1 + drift) * 1000)) == pytest.approx(zero + 595, abs=0.002)


def test_ticks_go_on_where_they_begin_anew() -> None:
    ticks = Ticks(1 << 30)
    assert [ticks.unwrapped(one) for one in ((1 << 30) - 2, 3, 2)] == [(1 << 30) - 2, (1 << 30) + 3, (1 << 30) + 2]


@pytest.mark.parametrize(
    ("value", "columns"),
    [
        ("21.5", {"value": 21.5}),
        ("'=1+1'", {"value": "=1+1"}),
        ("(1, 2.5)", {"1": 1, "2": 2.5}),
        ("{'a': 1, 'b': {'c': 'x\\ny'}, 'd': None}", {"a": 1, "b.c": "x y"}),
        ("Reading(temp=21.5, hum=40)", {"temp": 21.5, "hum": 40}),
        ("inf", {"value": float("inf")}),
    ],
)
def test_a_value_becomes_columns(value: str, columns: dict[str, object]) -> None:
    assert RowReader().rows(value, "") == [columns]


@pytest.mark.parametrize("value", ["None", "<Pin>", "()", "{'a': [[[1]]]}", str(list(range(99))), "1" + "0" * 20000])
def test_a_value_that_makes_no_row_is_told(value: str) -> None:
    with pytest.raises(NoRow):
        RowReader().rows(value, "")


def test_what_is_printed_makes_rows_where_there_is_no_value() -> None:
    assert RowReader().rows(None, "hello\ntemp: 21.5 hum: 40\n") == [{"temp": 21.5, "hum": 40}]
    with pytest.raises(NoRow, match="printed nothing"):
        RowReader().rows(None, "")


def test_an_answer_counts_when_all_of_it_is_there() -> None:
    program = RowProgram("x = 1\nx")
    mark = program._mark
    told = f"noise\n{mark} 12 [3] {mark}\n"
    answer = program.read(told)
    assert answer is not None
    assert (answer.ticks, answer.value, answer.printed) == (12, "3", "noise\n")
    assert all(program.read(told[:size]) is None for size in range(len(told) - 1))


def test_the_code_above_the_line_is_run_once_and_lines_stay_true() -> None:
    code = "\nimport x\n# %%\ny\n"
    once, each, above = Measurement(code, (), Path("a.csv"), 1.0).parts()
    assert (once, each, above) == ("\nimport x\n", "y\n", 3)


def test_passwords_are_told_to_the_process_and_not_to_the_file() -> None:
    place = Place("a", "exec:sshpass -p hidden ssh pi micropython", {}, "secret")
    measurement = Measurement("1", (place,), Path("a.csv"), 1.0)
    assert "secret" in str(measurement.as_data(secrets=True))
    assert "secret" not in str(measurement.as_data(secrets=False))
    assert "hidden" not in str(measurement.as_data(secrets=False))
    assert "secret" not in repr(measurement)


def test_times_and_sizes_have_units() -> None:
    assert [duration(text) for text in ("100ms", "10s", "5min", "2h", "1d", "7")] == [0.1, 10, 300, 7200, 86400, 7]
    assert rotation("10MB") == Rotation(size=10_000_000)
    assert rotation("1d") == Rotation(seconds=86400)


def test_a_file_is_gone_on_with_behind_its_last_whole_row(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = CsvRows(path)
    rows.begin(["n"])
    rows.add(ROW, {"n": 1})
    rows.close()
    with path.open("ab") as file:
        file.write(b"half")
    rows = CsvRows(path)
    rows.begin(["n"])
    rows.add(ROW, {"n": 2, "late": "=x"})
    rows.close()
    assert [(row["n"], row["late"]) for row in written(path)] == [("1", ""), ("2", "'=x")]


def test_a_file_with_other_columns_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(",".join([*FIXED, "m"]) + "\n", encoding="utf-8")
    rows = CsvRows(path)
    with pytest.raises(HostFileProblem, match="n is not among them"):
        rows.begin(["n"])
    rows.close()
    other = tmp_path / "b.csv"
    other.write_text("name,age\n", encoding="utf-8")
    with pytest.raises(HostFileProblem, match="no collected rows"):
        CsvRows(other)
    assert other.read_text(encoding="utf-8") == "name,age\n"


def test_a_file_that_is_large_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "a[1].csv"
    rows = CsvRows(path, Rotation(size=1000))
    rows.begin(["n"])
    for number in range(60):
        rows.add(ROW, {"n": number})
    rows.close()
    files = [*rotated(path), path]
    assert len(files) > 2
    assert sorted(int(row["n"]) for one in files for row in written(one)) == list(range(60))


def test_a_large_file_that_somebody_has_open_gets_the_rows_until_it_can_be_put_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.csv"
    rows = CsvRows(path, Rotation(size=300))
    rows.begin(["n"])
    rename = type(path).rename

    def open_elsewhere(self: Path, target: Path) -> Path:  # as Windows says it
        raise PermissionError(13, "The process cannot access the file")

    monkeypatch.setattr(csv_rows, "RETRY", 0)
    monkeypatch.setattr(type(path), "rename", open_elsewhere)
    for number in range(10):
        rows.add(ROW, {"n": number})
    assert (rows.problem, rows.waiting, rotated(path)) == ("", 0, [])
    assert "cannot access" in rows.stays
    monkeypatch.setattr(type(path), "rename", rename)
    rows.add(ROW, {"n": 10})
    rows.close()
    assert rows.stays == ""
    assert [len(written(one)) for one in [*rotated(path), path]] == [10, 1]


@pytest.mark.parametrize("step", [1e-6, 0.015625])
def test_a_clock_that_goes_on_in_large_steps_is_known_as_finely_as_its_ticks(step: float) -> None:
    """Windows has such steps before Python 3.13."""
    now, zero = 1000.0, 1_700_000_000.3

    def ticks() -> float:
        nonlocal now
        now += 0.0001
        return now

    clock = HostClock(lambda: int((zero + ticks()) / step) * step, ticks, step)
    for _ in range(50):
        assert clock.zero() == pytest.approx(zero, abs=0.001)
        now += 0.0371
    zero += 5  # somebody sets the clock
    assert clock.zero() == pytest.approx(zero, abs=0.001)
    now += 3600  # and it runs slow
    zero -= 0.1
    assert clock.zero() == pytest.approx(zero, abs=0.001)


def test_the_table_has_columns_for_what_there_is_to_tell(tmp_path: Path) -> None:
    state = CollectionState(Measurement("1", (), tmp_path / "a.csv", 1.0).as_data(secrets=False), rows=3)
    state.boards = [BoardState("desk1", rows=3, last={"temp": "21.5"}), BoardState("desk2", state="lost", losses=1)]
    assert text_table(state).splitlines()[0].split() == ["board", "state", "rows", "gaps", "last", "row"]
    state.boards.pop()
    assert text_table(state).splitlines()[0].split() == ["board", "state", "rows", "last", "row"]
    assert "<script>" not in html(Path("<script>.csv"), state)


def test_a_command_whose_output_is_redirected_on_windows_shows_what_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rows.csv"
    state = CollectionState(Measurement("1", (), path, 1.0).as_data(secrets=False), rows=3)
    state.boards = [BoardState("☃", rows=3, offset=1.0)]
    state.write(path)
    shown = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(shown, "cp1252", write_through=True))
    monkeypatch.setattr(sys, "argv", ["collect", "collect", "--show", "--csv", str(path)])
    monkeypatch.setattr(sys, "path", [*sys.path])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    told = shown.getvalue().decode("cp1252")
    assert "3 rows" in told
    assert "±" in told
    assert "☃" not in told


def test_rows_wait_while_the_disk_is_full(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = CsvRows(path)
    rows.begin(["n"])

    class Full:
        """A disk that takes a part of a row and then says that it is full."""

        def __init__(self, real: object) -> None:
            self.real, self.wrote = real, False

        def write(self, data: bytes) -> int:
            if not self.wrote:
                self.wrote = True
                return self.real.write(data[:5])  # type: ignore[attr-defined,no-any-return]
            raise OSError(errno.ENOSPC, "No space left on device")

        def __getattr__(self, name: str) -> object:
            return getattr(self.real, name)

    real = rows._file
    rows._file = Full(real)  # type: ignore[assignment]
    rows.add(ROW, {"n": 1})
    assert "No space" in rows.problem
    assert rows.waiting == 1
    assert written(path) == []
    rows._file = real
    rows.write(now=True)
    rows.close()
    assert not rows.problem
    assert [row["n"] for row in written(path)] == ["1"]
