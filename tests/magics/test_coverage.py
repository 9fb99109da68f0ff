"""%%coverage and %%lineprofile."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import pytest
from coverage import Coverage, CoverageData

from ..front_end import Jupyter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..boards import Microbit
    from ..front_end import Reply


@pytest.fixture
def jupyter_here(tmp_path: Path) -> Iterator[Jupyter]:
    made = Jupyter(tmp_path)
    yield made
    made.close(now=True)


CELL = """def sign(x):
    if x < 0:
        return -1
    elif x == 0:
        return 0
    return 1
for x in (3, 4):
    print(sign(x))
sign(-1)"""


def table(reply: Reply, kind: str = "text/plain") -> str:
    (shown,) = [one["data"] for one in reply.of("display_data")]
    return str(shown[kind])


def test_what_was_not_run_is_told(jupyter: Jupyter) -> None:
    reply = jupyter.do(f"%%coverage\n{CELL}")
    assert reply.stdout == "1\n1\n"
    assert reply.value == "-1"
    assert re.search(r"In\[\d+\] +9 +1 +4 +1 +85% +6, 5->6\n?$", table(reply))
    html = table(reply, "text/html")
    assert "never went on to line 6" in html
    assert html.count("# not run") == 1
    # What the cell has defined works on, and no name is left to the user.
    assert jupyter.do("sign(0)").value == "0"
    assert jupyter.do("[n for n in globals() if 'mk' in n]").value == "[]"


def test_a_cell_that_fails_keeps_its_lines_and_is_shown(virtual: Jupyter) -> None:
    reply = virtual.run("%%coverage\n\ndef f():\n  return 1/0\nf()\nf()")
    assert reply.error.name == "ZeroDivisionError"
    assert "line 4" in reply.error.text
    assert "__mk" not in reply.error.text
    assert re.search(r"75% +6\n?$", table(reply))


MODULE = """import sys

def half(x):
    if x % 2:
        raise ValueError(x)
    return x // 2

def unused():
    return (1,
            2)
