"""%%plot and %plot: what a cell prints, drawn while it runs."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import time
from typing import TYPE_CHECKING, Any

import pytest

from metakernel_micropython.plotting.figure import BUCKETS, Options, Painter, text
from metakernel_micropython.plotting.live_plot import Plot
from metakernel_micropython.plotting.table import Table

if TYPE_CHECKING:
    from pathlib import Path

    from ..conftest import Start
    from ..front_end import Jupyter, Reply

COUNT = "for i in range({}):\n    print('up:', i, 'down:', -i)\n    time.sleep({})"


def figures(reply: Reply) -> list[dict[str, Any]]:
    """The states of the one figure."""
    states = [(kind, content) for _, kind, content in reply.messages if kind.endswith("display_data")]
    assert [kind for kind, _ in states] == ["display_data"] + ["update_display_data"] * (len(states) - 1)
    assert len({content["transient"]["display_id"] for _, content in states}) == 1
    return [content["data"] for _, content in states]


def size(data: dict[str, Any]) -> tuple[int, int]:
    png = base64.b64decode(data["image/png"])
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    return int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")


def test_readings_are_drawn_and_other_lines_are_output(virtual: Jupyter) -> None:
    reply = virtual.do("%%plot\nprint('begin')\n(print('(1, 2)'), print('(3, 4.5)'))\nprint('end', end='')\n6*7")
    assert reply.stdout == "begin\nend"
    assert reply.value == "42"
    last = figures(reply)[-1]
    assert size(last) == (700, 300)
    assert "2  least 2, greatest 4.5, last 4.5" in last["text/plain"]
    assert virtual.do("%python plot_data['1'], plot_data['2'], len(plot_data['host_seconds'])").value == (
        "([1.0, 3.0], [2.0, 4.5], 2)"
    )
    assert virtual.do("print(5)").stdout == "5\n"


def test_the_figure_follows_while_the_cell_runs(virtual: Jupyter) -> None:
    reply = virtual.do("%%plot --time\nimport time\n" + COUNT.format(60, 0.05))
    states = figures(reply)
    assert len(states) >= 2
    assert states[0]["image/png"] != states[-1]["image/png"]
    first = next(at for at, kind, _ in reply.messages if kind == "display_data")
    assert first < reply.seconds - 0.2


@pytest.mark.parametrize(
    ("code", "name", "expected"),
    [
        ("1/0", "ZeroDivisionError", "ok"),
        ("while True: time.sleep(0.01)", "KeyboardInterrupt", "ok"),
    ],
)
def test_a_cell_that_ends_early_leaves_its_figure(virtual: Jupyter, code: str, name: str, expected: str) -> None:
    reply = virtual.run(f"%%plot\nimport time\nfor i in range(30): print(i)\nprint('ok')\n{code}", stop_at="ok")
    assert reply.error.name == name
    assert reply.stdout.strip() == expected
    assert "30 readings" in figures(reply)[-1]["text/plain"]
    kinds = [kind for _, kind, _ in reply.messages]
    assert kinds.index("error") > max(at for at, kind in enumerate(kinds) if kind.endswith("display_data"))


def test_axes_names_and_windows(virtual: Jupyter) -> None:
    code = "import time\n" + COUNT.format(300, 0)
    reply = virtual.do(f"%%plot --y up --y down --x up --window 100 --name measured\n{code}")
    last = figures(reply)[-1]
    assert size(last) == (700, 500)
    assert "up    least 200, greatest 299, last 299" in last["text/plain"]
    assert "100 readings after 200 earlier ones" in last["text/plain"]
    assert virtual.do("%python len(measured['up'])").value == "300"
    reply = virtual.do("%%plot --y none\nprint('a: 1')")
    assert "Nothing came that is called none; there was a." in reply.stderr


def test_the_file_has_every_reading(virtual: Jupyter, tmp_path: Path) -> None:
    path = tmp_path / "some data.csv"
    virtual.do(f"%%plot --csv '{path}'\nprint('a: 1')\nprint('a: 2.5')\nprint('b: 3, a: nan')\nprint('\"c, d\": 4')")
    rows = list(csv.reader(io.StringIO(path.read_text())))
    assert [row[1:] for row in rows] == [["a", "b", "d"], ["1", "", ""], ["2.5", "", ""], ["", "3", ""], ["", "", "4"]]
    assert rows[0][0] == "host_seconds"
    assert all(float(row[0]) >= 0 for row in rows[1:])


def test_a_file_that_cannot_be_written_fails_the_cell_before_its_code_runs(virtual: Jupyter, tmp_path: Path) -> None:
    virtual.do("x = 1")
    error = virtual.fail(f"%%plot --csv '{tmp_path / 'none' / 'a.csv'}'\nx = 2")
    assert error.name == "MagicError"
    assert "cannot be written" in error.value
    assert virtual.do("x").value == "1"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("--y ,", "--y wants names"),
        ("--window 1", "--window is a number from 2"),
        ("--x a --time", "take one"),
        ("--name 1a", "--name is a name in Python"),
        ("--name class", "--name is a name in Python"),
        ("--y a " * 9, "at most 8 axes"),
    ],
)
def test_options_that_make_no_sense_are_refused(virtual: Jupyter, options: str, told: str) -> None:
    assert told in virtual.fail(f"%%plot {options}\nprint(1)").value


def test_a_cell_without_readings_says_what_they_look_like(virtual: Jupyter) -> None:
    reply = virtual.do("%%plot\nprint('hello')")
    assert reply.stdout == "hello\n"
    assert "Nothing to plot" in reply.stderr
    assert not reply.of("display_data")


def test_a_figure_without_numbers_says_so(virtual: Jupyter) -> None:
    reply = virtual.do("%%plot\nfor _ in range(3): print('x:nan y:inf')")
    assert "all that came was nan or inf" in reply.stdout + reply.stderr


def test_plotting_holds_until_it_is_switched_off(virtual: Jupyter) -> None:
    assert virtual.do("%plot").stdout == "Plotting is off.\n"
    assert figures(virtual.do("%plot on --window 5\nprint(1)"))
    assert figures(virtual.do("print(2)"))
    reply = virtual.do("%plot off\nprint(3)")
    assert reply.stdout.endswith("3\n")
    assert "say on or off" in virtual.fail("%plot --window 3").value
    # A cell without readings has nothing to be told then.
    virtual.do("%plot on")
    assert virtual.do("x = 1").stderr == ""
    virtual.do("%plot off")


def test_a_line_that_does_not_end_is_shown(virtual: Jupyter) -> None:
    reply = virtual.do("%%plot\nimport time\nprint('working ', end='')\ntime.sleep(2)\nprint('done')\nprint(1)")
    at, shown = reply.streams()[0]
    assert shown == "working "
    assert at < reply.seconds - 0.7
    assert reply.stdout == "working done\n"


def test_the_rest_of_a_reading_that_was_cut_is_no_reading(virtual: Jupyter) -> None:
    reply = virtual.do("%%plot\nprint(1)\nprint('temp: 2', end='')")
    assert reply.stdout == "temp: 2"
    assert "1 reading" in figures(reply)[-1]["text/plain"]


def test_names_are_text_for_the_figure(virtual: Jupyter) -> None:
    reply = virtual.do(r"%%plot" + '\nprint(\'{"_a": 1, "$x^$": 2, "<b>": 3, "\\u4e2d": 4}\')')
    assert size(figures(reply)[-1])
    assert "_a" in figures(reply)[-1]["text/plain"]


def test_completion_knows_the_options(virtual: Jupyter) -> None:
    assert "%%plot --window" in virtual.complete("%%plot --w")
    assert virtual.complete("%plot o") == ["%plot off", "%plot on"]


def test_a_missing_matplotlib_is_told_before_the_code_runs(start: Start, virtual_address: str, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as u\nfind = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'matplotlib' else find(name, *a)\n"
    )
    kernel = start({"PYTHONPATH": str(tmp_path), "MICROPYTHON_BOARD": virtual_address})
    error = kernel.fail("%%plot\nprint(1)")
    assert error.name == "PlotProblem"
    assert 'pip install "metakernel-micropython[plot]"' in error.value


def test_ten_thousand_readings_at_a_kilohertz_are_kept_up_with(virtual: Jupyter) -> None:
    code = (
        "import time\nstart = time.ticks_ms()\n"
        "for i in range(10000):\n    print('a:%d b:%d' % (i % 777, i * i % 1000))\n"
        "    while time.ticks_diff(time.ticks_ms(), start) < i: pass\nprint('over')"
    )
    reply = virtual.do(f"%%plot --y a --y b\n{code}", timeout=60)
    over = next(at for at, said in reply.streams() if "over" in said)
    # Half a second on a machine that does nothing else.
    assert reply.seconds - over < 3
    assert len(figures(reply)) >= 2
    assert len(json.dumps(figures(reply)[-1])) < 200_000
    assert "10000 readings" in figures(reply)[-1]["text/plain"]


# -- without a kernel --------------------------------------------------------------------------------------------


def test_memory_has_a_limit_and_the_loss_is_told() -> None:
    shown: list[str] = []
    plot = Plot(Options(), lambda kind, content: shown.append(kind), shown.append)
    plot.table = Table(limit=1000)
    for start in range(0, 5000, 50):
        plot.feed("".join(f"{n}\n" for n in range(start, start + 50)))
    remarks = plot.close()
    assert len(plot.table) <= 500
    assert plot.table.columns["value"][-1] == 4999
    assert len(plot.table) + plot.table.dropped == 5000
    assert any(f"oldest {plot.table.dropped} readings had no room" in remark for remark in remarks)


def test_readings_that_come_together_came_one_after_the_other() -> None:
    plot = Plot(Options(), lambda kind, content: None, lambda text: None)
    time.sleep(0.1)
    plot.feed("1\n2\n3\n4\n")
    plot.feed("5\n")
    plot.close()
    times = list(plot.table.times)
    assert times == sorted(set(times))
    assert times[3] - times[0] <= 0.05


def test_extremes_survive_the_thinning() -> None:
    table = Table()
    for number in range(50_000):
        table.add(number, {"v": 1000.0 if number == 31_234 else -1000.0 if number == 7 else 0.0})
    from metakernel_micropython.plotting.figure import _line

    across, up = _line(table, "v", Options())
    assert len(up) < 4 * BUCKETS
    assert (max(up), min(up)) == (1000, -1000)
    assert 31_234 in across


def test_infinities_are_left_out() -> None:
    table = Table()
    for value in (float("inf"), 1.0, float("nan"), 2.0):
        table.add(0, {"v": value})
    assert Painter(Options()).png(table)
    assert "least 1, greatest 2" in text(table, Options())


def test_a_console_gets_a_line_that_is_written_over_and_the_figure_at_the_end() -> None:
    shown: list[str] = []
    figures: list[Any] = []
    plot = Plot(Options(), lambda *message: figures.append(message), shown.append, live=False)
    plot.feed("1\n2\n")
    deadline = time.monotonic() + 10
    while not shown and time.monotonic() < deadline:
        time.sleep(0.02)
    assert figures == []
    assert re.fullmatch(r"\r2 readings: value 2 *", shown[0])
    plot.feed("3\n")
    plot.close()
    ((kind, content),) = figures
    assert kind == "display_data"
    assert list(content["data"]) == ["text/plain"]
    assert "least 1, greatest 3, last 3" in content["data"]["text/plain"]
    assert shown[-1].strip() == ""
