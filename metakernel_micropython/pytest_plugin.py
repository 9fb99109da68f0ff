"""For pytest: the fixture ``virtual_board``, and ``--board``, which runs files of tests on a board.

pytest finds it by itself where this package is installed. It loads nothing before a test asks for a board, or somebody
gives the option.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metakernel_micropython.board import Board

MARKER = "virtual_board(**options): options of Board.connect for the fixture virtual_board, for example heap=65536"

_BOARD, _TIMEOUT = "micropython_board", "micropython_timeout"


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the options; their short names only where somebody gives them: a project may have options of these names."""
    group = parser.getgroup("micropython", "tests on a MicroPython board")
    given = _given(pluginmanager)
    group.addoption(
        "--micropython-board",
        *(["--board"] if _uses(given, "--board") else []),
        dest=_BOARD,
        metavar="ADDRESS",
        help="also --board: run the files of tests on this board (auto, virtual, /dev/ttyACM0, ...), not in Python",
    )
    group.addoption(
        "--micropython-timeout",
        *(["--board-timeout"] if _uses(given, "--board-timeout") else []),
        dest=_TIMEOUT,
        metavar="SECONDS",
        type=float,
        default=60.0,
        help="also --board-timeout: seconds for each test on a board; 60 otherwise",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Announce the marker; have files run on a board where somebody wants that."""
    config.addinivalue_line("markers", MARKER)
    address = config.getoption(_BOARD, None)
    if address is None:
        return
    several = hasattr(config, "workerinput") or config.getoption("numprocesses", None)
    if several and address != "virtual":
        raise pytest.UsageError("A board runs one test at a time: give -n 0 with --board.")
    from metakernel_micropython.pytest_board import BoardPlugin

    config.pluginmanager.register(BoardPlugin(address, config.getoption(_TIMEOUT)), BoardPlugin.NAME)


@pytest.fixture
def virtual_board(request: pytest.FixtureRequest) -> Iterator[Board]:
    """A new virtual board, without variables, files and parts of other tests; it is at its prompt.

    ``@pytest.mark.virtual_board(heap=65536)`` chooses how it is connected.
    """
    from metakernel_micropython.board import Board

    marker = request.node.get_closest_marker("virtual_board")
    with Board.connect("virtual", **(marker.kwargs if marker else {})) as board:
        yield board


def _given(pluginmanager: pytest.PytestPluginManager) -> list[str]:
    """Return the words of the command line, of the environment and of the settings."""
    words = os.environ.get("PYTEST_ADDOPTS", "").split()
    config = pluginmanager.get_plugin("pytestconfig")
    if isinstance(config, pytest.Config):
        words += map(str, config.invocation_params.args)
        with contextlib.suppress(KeyError, ValueError):  # where the settings are not read yet
            words += config.getini("addopts")
    return words


def _uses(given: list[str], option: str) -> bool:
    return any(word == option or word.startswith(f"{option}=") for word in given)
