"""A kernel whose debugger is on, for all tests of a module."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from ..boards import needs_virtual
from .client import DebugClient

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def shared_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DebugClient]:
    needs_virtual()
    made = DebugClient(tmp_path_factory.mktemp("notebooks"))
    made.turn_on()
    # What the debugger takes of the board is told once.
    assert re.fullmatch(
        r"\[the debugger takes \d{4} bytes of the memory of the board on virtual\]\n", made.run("x = 1").text
    )
    made.turn_off()
    yield made
    made.kernel.close(now=True)


@pytest.fixture
def client(shared_client: DebugClient) -> Iterator[DebugClient]:
    """The debugger is on, without breakpoints; what earlier tests have defined is still there."""
    shared_client.turn_on()
    yield shared_client
    shared_client.settle()
