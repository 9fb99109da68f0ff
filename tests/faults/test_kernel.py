"""The kernel, seen from a notebook, whose board is behind a line with faults."""

from __future__ import annotations

import random
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ..front_end import Jupyter, Reply
from .bench import Outcome, Violation
from .conftest import note
from .parts import Virtual, content
from .plan import Plan, make

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_HURRY = f"""\
%%python
import sys, pytest
sys.path.append({str(Path(__file__).parents[2])!r})
from tests.faults.deadlines import shorten
patch_of_the_tests = pytest.MonkeyPatch()
shorten(patch_of_the_tests, 2.0)
"""
"""Makes the kernel's own deadlines short, in its process."""

STOPS = [2.5, 4.0, 5.5]
"""Seconds after which somebody presses Stop in a cell that has not ended."""

UNCLEAR = {"TypeError", "IndexError", "KeyError", "AttributeError", "AssertionError", "UnicodeDecodeError", "OSError"}


class Notebook:
    """A kernel with a board behind a line with faults, and what the cells of a run have shown."""

    def __init__(self, folder_of: Callable[[str], object]) -> None:
        self.folder_of = folder_of
        self.desk = folder_of("desk")
        self.part = Virtual(folder_of("board"))  # type: ignore[arg-type]
        try:
            self.jupyter = Jupyter(str(self.desk))
            self.jupyter.do(_HURRY)
        except BaseException:
            self.part.end()
            raise
        self.shown: dict[str, str] = {}
        self.files: dict[str, set[bytes | None]] = {}
        self.rng = random.Random()
        self.plan = Plan(0, "")

    def begin(self, plan: Plan) -> None:
        self.plan, self.rng, self.shown = plan, plan.random, {}
        self.part.line.heal()
        self.jupyter.do(f"%connect {self.part.line.address}")
        self.jupyter.do("%reboot")
        self.files = self.part.prepare(None, self.rng)  # type: ignore[arg-type]

    def mark(self) -> str:
        return f"<{self.rng.getrandbits(64):016x}>"

    def run(self, cell: str, mark: str = "") -> Reply:
        """Run a cell to its reply, pressing Stop where it does not end by itself."""
        reply = self.jupyter.run(cell, stop_after=STOPS, timeout=30)
        if mark:
            self.shown[mark] = reply.stdout
        if not reply.ok:
            error = reply.error
            if error.name.startswith("_"):
                raise Violation(f"an error with a name of the program's own: {error.text}")
            if error.name in UNCLEAR and "Traceback" in error.text and "metakernel_micropython/" in error.text:
                raise Violation(f"no clear error: {error.text}")
        return reply

    def end(self) -> None:
        self.jupyter.close(now=True)
        self.part.end()


def cells(run: Notebook) -> Reply:
    replies = []
    for _ in range(2):
        mark = run.mark()
        lines = run.rng.choice((1, 20, 300))
        replies.append(run.run(f"for i in range({lines}):\n    print('{mark}', i)", mark))
        if replies[-1].ok and not run.plan.damaging and run.plan.stop_after is None:
            assert replies[-1].stdout == "".join(f"{mark} {number}\n" for number in range(lines))
    return next((reply for reply in replies if not reply.ok), replies[0])


def value(run: Notebook) -> Reply:
    mark = run.mark()
    return run.run(f"print('{mark}')\n6 * 7", mark)


def interrupt(run: Notebook) -> Reply:
    mark = run.mark()
    timer = threading.Timer(run.rng.uniform(0.02, 0.3), run.jupyter.manager.interrupt_kernel)
    timer.start()
    reply = run.run(f"while True:\n    print('{mark}')", mark)
    timer.join()
    return reply


def send(run: Notebook) -> Reply:
    data = content(run.rng, 8000)
    source = run.desk / "source.bin"  # type: ignore[operator]
    source.write_bytes(data)
    run.files["old.txt"].add(data)
    reply = run.run("%sendtofile -b old.txt --source source.bin -q")
    if reply.ok:
        run.files["old.txt"] = {data}
    return reply


