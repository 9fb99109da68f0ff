"""A slow board, prints in the middle of its answers, and failing calls: alone or together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .conftest import Bench
from .parts import Virtual
from .plan import STATES
from .scenarios import LINES, TRAFFIC, TRANSFERS

if TYPE_CHECKING:
    from collections.abc import Iterator

SCENARIOS = {**LINES, **TRANSFERS}


@pytest.fixture(scope="module")
def patient_bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A bench with small files: each step takes a slow board its time."""

    def make() -> Virtual:
        part = Virtual(tmp_path_factory.mktemp("board"))
        part.largest = 2000
        return part

    made = Bench(make)
    yield made
    made.end()


def test_what_a_board_is_asked_ends_well_or_with_a_clear_error(
    seed: int, patient_bench: Bench, request: pytest.FixtureRequest
) -> None:
    patient_bench.perform(request, seed, SCENARIOS, TRAFFIC, STATES)
