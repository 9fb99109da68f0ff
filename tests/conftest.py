"""Boards and kernels for the tests, in a home of their own: nothing of the user's is read or written."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from metakernel_micropython.board import Board

from . import preloaded_boards
from .boards import Microbit, Relay, needs_virtual
from .faults.counts import pytest_terminal_summary  # noqa: F401 - pytest-xdist's first process loads only this file
from .front_end import Jupyter
from .webrepl_server import BoardBehind, WebReplServer

if TYPE_CHECKING:
    from pathlib import Path

    from .bluetooth_radio import Radio

Start = Callable[..., Jupyter]

# jsonschema does without it, and so nbformat: each process of the tests would compile its grammars for 3 s.
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]

_BEFORE = {name: os.environ[name] for name in ("HOME", "USERPROFILE") if name in os.environ}


# Fewer examples than by default: the whole run has to stay short. How long one takes depends on what else runs.
settings.register_profile("ordinary", max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ordinary")

SLOW_FIRST = (
    "tests/board/files/test_filesystem.py",
    "tests/test_first_minute.py",
    "tests/test_lab.py",
    "tests/magics/test_monitor.py",
    "tests/magics/test_files.py",
    "tests/kernel/test_documentation.py",
    "tests/test_console.py",
    "tests/test_predecessor.py",
    "tests/kernel/test_start.py",
    "tests/board/test_value_transfer.py",
    "tests/faults/",
    "tests/load/",
    "tests/fleet/",
    "tests/kernel/",
    "tests/test_examples.py",
    "tests/test_other_tools.py",
    "tests/board/",
    "tests/test_wheel.py",
    "tests/magics/",
)
"""The files that take longest, in about this order: one that begins late would have all other processes wait for it."""

ORDINARY_BOARDS = (
    "tests/debugger/test_ends.py",
    "tests/board/test_parts.py",
    "tests/faults/",
    "tests/kernel/test_reconnect.py",
    "tests/load/",
    "tests/test_wheel.py",
    "tests/transports/",
    "tests/virtual/test_command.py",
    "tests/virtual/test_insides.py",
    "tests/virtual/test_other_clients.py",
)
"""Where virtual boards start, and end, as people's do: see ``preloaded_boards.py`` for the others."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the slow files in front; the order within each stays."""
    ranks = {start: rank for rank, start in enumerate(SLOW_FIRST)}
    items.sort(
        key=lambda item: min((r for start, r in ranks.items() if item.nodeid.startswith(start)), default=len(ranks))
    )


def pytest_collection_finish() -> None:
    """Leave what was collected out of all later garbage collections: it stays to the end."""
    gc.freeze()


@pytest.fixture(scope="session")
def pip_environment() -> dict[str, str]:
    """The environment for pip, which needs the person's settings to find an index."""
    return {**os.environ, **_BEFORE}


@pytest.fixture(scope="session")
def build_isolation() -> list[str]:
    """Options for pip: build with the setuptools that is here, where it is new enough to build wheels as we need."""
    try:
        new_enough = int(version("setuptools").partition(".")[0]) >= 77
    except PackageNotFoundError:
        new_enough = False
    return ["--no-build-isolation"] if new_enough else []


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home without Jupyter, IPython or settings of the person who runs the tests."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("JUPYTER", "IPYTHON", "MICROPYTHON", "XDG_")):
                patch.delenv(name)
        patch.setenv("MICROPYTHON_BOARD", "")  # a board that is plugged in here is not the tests'
        patch.setenv("MICROPYTHON_MIP_INDEX", "http://127.0.0.1:1")  # and no test asks the real index
        patch.setenv("MICROPYTHON_FIRMWARE_INDEX", "http://127.0.0.1:1")
        patch.setenv("HOME", str(folder))
        patch.setenv("USERPROFILE", str(folder))
        for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
            patch.setenv(name, str(folder / name.lower()))
            (folder / name.lower()).mkdir()
        preloaded_boards.start(patch.setenv)
        yield folder


