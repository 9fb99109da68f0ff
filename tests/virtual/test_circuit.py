"""The circuit by itself, without an interpreter: levels, PWM, buses."""

from __future__ import annotations

import threading

import pytest

from metakernel_micropython.virtual.circuit import Circuit
from metakernel_micropython.virtual.wiring import pinout
from metakernel_micropython.virtual.wiring.calls import Calls
from metakernel_micropython.virtual.wiring.onewire import (
    ALARM_SEARCH,
    MATCH,
    READ_ROM,
    SEARCH,
    SKIP,
    OneWireBus,
    crc8,
    rom_code,
)
from metakernel_micropython.virtual.wiring.pins import EDGES, INPUT, LEVEL, MODE, NOTICE, PULL, SIZE

from .devices import Echo, Loop, Registers, Thermometer


class Firmware:
    """The firmware's side of a circuit: its memory, and the events it gets."""

    def __init__(self, circuit: Circuit) -> None:
        self.memory = bytearray(4096)
        self.events: list[str] = []
        self._calls = Calls(circuit, self, self.events.append)
        self._calls.begin(0, 30)

    def read(self, address: int, size: int) -> bytes:
        return bytes(self.memory[address : address + size])

    def write(self, address: int, data: bytes) -> None:
        self.memory[address : address + len(data)] = data

    def view(self, address: int, size: int) -> memoryview:
        return memoryview(self.memory)[address : address + size]

    def call(self, name: str, text: str = "") -> str:
        return self._calls.calls[name](text).decode()

    def cell(self, pin: int, place: int) -> int:
        return self.memory[SIZE * pin + place]

    def set(self, pin: int, **values: int) -> None:
        places = {"level": LEVEL, "mode": MODE, "pull": PULL, "edges": EDGES}
        for name, value in values.items():
            self.memory[SIZE * pin + places[name]] = value
        self.call("pin", str(pin))

    def end(self) -> None:
        self._calls.end()
        self.memory[:] = bytes(4096)


@pytest.fixture
def circuit() -> Circuit:
    made = Circuit()

    def fail(error: Exception) -> None:
        raise AssertionError("a callback has failed") from error

    made.failed = fail
    return made


# -- levels --------------------------------------------------------------------------------------------------------


def test_a_level_is_what_the_program_drives_or_what_is_held_or_what_pulls(circuit: Circuit) -> None:
    assert circuit.level(5) == 0
    firmware = Firmware(circuit)
    firmware.set(5, pull=1)
    assert (circuit.level(5), firmware.cell(5, INPUT)) == (1, 1)
    circuit.drive(5, 0)
    assert (circuit.level(5), firmware.cell(5, INPUT)) == (0, 0)
    circuit.drive(5, None)
    assert (circuit.level(5), firmware.cell(5, INPUT)) == (1, 1)
    firmware.set(5, mode=1, level=0)
    circuit.drive(5, 1)
    assert (circuit.level(5), circuit.driven(5)) == (0, 0)
    firmware.set(5, mode=2, level=1)
    assert (circuit.level(5), circuit.driven(5)) == (1, None)


def test_what_is_held_before_the_firmware_has_its_pins_is_there_then(circuit: Circuit) -> None:
    circuit.drive(3, 1)
    firmware = Firmware(circuit)
    assert firmware.cell(3, INPUT) == 1
    firmware.end()
    assert firmware.cell(3, INPUT) == 0, "the memory of a life that has ended is not written"
    circuit.drive(3, 1)
    assert firmware.cell(3, INPUT) == 0
    assert Firmware(circuit).cell(3, INPUT) == 1


def test_watchers_hear_the_present_level_each_new_one_and_the_reset(circuit: Circuit) -> None:
    heard: list[int] = []
    other: list[int] = []
    undo = circuit.watch(7, heard.append)
    firmware = Firmware(circuit)
    assert firmware.cell(7, NOTICE) == 1
    firmware.set(7, mode=1, level=1)
    firmware.set(7, level=1)
    circuit.watch(7, other.append)
    firmware.set(7, level=0)
    firmware.set(7, level=1)
    firmware.end()
    assert heard == [0, 1, 0, 1, 0]
    assert other == [1, 0, 1, 0]
    undo()
    undo()
    again = Firmware(circuit)
    again.set(7, mode=1, level=1)
    assert heard == [0, 1, 0, 1, 0]
    assert other[-1] == 1


def test_a_pin_that_nobody_watches_any_more_costs_nothing_again(circuit: Circuit) -> None:
    firmware = Firmware(circuit)
    undo = circuit.watch(7, lambda _: None)
    assert firmware.cell(7, NOTICE) == 1
    undo()
    assert firmware.cell(7, NOTICE) == 0


