"""What is done on this computer: which tests there are, asserts rewritten, -k, JUnit."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from metakernel_micropython.board_tests.asserts import show_sides
from metakernel_micropython.board_tests.junit import as_xml
from metakernel_micropython.board_tests.preparation import pieces, with_small_unittest, without_async
from metakernel_micropython.board_tests.results import Outcome, Problem, Result
from metakernel_micropython.board_tests.run import Run
from metakernel_micropython.board_tests.selection import chosen_by
from metakernel_micropython.board_tests.suite import suite_of
from metakernel_micropython.errors import MagicError


def rewritten(statement: str) -> str:
    source = f"def test_a():\n    {statement}\n"
    return show_sides(source).source.partition("\n")[2].strip()


@pytest.mark.parametrize(
    "statement",
    [
        "assert a == b",
        "assert (a) not in (b), 'text'",
        "assert (x := f()) is not None",
        "assert not f(1)",
        "assert f(\n  1\n) == (  # why\n 2\n), (\n 'text')",
        "assert a \\\n  < b",
        "assert '==' == \"b == c\"",
        "assert (yield 1) >= 'ä', f'{a}'",
    ],
)
def test_lines_stay_and_a_rewritten_assert_does_the_same(statement: str) -> None:
    new = rewritten(statement)
    assert new.startswith("__mk_l=(")
    assert new.count("\n") == statement.count("\n")
    if "yield" in statement:
        return
    for values in ({"a": 1, "b": [1]}, {"a": [1], "b": [1]}, {"a": 2, "b": [3]}):

        def outcome(code: str, names: dict[str, object]) -> str:
            calls: list[object] = []
            space = {**names, "f": lambda *x: calls.append(x) or 2, "__mk_m": lambda *_: "text"}
            try:
                exec(f"def test_a():\n    {code}\ntest_a()", space)
            except Exception as error:
                return f"{type(error).__name__} {calls}"
            return f"passed {calls}"

        assert outcome(new, dict(values)) == outcome(statement, dict(values))


def test_asserts_that_cannot_be_shown_stay() -> None:
    for source in (
        "assert a == b\n",
        "class A:\n    assert a == b\n",
        "def test_a():\n    assert 0 < a < b\n",
        "def helper():\n    assert a, 'its own text'\n",
        "@micropython.native\ndef test_a():\n    assert a == b\n",
        "def test_a(:\n",
    ):
        assert show_sides(source).source == source


def test_tests_are_found_without_running_anything() -> None:
    source = """
import unittest
1/0
def test_a(): pass
def tested(): pass
class Base(unittest.TestCase):
    def test_base(self): pass
class More(Base):
    def setUpClass(): pass
    async def test_more(self): pass
class Helper:
    def test_none(self): pass
if x:
    def test_b(): pass
def test_a(): pass
"""
    suite = suite_of("x.py", source)
    titles = [case.title for case in suite.cases]
    assert titles == ["Base.test_base", "More.test_base", "More.test_more", "test_b", "test_a"]
    assert [case.is_async for case in suite.cases] == [False, False, True, False, False]
    assert suite.has("More", "setUpClass")
    assert suite.remarks == ("test_a is defined twice, on lines 4 and 15: only the last one runs",)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [("", "abc"), ("led", "a"), ("LED or uart", "ab"), ("not (led or uart)", "c"), ("x and not uart", "ac")],
)
def test_k_chooses_by_parts_of_names(expression: str, expected: str) -> None:
    names = {"a": "x.py::test_led", "b": "x.py::test_uart", "c": "x.py::test_spi"}
    assert "".join(key for key, name in names.items() if chosen_by(expression)(name)) == expected


@pytest.mark.parametrize("expression", ["and", "led and", "(led", "led uart", "not"])
def test_a_k_that_cannot_be_read_is_told(expression: str) -> None:
    with pytest.raises(MagicError, match="cannot be read"):
        chosen_by(expression)


def test_junit_is_xml_whatever_a_test_prints() -> None:
    problem = Problem("", "ValueError", "a\x1b\ud800<&", "Traceback\x00")
    run = Run([Result("a b.py", "T.test_x", 3, Outcome.ERROR, 0.5, "".join(map(chr, range(300))), (problem,))])
    run.not_run = ["a b.py::test_y"]
    suite = ElementTree.fromstring(as_xml({"board": run}, "In[1]"))[0]
    assert (suite.get("tests"), suite.get("errors"), suite.get("skipped")) == ("2", "1", "1")
    assert suite[0].find("error") is not None
    assert "\\x1b" in (suite[0].findtext("system-out") or "")


def test_what_a_board_lacks_is_taken_out_of_a_source_whose_lines_stay() -> None:
    source = "import os, unittest as u\nfrom unittest import (\n    TestCase,\n    skip as s)\nx = 1\n"
    new = with_small_unittest(source)
    assert new.splitlines()[0] == "import os;u=__mk_unittest"
    assert new.split("\n")[4] == "x = 1"
    source = "@deco\nasync def test_a():\n    await x\ndef test_b(): pass\n"
    new = without_async(source, suite_of("", source).cases)
    assert new.split("\n")[0] == "pass"
    assert new.split("\n")[3] == "def test_b(): pass"


def test_pieces_make_the_whole() -> None:
    source = "'doc'\nx = '''a\n\nb'''\n@d\ndef f(): pass\n\n# end\ny = 2; z = 3\n"
    found = pieces(source, 1)
    assert len(found) == 4
    for above, text in found:
        assert source.split("\n")[above] == text.split("\n")[0]
