"""The variables panel between cells: what the names of the board hold, opened level by level."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .client import DebugClient

ODD = """\
class Angry:
    '''Everything of it that may run raises.'''
    kept = 1
    def __init__(self): self.own = 2
    def _no(self, *_): raise RuntimeError('it has run')
    __repr__ = __str__ = __eq__ = __hash__ = __len__ = __bool__ = __getattr__ = __iter__ = __contains__ = _no
    @property
    def seen(self): raise RuntimeError('a property has run')
angry = Angry()
class Key:
    def __hash__(self):
        runs.append('hash')
        return 1
    def __eq__(self, other):
        runs.append('eq')
        return False
runs = []
table = {Key(): [1], 'text': 2, 3: 4, (1,): 5, None: 6, b'b': 7}
runs.clear()
big = {i: i for i in range(4000)}
loop = [1]
loop.append(loop)
long = 'x' * 20000
data = bytearray(b'\\x00\\x1e?mkd)')
huge = 10 ** 5000
short = [10 ** 5000]
lines = 'a\\nb\\r\\n\\x1b[31m'
deep = []
for _ in range(200): deep = [deep]
nothing = None
list = 3
print = None
sorted = type = globals = len = str = repr = 'mine'
__mk_f = __mk_t = 5
def work(): pass
import sys as module
"""


@pytest.fixture(scope="module")
def odd(shared_client: DebugClient) -> DebugClient:
    assert shared_client.run(ODD).status == "ok"
    return shared_client


def test_the_panel_shows_names_types_and_values(odd: DebugClient) -> None:
    begun = time.monotonic()
    shown = odd.panel()
    assert time.monotonic() - begun < 5
    assert (shown["angry"].type, shown["angry"].value) == ("Angry", "<Angry>")
    assert (shown["big"].type, shown["big"].value) == ("dict", "4000 items")
    assert shown["loop"].value == "2 items"
    assert shown["long"].value.endswith("… (20000)")
    assert len(shown["long"].value) < 100
    assert shown["huge"].value == "<int>"
    assert shown["short"].value == "1 item"
    assert shown["lines"].value == "'a\\nb\\r\\n\\x1b[31m'"
    assert shown["data"].value.startswith("bytearray(b'\\x00\\x1e?mkd)")
    assert (shown["nothing"].value, shown["list"].value, shown["print"].value) == ("None", "3", "None")
    assert (shown["work"].value, shown["module"].value, shown["Angry"].value) == ("function", "module", "class")
    assert not [name for name in shown if name.startswith("__")]
    assert list(shown).index("work") > list(shown).index("table")  # data first


def test_values_are_opened_without_running_anything(odd: DebugClient) -> None:
    shown = odd.panel()
    me = odd.open(shown["angry"].reference)
    assert {name: one.value for name, one in me.items()} == {"own": "2"}
    keys = odd.open(shown["table"].reference)
    assert sorted(keys) == ["'text'", "(1,)", "3", "<class 'Key'>", "None", "b'b'"]
    assert odd.open(keys["<class 'Key'>"].reference)["0"].value == "1"
    assert odd.run("runs").text == "[]\n"


def test_large_things_come_in_parts(odd: DebugClient) -> None:
    reference = odd.panel()["big"].reference
    first = odd.open(reference)
    assert len(first) == 201
    assert first["…"].value == "there are more"
    assert list(odd.open(reference, start=3990)) == [str(number) for number in range(3990, 4000)]
    assert odd.open(reference, start=30000) == {}


def test_what_holds_itself_opens_as_deep_as_one_likes(odd: DebugClient) -> None:
    shown = odd.panel()
    loop, deep = shown["loop"].reference, shown["deep"].reference
    for _ in range(30):
        loop, deep = odd.open(loop)["1"].reference, odd.open(deep)["0"].reference
    assert odd.open(loop)["0"].value == "1"


def test_numbers_of_values_are_not_used_again(odd: DebugClient) -> None:
    before = odd.panel()["big"].reference
    assert before != odd.panel()["big"].reference
    assert "no longer there" in odd.refused("variables", variablesReference=before)
    assert odd.panel()["table"].reference


def test_one_execution_for_each_request(odd: DebugClient) -> None:
    odd.kernel.do("%trace on")
    odd.panel()
    trace = odd.run("1").text
    odd.kernel.do("%trace off")
    assert trace.count("R\\x01") <= 2  # that of the panel may be shown in this cell, or in none


def test_a_name_is_shown_in_full(odd: DebugClient) -> None:
    told = odd.ask("richInspectVariables", variableName="table")["data"]["text/plain"]
    assert told.splitlines()[0] == "table: dict = 6 items"
    assert "  'text': 2" in told
    assert "There is no name missing" in odd.refused("richInspectVariables", variableName="missing")


def test_a_local_name_becomes_a_global_one(odd: DebugClient) -> None:
    code = "def hold():\n    inside = [1, 2]\n    return inside\n"
    odd.turn_on()
    odd.run(code)
    odd.break_at(code, 3)
    assert odd.run("kept = hold()").status == "stopped"
    frame = odd.frame()
    told = odd.ask("richInspectVariables", variableName="inside", frameId=frame)["data"]["text/plain"]
    assert told.splitlines()[0] == "inside: list = [1, 2]"
    names = {"srcVariableName": "inside", "dstVariableName": "outside", "srcFrameId": frame}
    odd.ask("copyToGlobals", **names)
    assert "KeyError" in odd.refused("copyToGlobals", **{**names, "srcVariableName": "nothing"})
    assert odd.go().status == "ok"
    odd.turn_off()
    assert odd.run("outside is kept").text == "True\n"


def test_without_a_board_there_is_nothing_to_show(odd: DebugClient) -> None:
    odd.run("%disconnect")
    assert odd.panel() == {}
    assert odd.refused("evaluate", expression="1")
    odd.run("%connect virtual")
    assert odd.panel() == {}
