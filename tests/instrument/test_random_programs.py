"""Random programs do the same with probes as without: output, names, exceptions, and the lines of these.

Most are compared on this Python, some on the virtual board, many in one run there. ``pytest -m soak`` takes more.
"""

from __future__ import annotations

import warnings
from functools import cache

import pytest
from hypothesis import HealthCheck, assume, given, settings

from metakernel_micropython.board import Board
from metakernel_micropython.debugger.board_side import BoardSide
from metakernel_micropython.debugger.sites import Breakpoint, Sites
from metakernel_micropython.instrument import board_probes
from metakernel_micropython.instrument.request import Kind, Request
from metakernel_micropython.instrument.rewrite import rewrite

from ..boards import needs_virtual
from .host_runs import ADDRESS, Pauses, Ran, Running, is_small, probe_of, run
from .modules import module
from .programs import PREFACE, Seeded, program, programs

pytestmark = pytest.mark.filterwarnings("ignore")  # about the random programs, and coroutines that they do not await

MODULES = 200


def compiles(source: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source, "", "exec")
    except SyntaxError:
        return False
    return True


def check(source: str, kind: Kind, plain: Ran) -> None:
    """A program does on this Python what it did without probes, and its probes are called."""
    result = rewrite(source, Request(kind))
    assert not [one.reason for one in result.left_alone if "has no place for a call" not in one.reason]
    calls, probe = probe_of(kind, result)
    assert run(result.source, PREFACE, probe) == plain
    known = {one.number: one for one in result.probes}
    called = set(calls.numbers) | set(calls.ends)
    assert called
    assert called <= set(known)
    if isinstance(calls, Running) and not plain.error:
        assert not calls.running  # whatever exceptions have left has ended
    if isinstance(calls, Pauses):
        assert all(set(names) <= set(known[number].names) or not known[number].names for number, names in calls.pauses)


def check_all(source: str) -> None:
    plain = run(source, PREFACE)
    for kind in Kind:
        check(source, kind, plain)


@settings(max_examples=20, suppress_health_check=list(HealthCheck), deadline=None)
@given(source=programs())
def test_programs_of_hypothesis_on_this_python(source: str) -> None:
    assume(compiles(source))
    check_all(source)


@pytest.mark.parametrize(
    "seeds", [range(30), pytest.param(range(100, 5000), marks=[pytest.mark.soak, pytest.mark.timeout(1800)])]
)
def test_random_programs_on_this_python(seeds: range) -> None:
    for source in filter(compiles, (program(Seeded(seed)) for seed in seeds)):
        check_all(source)


@cache
def modules() -> list[str]:
    found = [module(number) for number in range(MODULES)]
    assert all(map(compiles, found))
    return found


@pytest.mark.parametrize("step", [5, pytest.param(1, marks=pytest.mark.soak)])
def test_modules_on_this_python(step: int) -> None:
    for source in modules()[::step]:
        check_all(source)


# -- on the virtual board ------------------------------------------------------------------------------------------

RUN = """def run_program(source):
    import sys
    names = {{n: globals()[n] for n in ('Context', 'Truth', 'Waits', 'drive')}}
    names['__name__'] = 'program'
    try:
        exec(source, names)
    except BaseException as error:
        sys.print_exception(error)
    print({mark!r})
"""
MARK = "-- the next program --"


def probed(sources: list[str], kind: Kind) -> tuple[list[str], int]:
    """Return programs with probes of one kind, and how many probes there are."""
    changed: list[str] = []
    count = 0
    for source in sources:
        result = rewrite(source, Request(kind, first=count))
        changed.append(result.source)
        count += len(result.probes)
    return changed, count


def debugged(board: Board, sources: list[str]) -> list[str]:
    """Return programs that can pause; at each statement the board reads the local names, and does not pause."""
    sites = Sites()
    changed = []
    for number, source in enumerate(sources):
        changed.append(sites.add(str(number), source, source).source)
        lines = range(1, source.count("\n") + 2)
        sites.set_breakpoints(str(number), [Breakpoint(line, "0") for line in lines])
    BoardSide(board).prepare(sites.stops())
    return changed


def outcomes(board: Board, sources: list[str]) -> list[str]:
    """Run programs one after another; return what each has printed, with the traceback where it failed."""
    printed: list[str] = []
    calls = "\n".join(f"run_program({source!r})" for source in sources)
    board.execute(calls, printed.append, timeout=120)
    told = ADDRESS.sub("", "".join(printed)).split(MARK)
    assert len(told) == len(sources) + 1
    return told[:-1]


def check_on_board(board: Board, sources: list[str]) -> None:
    plain = outcomes(board, sources)
    for kind in Kind:
        if kind is Kind.PAUSE:
            changed = debugged(board, sources)
        else:
            changed, count = probed(sources, kind)
            board_probes.give(board, kind, 0, count)
        for source, with_probes, expected in zip(sources, outcomes(board, changed), plain, strict=True):
            assert with_probes == expected, f"{kind}:\n{source}"
        if kind is not Kind.PAUSE:
            assert board_probes.take(board, kind, live=True)


@pytest.mark.parametrize(
    ("seeds", "numbers"),
    [
        (range(5000, 5015), range(0, MODULES, 40)),
        pytest.param(range(6000, 7000), range(MODULES), marks=[pytest.mark.soak, pytest.mark.timeout(1800)]),
    ],
)
def test_programs_on_the_virtual_board(seeds: range, numbers: range) -> None:
    needs_virtual()
    sources = [*filter(compiles, (program(Seeded(seed)) for seed in seeds)), *(modules()[one] for one in numbers)]
    small = [source for source in sources if is_small(source, PREFACE)]
    assert len(small) > len(sources) * 3 // 4
    with Board.connect("virtual") as board:
        board.execute(PREFACE)
        board.execute(RUN.format(mark=MARK))
        for at in range(0, len(small), 10):
            check_on_board(board, small[at : at + 10])
