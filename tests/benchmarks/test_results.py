"""Targets, tables, the JSON file and the part of the README that shows a run."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from benchmarks.__main__ import main
from benchmarks.errors import BenchmarkError
from benchmarks.measures import LINES, MEASURES, SLOW, UNTHROTTLED
from benchmarks.report import BEGIN, END, report, rewrite
from benchmarks.results import Entrant, Run
from benchmarks.targets import TARGETS, best
from benchmarks.work import state

if TYPE_CHECKING:
    from pathlib import Path

ABOUT = {
    "cpus": 2,
    "system": "Linux",
    "architecture": "x86_64",
    "python": "3.12.1",
    "load_before": 0.1,
    "load_after": 1,
}


@pytest.fixture
def run() -> Run:
    entrants = [Entrant(name, name.title(), {name: "1.0"}) for name in ("ours", "mpremote", "predecessor", "bare")]
    made = Run(ABOUT, 2, entrants)
    fast, slow = made.line(UNTHROTTLED), made.line(SLOW)
    slow.samples["write-source", "ours"] = [1.0, 1.2, 1.4]
    slow.samples["write-source", "bare"] = [4.0]
    slow.missing["sync", "predecessor"] = "it cannot"
    slow.samples["sync", "mpremote"] = [3.0]
    fast.samples["output", "ours"] = [5000.0]
    fast.samples["output", "mpremote"] = [50.0]
    fast.samples["output", "predecessor"] = [100.0]
    return made


def row(text: str, title: str) -> list[str]:
    line = next(line for line in text.splitlines() if line.startswith(f"| {title}"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_every_target_is_about_something_that_is_measured_on_its_line() -> None:
    measures = {measure.name: measure for measure in MEASURES}
    for target in TARGETS:
        assert target.line in measures[target.measure].lines, target.title


def test_every_measure_has_a_name_of_its_own_and_lines_that_exist() -> None:
    assert len({measure.name for measure in MEASURES}) == len(MEASURES)
    assert all(set(measure.lines) <= set(LINES) for measure in MEASURES)


def test_a_target_compares_medians_on_its_own_line(run: Run) -> None:
    assert row(report(run), "write source / bare wire") == ["write source / bare wire", SLOW, "0.30", "≤ 0.35", "yes"]


def test_the_best_of_the_others_counts(run: Run) -> None:
    assert row(report(run), "output / best with a board")[2:] == ["50.00", "≥ 25", "yes"]
    assert best("output", [50.0, 100.0]) == 100.0
    assert best("sync", [3.0, 2.0]) == 2.0


def test_a_limit_holds_as_precisely_as_it_is_shown() -> None:
    target = next(target for target in TARGETS if target.limit == 0.35)
    assert target.met(0.354)
    assert not target.met(0.356)
    assert dataclasses.replace(target, at_least=True).met(0.346)


def test_a_table_says_why_a_number_is_missing_and_leaves_out_who_has_none(run: Run) -> None:
    text = report(run)
    head = next(line for line in text.partition("### Files, at 115200 baud")[2].splitlines() if line.startswith("|"))
    assert "Predecessor" not in head
    assert "Mpremote" in head
    run.line(SLOW).samples["write-source", "predecessor"] = [5.0]
    assert "[1] Predecessor: it cannot" in report(run)


def test_a_run_survives_its_file(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "out" / "run.json"
    run.save(file)
    loaded = Run.load(file)
    assert report(loaded) == report(run)
    assert [*loaded.lines] == [UNTHROTTLED, SLOW]


def test_another_file_is_no_run(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(BenchmarkError, match="is not the file of a run"):
        Run.load(tmp_path / "run.json")


def test_the_readme_changes_between_its_marks_only(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    for _ in range(2):
        rewrite(readme, "new")
        assert readme.read_text(encoding="utf-8") == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"
    readme.write_text("nothing")
    with pytest.raises(BenchmarkError, match="has no place for the results"):
        rewrite(readme, "new")


@pytest.mark.parametrize("ending", ["svg", "png"])
def test_a_run_becomes_a_picture_the_same_each_time(
    run: Run, tmp_path: Path, ending: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    run.save(tmp_path / "run.json")
    pictures = [tmp_path / f"{number}.{ending}" for number in (1, 2)]
    for picture in pictures:
        assert main(["--load", str(tmp_path / "run.json"), "--picture", str(picture)]) == 0
    first, second = (picture.read_bytes() for picture in pictures)
    assert first == second
    assert len(first) < 200_000
    assert ending == "png" or b"115200 baud; s, less is better" in first
    assert "| write source / bare wire" in capsys.readouterr().out


def test_the_boards_state_is_read_from_what_it_prints() -> None:
    assert state("bar 100 %\r\n[free] 1234 ['__name__', 'gc']\r\n") == (1234, {"__name__", "gc"})
    with pytest.raises(BenchmarkError, match="did not tell its memory"):
        state("Traceback")
