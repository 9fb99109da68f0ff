"""The CSV file of a plot: rows that are there stay, whatever happens."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.plotting.table import CsvFile

from ..boards import needs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROWS = [(float(at), {"a": at * 1.5}) for at in range(200)]


@pytest.fixture
def file(tmp_path: Path) -> Iterator[CsvFile]:
    made = CsvFile(tmp_path / "readings.csv")
    yield made
    made.close()


def test_a_new_column_leaves_what_is_there_below_it(file: CsvFile) -> None:
    file.add([(0, {"a": 1.0})])
    file.add([(1, {"a": 2.0, "b": 3.0})])
    file.add([(2, {"c": 4.0})])
    assert file.path.read_text() == ("host_seconds,a,b,c\n0.000000,1,,\n1.000000,2,3,\n2.000000,,,4\n")
    assert [path.name for path in file.path.parent.iterdir()] == ["readings.csv"]


def test_a_full_disk_costs_no_row_that_was_there(file: CsvFile) -> None:
    needs(sys.platform != "win32", "limits for files")
    import resource

    file.add(ROWS)
    before = file.path.read_bytes()
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, limit[1]))
    try:
        file.add([(1000, {"a": 1.0, "new": 2.0})])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert file.problem
    assert file.path.read_bytes() == before
    assert [path.name for path in file.path.parent.iterdir()] == ["readings.csv"]
    file.add([(1001, {"a": 1.0})])  # nothing more is written, and nothing is raised


def test_the_old_file_stays_until_the_new_one_is_whole(file: CsvFile, monkeypatch: pytest.MonkeyPatch) -> None:
    file.add(ROWS)
    before = file.path.read_bytes()

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", fail)
    file.add([(1000, {"new": 2.0})])
    assert file.problem == "No space left on device"
    assert file.path.read_bytes() == before


def test_a_link_to_the_file_stays_a_link(tmp_path: Path) -> None:
    needs(sys.platform != "win32", "symbolic links")
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    file = CsvFile(tmp_path / "link.csv")
    file.add([(0, {"a": 1.0})])
    file.add([(1, {"b": 1.0})])
    file.close()
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_text() == "host_seconds,a,b\n0.000000,1,\n1.000000,,1\n"
