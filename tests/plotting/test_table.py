"""The file that gets the readings of a plot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.plotting.table import CsvFile

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", ["=1+1", "+x", "-x", "@SUM(A1)", "\tx", "\rx", '=HYPERLINK("http://x")'])
def test_a_name_from_a_board_is_text_to_a_spreadsheet(tmp_path: Path, name: str) -> None:
    file = CsvFile(tmp_path / "a.csv")
    file.add([(0.0, {name: -3.5, "plain": 2.0})])
    file.close()
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as written:
        text = written.read()
    assert text.startswith("host_seconds,") and ("'" + name[0]) in text
    assert text.endswith(",-3.5,2\n")
