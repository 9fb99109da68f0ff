"""Files on a line with faults: the old one or the new one, to the byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .scenarios import TRAFFIC, TRANSFERS

if TYPE_CHECKING:
    import pytest

    from .conftest import Bench


def test_a_file_is_the_old_one_or_the_new_one(seed: int, virtual_bench: Bench, request: pytest.FixtureRequest) -> None:
    virtual_bench.perform(request, seed, TRANSFERS, TRAFFIC)
