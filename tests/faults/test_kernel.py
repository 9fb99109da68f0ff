"""The kernel, seen from a notebook, whose board is behind a line with faults."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from .bench import Outcome, Violation
from .conftest import note
from .notebook import Notebook
from .parts import content
from .plan import make

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..front_end import Reply
    from .plan import Plan


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
    run.check_after()
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
