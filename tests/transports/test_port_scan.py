import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from metakernel_micropython.errors import ConnectError
from metakernel_micropython.transports import last_board, open_transport, parse
from metakernel_micropython.transports.last_board import LastBoard, last, remember
from metakernel_micropython.transports.port_scan import candidates, find, plugged_in, serial_ports
from metakernel_micropython.transports.usb_ids import USB_IDS, Likelihood, classify

from .conftest import Terminal


def port(
    device: str,
    vid: int | None = None,
    pid: int | None = None,
    serial_number: str | None = None,
    manufacturer: str | None = None,
    product: str | None = None,
) -> SimpleNamespace:
    return SimpleNamespace(
        device=device, vid=vid, pid=pid, serial_number=serial_number, manufacturer=manufacturer, product=product
    )


PICO = port("/dev/ttyACM0", 0x2E8A, 0x0005, "E661", "MicroPython", "Board in FS mode")
BRIDGE = port("/dev/ttyUSB0", 0x1A86, 0x7523)
ESP = port("/dev/ttyACM1", 0x303A, 0x1001, "34:85:18", "Espressif", "USB JTAG/serial debug unit")
MODEM = port("/dev/ttyACM2", 0x1199, 0x9071)
OLD = port("/dev/ttyS0")


@pytest.fixture
def plug(monkeypatch: pytest.MonkeyPatch):
    import serial.tools.list_ports

    def plug(*ports: SimpleNamespace) -> None:
        monkeypatch.setattr(serial.tools.list_ports, "comports", lambda: list(ports))

    return plug


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    path = tmp_path / "state" / "last-board.json"
    monkeypatch.setattr(last_board, "_path", lambda: path)
    return path


def test_the_likeliest_port_comes_first(plug) -> None:
    plug(OLD, MODEM, BRIDGE, ESP, PICO)
    assert [one.device for one in serial_ports()] == [one.device for one in (PICO, ESP, BRIDGE, MODEM, OLD)]


def test_ports_of_a_kind_are_in_the_order_of_their_numbers(plug) -> None:
    plug(*(port(f"COM{number}", 0x1A86, 0x7523) for number in (10, 9, 1, 21)))
    assert [one.device for one in serial_ports()] == ["COM1", "COM9", "COM10", "COM21"]


def test_a_port_that_is_not_on_usb_is_listed_and_never_tried(plug) -> None:
    plug(OLD)
    assert [one.device for one in serial_ports()] == ["/dev/ttyS0"]
    assert candidates() == []


def test_the_ports_that_macos_makes_for_itself_are_never_tried(plug) -> None:
    plug(
        port("/dev/cu.Bluetooth-Incoming-Port", 0x05AC, 1),
        port("/dev/cu.debug-console", 0x05AC, 2),
        port("/dev/cu.usbmodem101", 0xF055, 0x9800),
        port("/dev/tty.usbmodem101", 0xF055, 0x9800),
    )
    assert [one.device for one in candidates()] == ["/dev/cu.usbmodem101"]
    assert "/dev/tty.usbmodem101" not in [one.device for one in serial_ports()]


def test_the_last_board_comes_first_also_under_another_name(plug) -> None:
    plug(PICO, ESP, BRIDGE)
    assert candidates(LastBoard(0x303A, 0x1001, "34:85:18", "/dev/ttyACM9"))[0].device == ESP.device
    assert candidates(LastBoard(0x1A86, 0x7523, None, "/dev/ttyUSB7"))[0].device == BRIDGE.device
    assert candidates(LastBoard(0x303A, 0x1001, "another one", ESP.device))[0].device == PICO.device
    assert candidates(None)[0].device == PICO.device


def test_of_two_bridges_without_numbers_the_one_in_the_old_place_comes_first(plug) -> None:
    plug(BRIDGE, port("/dev/ttyUSB1", 0x1A86, 0x7523))
    assert candidates(LastBoard(0x1A86, 0x7523, None, "/dev/ttyUSB1"))[0].device == "/dev/ttyUSB1"


