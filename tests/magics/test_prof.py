"""%%prof, and what it has in common with %%lineprofile and %%coverage: functions that live on, several programs."""

from __future__ import annotations

import builtins
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from metakernel_micropython.board import snippets
from metakernel_micropython.instrument.line_times import shown

from .test_coverage import table
from .test_timeit import UNITS, result

if TYPE_CHECKING:
    from ..front_end import Jupyter, Reply

Row = tuple[int, float, float, str]
"""Calls, milliseconds of its own and in total, and where."""


def functions(reply: Reply) -> dict[str, Row]:
    found = {}
    amount = r"(?:([\d.]+) (s|ms|μs|ns)|-)"
    for row in re.finditer(rf"^(\d+) +{amount} +{amount} +.*? +[\d.]+ +(\S+) +(\S.*)$", table(reply), re.MULTILINE):
        own, total = (float(row[n]) * UNITS[row[n + 1]] * 1000 if row[n] else 0.0 for n in (2, 4))
        found[row[6]] = int(row[1]), own, total, row[7]
    return found


def test_calls_and_times_of_functions(jupyter: Jupyter) -> None:
    cell = """import time
def inner(n):
    time.sleep_ms(20)
    return n and inner(n - 1)

class Sensor:
    def read(self):
        for _ in range(2):
            inner(1)
    def wait(self):
        time.sleep_ms(50)
Sensor().read()
Sensor().wait()
5"""
    reply = jupyter.do(f"%%prof\n{cell}")
    assert reply.value == "5"
    found = functions(reply)
    assert list(found)[:2] == ["inner", "Sensor.wait"]
    assert {name: row[0] for name, row in found.items()} == {
        "inner": 4,
        "Sensor.read": 1,
        "Sensor.wait": 1,
        "<module>": 1,
    }
    _, own, total, where = found["inner"]
    assert own == total  # a call of itself counts once
    assert own >= 75
    assert where.endswith(", line 3")
    assert found["Sensor.read"][1] + own == pytest.approx(found["Sensor.read"][2], abs=1)
    assert found["<module>"][2] >= found["inner"][2] + found["Sensor.wait"][2] - 1
    assert "Sensor.read" in table(reply, "text/html")
    assert jupyter.do("[n for n in globals() if 'mk' in n]").value in ("[]", "['__mk_k']")


def test_exceptions_generators_and_coroutines(virtual: Jupyter) -> None:
    cell = """import time, asyncio
def fails(n):
    if n: fails(n - 1)
    time.sleep_ms(10)
    raise ValueError
def catches(n):
    try:
        fails(2)
    except ValueError:
        time.sleep_ms(15)
        if n: catches(n - 1)
    finally:
        time.sleep_ms(5)

def counts(n):
    for i in range(n):
        time.sleep_ms(10)
        yield i
def takes():
    for i in counts(3):
        time.sleep_ms(20)
async def waits():
    time.sleep_ms(10)
    await asyncio.sleep_ms(100)
    return 3
catches(1)
takes()
asyncio.run(waits())"""
    found = functions(virtual.do(f"%%prof\n{cell}"))
    expected = {"fails": (6, 20), "catches": (2, 40), "counts": (1, 30), "takes": (1, 60), "waits": (1, 10)}
    for name, (calls, own) in expected.items():
        assert found[name][0] == calls, name
        assert 0.8 * own <= found[name][1], name
    for name, inner in (("catches", "fails"), ("takes", "counts")):  # each time counts once
        assert found[name][1] + found[inner][1] == pytest.approx(found[name][2], abs=1)
    assert found["waits"][1] < found["<module>"][1]
    assert found["<module>"][1] >= 99  # asyncio waits in no function that is measured


def test_a_cell_that_fails_or_is_stopped_tells_what_it_did(virtual: Jupyter) -> None:
    reply = virtual.run("%%prof\nimport time\ndef f():\n  time.sleep_ms(300)\n  for i in 3: pass\nf()")
    assert reply.error.name == "TypeError"
    assert "__mk" not in reply.error.text
    assert "line 5" in reply.error.text
    assert functions(reply)["f"][1] >= 250
    reply = virtual.run(
        "%%prof\nimport time\ndef f():\n  print('go')\n  while True:\n    time.sleep_ms(10)\nf()", stop_at="go"
    )
    assert reply.error.name == "KeyboardInterrupt"
    assert functions(reply)["f"][0] == 1
    assert virtual.do("%%prof\ndef f(): return 5\nf()").value == "5"


def test_functions_of_measured_cells_live_on_and_count_for_nobody_else(virtual: Jupyter) -> None:
    define = "def NAME(n):\n  try:\n    x = n\n  except ValueError:\n    pass\n  return x"
    for magic in ("coverage", "lineprofile", "prof"):
        virtual.do(f"%%{magic}\n{define.replace('NAME', magic)}\n{magic}(1)")
    call = "y = 1\nfor i in range(3):\n  coverage(i); lineprofile(i); prof(i)"
    for magic in ("coverage", "lineprofile", "prof"):
        virtual.do(f"%%{magic}\n{call}")
    reply = virtual.do(f"%%lineprofile\n{call}")
    assert re.findall(r"^ *[234] +(\d+) ", table(reply), re.MULTILINE) == ["1", "1", "3"]
    assert list(functions(virtual.do(f"%%prof\n{call}"))) == ["<module>"]
    virtual.do(call)


