"""%timeit, %%timeit, %time and %%time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.cell.timing import Stopwatch, Trial, amount

if TYPE_CHECKING:
    from ..front_end import Jupyter

RESULT = re.compile(
    r"(?P<mean>[\d.]+) (?P<unit>s|ms|μs|ns) ± [\d.]+ (s|ms|μs|ns) per loop "
    r"\(mean ± std\. dev\. of (?P<runs>\d+) runs?, "
    r"(?P<loops>[\d,]+) loops?( each)?\)(, (?P<bytes>[\d.]+) bytes allocated per loop)?\n"
)
UNITS = {"s": 1, "ms": 1e-3, "μs": 1e-6, "ns": 1e-9}


def result(text: str) -> tuple[float, int, int, float]:
    found = RESULT.search(text)
    assert found, text
    mean = float(found["mean"]) * UNITS[found["unit"]]
    return mean, int(found["runs"]), int(found["loops"].replace(",", "")), float(found["bytes"] or -1)


def test_what_sleeps_takes_as_long_as_it_sleeps(jupyter: Jupyter) -> None:
    jupyter.do("import time")
    mean, runs, loops, _ = result(jupyter.do("%timeit -r 2 time.sleep(0.02)").stdout)
    assert 0.0195 < mean < 0.04
    assert runs == 2
    assert loops in (10, 20)  # 0.2 s, by a clock that may be a little slow


def test_loops_and_runs_are_what_was_asked_for(jupyter: Jupyter) -> None:
    jupyter.do("count = [0]")
    _, runs, loops, _ = result(jupyter.do("%timeit -n 30 -r 4 count[0] += 1").stdout)
    assert (runs, loops) == (4, 30)
    # Once to see how long a run takes; then what a loop allocates is counted.
    assert int(jupyter.do("count[0]").value or 0) == 5 * 30 + 12


def test_allocated_bytes(jupyter: Jupyter) -> None:
    *_, allocated = result(jupyter.do("%timeit -n 5 -r 1 bytearray(160)").stdout)
    assert 160 <= allocated <= 260
    assert jupyter.do("import gc\ngc.isenabled()").value == "True"


def test_a_cell_with_setup_several_lines_and_strings_over_lines(jupyter: Jupyter) -> None:
    cell = "%%timeit -n 3 -r 1 data = [1, 2]\ntotal = 0\nfor x in data:\n  total += x\n"
    reply = jupyter.do(cell + 's = """a\n b"""\nassert s == "a\\n b" and total == 3')
    assert result(reply.stdout)[2] == 3
    assert jupyter.do("sorted(n for n in globals() if n in ('data', 'total', 's') or 'mk' in n)").value == "[]"


@pytest.mark.parametrize(
    ("cell", "line", "name"),
    [
        ("%timeit 1/0", 1, "ZeroDivisionError"),
        ("%comment x\n%timeit -n 3 inverse(0)", 2, "ZeroDivisionError"),
        ("%%timeit\n\nx = 1\n1/0", 4, "ZeroDivisionError"),
        ("%timeit x x", 1, "SyntaxError"),
    ],
)
def test_errors_name_the_cells_line(jupyter: Jupyter, cell: str, line: int, name: str) -> None:
    jupyter.do("def inverse(x):\n  return 1/x")
    error = jupyter.fail(cell)
    assert error.name == name
    assert re.search(rf"Cell In\[\d+\], line {line}\b", error.text)
    assert "__mk" not in error.text
    assert jupyter.do("[n for n in globals() if 'mk' in n]").value == "[]"


def test_stop_ends_a_measurement(jupyter: Jupyter) -> None:
    jupyter.do("import time")
    assert jupyter.run("%timeit print('on'), time.sleep(5)", stop_at="on").error.name == "KeyboardInterrupt"
    assert jupyter.do("1").value == "1"


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("%timeit", "give it a statement"),
        ("%%timeit", "empty"),
        ("%timeit -n 0 1", "from 1"),
        ("%timeit -r x 1", "invalid int"),
        ("%time", "give it a statement"),
    ],
)
def test_what_is_missing_or_wrong_is_told(virtual: Jupyter, cell: str, words: str) -> None:
    assert words in virtual.fail(cell).value


TIMES = re.compile(r"board time: ([\d.]+) (s|ms|μs), host time: ([\d.]+) (s|ms|μs)\n")


def test_time_tells_both_times_and_shows_the_value(jupyter: Jupyter) -> None:
    for _ in range(3):  # on a busy machine the clock of a micro:bit in QEMU now and then misses its ticks
        reply = jupyter.do("%%time\nimport time\nprint('on')\ntime.sleep(0.2)\n6 * 7")
        assert reply.value == "42"
        assert reply.stdout.startswith("on\nboard time: ")
        found = TIMES.search(reply.stdout)
        assert found
        board, host = float(found[1]) * UNITS[found[2]], float(found[3]) * UNITS[found[4]]
        if board > 0.199:
            break
    assert 0.199 < board < host
    assert jupyter.do("%time 2 * 3\nprint('rest')").stdout.startswith("6\nboard time: ")


def test_a_failed_cell_keeps_its_lines_and_tells_the_hosts_time(jupyter: Jupyter) -> None:
    reply = jupyter.run("%%time\n\n1/0")
    assert "line 3" in reply.error.text
    assert reply.stdout.startswith("host time: ")
    assert jupyter.do("print('\\x1e')").stdout == "\x1e\n"


def test_the_split_of_the_output_makes_no_difference() -> None:
    for size in (1, 2, 7, 1000):
        watch = Stopwatch()
        text = f"{watch._mark} 5\nout\x1eput\n{watch._mark} 1000005\n"
        shown = "".join(watch.feed(text[at : at + size]) for at in range(0, len(text), size)) + watch.flush()
        assert shown == "out\x1eput\n"
        assert watch.told().startswith("board time: 1 s, ")


@pytest.mark.parametrize(
    "told", ["x", "(1, [], 0)", "(0, [1], 0)", "(1, [1], 0", "__import__('os')", "(1, 5, 0)", None]
)
def test_a_result_that_is_none_is_refused(told: str | None) -> None:
    trial = Trial("1")
    trial.values.value = told
    with pytest.raises(ValueError, match="no times"):
        trial.result()


def test_amounts() -> None:
    assert [amount(x) for x in (2, 0.0123, 1.5e-6, 3e-9, 0)] == ["2 s", "12.3 ms", "1.5 μs", "3 ns", "0 ns"]
