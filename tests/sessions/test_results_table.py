"""Results of several boards as a table."""

from __future__ import annotations

from metakernel_micropython.sessions.results_table import table_of_numbers, table_of_texts


def told(number: float) -> str:
    return f"{number:g} s"


def test_equal_results_are_one_row_in_the_order_of_the_names() -> None:
    rows = {"desk10": ["1"], "desk9": ["2"], "desk11": ["2"], "desk8": ["2"]}
    assert table_of_texts(["failed"], rows) == [("board", "failed"), ("desk8, desk9, desk11", "2"), ("desk10", "1")]


def test_few_numbers_are_told_for_each_board() -> None:
    rows = {"b": (2.0, None), "a": (1.0, 0.5)}
    assert table_of_numbers(("board", "host"), rows, told, "-") == [
        ("board", "board", "host"),
        ("a", "1 s", "0.5 s"),
        ("b", "2 s", "-"),
    ]


def test_of_many_the_least_the_median_and_the_greatest_are_told_with_their_boards() -> None:
    rows = {f"desk{number}": (float(number), None if number == 3 else -float(number), None) for number in range(1, 13)}
    assert table_of_numbers(("x", "y", "z"), rows, told, "-") == [
        ("12 boards", "x", "y", "z"),
        ("least", "1 s (desk1)", "-12 s (desk12)", "-"),
        ("median", "6 s", "-7 s", "-"),
        ("greatest", "12 s (desk12)", "-1 s (desk1)", "-"),
    ]
