"""Which lines of output are readings, and what they are called."""

from __future__ import annotations

from math import isnan, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metakernel_micropython.plotting.readings import MAX_COLUMNS, MAX_LINE, LineReader


def read(*lines: str) -> list[dict[str, float]]:
    reader = LineReader()
    return [reading for line in lines for reading in reader.read(line)]


@pytest.mark.parametrize(
    ("lines", "readings"),
    [
        (["21.5", "-3e4", " .5 "], [{"value": 21.5}, {"value": -30000}, {"value": 0.5}]),
        (["1, 2 3", "4\t5;6"], [{"1": 1, "2": 2, "3": 3}, {"1": 4, "2": 5, "3": 6}]),
        (["(1, 2)", "[3, 4]"], [{"1": 1, "2": 2}, {"1": 3, "2": 4}]),
        (["temp:21.5,hum:40", "temp: 1 hum: 2"], [{"temp": 21.5, "hum": 40}, {"temp": 1, "hum": 2}]),
        (["T=21.50 P=1013.2"], [{"T": 21.5, "P": 1013.2}]),
        (["Random walk: 3  just random: -4"], [{"Random walk": 3, "just random": -4}]),
        (["temp: 21.5°C, hum: 40 %"], [{"temp": 21.5, "hum": 40}]),
        (["Point(x=1, y=2)"], [{"x": 1, "y": 2}]),
        (['{"t": 21.5, "name": "a 1", "in": {"h": 1}}'], [{"t": 21.5, "in.h": 1}]),
        (["{'a': 1.5, 'b': True}"], [{"a": 1.5, "b": 1}]),
        (["time,temp", "1,2", "3,4"], [{"time": 1, "temp": 2}, {"time": 3, "temp": 4}]),
        (["Label:", "5", "6"], [{"Label": 5}, {"Label": 6}]),
        (["Label 1:\tLabel 2:", "5\t6"], [{"Label 1": 5, "Label 2": 6}]),
        (["light 512 sound 13", "light 510 sound 14"], [{"light": 512, "sound": 13}, {"light": 510, "sound": 14}]),
        (["inf"], [{"value": float("inf")}]),
        (["{'a': inf, 'b': 2}"], [{"a": float("inf"), "b": 2}]),
        (["1", "None", "2", "retry", "3"], [{"value": 1}, {"value": 2}, {"value": 3}]),
    ],
)
def test_readings_are_those_of_other_plotters(lines: list[str], readings: list[dict[str, float]]) -> None:
    assert read(*lines) == readings


@pytest.mark.parametrize(
    "line",
    [
        *("", "done", "took 5 s", "12:30:05", "2024-01-02 10", "192.168.1.1", "v1.2.3", "0x10", "1_000", "None"),
        "hello 3a",
        "{1, 2}",
        "{'a': ",
        '{"a": "b"}',
        '{"a": null}',
        "x" * 5000,
        "1," * MAX_LINE,
        "->5<-",
    ],
)
def test_what_is_no_reading_is_text(line: str) -> None:
    assert read(line) == []


def test_text_between_numbers_has_to_come_twice_in_a_row() -> None:
    assert read("light 1", "done", "light 2") == []
    assert read("Step 1", "value: 2", "Step 2") == [{"value": 2}]


def test_what_is_missing_is_not_a_number() -> None:
    (reading,) = read("(1, None)")
    assert reading["1"] == 1
    assert isnan(reading["2"])
    (reading,) = read("nan")
    assert isnan(reading["value"])


def test_a_header_of_another_size_names_nothing() -> None:
    assert read("one,two,three", "1,2") == [{"1": 1, "2": 2}]


def test_there_is_an_end_to_names() -> None:
    reader = LineReader()
    for number in range(500):
        reader.read(f"name{chr(97 + number % 26)}{chr(97 + number // 26)}: 1")
    assert len(reader.names) == MAX_COLUMNS
    assert reader.read("late: 1, nameaa: 2") == [{"nameaa": 2}]


@given(st.text(alphabet="0123456789.eE+-,;:={}[]()\"' \tabinfNone\x1b°é", max_size=60))
def test_no_line_breaks_it(line: str) -> None:
    for reading in read(line, line):
        assert all(isinstance(value, float) for value in reading.values())
        assert all(name and name.isprintable() for name in reading)
        assert reading.keys() | {nan}