def test_edges_from_outside_are_events_where_a_handler_wants_them(circuit: Circuit) -> None:
    firmware = Firmware(circuit)
    firmware.set(4, pull=1, edges=4)
    assert firmware.cell(4, NOTICE) == 2
    for level in (0, 0, 1, None, 0):
        circuit.drive(4, level)
    assert firmware.events == ["pin 4 4", "pin 4 4"]
    firmware.set(4, edges=0)
    circuit.drive(4, 1)
    assert len(firmware.events) == 2


def test_what_a_watcher_drives_is_heard_without_end(circuit: Circuit) -> None:
    firmware = Firmware(circuit)
    firmware.set(2, mode=1)
    circuit.watch(2, lambda level: circuit.drive(3, 1 - level))
    heard: list[int] = []
    circuit.watch(3, heard.append)
    circuit.watch(3, lambda level: circuit.drive(3, level))
    firmware.set(2, level=1)
    assert heard == [1, 0]


def test_pwm_is_told_until_the_pin_is_used_otherwise_or_the_board_resets(circuit: Circuit) -> None:
    heard: list[tuple[int, float]] = []
    firmware = Firmware(circuit)
    firmware.set(16, mode=3)
    firmware.call("pwm", "16 1000 65535")
    circuit.watch_pwm(16, lambda hertz, duty: heard.append((hertz, round(duty, 2))))
    firmware.call("pwm", "16 50 32768")
    firmware.set(16, mode=1)
    firmware.set(16, mode=3)
    firmware.call("pwm", "16 50 6553")
    firmware.end()
    assert heard == [(1000, 1.0), (50, 0.5), (0, 0.0), (50, 0.1), (0, 0.0)]


def test_changes_are_counted_and_wake_who_waits(circuit: Circuit) -> None:
    circuit.watch(1, lambda _: None)
    firmware = Firmware(circuit)
    before = circuit.serial
    with circuit.changed:
        threading.Timer(0.05, lambda: firmware.set(1, mode=1, level=1)).start()
        assert circuit.changed.wait_for(lambda: circuit.serial > before, timeout=5)


def test_what_there_is_to_see_of_a_pin(circuit: Circuit) -> None:
    heard: list[int] = []
    undo = circuit.listen(lambda: heard.append(circuit.serial))
    firmware = Firmware(circuit)
    assert circuit.pins.used() == set()
    firmware.set(4, pull=1)
    firmware.set(16, mode=3)
    firmware.call("adc", "26")
    firmware.call("pwm", "16 1000 65535")
    assert circuit.pins.used() == {4, 16, 26}
    assert circuit.pins.look(4) == (0, 1, 1, 0, 0.0)
    assert circuit.pins.look(16) == (3, 0, 0, 1000, 1.0)
    assert circuit.given_voltage(26) is None
    circuit.note()
    undo()
    circuit.note()
    assert heard == [1]
    firmware.end()
    assert circuit.pins.used() == set()


def test_voltages_are_what_an_adc_reads(circuit: Circuit) -> None:
    firmware = Firmware(circuit)
    assert 400 <= int(firmware.call("adc", "26")) < 1600
    undo = circuit.voltage(26, lambda: 1.65)
    assert firmware.call("adc", "26") == "32768"
    circuit.voltage(26, lambda: 7)
    assert firmware.call("adc", "26") == "65535"
    undo()
    undo()
    volts = 0.706 - (25 - 27) * 0.001721
    assert abs(int(firmware.call("adc", "30")) * 3.3 / 65535 - volts) < 0.02


def test_a_part_that_fails_does_not_end_anything() -> None:
    circuit = Circuit()
    failed: list[Exception] = []
    circuit.failed = failed.append

    def bad(*_: object) -> int:
        raise ZeroDivisionError

    heard: list[int] = []
    circuit.watch(1, bad)
    circuit.watch(1, heard.append)
    circuit.voltage(26, bad)
    circuit.connect_dht(2, bad)  # type: ignore[arg-type]
    firmware = Firmware(circuit)
    firmware.set(1, mode=1, level=1)
    assert heard == [0, 1]
    assert 400 <= int(firmware.call("adc", "26")) < 1600
    assert firmware.call("dht", "2 500") == "0"
    assert {type(error) for error in failed} == {ZeroDivisionError}
    assert len(failed) == 4


