"""Which ports count as the only board, and what is said where none does."""

from __future__ import annotations

from metakernel_micropython.sessions.first_board import choose_one, only_board
from metakernel_micropython.transports.port_info import PortInfo
from metakernel_micropython.transports.usb_ids import Likelihood

PICO = PortInfo("/dev/ttyACM0", 0x2E8A, 5, "E66", None, None, "Raspberry Pi Pico", Likelihood.MICROPYTHON, "1-1:1.0")
ESP = PortInfo("/dev/ttyUSB0", 0x10C4, 0xEA60, None, None, None, "CP210x USB bridge", Likelihood.BRIDGE, "1-2:1.0")
MODEM = PortInfo("/dev/ttyUSB9", 0x1234, 1, None, None, None, "USB serial device", Likelihood.OTHER_USB, "1-3")
OLD = PortInfo("/dev/ttyS0", None, None, None, None, None, "serial port", Likelihood.NOT_USB)


def second_port(port: PortInfo) -> PortInfo:
    location = port.location and port.location.replace(":1.0", ":1.2")
    rest = (port.vid, port.pid, port.serial_number, None, None, port.guess, port.likelihood, location)
    return PortInfo(port.device + "2", *rest)


def test_one_likely_board_is_the_one() -> None:
    assert only_board([PICO, MODEM, OLD]) is PICO
    assert only_board([ESP, OLD]) is ESP


def test_several_likely_boards_and_none_are_no_answer() -> None:
    assert only_board([PICO, ESP]) is None
    assert only_board([MODEM, OLD]) is None
    assert only_board([]) is None


def test_a_device_with_two_ports_is_one_board() -> None:
    assert only_board([PICO, second_port(PICO)]) is PICO
    assert only_board([ESP, second_port(ESP)]) is ESP


def test_two_boards_of_one_kind_are_two() -> None:
    other = PortInfo("/dev/ttyUSB1", ESP.vid, ESP.pid, None, None, None, ESP.guess, ESP.likelihood, "1-4:1.0")
    assert only_board([ESP, other]) is None


def test_each_board_is_named_with_the_line_to_run() -> None:
    said = choose_one([PICO, ESP, OLD])
    assert said.startswith("No board is connected. Choose one that is plugged in:\n")
    assert "  %connect /dev/ttyACM0  Raspberry Pi Pico, id:E66\n" in said
    assert "  %connect /dev/ttyUSB0  CP210x USB bridge\n" in said


def test_ports_that_are_no_boards_are_not_offered_as_such() -> None:
    said = choose_one([OLD])
    assert said.startswith("No board is connected. Plug one in and run the cell again")
    assert "%connect /dev/ttyS0  serial port" in said


def test_many_ports_are_not_all_named() -> None:
    ports = [
        PortInfo(f"/dev/ttyS{number}", None, None, None, None, None, "x", Likelihood.NOT_USB) for number in range(32)
    ]
    said = choose_one(ports)
    assert len(said.splitlines()) == 15
    assert "... and 20 more" in said


def test_without_a_port_the_ways_out_are_named() -> None:
    said = choose_one([])
    for hint in ("plug a board in", "%connect ws://", "%connect virtual"):
        assert hint in said
