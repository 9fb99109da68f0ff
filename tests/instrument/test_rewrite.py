"""Sources with probes, case by case."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from textwrap import dedent

import pytest

from metakernel_micropython.instrument.request import Kind, Request, Rewritten, Role
from metakernel_micropython.instrument.rewrite import rewrite
from metakernel_micropython.instrument.verify import same_program

from .host_runs import Pauses, probe_of, run

ROOT = Path(__file__).parent.parent.parent


def count(source: str) -> Rewritten:
    return rewrite(source, Request(Kind.COUNT))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = 1\ny = 2", "__mk_p(0);x = 1\n__mk_p(1);y = 2"),
        ("x = 1; y = 2;", "__mk_p(0);x = 1; __mk_p(1);y = 2;"),
        ("if x: y; z", "if __mk_p(0)or(x)or __mk_p(1): __mk_p(2);y; __mk_p(3);z"),
        ("if(x):y\nelse:z", "if(__mk_p(0)or(x)or __mk_p(1)):__mk_p(2);y\nelse:__mk_p(3);z"),
        ('if"a"in b:pass', 'if __mk_p(0)or("a"in b)or __mk_p(1):__mk_p(2);pass'),
        ("while True: break", "while __mk_p(0)or(True): __mk_p(1);break"),
        ("for i in[1]:pass", "for i in __mk_p(0)or([1]):__mk_p(1);pass"),
        ("for i in 1, 2:pass", "for i in __mk_p(0)or(1, 2):__mk_p(1);pass"),
        ("for i in range(9):pass", "for i in range(__mk_p(0)or(9)):__mk_p(1);pass"),
        ('with"a"as b:pass', 'with __mk_p(0)or("a")as b:__mk_p(1);pass'),
        ("def f():return[1]", "def f():__mk_p(0);return[1]"),
        ("é = 'ü'; x = (1,\n 2)", "__mk_p(0);é = 'ü'; __mk_p(1);x = (1,\n 2)"),
        ("x = \\\n  1\ny", "__mk_p(0);x = \\\n  1\n__mk_p(1);y"),
        ('"""doc"""\nx', '"""doc"""\n__mk_p(0);x'),
        ("from __future__ import annotations\nx", "from __future__ import annotations\n__mk_p(0);x"),
        ("if x:\n\ty\n\n\tz", "if __mk_p(0)or(x)or __mk_p(1):\n\t__mk_p(2);y\n\n\t__mk_p(3);z"),
        ("x\n\ndef f(): pass", "__mk_p(0);x\n__mk_p(1)\ndef f(): __mk_p(2);pass"),
        ("x\n# says\n@g\ndef f(): pass", "__mk_p(0);x\n__mk_p(1)# says\n@g\ndef f(): __mk_p(2);pass"),
        ("x\ndef f(): pass", "__mk_p(0);x;__mk_p(1)\ndef f(): __mk_p(2);pass"),
        ("x \\\n\ndef f(): pass", "__mk_p(0);x;__mk_p(1) \\\n\ndef f(): __mk_p(2);pass"),
        ("f = lambda x: [y for y in x]", "__mk_p(0);f = lambda x: [y for y in x]"),
        ("x = 1\r\ny = 2\r", "__mk_p(0);x = 1\n__mk_p(1);y = 2\n"),
    ],
)
def test_probes_stand_on_the_lines_of_their_statements(source: str, expected: str) -> None:
    result = count(source)
    assert result.source == expected
    assert not result.left_alone


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = 1", "__mk_l(0);x = 1;__mk_l(~0)"),
        ("def f():\n x = 1", "def f():\n __mk_t=__mk_l(0);x = 1;__mk_l(0,__mk_t)"),
        ("def f(): return g(), 1", "def f(): return __mk_l(0,__mk_l(0),(g(), 1))"),
        ("def f(): return(1)", "def f(): return(__mk_l(0,__mk_l(0),(1)))"),
        ("def f(): x = yield 1", "def f(): __mk_l(0);x = yield 1"),
        ("if x: raise y", "if __mk_l(0,__mk_l(0),(x)): __mk_l(1);raise y"),
        ("def f():\n if (yield): pass", "def f():\n if (__mk_l(0)==__mk_l or(yield)): __mk_l(1);pass"),
        ("class A: x = 1", "class A: __mk_l(0);x = 1;__mk_l(~0)"),
    ],
)
def test_times_are_taken_around_statements(source: str, expected: str) -> None:
    assert rewrite(source, Request(Kind.TIME)).source == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x", "__mk_b(0);x"),
        ("def f(a):\n b = a", "def f(a):\n __mk_f=__mk_b(~0,lambda __mk_i:a if __mk_i<1 else b);__mk_f(1);b = a"),
        (
            "def f():\n 'doc'\n if x: y",
            "def f():\n 'doc';__mk_f=__mk_b(~0,lambda __mk_i:None)\n if __mk_f(1)or(x): __mk_f(2);y",
        ),
        ("def f(a):\n\n if x: y", "def f(a):\n __mk_f=__mk_b(~0,lambda __mk_i:a)\n if __mk_f(1)or(x): __mk_f(2);y"),
        ("def f(a):\n if x: y", "def f(a):\n if __mk_b(0,lambda __mk_i:a)or(x): __mk_b(1,lambda __mk_i:a);y"),
    ],
)
def test_pauses_have_a_frame_for_each_call_of_a_function(source: str, expected: str) -> None:
    assert rewrite(source, Request(Kind.PAUSE)).source == expected


def test_only_the_functions_and_lines_that_were_asked_for_change() -> None:
    source = "x = 1\nclass A:\n  y = 2\n  def f(self):\n    z = 3\n  def g(self):\n    return 4\n"
    result = rewrite(source, Request(Kind.PAUSE, functions=frozenset({"A.f"})))
    changed = [one for one, line in enumerate(result.source.split("\n"), 1) if "__mk" in line]
    assert changed == [5]
    assert {(probe.function, probe.role) for probe in result.probes} == {
        ("A.f", Role.STATEMENT),
        ("A.f", Role.ENTRY),
    }
    result = rewrite(source, Request(Kind.COUNT, lines=frozenset({1, 7}), first=100))
    assert [(probe.number, probe.line) for probe in result.probes] == [(100, 1), (101, 7)]


@pytest.mark.parametrize("kind", Kind)
def test_off_is_the_same_byte_for_byte(kind: Kind) -> None:
    source = "x = 1\r\ny = 2\t\r"
    assert rewrite(source, Request(kind, lines=frozenset())).source == source


@pytest.mark.parametrize(
    ("source", "first", "last", "reason"),
    [
        ("x = 1\nx x", 1, 2, "does not read it: invalid syntax (line 2)"),
        ("x = 1\n__mk_p(3)", 1, 2, "has probes already"),
        ("x\n@micropython.native\ndef f():\n  x\n  y", 2, 5, "function f is compiled to machine code"),
        ("@rp2.asm_pio(a=1)\ndef f():\n  set(x, 1)", 1, 3, "function f is compiled to machine code"),
        ("match x:\n  case 1: y", 1, 2, "MicroPython has no statement like match"),
        ("x = '\0'", 1, 1, "does not read it"),
    ],
)
def test_what_cannot_have_probes_is_left_whole_and_reported(source: str, first: int, last: int, reason: str) -> None:
    result = count(source)
    (left,) = result.left_alone
    assert (left.first, left.last) == (first, last)
    assert reason in left.reason
    lines = source.split("\n")
    assert result.source.split("\n")[left.first - 1 : left.last] == lines[left.first - 1 : left.last]


def test_what_probes_would_change_is_not_sent() -> None:
    tree = ast.parse("x = 1\ny = (2)")
    assert same_program(tree, "__mk_p(0);x = 1\n__mk_p(1);y = 2")
    for other in (
        "x = 1\n__mk_p(0);y = 3",
        "x = 1\n__mk_p(0)\ny = 2",
        "x = 1; __mk_p(0)\nif __mk_p(1)or(y): y = 2",
        "x =",
    ):
        assert not same_program(tree, other)


def test_every_statement_is_proved_by_what_was_reached() -> None:
    source = dedent(
        '''
        """A module."""
        import gc
        class A:
            def f(self):
                return 1
            def g(self):
                if self:
                    return 2
                else:
                    def h(): pass
                return 3
        def later():
            try:
                x = 1
            except ValueError:
                x = 2
            finally:
                x = 3
        A().g()
        '''
    ).lstrip("\n")
    result = count(source)
    calls, probe = probe_of(Kind.COUNT, result)
    assert not run(result.source, probe=probe).error
    hit = {*calls.numbers, -1}
    reached = {one.line for one in result.statements if hit & set(one.proofs)}
    assert {one.line for one in result.statements} - reached == {5, 10, 11, 13, 14, 15, 16, 18}
    assert [(one.line, one.target, bool(hit & set(one.proofs))) for one in result.branches] == [
        (7, 8, True),
        (7, 10, False),
    ]


def test_a_pause_reads_what_is_local_and_bound() -> None:
    source = dedent(
        """
        g = 1
        def outer(a, *rest, key=3):
            def inner():
                nonlocal total
                total += a
                return total
            total = 10
            for i in range(2):
                inner()
            del i
            return [x for x in (total, key)]
        outer(1, 2)
        """
    )
    result = rewrite(source, Request(Kind.PAUSE))
    calls, probe = probe_of(Kind.PAUSE, result)
    assert run(result.source, probe=probe).error == ""
    assert isinstance(calls, Pauses)
    line = {one.number: one.line for one in result.probes}
    seen = [(line[number], {k: v for k, v in names.items() if k != "inner"}) for number, names in calls.pauses]
    base = {"a": 1, "rest": (2,), "key": 3}
    assert (8, base) in seen
    assert (9, {**base, "total": 10}) in seen
    assert (10, {**base, "total": 10, "i": 0}) in seen
    assert (6, {"total": 10, "a": 1}) in seen
    assert (12, {**base, "total": 12}) in seen


PACKAGE = ROOT / "metakernel_micropython"
SOURCES = sorted(
    path
    for folder in (ROOT / "examples", PACKAGE / "board", PACKAGE / "virtual", PACKAGE / "instrument", ROOT / "magics")
    for path in folder.rglob("*.py")
)


@pytest.mark.parametrize("step", [len(Kind), pytest.param(1, marks=pytest.mark.soak)])
@pytest.mark.parametrize("kind", Kind)
def test_sources_of_this_repository_have_probes_and_keep_their_lines(kind: Kind, step: int) -> None:
    assert len(SOURCES) > 150
    for path in SOURCES[list(Kind).index(kind) % step :: step]:  # each of them in some kind
        source = path.read_text(encoding="utf-8")
        if re.search(r"\b__mk_[a-z]\b", source):
            continue
        result = rewrite(source, Request(kind))
        assert all(re.search("machine code|match|has no place", one.reason) for one in result.left_alone), path
        added = result.source.count("\n") - source.count("\n")
        assert added == 0 or (kind is Kind.CALLS and added > 0)  # behind all others, where it moves none
        assert result.probes or len(ast.parse(source).body) <= 1, path
