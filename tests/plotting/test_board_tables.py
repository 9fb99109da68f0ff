"""The readings of several boards in one figure."""

from __future__ import annotations

from typing import Any

from metakernel_micropython.plotting.board_tables import BoardTables
from metakernel_micropython.plotting.figure import Options, Painter, groups, text
from metakernel_micropython.plotting.live_plot import Plot


def filled(count: int, names: tuple[str, ...] = ("temp",), x: str = "") -> BoardTables:
    tables = BoardTables([f"desk{number}" for number in range(1, count + 1)], x)
    for number, table in enumerate(tables.tables.values()):
        for reading in range(3):
            table.add(reading / 10, {name: float(number + reading) for name in names})
    return tables


def test_a_line_is_called_by_its_board_and_by_the_reading_where_there_are_several() -> None:
    assert list(filled(2).columns) == ["desk1", "desk2"]
    assert list(filled(2, ("temp", "hum")).columns) == ["desk1 temp", "desk2 temp", "desk1 hum", "desk2 hum"]
    assert list(filled(2, ("temp", "i"), x="i").columns) == ["desk1", "desk2"]


def test_axes_have_the_reading_of_every_board() -> None:
    options = Options(axes=(("hum",), ("temp",)))
    assert groups(filled(2, ("temp", "hum")), options) == [("desk1 hum", "desk2 hum"), ("desk1 temp", "desk2 temp")]


def test_figures_of_few_and_of_many_boards_are_drawn() -> None:
    for count, names, options in (
        (1, ("value",), Options()),
        (3, ("temp", "hum"), Options(time=True)),
        (16, ("temp", "hum"), Options(axes=(("temp",), ("hum",)))),
        (64, ("temp", "i"), Options(x="i")),
    ):
        tables = filled(count, names, options.x)
        assert Painter(options).png(tables)[:4] == b"\x89PNG"
        assert f"{3 * count} readings" in text(tables, options)


def test_each_board_has_its_own_lines_window_and_names() -> None:
    shown: list[dict[str, Any]] = []
    plot = Plot(Options(window=2), lambda _, content: shown.append(content), lambda _: None, boards=["a", "b"])
    assert plot.feed("x\n1\n2\n3", "a") == "x\n"  # a heading that names the numbers below
    assert plot.feed("one\n7\n", "b") == "one\n"
    assert plot.feed("0\n", "a") == ""
    assert plot.rest("b") == ""
    assert plot.close() == []
    assert {board: list(table.columns) for board, table in plot.table.tables.items()} == {"a": ["x"], "b": ["one"]}  # type: ignore[union-attr]
    assert plot.table.as_lists()["a"]["x"] == [1.0, 2.0, 30.0]
    assert "a x" in shown[-1]["data"]["text/plain"]
