"""Tooltips and completion with the stubs' text, as a front end gets them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from ..conftest import Start
    from ..front_end import Jupyter


def typed(kernel: Jupyter, code: str) -> dict[str, str]:
    """The kinds that JupyterLab is told, by what is offered."""
    content: dict[str, Any] = kernel._ask(kernel.client.complete(code), "complete_reply")
    told = content["metadata"]["_jupyter_types_experimental"]
    assert [one["text"] for one in told] == content["matches"]
    assert all((one["start"], one["end"]) == (content["cursor_start"], content["cursor_end"]) for one in told)
    return {one["text"]: one["type"] for one in told}


def test_a_tooltip_shows_the_signature_and_the_text(jupyter: Jupyter, board_address: str) -> None:
    text = jupyter.inspect("import machine\nmachine.Pin(")
    assert text.startswith("Pin(id: Any")
    assert "control I/O pins" in text
    assert (f"The board on {board_address} has no machine.Pin." in text) is (board_address != "virtual")


def test_what_the_board_says_stands_below(jupyter: Jupyter) -> None:
    jupyter.do("import time")
    text = jupyter.inspect("time.sleep_ms")
    assert text.startswith("sleep_ms(ms: int")
    assert "On the board:\ntime.sleep_ms: <class 'function'>" in text
    assert "has no" not in text
    assert "Delay" in jupyter.do("time.sleep_ms?").page


def test_the_members_of_a_module_are_exactly_the_boards(jupyter: Jupyter) -> None:
    names = jupyter.do("import os\nsorted(n for n in dir(os) if n[0] != '_')").value
    for code in ("import os\nos.", "import os as system\nsystem."):
        start = code.rpartition("\n")[2]
        assert repr([match.rpartition(start)[2] for match in jupyter.complete(code)]) == names
    assert "abort" not in str(names)


def test_kinds_are_told(jupyter: Jupyter) -> None:
    jupyter.do("import time, math")
    assert typed(jupyter, "time.sleep_")["sleep_ms"] == "function"
    assert typed(jupyter, "math.p")["pi"] == "instance"
    assert typed(jupyter, "import ma")["math"] == "module"
    assert typed(jupyter, "whil")["while"] == "keyword"
    assert typed(jupyter, "%conn")["%connect"] == "magic"
    assert typed(jupyter, "machine.Pin(2, mo") == {"mode=": "param"}


def test_paths_in_strings_are_the_boards(jupyter: Jupyter, board_address: str) -> None:
    jupyter.do("f = open('my_notes.txt', 'w')\nn = f.write('x')\nf.close()")
    assert jupyter.complete("open('my_n") == ["open('my_notes.txt"]
    assert typed(jupyter, "open('my_n") == {"my_notes.txt": "path"}
    assert jupyter.complete("print('my_n") == []
    assert jupyter.complete("open('nowhere/x") == []
    if board_address == "virtual":
        jupyter.do("import os\nos.mkdir('data')\nopen('data/one.csv', 'w').close()")
        assert jupyter.complete("x = open('da") == ["x = open('data/"]
        assert jupyter.complete("x = 'data/o") == ["x = 'data/one.csv"]
        jupyter.do("os.remove('data/one.csv')\nos.rmdir('data')")


def test_a_warm_answer_comes_from_memory_until_a_cell_runs(jupyter: Jupyter) -> None:
    jupyter.do("import math\n")
    assert "math.pi" in jupyter.complete("math.")
    jupyter.do("zebra_one = 1")
    assert jupyter.complete("zebra_") == ["zebra_one"]
    jupyter.do("zebra_two = 2")
    assert jupyter.complete("zebra_") == ["zebra_one", "zebra_two"]


def test_without_a_board_the_stubs_answer(plain: Jupyter, start: Start) -> None:
    assert plain.inspect("machine.Pin(").startswith("Pin(id: Any")
    assert "import machine\nmachine.Pin" in plain.complete("import machine\nmachine.P")
    names = plain.complete("import os\nos.")
    assert "import os\nos.listdir" in names
    assert "import os\nos.abort" not in names


@pytest.mark.parametrize("port", ["rp2"])
def test_a_port_can_be_chosen(start: Start, port: str) -> None:
    chosen = start({"MICROPYTHON_PORT": port})
    assert f"pip install micropython-{port}-stubs" in chosen.inspect("machine.Pin(")


def without_stubs(folder: Path) -> dict[str, str | None]:
    """The environment of a kernel whose Python has no stubs installed."""
    (folder / "sitecustomize.py").write_text(
        "import importlib.metadata as metadata\n"
        "real = metadata.distributions\n"
        "def distributions(**how):\n"
        "    return (one for one in real(**how) if 'stubs' not in one.metadata['Name'])\n"
        "metadata.distributions = distributions\n"
    )
    return {"PYTHONPATH": str(folder)}


@pytest.fixture(params=["virtual", "microbit"])
def address(request: pytest.FixtureRequest) -> str:
    """A board that no other kernel of these tests has: the micro:bit serves one."""
    if request.param == "microbit":
        return str(request.getfixturevalue("microbit").address)
    return str(request.getfixturevalue("virtual_address"))


@pytest.fixture(params=["with stubs", "without"])
def documented(request: pytest.FixtureRequest, start: Start, address: str, tmp_path: Path) -> Jupyter:
    """A connected kernel, with and without stubs in its environment."""
    kernel = start(without_stubs(tmp_path) if request.param == "without" else {})
    kernel.do(f"%connect {address}")
    has_stubs = "From the stubs" in kernel.inspect("import machine\nmachine.Pin")
    assert has_stubs is (request.param == "with stubs")
    return kernel


def test_the_kinds_of_names_are_right_with_and_without_stubs(documented: Jupyter) -> None:
    documented.do("import sys, math\nclass Motor:\n    def turn(self): pass\ndef wheel(): pass\nwheels = [1]")
    assert typed(documented, "whee") == {"wheel": "function", "wheels": "instance"}
    assert typed(documented, "Mot") == {"Motor": "class"}
    assert typed(documented, "Motor.t") == {"turn": "function"}
    assert typed(documented, "math.sq") == {"sqrt": "function"}
    assert typed(documented, "math.p") == {"pi": "instance", "pow": "function"}
    assert typed(documented, "from math import sq") == {"sqrt": "function"}
    assert typed(documented, "sys.exi") == {"exit": "function"}
    assert typed(documented, "KeyboardI") == {"KeyboardInterrupt": "class"}
    assert typed(documented, "prin") == {"print": "function"}
    assert typed(documented, "mat") == {"math": "module"}
    assert typed(documented, "import mat") == {"math": "module"}


def test_asking_for_kinds_runs_nothing_of_the_users(start: Start, address: str, tmp_path: Path) -> None:
    kernel = start(without_stubs(tmp_path))
    kernel.do(f"%connect {address}")
    kernel.do(
        "ran = []\nclass Odd:\n"
        "    def __getattr__(self, name):\n        ran.append(name)\n        raise AttributeError(name)\n"
        "    def __call__(self): ran.append('call')\n"
        "odd = Odd()\nok = 1"
    )
    assert typed(kernel, "o")["odd"] == "instance"
    kernel.complete("odd.")
    kernel.complete("Odd.")
    kernel.complete("odd.x.")
    assert kernel.do("ran").value == "[]"


def test_a_function_of_an_earlier_cell_shows_its_signature_text_and_source(documented: Jupyter) -> None:
    source = "def spin(fast, times=2):\n    '''Spin around.'''\n    return times  # done"
    documented.do(
        f"x = 1\n{source}\nclass Motor:\n    '''A motor.'''\n    def turn(self, speed):\n        return speed"
    )
    documented.do("motor = Motor()\nspin")
    for code in ("spin", "y = spin(1, "):
        text = documented.inspect(code)
        assert text.startswith("spin(fast, times=2)\n\nSpin around.\n\nOn the board:")
        assert "return times" not in text
    assert documented.do("spin?").page.startswith("spin(fast, times=2)\n\nSpin around.\n")
    assert documented.do("spin??").page.startswith(f"spin(fast, times=2)\n\n{source}\n\nOn the board:")
    assert "    '''A motor.'''\n    def turn(self, speed):\n" in documented.do("Motor??").page
    assert documented.do("motor.turn??").page.startswith("turn(speed)\n\ndef turn(self, speed):\n    return speed\n")


def test_without_stubs_a_tooltip_says_what_brings_them(start: Start, virtual_address: str, tmp_path: Path) -> None:
    kernel = start(without_stubs(tmp_path))
    kernel.do(f"%connect {virtual_address}\nimport time")
    assert 'pip install "metakernel-micropython[stubs]"' in kernel.inspect("time.sleep_ms")
