"""The bench: seeds in, counts out.

``FAULT_SEED=123`` repeats one seed in each test; ``pytest -m soak`` runs the long form.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from .bench import Outcome, perform
from .parts import InQemu, Virtual
from .plan import make

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .bench import Run
    from .parts import Part
    from .plan import Plan

RUNS = {
    "test_lines.py": (100, 1000),
    "test_transfers.py": (77, 800),
    "test_kernel.py": (15, 150),
    "test_microbit.py": (8, 100),
}
"""Seeds of each file, in the suite and in the long form."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" not in metafunc.fixturenames:
        return
    few, many = RUNS[metafunc.definition.path.name]
    marks: Any = ()
    if "FAULT_SEED" in os.environ:
        seeds = [int(seed) for seed in os.environ["FAULT_SEED"].split(",")]
    elif metafunc.config.getoption("markexpr") == "soak":
        seeds, marks = list(range(many)), pytest.mark.soak
    else:
        seeds = list(range(few))
    metafunc.parametrize("seed", [pytest.param(seed, marks=marks) for seed in seeds])


class Bench:
    """A part of the bench, made anew when a run has spoilt it."""

    def __init__(self, make_part: Callable[[], Part]) -> None:
        self._make = make_part
        self._part: Part | None = None

    def perform(
        self,
        request: pytest.FixtureRequest,
        seed: int,
        scenarios: Mapping[str, Callable[[Run], None]],
        traffic: Mapping[str, tuple[int, int]],
    ) -> None:
        plan = make(seed, {name: traffic[name] for name in scenarios})
        print(plan)  # shown where it fails
        if self._part is None:
            self._part = self._make()
        outcome = None
        try:
            outcome = perform(plan, scenarios, self._part)
            print(f"it ended with {outcome.ended}: {outcome.message}")
        except BaseException:
            self.end()
            raise
        finally:
            note(request, plan, outcome)

    def end(self) -> None:
        part, self._part = self._part, None
        if part is not None:
            part.end()


def note(request: pytest.FixtureRequest, plan: Plan, outcome: Outcome | None) -> None:
    """Keep how a run went for the counts at the end; that also crosses from the processes of pytest-xdist."""
    request.node.user_properties.append(
        (
            "fault",
            {
                "where": request.node.path.stem.removeprefix("test_"),
                "scenario": plan.scenario,
                "kinds": sorted({str(fault.kind) for fault in (outcome.struck if outcome else plan.faults)}),
                "forged": outcome is not None and outcome.forged,
                "damaging": plan.damaging,
                "ended": outcome.ended if outcome else "VIOLATION",
            },
        )
    )


@pytest.fixture(scope="session")
def virtual_bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(lambda: Virtual(tmp_path_factory.mktemp("board")))
    yield made
    made.end()


@pytest.fixture(scope="session")
def microbit_bench() -> Iterator[Bench]:
    made = Bench(InQemu)
    yield made
    made.end()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    noted = [
        value
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "call"
        for name, value in getattr(report, "user_properties", ())
        if name == "fault"
    ]
    if noted:
        terminalreporter.section("faults")
        terminalreporter.write(table(noted))


def table(noted: list[dict[str, Any]]) -> str:
    """Return the counts as the tables of RELIABILITY.md."""
    lines = []
    for title, keys in (("what was done", _scenario), ("what happened", _kinds)):
        rows: dict[str, Counter[str]] = {}
        for one in noted:
            for key in keys(one):
                rows.setdefault(key, Counter())[_ended(one["ended"])] += 1
        lines += [f"| {title} | runs | success | clear error | violated |", "|-|-|-|-|-|"]
        for key, counts in sorted(rows.items()):
            lines.append(
                f"| {key} | {counts.total()} | {counts['success']} | {counts['error']} | {counts['violation']} |"
            )
        lines.append("")
    counts = Counter(_ended(one["ended"]) for one in noted)
    errors = Counter(one["ended"] for one in noted if _ended(one["ended"]) == "error")
    struck = sum(bool(one["kinds"]) for one in noted)
    lines.append(
        f"{len(noted)} runs, {struck} of them with a fault that struck: {counts['success']} successes, "
        f"{counts['error']} clear errors, {counts['violation']} violations."
    )
    clean = sum(not one["damaging"] for one in noted)
    lines.append(f"In {clean} of them the plan damages no byte.")
    forged = sum(one["forged"] for one in noted)
    lines.append(f"In {forged} of them the line made, or repeated, the byte that begins and ends programs.")
    lines.append("Errors: " + ", ".join(f"{name} {count}" for name, count in errors.most_common()) + ".")
    return "\n".join(lines) + "\n"


def _ended(how: str) -> str:
    return {"success": "success", "VIOLATION": "violation"}.get(how, "error")


def _scenario(one: dict[str, Any]) -> list[str]:
    where = {"kernel": " in the kernel", "microbit": " on a micro:bit"}.get(one["where"], "")
    return [one["scenario"] + where]


def _kinds(one: dict[str, Any]) -> list[str]:
    return one["kinds"] or ["nothing, because it came too late"]
