"""The kernel's own tests once more, in a notebook of IPython's kernel.

pytest collects this file through ``conftest.py``. Each module of ``tests/kernel`` and ``tests/magics`` is loaded a
second time, with ``PythonNotebook`` in the place of ``Jupyter``, as if it lay in this folder: it gets the fixtures of
this folder. ``differences.py`` says what is left out, and why. A few quick ones run each time, all with ``-m soak``:

    pytest -m soak tests/ipython_extension/scenarios.py -k "test_files.py"
"""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .differences import DIFFERENCES, QUICK
from .python_notebook import PythonNotebook

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HERE = Path(__file__).parent
FOLDERS = ("kernel", "magics")
REASONS = {test: reason for reason, tests in DIFFERENCES.items() for test in tests}


def shared() -> list[str]:
    """The modules whose tests are shared: ``kernel/test_input.py``."""
    found = [f"{part}/{path.name}" for part in FOLDERS for path in sorted((HERE.parent / part).glob("test_*.py"))]
    return [name for name in found if name not in REASONS]


class Scenarios(pytest.File):
    """All modules whose tests are shared."""

    def collect(self) -> Iterator[pytest.Module]:
        """Load those of which tests are asked for: all of them take a while."""
        some = self.config.getoption("markexpr") == "not soak"
        for name in shared():
            if not some or any(test.startswith(name) for test in QUICK):
                yield SharedModule.from_parent(self, path=HERE / name)


class SharedModule(pytest.Module):
    """The tests and fixtures of a module that lies beside this folder."""

    def _getobj(self) -> Any:
        name = ".".join(self.path.relative_to(HERE).with_suffix("").parts)
        first = importlib.import_module(f"tests.{name}")
        assert first.__spec__ is not None and first.__spec__.loader is not None
        module = importlib.util.module_from_spec(first.__spec__)
        first.__spec__.loader.exec_module(module)  # pytest's, whose assertions tell their values
        if hasattr(module, "Jupyter"):
            vars(module)["Jupyter"] = PythonNotebook
        return module

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """Mark what is left out, and what is not quick."""
        name = self.path.relative_to(HERE).as_posix()
        for item in super().collect():
            full = f"{name}::{getattr(item, 'originalname', item.name)}"
            if reason := REASONS.get(full) or REASONS.get(f"{name}::{item.name}"):
                item.add_marker(pytest.mark.skip(reason=reason))
            if not {full, f"{name}::{item.name}"} & QUICK:
                item.add_marker(pytest.mark.soak)
            yield item
