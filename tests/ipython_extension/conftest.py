"""The fixtures of the kernel's tests, with a notebook of IPython's kernel in the kernel's place."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ..boards import needs_virtual
from . import scenarios
from .python_notebook import PythonNotebook

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..conftest import Start


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect the kernel's tests where ``scenarios.py`` lies."""
    if file_path != Path(scenarios.__file__):
        return None
    return scenarios.Scenarios.from_parent(parent, path=file_path)


@pytest.fixture(scope="module")
def one_notebook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PythonNotebook]:
    """A notebook with the extension, for the tests of a module: settings and variables stay from one to the next."""
    made = PythonNotebook(tmp_path_factory.mktemp("notebooks"))
    yield made
    made.close(now=True)


@pytest.fixture
def notebook(one_notebook: PythonNotebook) -> PythonNotebook:
    """A notebook with the extension, with or without a board."""
    if one_notebook.stuck:
        one_notebook.restart(now=True)
        one_notebook.load()
    return one_notebook


@pytest.fixture(scope="module", params=["virtual", pytest.param("microbit", marks=pytest.mark.soak)])
def board_address(request: pytest.FixtureRequest) -> str:
    """The address of each of the real boards in turn."""
    if request.param == "microbit":
        return str(request.getfixturevalue("microbit_address"))
    needs_virtual()
    return "virtual"


@pytest.fixture
def virtual(notebook: PythonNotebook, virtual_address: str) -> PythonNotebook:
    """A notebook that is connected to a new virtual board."""
    notebook.do(f"%connect {virtual_address}")
    return notebook


@pytest.fixture
def plain(notebook: PythonNotebook) -> PythonNotebook:
    """A notebook without a board."""
    notebook.run("%disconnect all")
    return notebook


@pytest.fixture
def jupyter(notebook: PythonNotebook, board_address: str) -> PythonNotebook:
    """A notebook that is connected to each of the boards in turn, without variables of earlier tests."""
    notebook.do(f"%connect {board_address}")
    notebook.do("%reboot")
    return notebook


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start notebooks, which are ended with the test."""
    with ExitStack() as stack:

        def begin(
            env: dict[str, str | None] | None = None, arguments: tuple[str, ...] = (), cwd: Path = tmp_path
        ) -> PythonNotebook:
            made = PythonNotebook(cwd, env, arguments)
            stack.callback(made.close, now=True)
            return made

        yield begin