@pytest.fixture(scope="module", autouse=True)
def start_of_boards(request: pytest.FixtureRequest, home: Path) -> Iterator[None]:
    """Have virtual boards start as people's do where that is what a test looks at."""
    with pytest.MonkeyPatch.context() as patch:
        if any(request.node.nodeid.startswith(start) for start in ORDINARY_BOARDS):
            patch.delenv(preloaded_boards.VARIABLE, raising=False)
        yield


@pytest.fixture(scope="module")
def microbit_address() -> Iterator[str]:
    """A micro:bit for the module; it serves one client at a time."""
    made = Microbit()
    yield made.address
    made.unplug()


@pytest.fixture
def microbit() -> Iterator[Microbit]:
    """A micro:bit for one test, which may unplug it."""
    made = Microbit()
    yield made
    made.unplug()


@pytest.fixture
def relay(microbit: Microbit) -> Iterator[Relay]:
    made = Relay(microbit)
    yield made
    made.close()


@pytest.fixture(scope="module")
def behind() -> Iterator[BoardBehind]:
    """A virtual board for WebREPL servers to stand in front of, one at a time."""
    needs_virtual()
    board = BoardBehind()
    yield board
    board.close()


@pytest.fixture
def server(behind: BoardBehind) -> Iterator[WebReplServer]:
    """The WebREPL of a board."""
    made = WebReplServer(behind)
    yield made
    made.close()


@pytest.fixture(scope="module")
def module_radio() -> Iterator[Radio]:
    """Air for Bluetooth, which this process's bleak takes for the system's."""
    from . import bleak_on_bumble
    from .bluetooth_radio import Radio

    made = Radio()
    with pytest.MonkeyPatch.context() as patch:
        bleak_on_bumble.install(made.address, patch.setattr)
        yield made
    made.close()


@pytest.fixture
def radio(module_radio: Radio) -> Iterator[Radio]:
    """The same without the devices of earlier tests."""
    yield module_radio
    module_radio.clear()


@pytest.fixture(scope="module", params=["virtual", "microbit"])
def board_address(request: pytest.FixtureRequest) -> str:
    """The address of each of the real boards in turn."""
    if request.param == "microbit":
        return str(request.getfixturevalue("microbit_address"))
    needs_virtual()
    return "virtual"


@pytest.fixture(scope="module")
def virtual_address() -> str:
    needs_virtual()
    return "virtual"


@pytest.fixture(scope="module")
def shared_board(board_address: str) -> Iterator[Board]:
    with Board.connect(board_address) as connected:
        yield connected


@pytest.fixture
def board(shared_board: Board) -> Board:
    """A connected board without variables of earlier tests; used from Python, without Jupyter."""
    shared_board.soft_reset()
    return shared_board


@pytest.fixture
def virtual_board(virtual_address: str) -> Iterator[Board]:
    """A new virtual board, for what does not differ from board to board."""
    with Board.connect(virtual_address) as connected:
        yield connected


@pytest.fixture(scope="module")
def shared_kernel(board_address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    made = Jupyter(tmp_path_factory.mktemp("notebooks"))
    try:
        made.do(f"%connect {board_address}")
        yield made
    finally:
        made.close(now=True)


@pytest.fixture
def jupyter(shared_kernel: Jupyter, board_address: str) -> Jupyter:
    """A kernel that is connected to each of the boards in turn, without variables of earlier tests."""
    if shared_kernel.stuck:
        shared_kernel.restart(now=True)
    if not shared_kernel.run("%reboot").ok:
        shared_kernel.do(f"%connect {board_address}")
    return shared_kernel


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    """A kernel without a board."""
    made = Jupyter(tmp_path_factory.mktemp("notebooks"))
    yield made
    made.close(now=True)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start kernels; they are ended with the test, at once: how they end by themselves is tested apart."""
    with ExitStack() as stack:

        def begin(
            env: dict[str, str | None] | None = None, arguments: tuple[str, ...] = (), cwd: Path = tmp_path
        ) -> Jupyter:
            made = Jupyter(cwd, env, arguments)
            stack.callback(made.close, now=True)
            return made

        yield begin