def test_a_cell_that_defines_things_anew(virtual: Jupyter) -> None:
    cell = "def f(): return 1\nf()\ndef f(): return 2\nf(); f()"
    reply = virtual.do(f"%%prof\n{cell}")
    assert re.findall(r"^(\d+) .* f +In\[\d+\], line (\d)$", table(reply), re.MULTILINE) != []
    assert sorted(re.findall(r"^(\d+) .* f +In\[\d+\], line (\d)$", table(reply), re.MULTILINE)) == [
        ("1", "2"),
        ("2", "4"),
    ]


def test_modules_from_here_and_what_is_not_measured(virtual: Jupyter, tmp_path: Path) -> None:
    here = tmp_path / "halves.py"
    here.write_text("import time\ndef half(x):\n    time.sleep_ms(20)\n    return x // 2\n")
    cell = "import halves\ndef g(x):\n  return halves.half(x)\ng(8)"
    reply = virtual.do(f"%%prof {here}\n{cell}")
    assert reply.value == "4"
    found = functions(reply)
    assert found["half"][3] == f"{here}, line 2"
    assert found["half"][1] >= 19 > found["g"][1]
    assert virtual.fail("import halves").name == "ImportError"
    (tmp_path / "__init__.py").write_text("x = 1")
    assert "packages cannot be looked into" in virtual.fail(f"%%prof {tmp_path / '__init__.py'}\n1").value
    cell = "x = 1\nasync def f(a):\n  async with a:\n    pass\n\n@micropython.native\ndef g():\n  return 5"
    reply = virtual.run(f"%%prof\n{cell}")
    assert "[line 3 was not measured: function f waits in async for" in reply.told
    assert "function g is compiled to machine code" in reply.told


@pytest.mark.parametrize("magic", ["prof", "lineprofile"])
def test_each_program_of_a_cell_is_shown(virtual: Jupyter, tmp_path: Path, magic: str) -> None:
    here = tmp_path / "first.py"
    here.write_text("def first():\n  return 1\nx = first()\n")
    reply = virtual.do(f"%%{magic}\n%run {here}\ny = first()\ny")
    assert reply.value == "1"
    shown = "".join(one["data"]["text/plain"] for one in reply.of("display_data"))
    if magic == "prof":
        assert re.search(r"^2 .* first +In\[\d+\], program 1, line 1$", shown, re.MULTILINE)
    else:
        assert [shown.count(text) for text in ("x = first()", "y = first()")] == [1, 1]


@pytest.mark.parametrize(
    "tolerance",
    [
        pytest.param(1.0, id="roughly"),
        pytest.param(0.2, id="20 %", marks=pytest.mark.soak),
    ],  # strict on a quiet machine
)
def test_line_times_agree_with_timeit(virtual: Jupyter, tolerance: float) -> None:
    """The least of each, in turns: what else this machine does only adds to a time."""
    statement = "x = sum(range(400))"
    cell = f"%%lineprofile\ndef f():\n  for i in range(10000):\n    {statement}\nf()"
    lines, callers, loops = [], [], []
    for _ in range(12):
        loops.append(result(virtual.do(f"%timeit -r 3 -n 3000 {statement}").stdout)[0])
        rows = re.findall(r"^ *[45] +(?:10000|1) +([\d.]+) (m?s) ", table(virtual.do(cell)), re.MULTILINE)
        line, caller = (float(number) * UNITS[unit] / 10000 for number, unit in rows)
        lines.append(line)
        callers.append(caller)
        ratios = min(lines) / min(loops), min(callers) / min(loops)
        if all(1 / (1 + tolerance) <= ratio <= 1 + tolerance for ratio in ratios):
            return
    raise AssertionError(ratios)


def test_a_time_that_nothing_is_left_of_is_no_time() -> None:
    assert [shown(value) for value in (-3, 0, 0.25, 12)] == ["-", "-", "250 ns", "12 μs"]


@pytest.mark.parametrize("name", ["probes_calls", "probes_time"])
def test_calls_that_are_faster_than_they_were_measured_take_no_hours(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    now, step = 0, 5

    def ticks_us() -> int:
        nonlocal now
        now = now + step & 0x3FFFFFFF
        return now

    clock, own = ModuleType("time"), ModuleType("builtins")
    clock.ticks_us = ticks_us  # type: ignore[attr-defined]
    own.__dict__.update(vars(builtins))
    monkeypatch.setitem(sys.modules, "time", clock)
    monkeypatch.setitem(sys.modules, "builtins", own)
    names: dict[str, Any] = {"__builtins__": own.__dict__}
    exec((Path(snippets.__file__).parent / f"{name}.py").read_text("utf-8"), names)
    names["snippet"](0, 1)
    step = 0
    for _ in range(1000):
        own.__mk_p(0)
        own.__mk_p(~0)
    hits, times, *_ = own.__mk_d
    assert hits == [1000]
    assert -100_000 < times[0] <= 0