@pytest.mark.parametrize(
    ("connect", "said"),
    [
        (lambda c: c.drive(30, 1), "there is no pin 30: they are 0 to 29"),
        (lambda c: c.watch(-1, print), "there is no pin -1: they are 0 to 29"),
        (lambda c: c.connect_i2c(2, 0x3C, Registers()), "there is no I2C 2: there are 0, 1"),
        (lambda c: c.connect_i2c(0, 0x90, Registers()), "0x90 is no address of a device: they are from 0x08 to 0x77"),
        (
            lambda c: [c.connect_i2c(0, 0x3C, Registers()) for _ in range(2)],
            "there is a device with the address 0x3c on this bus already",
        ),
        (lambda c: c.connect_spi(0, 99, Echo()), "there is no pin 99: they are 0 to 29"),
        (
            lambda c: [c.connect_onewire(1, Thermometer(5, 20)) for _ in range(2)],
            "there is a device with this ROM on this bus already",
        ),
    ],
)
def test_what_cannot_be_connected(circuit: Circuit, connect: object, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("(", r"\(")):
        connect(circuit)  # type: ignore[operator]


# -- pins of buses -------------------------------------------------------------------------------------------------


def test_the_pins_of_a_pico_belong_to_its_buses() -> None:
    pico = pinout.PICO
    for pins, bus in {(0, 1): 0, (4, 5): 0, (8, 9): 0, (12, 13): 0, (16, 17): 0, (20, 21): 0, (2, 3): 1}.items():
        assert pico.soft_route("i2c", pins).bus == bus
        assert pico.route("i2c", bus, pins).pins == pins
    assert pico.route("i2c", 0, (-1, -1)).pins == (8, 9)
    assert pico.route("spi", 1, (14, 15, 12)).pins == (14, 15, 12)
    assert pico.route("uart", 1, (8, 9)).pins == (8, 9)
    assert pico.soft_route("i2c", (1, 0)).bus is None, "sda and scl are mixed up"
    assert pico.soft_route("spi", (18, 19, 3)).bus == 0
    assert pico.soft_route("spi", (0, 2, 4)).bus is None
    for kind, bus, pins, said in (
        ("i2c", 0, (2, 3), "bad SDA pin"),
        ("i2c", 1, (6, 9), "bad SCL pin"),
        ("spi", 0, (18, 11, 16), "bad MOSI pin"),
        ("uart", 0, (4, 1), "bad TX pin"),
        ("i2c", 7, (-1, -1), r"I2C\(7\) doesn't exist"),
    ):
        with pytest.raises(pinout.NoSuchBus, match=said):
            pico.route(kind, bus, pins)


def test_an_esp32_takes_any_pin_for_any_bus() -> None:
    chip = pinout.ESP32
    assert chip.route("i2c", 0, (-1, -1)).pins == (19, 18)
    assert chip.route("i2c", 1, (21, 22)) == pinout.Route(1, (21, 22))
    assert chip.soft_route("i2c", (4, 5)).bus == 0
    assert chip.soft_route("i2c", (26, 25)).bus == 1
    assert chip.soft_route("spi", (18, 23, 0)).bus == 2
    assert chip.soft_route("spi", (0, 2, 4)).bus == 1


# -- buses ---------------------------------------------------------------------------------------------------------


def test_i2c_addresses_acknowledges_and_stops(circuit: Circuit) -> None:
    device, small = Registers(), Registers(accepts=2)
    circuit.connect_i2c(0, 0x20, device)
    circuit.connect_i2c(0, 0x30, small)
    firmware = Firmware(circuit)
    firmware.write(1000, b"\x10ab")
    assert firmware.call("i2c", "0 32 1 w 1000 3") == "3"
    assert device.registers[0x10:0x12] == b"ab"
    assert device.log == ["write", "stop"]
    device.log.clear()
    assert firmware.call("i2c", "0 32 0 w 1000 1 r 2000 2") == "1"
    assert firmware.read(2000, 2) == b"ab"
    assert device.log == ["write", "read"]
    assert firmware.call("i2c", "0 48 1 w 1000 3") == "2"
    assert device.log == ["write", "read", "stop"], "another one is addressed"
    assert small.log == ["write", "stop"]
    assert firmware.call("i2c", "0 64 1 r 2000 2") == "-1"
    assert firmware.call("i2c", "1 32 1 r 2000 2") == "-1", "it is on another bus"
    assert firmware.call("i2c scan", "0 3000") == "2"
    assert firmware.read(3000, 2) == b"\x20\x30"


def test_spi_speaks_with_whoever_is_selected_by_a_level_that_is_held(circuit: Circuit) -> None:
    one, two = Echo(), Echo()
    circuit.connect_spi(0, 17, one)
    undo = circuit.connect_spi(0, 20, two)
    firmware = Firmware(circuit)
    firmware.write(1000, b"abc")
    firmware.call("spi", "0 1000 2000 3 0")
    assert firmware.read(2000, 3) == bytes(3)
    firmware.set(17, mode=1, level=1)
    firmware.set(17, level=0)
    firmware.call("spi", "0 1000 2000 3 0")
    assert firmware.read(2000, 3) == bytes(255 - byte for byte in b"abc")
    firmware.call("spi", "0 0 2000 2 7")
    assert firmware.read(2000, 2) == b"\xf8\xf8"
    firmware.call("spi", "1 1000 0 3 0")
    firmware.end()
    assert one.log == [True, b"abc", b"\x07\x07", False]
    assert two.log == []
    undo()


