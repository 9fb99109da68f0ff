"""A kernel with the virtual board, for what does not differ from board to board."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ..front_end import Jupyter

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def virtual_kernel(virtual_address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    made = Jupyter(tmp_path_factory.mktemp("notebooks"))
    yield made
    made.close(now=True)


@pytest.fixture
def virtual(virtual_kernel: Jupyter, virtual_address: str) -> Jupyter:
    """A kernel that is connected to a new virtual board."""
    virtual_kernel.do(f"%connect {virtual_address}")
    return virtual_kernel
