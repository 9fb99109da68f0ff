"""Tooltips and completion with the stubs' text, as a front end gets them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
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
    assert f"The board on {board_address} has no machine.Pin." in text  # neither of the two has


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
