"""Connecting, cells, output, interrupt, reset, completion and values on a line with faults."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .scenarios import LINES, TRAFFIC

if TYPE_CHECKING:
    import pytest

    from .conftest import Bench


def test_what_a_board_is_asked_ends_well_or_with_a_clear_error(
    seed: int, virtual_bench: Bench, request: pytest.FixtureRequest
) -> None:
    virtual_bench.perform(request, seed, LINES, TRAFFIC)