def test_a_uart_keeps_what_arrives_as_far_as_there_is_room(circuit: Circuit) -> None:
    device = Loop(circuit, 1)
    undo = circuit.connect_uart(1, device)
    firmware = Firmware(circuit)
    circuit.send_uart(1, b"lost")
    firmware.call("uart", "1 open 8")
    firmware.write(1000, b"hello")
    firmware.call("uart", "1 write 9600 1000 5")
    assert device.heard == [(b"hello", 9600)]
    assert firmware.events == []
    firmware.call("uart", "1 irq 1")
    circuit.send_uart(1, b"12345")
    assert firmware.events == ["uart 1"]
    assert firmware.call("uart", "1 any") == "8"
    assert firmware.call("uart", "1 read 2000 3") == "3"
    assert firmware.read(2000, 3) == b">he"
    undo()
    firmware.call("uart", "1 write 9600 1000 5")
    assert len(device.heard) == 1
    firmware.end()
    circuit.send_uart(1, b"x")
    assert firmware.call("uart", "1 any") == "0"


# -- 1-Wire --------------------------------------------------------------------------------------------------------


def search(bus: OneWireBus, command: int) -> set[bytes]:
    """All ROMs, by the search of the data sheet: one branch after the other."""
    found = set()
    branches: list[list[int]] = [[]]
    while branches:
        known = branches.pop()
        bits: list[int] = []
        bus.reset()
        bus.write(bytes((command,)))
        while len(bits) < 64:
            one, other = bus.read_bit(), bus.read_bit()
            if one and other:
                break
            if len(bits) < len(known):
                bit = known[len(bits)]
            else:
                bit = one
                if not one and not other:
                    branches.append([*bits, 1])
            bus.write_bit(bit)
            bits.append(bit)
        else:
            found.add(bytes(sum(bits[8 * place + bit] << bit for bit in range(8)) for place in range(8)))
    return found


def test_the_check_sum_is_that_of_the_application_note() -> None:
    assert crc8(bytes.fromhex("021cb801000000")) == 0xA2  # its example
    assert rom_code(2, 0x1B81C) == bytes.fromhex("021cb801000000a2")


def test_a_search_finds_all_devices_and_an_alarm_search_those_with_an_alarm() -> None:
    bus = OneWireBus(lambda default, call, *values: call(*values))
    assert bus.reset() is False
    assert search(bus, SEARCH) == set()
    devices = [Thermometer(serial, 20) for serial in (1, 2, 3, 0x8000_0000_0000, 0xFFFF_FFFF_FFFF)]
    devices.append(Thermometer(1, 20, family=0x10))
    for device in devices:
        bus.connect(device)
    assert bus.reset() is True
    assert search(bus, SEARCH) == {device.rom for device in devices}
    assert search(bus, ALARM_SEARCH) == set()
    devices[3].alarm = devices[5].alarm = True
    assert search(bus, ALARM_SEARCH) == {devices[3].rom, devices[5].rom}


def test_devices_are_addressed_by_match_skip_and_read_rom() -> None:
    bus = OneWireBus(lambda default, call, *values: call(*values))
    cold, warm = Thermometer(1, -10.5), Thermometer(2, 30)
    bus.connect(cold)
    undo = bus.connect(warm)
    bus.reset()
    bus.write(bytes((SKIP, 0x44)))
    for device, raw in ((cold, -168), (warm, 480)):
        bus.reset()
        bus.write(bytes((MATCH,)) + device.rom + bytes((0xBE,)))
        data = bus.read(9)
        assert crc8(data) == 0
        assert int.from_bytes(data[:2], "little", signed=True) == raw
        assert bus.read(1) == b"\xff"
    bus.reset()
    bus.write(bytes((MATCH,)) + bytes(8) + bytes((0xBE,)))
    assert bus.read(2) == b"\xff\xff", "nobody has that ROM"
    undo()
    bus.reset()
    bus.write(bytes((READ_ROM,)))
    assert bus.read(8) == cold.rom
    bus.write(bytes((0xBE,)))
    assert bus.read(1) == b"\x58"
    bus.reset()
    bus.write(b"\x12\xbe")
    assert bus.read(1) == b"\xff", "what is no ROM command chooses nobody"
