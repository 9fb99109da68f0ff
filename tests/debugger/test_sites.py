"""Where programs can stop, and what the board is told to evaluate there."""

from __future__ import annotations

import contextlib
import io
import time

import pytest

from metakernel_micropython.debugger import sites
from metakernel_micropython.debugger.sites import Breakpoint, Sites, line_that_stops
from metakernel_micropython.instrument.request import Role

CELL = """\
# a comment

def f(a):
    '''doc'''
    b = a

    # another one
    return b
@decorator
def g(): return 1
for i in range(3):
    if i: f(i)
"""


@pytest.mark.parametrize(
    ("line", "stops"),
    [(1, 5), (3, 5), (4, 5), (5, 5), (6, 8), (7, 8), (8, 8), (9, 10), (10, 10), (11, 11), (12, 12), (13, None)],
)
def test_a_line_without_a_statement_stops_at_the_next_one(line: int, stops: int | None) -> None:
    assert line_that_stops(CELL, line) == stops
    known = Sites()
    known.add("cell", CELL, CELL)
    known.set_breakpoints("cell", [Breakpoint(line)])
    found = [known[number] for number in known.stops()]
    assert [one.probe.line for one in found if one] == ([stops] if stops else [])


@pytest.mark.parametrize("text", ["", "   ", "# nothing", "def f(:", "x = (", "\x00", "1 +"])
def test_a_source_without_statements_stops_nowhere(text: str) -> None:
    assert line_that_stops(text, 1) is None


def test_a_function_with_machine_code_stops_nowhere() -> None:
    text = "@micropython.native\ndef f():\n    return 1\nx = 2"
    assert [line_that_stops(text, line) for line in (1, 3, 4)] == [4, 4, 4]


def said(point: Breakpoint, **names: object) -> tuple[object, str]:
    """What the expression of a breakpoint comes to, and what it prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        value = eval(point.expression, dict(names))
    return value, printed.getvalue()


@pytest.mark.parametrize(
    ("log", "printed"),
    [
        ("here", "here"),
        ("n is {n}", "n is 3"),
        ("{n}{n*n}", "39"),
        ("{ n }", "3"),
        ("{}", "None"),
        ("{ }", "None"),
        ("{", "{"),
        ("}", "}"),
        ("} {n {", "} {n {"),
        ("{{n}}", "{3}"),
        ('it\'s "{n}"', 'it\'s "3"'),
        ("{text['a']}", "b"),
        ("\\n {n} \\", "\\n 3 \\"),
        ("n = {n}\nnext", "n = 3\nnext"),
        ("größer {n} 😀", "größer 3 😀"),
        ("'''{n}'''", "'''3'''"),
        ("%s {n} %d", "%s 3 %d"),
        ("{n if n else 0}", "3"),
    ],
)
def test_the_text_of_a_log_point_is_printed_and_never_stops(log: str, printed: str) -> None:
    point = Breakpoint(1, "", log)
    assert point.problem() == ""
    value, text = said(point, n=3, text={"a": "b"})
    assert text == printed + "\n"
    assert not value


def test_a_log_point_with_a_condition_prints_where_it_is_true() -> None:
    point = Breakpoint(1, "n > 2 or n == 0", "{n}")
    assert said(point, n=3) == (None, "3\n")
    assert said(point, n=1) == (False, "")


@pytest.mark.parametrize(
    ("condition", "log"),
    [
        ("n ==", ""),
        ("n = 3", ""),
        ("text == “x”", ""),  # typed on a phone
        ("n\x00", ""),
        ("import os", ""),
        (")" * 3, ""),
        ("(" * 2000, ""),
        ("n) or (print(1)", "x"),
        ("", "{n!r}"),
        ("", "{n:3}"),
        ("", "{a b}"),
        ("n ==", "{n}"),
        ("n # why", "x"),
    ],
)
def test_what_cannot_be_evaluated_is_told_and_never_sent(condition: str, log: str) -> None:
    point = Breakpoint(1, condition, log)
    assert point.problem()
    known = Sites()
    known.add("cell", "n = 1", "n = 1")
    known.set_breakpoints("cell", [point])
    assert known.stops() == {}


@pytest.mark.parametrize("condition", [" n == 3", "n == 3\n", "\tn == 3 ", "(n\n== 3)", "n == 3 # three"])
def test_blanks_around_a_condition_do_not_matter(condition: str) -> None:
    point = Breakpoint(1, condition)
    assert point.problem() == ""
    assert said(point, n=3)[0]


def test_a_condition_knows_the_local_names_of_its_function() -> None:
    known = Sites()
    known.add("cell", CELL, CELL)
    known.set_breakpoints("cell", [Breakpoint(5, "a > 1"), Breakpoint(8), Breakpoint(12, "i")])
    assert sorted(known.stops().values()) == [("", ()), ("a > 1", ("a", "b")), ("i", ())]


def test_probes_of_all_sources_have_numbers_of_their_own() -> None:
    known = Sites()
    numbers = [one.number for text in (CELL, CELL, "x = 1") for one in known.add(text, text, text).probes]
    assert numbers == list(range(len(numbers)))
    # The functions of the first run may live on: both stop.
    known.set_breakpoints(CELL, [Breakpoint(5)])
    assert len(known.stops()) == 2
    known.set_breakpoints(CELL, [])
    assert known.stops() == {} == known.breakpoints


def test_a_function_that_was_defined_again_alone_does_not_move_the_breakpoints_of_its_cell() -> None:
    known = Sites()
    known.add("cell", CELL, CELL)
    known.set_breakpoints("cell", [Breakpoint(5)])
    known.add("cell", "\n" * 9 + "def g(): return 1", CELL, part=True)
    lines = [site.probe.line for number in known.stops() if (site := known[number])]
    assert lines == [5]


def test_the_oldest_sources_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sites, "MAX_SOURCES", 3)
    known = Sites()
    for name in "abcd":
        known.add(name, f"{name} = 1\n{name} = 2", name)
    assert [known[number] is None for number in range(9)] == [True, True, *[False] * 6, True]
    assert known.text("a") == ""
    assert known.text("d") == "d"
    known.set_breakpoints("a", [Breakpoint(1)])
    assert known.stops() == {}


def test_a_source_that_cannot_be_rewritten_is_left_as_it_is() -> None:
    known = Sites()
    for text in ("x = (", "__mk_f = 3\nx = 1", "'''only a docstring'''"):
        assert known.add("cell", text, text).source == text
    assert known[0] is None


def test_the_entry_of_a_function_is_no_place_to_stop() -> None:
    known = Sites()
    result = known.add("cell", "def f(a):\n    b = a\n    return b", "")
    entries = [one.number for one in result.probes if one.role is Role.ENTRY]
    assert len(entries) == 1
    known.set_breakpoints("cell", [Breakpoint(line) for line in (1, 2, 3)])
    stops = known.stops()
    assert len(stops) == 2
    assert entries[0] not in stops


def test_a_thousand_breakpoints_take_no_time() -> None:
    text = "def f():\n" + "".join(f"    x{line} = {line}\n" for line in range(1000))
    begun = time.process_time()
    assert [line_that_stops(text, line) for line in range(1, 1001)] == [2, *range(2, 1001)]
    assert time.process_time() - begun < 2
