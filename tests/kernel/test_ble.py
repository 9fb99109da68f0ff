"""A notebook with a board on Bluetooth LE: bleak in the kernel's process, on the tests' radio."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.transports import open_transport

from ..bluetooth_radio import Peripheral, Radio
from ..boards import in_background, needs_virtual
from ..front_end import Jupyter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def air() -> Iterator[Radio]:
    made = Radio()
    yield made
    made.close()


@pytest.fixture(scope="module")
def board(air: Radio) -> Peripheral:
    needs_virtual()
    return air.add(open_transport("virtual"), name="My board", tells_uart=True)


@pytest.fixture(scope="module")
def notebook(air: Radio, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    made = Jupyter(tmp_path_factory.mktemp("notebooks"))
    made.do(
        f"%%python\nimport sys\nsys.path.insert(0, {str(ROOT)!r})\n"
        f"from tests import bleak_on_bumble\nbleak_on_bumble.install({air.address!r})"
    )
    yield made
    made.close(now=True)


@pytest.fixture
def connected(notebook: Jupyter, board: Peripheral) -> Jupyter:
    notebook.do(f"%connect ble:{board.address}")
    return notebook


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_scan_lists_devices_and_completion_offers_them_without_another(
    notebook: Jupyter, air: Radio, board: Peripheral
) -> None:
    assert "ble:" in notebook.complete("%connect b")[0]
    evil = air.add(name="x$(y)\n'; \N{SNOWMAN}", tells_uart=True)
    deadline = time.monotonic() + 20
    while evil.address not in (told := notebook.do("%boards --ble 0.5").stdout) or board.address not in told:
        assert time.monotonic() < deadline, told
    line = next(line for line in told.splitlines() if board.address in line)
    assert "My board" in line
    assert "dBm" in line
    assert "Nordic UART service" in line
    evil.vanish()
    wait_for(lambda: not air.centrals)
    assert notebook.complete("%boards --b") == ["%boards --ble"]
    assert '%connect "ble:My board"' in notebook.complete("%connect ")
    assert len(notebook.complete('%connect "ble:')) == 2
    assert not air.centrals, "completion made a scan"


@pytest.mark.parametrize("typed", ["--ble 61", "--ble 0", "--ble soon", "--ble nan"])
def test_a_scan_of_no_sensible_length_is_refused(notebook: Jupyter, typed: str) -> None:
    assert "time of at most 60 seconds" in " ".join(notebook.fail(f"%boards {typed}").text.split())


def test_a_board_is_connected_by_its_name(notebook: Jupyter, board: Peripheral) -> None:
    assert "Connected to ble:My board: MicroPython v" in " ".join(notebook.do('%connect "ble:My board"').stdout.split())
    assert notebook.do("6 * 7").value == "42"
    assert notebook.do("%reboot").ok
    assert notebook.do("%disconnect").ok
    wait_for(lambda: board.connections == 0)


def test_stop_ends_a_cell_and_keeps_the_variables(connected: Jupyter) -> None:
    connected.do("x = 7")
    reply = connected.run("print('go')\nwhile True: pass", stop_at="go")
    assert reply.error.name == "KeyboardInterrupt"
    assert connected.do("x").value == "7"


def test_stop_ends_connecting(notebook: Jupyter, air: Radio) -> None:
    notebook.run("%disconnect")
    wait_for(lambda: not air.centrals)

    def press() -> None:
        wait_for(lambda: air.centrals)
        notebook.manager.interrupt_kernel()

    pressing = in_background(press)
    assert notebook.fail("%connect ble:nobody --wait 60").name == "KeyboardInterrupt"
    assert pressing() is None
    wait_for(lambda: not air.centrals)


def test_a_lost_board_ends_the_cell_and_the_next_one_finds_it_again(connected: Jupyter, board: Peripheral) -> None:
    connected.do("x = 7")
    reply = connected.run("print('go')\nwhile True: pass", once=("go", board.vanish))
    assert reply.error.name == "LineLost"
    assert "out of reach" in " ".join(reply.error.text.split())
    board.appear()
    reply = connected.do("x")
    assert reply.value == "7"
    assert "connected again to the board on ble:" in " ".join(reply.stderr.split())


def test_the_address_of_the_board_that_is_connected_by_its_name_can_be_connected(
    notebook: Jupyter, board: Peripheral
) -> None:
    notebook.do('%connect "ble:My board"')
    notebook.do(f"%connect ble:{board.address}")
    assert notebook.do("6 * 7").value == "42"


def test_without_bluetooth_the_cell_fails_with_the_reason(plain: Jupyter, tmp_path: Path) -> None:
    plain.do(
        "%%python\nimport bleak\nfrom bleak.exc import *\n"
        "async def start(self):\n"
        "    raise BleakBluetoothNotAvailableError('off', BleakBluetoothNotAvailableReason.POWERED_OFF)\n"
        "bleak.BleakScanner.start = start"
    )
    for code in ("%boards --ble", "%connect ble:x", "%connect ble:x --wait 60"):
        error = plain.fail(code)
        assert error.name in ("NoBluetooth", "ConnectError")
        assert "Bluetooth is switched off on this computer." in " ".join(error.text.split())
