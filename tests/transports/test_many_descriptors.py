"""A line whose descriptor is beyond what select() takes works, or is lost with the true reason."""

from __future__ import annotations

import os
import selectors
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.board import Board
from metakernel_micropython.errors import MicroPythonError
from metakernel_micropython.transports import fdline

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="descriptors are POSIX's")


@pytest.fixture
def many_descriptors() -> Iterator[None]:
    """Every descriptor below 1100 is in use."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2000:
        pytest.skip("this machine allows no more descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2000), hard))
    with ExitStack() as undo:
        undo.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        last = 0
        while last < 1100:
            last = os.open(os.devnull, os.O_RDONLY)
            undo.callback(os.close, last)
        yield


def test_a_board_works_with_a_high_descriptor(many_descriptors: None, virtual_address: str) -> None:
    with Board.connect(virtual_address) as board:
        assert board.evaluate("6 * 7") == 42
        board.files.write("a.txt", b"x" * 10_000)
        assert board.files.read("a.txt") == b"x" * 10_000


def test_where_select_is_all_there_is_the_reason_is_told(
    many_descriptors: None, virtual_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fdline, "new_selector", selectors.SelectSelector)
    with pytest.raises(MicroPythonError, match=r"descriptor|select"):
        Board.connect(virtual_address)