"""


def test_modules_from_here_and_from_the_board(virtual: Jupyter, tmp_path: Path) -> None:
    here = tmp_path / "halves.py"
    here.write_text(MODULE)
    data = tmp_path / ".coverage"
    reply = virtual.run(f"%%coverage {here} --data {data}\nimport halves\nprint(halves.half(4))\nhalves.half(3)")
    assert reply.stdout == "2\n"
    assert reply.error.name == "ValueError"
    assert f'File "{here}", line 5, in half' in reply.error.text
    assert re.search(r"halves\.py +7 +1 +2 +0 +89% +9\n?$", table(reply)), table(reply)
    assert "unused" in table(reply, "text/html")
    kept = CoverageData(str(data))
    kept.read()
    assert sorted(kept.lines(str(here.resolve())) or ()) == [1, 3, 4, 5, 6, 8]
    kept.close()
    # It is not on the board, and nothing of it is left.
    assert virtual.fail("import halves").name == "ImportError"
    assert virtual.do("halves.half(6)").value == "3"
    assert virtual.do("import sys\n[p for p in sys.path if 'mk' in p]").value == "[]"

    virtual.do("with open('halves.py', 'w') as f:\n  f.write('def half(x):\\n  return x\\n')")
    try:
        reply = virtual.do("%%coverage halves\nimport halves\nhalves.half(8)")
        assert reply.value == "8"
        assert re.search(r"halves\.py +2 +0 +0 +0 +100%\n?$", table(reply)), table(reply)
        assert virtual.do("import halves\nhalves.__file__").value == "'halves.py'"
    finally:
        virtual.do("import os\nos.remove('halves.py')")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("%%coverage nothing_there", "has no module nothing_there"),
        ("%%coverage x.mpy", "has no source"),
        ("%%coverage --data .coverage", "name one"),
    ],
)
def test_what_cannot_be_found_is_told(virtual: Jupyter, line: str, words: str) -> None:
    assert words in virtual.fail(f"{line}\n1").value


def test_times_of_lines(jupyter: Jupyter) -> None:
    cell = "import time\nfor i in range(5):\n  time.sleep_ms(20)\n  i += 1\nwhile i < 0:\n  pass\ni"
    reply = jupyter.do(f"%%lineprofile\n{cell}")
    assert reply.value == "5"
    row = re.search(r"^ *4 +5 +([\d.]+) ms +[\d.]+ ms +([\d.]+) +time\.sleep_ms", table(reply), re.MULTILINE)
    assert row, table(reply)
    assert 90 <= float(row[1]) <= 400
    assert float(row[2]) > 80
    assert re.search(r"^ *7 +0 +pass", table(reply), re.MULTILINE)
    assert "time.sleep_ms" in table(reply, "text/html")
    assert jupyter.do("[n for n in globals() if 'mk' in n]").value == "[]"


def test_times_of_functions_are_told_with_what_they_call(virtual: Jupyter) -> None:
    cell = "import time\ndef f(n):\n  time.sleep_ms(10)\n  return n and f(n - 1)\nf(4)"
    rows = table(virtual.do(f"%%lineprofile\n{cell}"))
    slept = re.search(r"^ *4 +5 +([\d.]+) ms", rows, re.MULTILINE)
    called = re.search(r"^ *6 +1 +([\d.]+) ms", rows, re.MULTILINE)
    assert slept
    assert called
    assert 49 <= float(slept[1]) <= float(called[1]) * 1.01


@pytest.mark.parametrize("magic", ["coverage", "lineprofile"])
def test_what_cannot_be_looked_at_is_said(virtual: Jupyter, magic: str) -> None:
    # The virtual board's firmware has no compiler to machine code: its own error tells.
    reply = virtual.run(f"%%{magic}\nx = 1\n@micropython.native\ndef f():\n  return 5")
    assert "line 3" in reply.error.text
    assert "function f is compiled to machine code" in reply.stderr
    reply = virtual.run(f"%%{magic}\nx x")
    assert reply.error.name == "SyntaxError"
    assert "Python does not read it" in reply.stderr


def test_lines_are_shown_as_they_were_written(virtual: Jupyter) -> None:
    for magic in ("coverage", "lineprofile"):
        reply = virtual.do(f"%%{magic}\r\nx = 1\r\n(x +\r\n  1)  # two")
        assert reply.value == "2"
        assert "__eq__" not in table(reply, "text/html")
        assert "# two" in table(reply, "text/html")


def test_a_name_of_the_users_in_the_place_of_the_probes_is_told(virtual: Jupyter) -> None:
    for magic, name in (("coverage", "__mk_p"), ("lineprofile", "__mk_l"), ("prof", "__mk_k")):
        assert "has probes already" in virtual.run(f"%%{magic}\n{name} = 3").stderr
        try:
            assert f"del {name}" in virtual.fail(f"%%{magic}\nx = 1").value
        finally:
            virtual.do(f"del {name}")
    assert virtual.do("%%coverage\nx = 1\nx").value == "1"


def test_a_board_that_restarts_in_the_cell_has_kept_nothing(virtual: Jupyter) -> None:
    virtual.run("%%coverage\nimport machine\nmachine.soft_reset()")
    assert virtual.do("%%coverage\nx = 1\nx").value == "1"


def test_names_of_the_firmware_are_the_users(virtual: Jupyter) -> None:
    reply = virtual.do("%%lineprofile\nprint = list = set = 3\nfor i in (1, 2):\n\tlist += i; i = \\\n  3\nlist")
    assert reply.value == "6"
    assert "2" in table(reply)
    virtual.do("del print, list, set")


BRANCHES = """def sign(x):
    if x < 0:
        return -1
    if x == 5:
        x = 2
    while x > 1:
        x -= 1
    for i in range(2):
        x += i
    if x:
        return 1
    return 0
"""


def test_reports_of_coverage_py_read_the_branches(virtual: Jupyter, tmp_path: Path) -> None:
    here = tmp_path / "signs.py"
    here.write_text(BRANCHES)
    data = tmp_path / ".coverage"
    virtual.do(f"%%coverage {here} --data {data}\nimport signs\nsigns.sign(3)")
    told = Coverage(data_file=str(data), branch=True, config_file=False)
    told.load()
    report = io.StringIO()
    told.report(file=report, show_missing=True)
    assert re.search(r"signs\.py +12 +3 +10 +3 +\d+% +3, 5, 12\n", report.getvalue()), report.getvalue()
    # More that is run is added.
    virtual.do(f"%%coverage {here} --data {data}\nimport signs\nsigns.sign(-3)\nsigns.sign(5)")
    told.load()
    report = io.StringIO()
    told.report(file=report, show_missing=True)
    assert re.search(r"signs\.py +12 +1 +10 +1 +\d+% +12\n", report.getvalue()), report.getvalue()


def test_a_board_without_room_says_how_much_is_missing_and_runs_the_cell_plain(
    microbit: Microbit, jupyter_here: Jupyter
) -> None:
    jupyter_here.do(f"%connect {microbit.address}")
    jupyter_here.do("import gc\ngc.collect()\nheld = []\nwhile gc.mem_free() > 4000:\n  held.append(bytearray(64))")
    cell = "x = 1\n" * 30 + "x"
    reply = jupyter_here.run(f"%%lineprofile\n{cell}")
    assert reply.error.name == "NoRoom"
    assert re.search(r"(block of \d+ bytes did not fit|memory is full)", reply.error.value)
    assert jupyter_here.do(cell).value == "1"
    jupyter_here.do("del held")
    for magic in ("lineprofile", "coverage"):
        assert jupyter_here.do(f"%%{magic}\n{cell}").value == "1"
