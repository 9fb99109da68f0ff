"""The arithmetic of a line of a certain speed."""

from __future__ import annotations

import pytest

from benchmarks.pace import Pace

BAUD = 10_000  # a byte takes a millisecond


def test_a_byte_takes_ten_bits() -> None:
    assert Pace(115200).byte == pytest.approx(86.8e-6, rel=1e-3)


def test_bytes_pass_one_after_the_other() -> None:
    pace = Pace(BAUD)
    pace.begin(5.0)
    assert pace.passed(4, 5.0005) == 0
    assert pace.passed(4, 5.0021) == 2
    assert pace.passed(2, 5.0021) == 0
    assert pace.passed(2, 6.0) == 2


def test_it_does_not_matter_how_often_somebody_looks() -> None:
    often, seldom = Pace(115200), Pace(115200)
    often.begin(1.0)
    seldom.begin(1.0)
    left = 100_000
    for step in range(1, 1001):
        left -= often.passed(left, 1 + step * 0.0007)
    assert seldom.passed(100_000, 1.7) == 100_000 - left == pytest.approx(0.7 * 11520, abs=1)


def test_a_pause_saves_up_nothing() -> None:
    pace = Pace(BAUD)
    pace.begin(1.0)
    assert pace.passed(1, 1.001) == 1
    pace.begin(9.0)
    assert pace.passed(100, 9.003) == 3


def test_a_byte_that_finds_the_line_busy_waits() -> None:
    pace = Pace(BAUD)
    pace.begin(1.0)
    assert pace.passed(3, 1.003) == 3
    pace.begin(1.0025)  # it came while the third byte was on the line
    assert pace.passed(1, 1.0038) == 0
    assert pace.passed(1, 1.0041) == 1


def test_a_few_bytes_are_due_when_the_last_one_has_passed_and_many_in_grains() -> None:
    pace = Pace(115200)
    pace.begin(2.0)
    assert pace.due(3) == pytest.approx(2.0 + 3 * pace.byte)
    assert pace.due(5000) == pytest.approx(2.001, abs=pace.byte)
