"""A board that offers its prompt on Bluetooth LE: programs, interrupts, resets, files. The board is the virtual one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.board import Board
from metakernel_micropython.errors import BoardReset, ConnectError, DeviceError, LineLost
from metakernel_micropython.transports import ble, open_transport

from ..bluetooth_radio import P, Peripheral, Radio
from ..boards import in_background, needs_virtual

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def peripheral(module_radio: Radio) -> Peripheral:
    """As MicroPython's example ``ble_uart_repl.py`` serves."""
    needs_virtual()
    return module_radio.add(open_transport("virtual"), writes=P.WRITE)


@pytest.fixture
def board(peripheral: Peripheral) -> Iterator[Board]:
    with Board.connect(f"ble:{peripheral.address}") as connected:
        yield connected


def test_it_is_a_board_like_any_other(board: Board, peripheral: Peripheral) -> None:
    assert board.address == f"ble:{peripheral.address}"
    assert board.banner.startswith("MicroPython v")
    assert board.evaluate("6 * 7") == 42
    with pytest.raises(DeviceError, match="ZeroDivisionError"):
        board.execute("1/0")
    assert board.execute("print('äöü€😀' * 200)") == "äöü€😀" * 200 + "\n"
    source = "total = 0\n" + "total += 1\n" * 500 + "print(total)"
    assert board.execute(source) == "500\n"
    assert max(size for size, _ in peripheral.written) <= ble.LONGEST_PIECE


def test_a_source_arrives_whole_without_raw_paste(board: Board) -> None:
    board.capabilities.raw_paste = False
    assert board.execute("total = 0\n" + "total += 1\n" * 100 + "print(total)") == "100\n"


def test_files_cross_and_come_back(board: Board, tmp_path: Path) -> None:
    content = bytes(range(256)) * 20
    board.files.write("data.bin", content)
    assert board.files.read("data.bin") == content


def test_a_program_is_interrupted_and_the_variables_stay(board: Board) -> None:
    board.execute("x = 1")
    execution = board.start("print('on')\nwhile True: x += 1")
    assert "on" in execution.read()
    execution.interrupt()
    assert execution.wait(10)
    with pytest.raises(DeviceError, match="KeyboardInterrupt"):
        execution.check()
    assert board.evaluate("x > 1")


def test_a_soft_reset_ends_the_connection_and_the_board_is_back_with_its_boot_py(
    board: Board, peripheral: Peripheral
) -> None:
    board.execute("x = 1")
    board.soft_reset()
    with pytest.raises(DeviceError, match="NameError"):
        board.evaluate("x")


def test_a_program_that_resets_the_board_ends_with_that(board: Board) -> None:
    with pytest.raises(BoardReset):
        board.execute("import machine\nmachine.soft_reset()")
    assert board.evaluate("6 * 7") == 42


def test_a_board_whose_boot_py_does_not_serve_is_told_as_such(
    board: Board, peripheral: Peripheral, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peripheral.quirks, "away", None)
    monkeypatch.setattr(ble.ble_scan, "FIND_TIMEOUT", 0.2)
    monkeypatch.setattr(ble, "RETURN_TIMEOUT", 0.5)
    monkeypatch.setattr(ble.BleLine.reopen, "__defaults__", (0.5,))
    with pytest.raises(LineLost, match=r"did not come back within 0.5 s .* Its boot.py has to offer"):
        board.soft_reset()
    peripheral.appear()


def test_a_board_that_is_gone_ends_the_program_and_is_found_again(board: Board, peripheral: Peripheral) -> None:
    board.execute("x = 42")
    execution = board.start("print('on')\nwhile True: pass")
    assert "on" in execution.read()
    waiting = in_background(lambda: execution.wait() and execution.check())
    peripheral.vanish()
    error = waiting()
    assert isinstance(error, LineLost)
    assert "out of reach" in str(error)
    peripheral.appear()
    with Board.connect(f"ble:{peripheral.address}") as again:
        assert again.evaluate("x") == 42


def test_a_line_that_was_closed_is_not_opened_again(peripheral: Peripheral) -> None:
    line = open_transport(f"ble:{peripheral.address}")
    assert isinstance(line, ble.BleLine)
    line.close()
    with pytest.raises(LineLost, match="closed"):
        line.reopen()


def test_a_device_that_is_no_board_is_told_as_such(module_radio: Radio) -> None:
    silent = module_radio.add()
    with pytest.raises(ConnectError, match="No MicroPython answered"):
        Board.connect(f"ble:{silent.address}", timeout=0.5)
    _until(lambda: silent.connections == 0)


def _until(condition: Callable[[], bool]) -> None:
    import time

    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