def test_a_serial_number_and_usb_ids_find_their_port(plug) -> None:
    plug(BRIDGE, ESP, PICO)
    assert find(parse("id:e661")).device == PICO.device
    assert find(parse("id:34:85:18")).device == ESP.device
    assert find(parse("1A86:7523")).device == BRIDGE.device


def test_a_board_with_two_ports_is_one_board(plug) -> None:
    plug(port("/dev/ttyACM1", 0xF055, 0x9804, "A1"), port("/dev/ttyACM0", 0xF055, 0x9804, "A1"))
    assert find(parse("id:A1")).device == "/dev/ttyACM0"
    assert find(parse("f055:9804")).device == "/dev/ttyACM0"


def test_a_board_that_is_not_there_is_told_with_those_that_are(plug) -> None:
    plug(PICO)
    with pytest.raises(
        ConnectError, match=r"No board id:42 .* /dev/ttyACM0 \(Raspberry Pi Pico .*2e8a:0005, id:E661\)"
    ):
        open_transport("id:42")
    plug()
    with pytest.raises(ConnectError, match="No serial port is plugged in"):
        open_transport("2e8a:0005")
    assert "No serial port" in plugged_in()


def test_two_boards_that_fit_are_both_named(plug) -> None:
    plug(BRIDGE, port("/dev/ttyUSB1", 0x1A86, 0x7523))
    with pytest.raises(ConnectError, match=r"More than one board is 1a86:7523: /dev/ttyUSB0 .* /dev/ttyUSB1"):
        open_transport("1a86:7523")


def test_a_board_found_by_its_number_keeps_that_address(plug, terminal: Terminal) -> None:
    plug(port(terminal.device, 0x2E8A, 0x0005, "E661"))
    line = open_transport("id:E661")
    assert line.address == "id:E661"
    line.close()
    with pytest.raises(Exception, match=f"id:E661 \\({terminal.device}\\)"):
        line.read()


def test_auto_is_left_to_those_who_can_ask_the_board() -> None:
    with pytest.raises(ConnectError, match="auto"):
        open_transport("auto")


def test_what_a_device_says_of_itself_counts_more_than_its_id() -> None:
    assert classify(0x1234, 0x5678, "MicroPython Board in FS mode")[0] == Likelihood.MICROPYTHON
    assert classify(0x2E8A, 0x1020, "Waveshare")[0] == Likelihood.MAY_RUN_IT
    assert classify(0x1234, 0x5678)[0] == Likelihood.OTHER_USB
    assert classify(None, None)[0] == Likelihood.NOT_USB


def test_the_table_names_each_id_once() -> None:
    ids = [(vid, pid) for vid, pid, *_ in USB_IDS]
    assert len(ids) == len(set(ids))


def test_the_last_board_is_remembered(plug, state: Path) -> None:
    plug(PICO)
    assert last() is None
    remember(serial_ports()[0])
    assert last() == LastBoard(0x2E8A, 0x0005, "E661", "/dev/ttyACM0")
    assert [path.name for path in state.parent.iterdir()] == ["last-board.json"]


def test_a_port_that_is_not_on_usb_is_not_remembered(plug, state: Path) -> None:
    plug(OLD)
    remember(serial_ports()[0])
    assert not state.exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"vid": 1}',
        json.dumps({"vid": "1", "pid": 2, "serial_number": None, "device": "x"}),
        json.dumps({"vid": True, "pid": 2, "serial_number": None, "device": "x"}),
        json.dumps({"vid": 1, "pid": 2, "serial_number": None, "device": "x", "more": 1}),
        "[" * 60000,
        "\xff\xfe",
    ],
)
def test_a_broken_file_is_ignored(state: Path, text: str) -> None:
    state.parent.mkdir()
    state.write_text(text, encoding="latin-1")
    assert last() is None


def test_a_place_that_cannot_be_written_is_silent(plug, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(last_board, "_path", lambda: tmp_path / "file" / "last-board.json")
    plug(PICO)
    remember(serial_ports()[0])
    assert last() is None


def test_the_real_list_can_be_asked() -> None:
    assert isinstance(serial_ports(), list)
    assert sys.modules["serial.tools.list_ports"]
