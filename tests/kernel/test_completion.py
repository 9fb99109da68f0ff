"""Completion from the board, and is_complete."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ..conftest import Start
    from ..front_end import Jupyter


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("pri", ["print"]),
        ("x = pri", ["x = print"]),
        ("import mach", ["import machine"]),
        ("import os, mach", ["import os, machine"]),
        ("from mach", ["from machine"]),
        ("from machine import mem8", ["from machine import mem8"]),
        ("from machine import mem16, mem3", ["from machine import mem16, mem32"]),
        ("Keyb", ["KeyboardInterrupt"]),
        ("whil", ["while"]),
        ("no_such_name_her", []),
        ("'pri", []),
        ("# pri", []),
        ("print().x", []),
        ("nothing.at.al", []),
        ("str.startsw", ["str.startswith"]),
        ("value = 1\nprint(val", ["value = 1\nprint(value"]),
        ("%%time\npri", ["%%time\nprint"]),
        ("# note\n%boards\n\nimport mach", ["# note\n%boards\n\nimport machine"]),
        ("%discon", ["%disconnect"]),
        ("%%ti", ["%%time", "%%timeit"]),
        ("%connect --ba", ["%connect --baud"]),
        ("# note\n%disco", ["# note\n%disconnect"]),
        ("%connect vir", ["%connect virtual"]),
        ("x = 1\n%connec", []),
    ],
)
def test_names_are_completed(jupyter: Jupyter, code: str, expected: list[str]) -> None:
    assert jupyter.complete(code) == expected


def test_members_of_what_the_board_holds_are_completed(jupyter: Jupyter) -> None:
    # The micro:bit cannot tell an instance's own attributes without a risk: it has no __dict__.
    has_dict = jupyter.do("class Plain: pass\nhasattr(Plain(), '__dict__')").value == "True"
    jupyter.do("import sys\nclass Motor:\n    top = 5\n    def turn(self): pass\nm = Motor()\nm.turns = 3\nbig = 1")
    assert jupyter.complete("sys.imple") == ["sys.implementation"]
    turns = ["print(m.turns"] if has_dict else []
    assert jupyter.complete("print(m.tu") == ["print(m.turn", *turns]
    assert jupyter.complete("Motor.t") == ["Motor.top", "Motor.turn"]
    assert jupyter.complete("print(big, m.to") == ["print(big, m.top"]
    assert "m.turn" in jupyter.complete("m.")
    assert not [name for name in jupyter.complete("m.") if name.startswith("m.__")]
    assert "m.__module__" in jupyter.complete("m.__")


def test_completion_runs_no_property_and_no_getattr(jupyter: Jupyter) -> None:
    # The micro:bit's MicroPython has no properties.
    mark = "    @property\n" if jupyter.complete("proper") == ["property"] else ""
    jupyter.do(
        "ran = []\n"
        "class Sensor:\n"
        f"{mark}"
        "    def temperature(self):\n"
        "        ran.append(1)\n"
        "        return self\n"
        "    def __getattr__(self, name):\n"
        "        ran.append(name)\n"
        "        raise AttributeError(name)\n"
        "s = Sensor()"
    )
    assert jupyter.complete("s.temp") == ["s.temperature"]
    assert jupyter.complete("s.temperature.x") == []
    jupyter.complete("s.other.x")
    jupyter.inspect("s.temperature")
    jupyter.inspect("s.other")
    assert jupyter.do("ran").value == "[]"


def test_what_a_function_of_the_cells_returns_is_not_guessed(jupyter: Jupyter) -> None:
    jupyter.do(
        "class A:\n  def go(self):\n    return [1]\n  def me(self):\n    return self\na = A()\ndef f():\n  return 'x'"
    )
    for code in ("a.go().", "a.me().g", "f().", "a.go()[0].", "a.me().me().", "f(a.go()).", "A().go().up"):
        assert jupyter.complete(code) == []
    assert "A().go" in jupyter.complete("A().g")
    assert "'x'.join('y').upper" in jupyter.complete("'x'.join('y').up")


def test_completion_prints_nothing_and_leaves_the_value(jupyter: Jupyter) -> None:
    jupyter.do("5")
    jupyter.complete("import ")
    reply = jupyter.do("_")
    assert (reply.stdout, reply.stderr, reply.value) == ("", "", "5")


def test_completion_behind_the_cursor_is_left_alone(jupyter: Jupyter) -> None:
    assert jupyter.complete("pri(1)\nx", 3) == ["print"]


def test_files_of_the_host_are_not_offered(start: Start, virtual_address: str, tmp_path: object) -> None:
    folder = tmp_path
    for name in ("printable.txt", "machinery.py"):
        (folder / name).touch()  # type: ignore[operator]
    kernel = start({"MICROPYTHON_BOARD": virtual_address})
    kernel.do("1")
    assert kernel.complete("pri") == ["print"]
    assert kernel.complete("open('pri") == []
    assert kernel.complete("import mach") == ["import machine"]


def test_modules_on_the_boards_file_system_are_offered(jupyter: Jupyter) -> None:
    jupyter.do("f = open('zebra.py', 'w')\nf.write('stripes = 7')\nf.close()")
    assert jupyter.complete("import zeb") == ["import zebra"]
    jupyter.do("import os\nos.remove('zebra.py')")
    assert jupyter.complete("import zeb") == []


def test_a_module_that_was_not_imported_is_not_run(jupyter: Jupyter) -> None:
    jupyter.do("f = open('loud.py', 'w')\nf.write('print(\"ran\")\\nvolume = 11')\nf.close()")
    assert jupyter.complete("from loud import vol") == []
    assert "ran" in jupyter.do("import loud").stdout
    if jupyter.do("import sys\nhasattr(sys, 'modules')").value == "True":
        assert jupyter.complete("from loud import vol") == ["from loud import volume"]
    assert jupyter.complete("loud.vol") == ["loud.volume"]
    jupyter.do("import os\nos.remove('loud.py')")


def test_without_a_board_keywords_and_the_cells_own_names_are_offered(plain: Jupyter) -> None:
    assert plain.complete("speed = 1\nspe") == ["speed = 1\nspeed"]
    assert plain.complete("import mach") == []
    assert plain.complete("whil") == ["while"]
    assert plain.complete("%boa") == ["%boards"]
    assert plain.complete("%%time\nspeed = 1\nspe") == ["%%time\nspeed = 1\nspeed"]


def test_python_on_the_host_is_completed_below_its_magic(plain: Jupyter) -> None:
    assert "%python import os" in plain.complete("%python import o")


@pytest.mark.parametrize(
    ("code", "status", "indent"),
    [
        ("x = 1", "complete", None),
        ("def f():", "incomplete", "    "),
        ("def f():\n    if x:", "incomplete", "        "),
        ("for i in range(3):\n    print(i)", "incomplete", "    "),
        ("for i in range(3):\n    print(i)\n", "complete", None),
        ("print(", "incomplete", ""),
        ("'''abc", "incomplete", ""),
        ("1 +* 2", "invalid", None),
        ("%connect virtual", "complete", None),
        ("!ls", "complete", None),
        ("x?", "complete", None),
        ("", "complete", None),
        ("# comment", "complete", None),
        ("%sendtofile main.py", "incomplete", ""),
        ("# it\n%connect virtual\n%sendtofile main.py -d", "incomplete", ""),
        ("%sendtofile main.py\nx = 1", "incomplete", ""),
        ("%sendtofile main.py\nx = 1\n", "incomplete", ""),
        ("%sendtofile main.py\nx = 1\n\n", "complete", None),
        ("%sendtofile --source a.py", "complete", None),
        ("%sendtofile main.py --empty", "complete", None),
        ("%%file main.py", "incomplete", ""),
        ("# note\n%%sendtofile main.py\nx = (", "incomplete", ""),
    ],
)
def test_enter_runs_a_cell_that_is_complete(plain: Jupyter, code: str, status: str, indent: str | None) -> None:
    assert plain.is_complete(code) == (status, indent)


def test_keys_of_dicts_are_offered_and_nothing_of_the_users_runs(jupyter: Jupyter) -> None:
    jupyter.do("ran = []\nd = {'alpha': 1, 'beta': {'inner': 2}, 3: 4, 'x' * 80: 1}")
    jupyter.do("many = {}\nfor i in range(110): many[str(i)] = 0")
    jupyter.do(
        "class D(dict):\n  def __iter__(self): ran.append(1)\n  def go(self): ran.append(2)\n"
        "  def __getattr__(self, name): ran.append(3)\ne = D()\na = D()"
    )
    assert {"d['alpha']", "d['beta']"} <= set(jupyter.complete("d['"))
    assert jupyter.complete("d['al") == ["d['alpha']"]
    assert len(jupyter.complete("many['")) == 100
    for code in ("e['", "a.cfg['", "a.go().", "a.go()['", "nope['"):
        assert jupyter.complete(code) == []
    assert jupyter.do("ran").value == "[]"
