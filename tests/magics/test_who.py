"""%who and %whos tell the user's names, and run nothing of the user's for that."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..front_end import Jupyter

NAMES = """
x = 5
text = 'hi'
items = [1, 2, 3]
table = {1: 2}
data = bytes(100)
nothing = None
import gc
def work(): pass
class A: pass
a = A()
"""


def test_the_users_names_are_listed_and_no_others(jupyter: Jupyter) -> None:
    assert "no name of yours" in jupyter.do("%who").stdout
    jupyter.do(NAMES)
    lines = jupyter.do("%who").stdout.splitlines()
    assert lines == [
        "a  data  items  nothing  table  text  x",
        "functions: work",
        "classes: A",
        "modules: gc",
    ]


def test_whos_tells_type_size_and_value(jupyter: Jupyter) -> None:
    jupyter.do(NAMES)
    rows = {line.split()[0]: line.split()[1:] for line in jupyter.do("%whos").plain.splitlines() if line.strip()}
    assert rows["x"] == ["int", "5"]
    assert rows["text"] == ["str", "2", "'hi'"]
    assert rows["items"] == ["list", "3", "[1,", "2,", "3]"]
    assert rows["table"] == ["dict", "1"]
    assert rows["data"] == ["bytes", "100"]
    assert rows["nothing"] == ["NoneType", "None"]
    assert rows["a"] == ["A"]


def test_a_pattern_chooses_names(jupyter: Jupyter) -> None:
    jupyter.do(NAMES)
    assert jupyter.do("%who t*").stdout == "table  text\n"
    assert "no name of yours that is called zz*" in jupyter.do("%whos zz*").stdout


def test_nothing_of_the_users_runs_for_it(jupyter: Jupyter) -> None:
    jupyter.do(
        "ran = []\n"
        "class A:\n"
        "  def __repr__(self): ran.append(1); return 'A'\n"
        "  def __len__(self): ran.append(2); return 1\n"
        "  def __getattr__(self, name): ran.append(3)\n"
        "  def __call__(self): ran.append(4)\n"
        "a = A()\nlist_ = [a]\nd = {1: a}\n"
    )
    assert "list_" in jupyter.do("%whos").plain
    assert jupyter.do("ran").value == "[]"


def test_odd_names_and_shadowed_builtins_do_no_harm(jupyter: Jupyter) -> None:
    jupyter.do("globals()['a\\nb('] = 1\nstr = 5\nrepr = 5\nprint = 5\nsorted = 5")
    try:
        rows = jupyter.do("%whos").plain
        assert "sorted" in rows
        assert "a\\nb(" in rows
    finally:
        jupyter.do("del str, repr, print, sorted")


def test_escapes_in_a_value_are_text(jupyter: Jupyter) -> None:
    jupyter.do("red = '\\x1b[31m'")
    assert "\x1b[31m" not in jupyter.do("%whos").plain