def fetch(run: Notebook) -> Reply:
    back = run.desk / "back.bin"  # type: ignore[operator]
    back.write_bytes(b"what was there")
    reply = run.run("%fetchfile -b old.txt back.bin -q")
    (data,) = run.files["old.txt"]
    allowed = [data] if reply.ok else [data, b"what was there"]
    if back.read_bytes() not in allowed:
        raise Violation(f"back.bin has {len(back.read_bytes())} bytes, which is neither the old nor the new content")
    return reply


def put_and_get(run: Notebook) -> Reply:
    run.jupyter.do("%%python\nnumbers = list(range(300))")
    put = run.run("%put numbers")
    got = run.run("%get back=numbers") if put.ok else put
    if got.ok and not run.plan.damaging and run.plan.stop_after is None:
        assert run.jupyter.do("%python back == list(range(300))").value == "True"
    return got


def complete(run: Notebook) -> Reply:
    for code in ("import sy", "pri"):
        run.jupyter.complete(code)
    return run.run("%comment done")


def reboot(run: Notebook) -> Reply:
    return run.run("%reboot")


def connect(run: Notebook) -> Reply:
    return run.run(f"%connect {run.part.line.address}")


SCENARIOS: dict[str, tuple[Callable[[Notebook], Reply], tuple[int, int]]] = {
    "cells": (cells, (400, 5000)),
    "value": (value, (300, 100)),
    "interrupt": (interrupt, (200, 2000)),
    "sendtofile": (send, (8000, 600)),
    "fetchfile": (fetch, (2000, 8000)),
    "put and get": (put_and_get, (2500, 2500)),
    "completion": (complete, (1500, 1000)),
    "reboot": (reboot, (50, 200)),
    "connect": (connect, (10, 250)),
}


def perform(plan: Plan, run: Notebook) -> Outcome:
    """Do what the plan says in a notebook; the kernel answers in any case, and a new %connect makes all well."""
    line = run.part.line
    run.begin(plan)
    timer = threading.Timer(plan.stop_after or 0, run.jupyter.manager.interrupt_kernel)
    line.arm(plan.faults)
    if plan.stop_after is not None:
        timer.start()
    reply = SCENARIOS[plan.scenario][0](run)
    timer.cancel()
    struck = tuple(line.heal())
    # Stop may have been pressed when the cell had just ended, and hits the next one then.
    run.jupyter.control("kernel_info_request", {})
    run.run("%comment something for Stop to stop")
    mark = run.mark()
    following = run.run(f"print('{mark}')", mark)
    # Above it, the kernel may say that it has connected again.
    if following.ok and not following.stdout.endswith(f"{mark}\n") and not line.forged:
        raise Violation(f"the next cell shows {following.stdout[:300]!r}")
    run.jupyter.do(f"%connect {line.address}", timeout=30)
    mark = run.mark()
    run.shown[mark] = run.jupyter.do(f"print('{mark}')").stdout
    if run.shown[mark] != f"{mark}\n":
        raise Violation(f"a cell after %connect shows {run.shown[mark][:300]!r}")
    for own, shown in run.shown.items():
        for other in run.shown:
            if other != own and other in shown and not line.forged:
                raise Violation(f"what {other} printed was shown under {own}")
    there = run.part.contents(None)  # type: ignore[arg-type]
    for name, allowed in run.files.items():
        if there.get(name) not in allowed:
            raise Violation(f"{name} on the board is neither old nor new")
    ended = "success" if reply.ok else str(reply.content["ename"])
    return Outcome(plan, struck, ended, "" if reply.ok else str(reply.content["evalue"]), line.forged)


@pytest.fixture(scope="module")
def notebooks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Notebook]]:
    """The notebook in use, if there is one: a run that fails takes it away."""
    kept: list[Notebook] = []
    yield kept
    for one in kept:
        one.end()


def test_every_cell_ends_and_connecting_makes_all_well(
    seed: int, notebooks: list[Notebook], tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> None:
    plan = make(seed, {name: traffic for name, (_, traffic) in SCENARIOS.items()})
    print(plan)
    if not notebooks:
        notebooks.append(Notebook(tmp_path_factory.mktemp))
    outcome = None
    try:
        outcome = perform(plan, notebooks[0])
        print(f"it ended with {outcome.ended}: {outcome.message}")
    except BaseException:
        notebooks.pop().end()
        raise
    finally:
        note(request, plan, outcome)
