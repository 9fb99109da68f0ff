"""The debugger on other boards: the micro:bit, whose stack is too small for a pause, and one behind WebREPL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ..webrepl_server import PASSWORD
from .client import DebugClient

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..webrepl_server import WebReplServer

CODE = "def f(n):\n    m = n + 1\n    return m\n"


@pytest.fixture(scope="module")
def small(microbit_address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DebugClient]:
    made = DebugClient(tmp_path_factory.mktemp("notebooks"), microbit_address)
    yield made
    made.kernel.close(now=True)


def test_a_micro_bit_says_what_it_has_no_room_for_and_stays_usable(small: DebugClient) -> None:
    small.turn_on()
    assert "cannot be debugged" in small.run(CODE).told
    small.break_at(CODE + "print(f(1))", 3)
    for code in (CODE + "print(f(1))", "%%debug\nprint(2)", "breakpoint()\nprint(2)"):
        found = small.run(code)
        assert "a pause needs calls that are nested 8 deep, and its stack has room for " in found.told
        assert "The cell runs without pauses" in found.told
        if "breakpoint" in code:
            assert found.content["ename"] == "NameError"
        else:
            assert found.text.endswith("2\n")
    assert small.run("1").text == "1\n"  # it is not said with each cell
    small.turn_off()
    assert small.run("f(4)").text == "5\n"


def test_debug_on_a_micro_bit_leaves_the_functions_of_earlier_cells_as_they_are(small: DebugClient) -> None:
    small.run("def inverse(a): return 1/a")
    assert small.run("inverse(0)").content["ename"] == "ZeroDivisionError"
    refused = small.run("%debug")
    assert refused.content["ename"] == "NoRoom"
    assert "cannot be debugged: a pause needs calls" in refused.content["evalue"]
    assert small.run("inverse(1)").text == "1.0\n"


def test_the_panel_of_a_micro_bit(small: DebugClient) -> None:
    small.run("%reboot")
    small.run("class P:\n    def __init__(self): self.x = 1\np = P()\nitems = [1, {'a': p}]\nname = 'text'")
    shown = small.panel()
    assert (shown["items"].value, shown["name"].value, shown["P"].value) == ("2 items", "'text'", "class")
    inner = small.open(small.open(shown["items"].reference)["1"].reference)
    assert inner["'a'"].type == "P"
    assert "a" in small.run("%who").text


def test_a_board_behind_webrepl(server: WebReplServer, tmp_path_factory: pytest.TempPathFactory) -> None:
    client = DebugClient(tmp_path_factory.mktemp("notebooks"), "")
    try:
        client.kernel.do(f"%connect {server.address} --password {PASSWORD}")
        client.turn_on()
        client.run(CODE)
        client.break_at(CODE, 3)
        assert client.run("print(f(4))").status == "stopped"
        assert client.frames == [("f", 3), ("<module>", 1)]
        assert client.plain() == {"n": "4", "m": "5"}
        assert client.evaluate("'größer', m * n")[-4:] == " 20)"
        assert client.go().text == "5\n"
        client.turn_off()
        assert client.run("print(f(4))").text == "5\n"
    finally:
        client.kernel.close(now=True)
