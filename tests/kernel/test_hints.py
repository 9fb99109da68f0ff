"""What is said below an error: it helps, it is true, and it never delays the error."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.cell.hints import hints
from metakernel_micropython.errors import DeviceError

from ..package_index import PackageIndex

if TYPE_CHECKING:
    from pathlib import Path

    from metakernel_micropython.board import Board

    from ..boards import Microbit
    from ..conftest import Start
    from ..front_end import Jupyter, Reply


def said(reply: Reply) -> str:
    """What stands below the error, which came first."""
    kinds = [kind for _, kind, content in reply.messages if kind == "error" or content.get("name") == "stderr"]
    assert kinds[:1] == ["error"]
    return re.sub(r"\x1b\[[\d;]*m", "", reply.told)


def test_frames_in_files_show_their_lines(jupyter: Jupyter) -> None:
    jupyter.do("f = open('sens.py', 'w')\nn = f.write('# 1\\ndef inverse(x):\\n  return 1/x\\n')\nf.close()")
    jupyter.do("import sens")
    reply = jupyter.run("sens.inverse(0)")
    assert said(reply) == "sens.py, line 3: return 1/x"
    assert 'File "sens.py", line 3, in inverse' in reply.error.text
    jupyter.do("import os\nos.remove('sens.py')")
    assert said(jupyter.run("sens.inverse(0)")) == ""


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("raise OSError(-202)", "is the network connected?"),
        ("import numpy", "ulab"),
        ("import maths", "The board has a module called math."),
        ("import esp32", "belongs to MicroPython for ESP32 boards"),
        ("import rp2", "RP2040"),
        ("import no_such_thing", "%modules lists those it has"),
        ("pirnt('x')", "Did you mean print?"),
        ("temperature = 5\nprint(temprature)", "Did you mean temperature?"),
        ("def f(width):\n  return widht\nf(1)", "Did you mean width?"),
        ("x = true", "true is written True"),
        ("time.sleep(0)", "The board has a module time: import time comes before its use."),
        ("sqrt(2)", "from math import sqrt"),
        ("if True\n  print(1)", "Line 1, column 8: a colon (:) is missing here."),
        ("%comment up\nx = (1\ny = 2\nz = 3", "Line 2, column 5: this ( is never closed."),
        ("print 'x'", "print is a function and needs brackets"),
        ("x = (\n1 %a\nif", "Line 1, column 5: this ( is never closed."),
        ("f(*[1], 2) +", "Line 1: something is missing behind +."),
        ("1abc", "a name does not begin with a digit"),
        ("type X = int", "Python has type aliases"),
        ("try:\n  pass\nexcept* OSError:\n  pass", "Python has except*"),
        ("x = [*[1], *[2]]", "Python has * in a list or a tuple"),
        ("a = [1]\nx = *a, 2", "Python has * in a list or a tuple"),
        ("x = {**{}}", "Python has ** in a dict"),
        ("match 1:\n  case 1: pass", "Python has match, MicroPython on this board has not: write if"),
        ("def f(a, /): pass", "Python has positional-only parameters"),
        ("f = lambda a, /: a", "Python has positional-only parameters"),
        ("x = '\\N{DEGREE SIGN}'", "no characters by their names"),
        ("print(“hi”)", 'Line 1, column 7: "“" U+201C (LEFT DOUBLE QUOTATION MARK)'),
        ('print("hi”)', 'Line 1, column 10: "”" U+201D (RIGHT DOUBLE QUOTATION MARK)'),
        ("\nprint\uff081\uff09", "U+FF08 (FULLWIDTH LEFT PARENTHESIS) is not a character of Python's code: type ("),
        ("pri\u200bnt(1)", "Line 1, column 4: U+200B (ZERO WIDTH SPACE)"),
        ("x =\u00a01", "Line 1, column 4: U+00A0 (NO-BREAK SPACE)"),
        ("x = 1\n%ls", "%ls stands below code"),
        ("x = 1\n!ls", "!ls stands below code"),
        ("x = 1\nx?", "x? stands beside code"),
        ("x = 1\n?x  # what", "?x stands beside code"),
        ("kept = bytearray(9999999)", "are free now"),
    ],
)
def test_what_to_do_next(jupyter: Jupyter, code: str, words: str) -> None:
    assert words in said(jupyter.run(code))


@pytest.mark.parametrize(
    "code",
    [
        *("1/0", "nope", "raise OSError('text')", "raise OSError()", "raise SystemError", "x x"),
        "'''\n%header\n!important\n'''\nx y",
        "x = '\u201chi\u201d'\nnope",
        "x = (\n1 %a\n)\nif",
        "f(*[1], 2) f",
    ],
)
def test_nothing_is_said_where_there_is_nothing_to_say(jupyter: Jupyter, code: str) -> None:
    assert said(jupyter.run(code)) == ""


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("files = !ls", "files = !... is a form that is not there"),
        ("x = %timeit 1", "x = %timeit ... is a form that is not there: %timeit stands alone"),
        ("y = 1\nx = %get y", "x = %get ... is a form"),
    ],
)
def test_a_magic_behind_an_equals_sign_is_said_not_to_be_there(jupyter: Jupyter, code: str, told: str) -> None:
    reply = jupyter.run(code)
    assert reply.error.name == "SyntaxError"
    assert told in said(reply)


def test_numbers_get_their_names(jupyter: Jupyter) -> None:
    assert "ENOENT" in said(jupyter.run("raise OSError(2)"))
    assert "ETIMEDOUT" in said(jupyter.run("raise OSError(110)"))


def test_a_module_that_lies_on_this_computer(start: Start, virtual_address: str, tmp_path: Path) -> None:
    (tmp_path / "my sensor.py").write_text("")
    (tmp_path / "sensor.py").write_text("")
    (tmp_path / "package").mkdir()
    kernel = start()
    kernel.do(f"%connect {virtual_address}")
    assert "sensor.py lies on this computer" in said(kernel.run("import sensor"))
    assert "%upload package" in said(kernel.run("import package.part"))
    kernel.do("%upload sensor.py\nimport sensor")


def test_a_stopped_cell_is_not_explained(jupyter: Jupyter) -> None:
    reply = jupyter.run("import time\nprint('on')\nwhile True: time.sleep(0.05)", stop_at="on")
    assert reply.error.name == "KeyboardInterrupt"
    assert said(reply) == ""


def test_explaining_leaves_no_names_behind(jupyter: Jupyter) -> None:
    jupyter.do("1")
    before = jupyter.do("sorted(globals())").value
    for code in ("import numpi", "raise OSError(5)", "bytearray(9999999)"):
        jupyter.fail(code)
    assert jupyter.do("sorted(globals())").value == before


def test_a_board_that_is_silent_or_talks_nonsense_adds_nothing(
    virtual_board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = (
        'Traceback (most recent call last):\n  File "a.py", line 1, in f\n  File "<b>.py", line 7, in g\nOSError: 5\n'
    )
    error = DeviceError("OSError", "5", trace)
    for answer in ("while True: pass", "print('x' * 100000)", "print('1 \\x1b[2J')", "print('nonsense')", "1/0"):
        monkeypatch.setattr("metakernel_micropython.cell.hints.snippets.apply", lambda *_, source=answer: source)
        told = list(hints(error, virtual_board, (), []))
        assert all(len(text) < 400 and text.isprintable() for text in told)


def test_silent_requests_are_not_explained(jupyter: Jupyter) -> None:
    assert jupyter.run("import numpy", silent=True).messages == []


def test_the_line_of_a_bracket_that_nobody_closed_is_shown(jupyter: Jupyter) -> None:
    error = jupyter.fail("x = 1\nprint((1, 2)\ny = 3\nz = 4")
    assert error.name == "SyntaxError"
    assert re.search(r"Cell In\[\d+\], line 2\n    print\(\(1, 2\)\n", error.text)
    error = jupyter.fail("if 1:\n    x = 1\n  y = 2\nz = 3")
    assert error.name == "IndentationError"
    assert re.search(r"Cell In\[\d+\], line 3\n    y = 2\n", error.text)


def test_a_name_that_another_cell_has_made_is_near(jupyter: Jupyter) -> None:
    jupyter.do("def measure_temperature(): return 20")
    assert said(jupyter.run("measure_temprature()")) == "Did you mean measure_temperature?"


def test_code_in_a_string_is_not_looked_at(jupyter: Jupyter) -> None:
    assert said(jupyter.run("exec('print(1')")) == ""
    assert said(jupyter.run("raise SyntaxError('invalid syntax')")) == ""


def test_a_package_is_offered_only_where_the_index_has_it(start: Start, virtual_address: str) -> None:
    index = PackageIndex()
    names = [{"name": name, "version": "1"} for name in ("senml", "umqtt.simple")]
    index.pages["/index.json"] = json.dumps({"v": 2, "packages": names}).encode()
    try:
        kernel = start({"MICROPYTHON_MIP_INDEX": index.url})
        kernel.do(f"%connect {virtual_address}")
        assert "%mip install senml" in said(kernel.run("import senml"))
        assert "%mip install umqtt.simple" in said(kernel.run("import umqtt.simple"))
        assert "%mip" not in said(kernel.run("import aioble"))
        assert index.asked == ["/index.json"]
    finally:
        index.close()


@pytest.mark.parametrize("name", ["uasyncio_", "_thread", "foobarbaz", "os_", "socket_"])
def test_nothing_is_offered_that_the_index_may_not_have(jupyter: Jupyter, name: str) -> None:
    assert "%mip" not in said(jupyter.run(f"import {name}"))


def test_a_module_is_called_by_its_other_name_only_where_the_board_has_that(jupyter: Jupyter) -> None:
    reply = jupyter.run("import socket")
    if not reply.ok:
        assert said(reply) == (
            "This firmware is built without sockets: the board has no network, or is reached otherwise."
        )
    has_json = jupyter.run("import json").ok
    reply = jupyter.run("import ujson")
    assert reply.ok or (said(reply) == "The board has this module as json.") is has_json


def test_what_this_firmware_has_is_never_said_to_be_missing(jupyter: Jupyter) -> None:
    for code in ("x = f'{1}'", "if (y := 3): pass", "x: int = 3", "async def f(): pass"):
        reply = jupyter.run(code)
        assert reply.ok or "MicroPython on this board has not" in said(reply)
        assert "has not" not in jupyter.run(code + "\nx x").stderr or not reply.ok


@pytest.mark.parametrize(
    "cell", ["\ufeffprint(5)", "if 1:\n\u00a0 print(5)", "if 1:\n\u00a0\u00a0print('5')", "\ufeff# note\n%comment 5"]
)
def test_what_web_pages_add_to_code_is_taken(jupyter: Jupyter, cell: str) -> None:
    assert jupyter.do(cell).stdout == "5\n"


def test_spaces_in_strings_stay_what_they_are(jupyter: Jupyter) -> None:
    assert jupyter.do("len(bytes('''\n\u00a0 x''', 'utf8'))").value == "5"


def test_a_cell_that_the_board_takes_runs_whatever_the_host_makes_of_it(jupyter: Jupyter) -> None:
    jupyter.do("'''\n%header\n'''\nx = 'a\0b'")
    assert jupyter.do("len(x)").value == "3"
    mixed = "def f(a):\n\tif a:\n\t\treturn '''\n%x'''\n        return 1"
    assert jupyter.run(mixed).ok or jupyter.run(mixed).error.name in ("SyntaxError", "IndentationError")


FILL = ["l = []\nwhile True: l.append(bytearray(10))", "l = {}\ni = 0\nwhile True:\n  l[i] = str(i) * 3\n  i += 1"]


def fill_and_try(kernel: Jupyter, fill: str) -> None:
    """Fill the board's memory with a cell, and see that each cell behind it names the way out, which works."""
    assert "%reboot" in said(kernel.run(fill))
    for code in (
        "del l",
        "print('a line that a prompt has to collect first' * 2, 1, 2, 3, 4, 5, 6)",
        "%ls",
        "del l",
    ):
        reply = kernel.run(code)
        if reply.ok:  # some memory was left for it
            return
        assert reply.error.name == "MemoryError"
        assert "%reboot" in said(reply)
    kernel.do("%reboot")
    assert kernel.do("6*7").value == "42"


@pytest.mark.parametrize("fill", FILL)
def test_a_board_that_a_cell_has_filled_names_the_ways_out_each_time(
    start: Start, virtual_address: str, fill: str
) -> None:
    kernel = start()
    kernel.do(f"%connect {virtual_address} --heap 64k")
    fill_and_try(kernel, fill)


@pytest.mark.parametrize("fill", FILL)
def test_a_small_board_that_a_cell_has_filled_outlives_longer_programs(
    start: Start, microbit: Microbit, fill: str
) -> None:
    kernel = start()
    kernel.do(f"%connect {microbit.address}")
    fill_and_try(kernel, fill)
