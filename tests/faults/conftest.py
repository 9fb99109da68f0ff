"""The bench: seeds in, counts out.

``FAULT_SEED=123`` repeats one seed in each test; ``pytest -m soak`` runs the long form.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from .bench import Outcome, perform
from .parts import InQemu, Virtual
from .plan import ACCIDENTS, make

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from .bench import Run
    from .parts import Part
    from .plan import Kind, Plan

RUNS = {
    "test_lines.py": (50, 1000),
    "test_transfers.py": (40, 800),
    "test_kernel.py": (9, 150),
    "test_microbit.py": (8, 100),
    "test_states.py": (12, 400),
    "test_disk.py": (6, 150),
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
        kinds: Sequence[Kind] = ACCIDENTS,
    ) -> None:
        plan = make(seed, {name: traffic[name] for name in scenarios}, kinds)
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
