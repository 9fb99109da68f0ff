"""The same on a micro:bit: no flow control, 9 kB of memory, a file system without folders and renaming."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .scenarios import LINES, TRAFFIC, TRANSFERS

if TYPE_CHECKING:
    import pytest

    from .conftest import Bench

SCENARIOS = {**LINES, **TRANSFERS}
SMALL = {name: (min(to_board, 2000), min(from_board, 1000)) for name, (to_board, from_board) in TRAFFIC.items()}


def test_an_old_and_small_board_keeps_the_promises(
    seed: int, microbit_bench: Bench, request: pytest.FixtureRequest
) -> None:
    microbit_bench.perform(request, seed, SCENARIOS, SMALL)
