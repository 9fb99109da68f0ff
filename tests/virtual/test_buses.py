"""Programs on the virtual board that speak with what is connected to its pins."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.board import Board
from metakernel_micropython.errors import DeviceError

from ..boards import needs_virtual
from .devices import Echo, Loop, Registers, Thermometer, bench

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from metakernel_micropython.virtual.circuit import Circuit

    Keep = Callable[[Callable[[], None]], None]

needs_virtual()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Board, Circuit]]:
    with bench(tmp_path_factory.mktemp("board")) as made:
        yield made


@pytest.fixture
def board(shared: tuple[Board, Circuit]) -> Board:
    shared[0].soft_reset()
    shared[0].take_unsolicited()
    return shared[0]


@pytest.fixture
def keep(shared: tuple[Board, Circuit]) -> Iterator[Callable[[Callable[[], None]], None]]:
    """Takes what undoes a connection: it is undone with the test."""
    undo: list[Callable[[], None]] = []
    yield undo.append
    while undo:
        undo.pop()()
    for pin in range(30):
        shared[1].drive(pin, None)


@pytest.fixture
def circuit(shared: tuple[Board, Circuit]) -> Circuit:
    return shared[1]


def error(board: Board, source: str) -> str:
    with pytest.raises(DeviceError) as caught:
        board.execute(source, timeout=10)
    return f"{caught.value.name}: {caught.value.message}"


def eventually(true: Callable[[], object], within: float = 5) -> bool:
    deadline = time.monotonic() + within
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


# -- pins ----------------------------------------------------------------------------------------------------------


def test_a_program_reads_what_is_held_from_outside(board: Board, circuit: Circuit, keep: Keep) -> None:
    circuit.drive(14, 0)
    board.execute("from machine import Pin\nb = Pin(14, Pin.IN, Pin.PULL_UP)")
    assert board.evaluate("b.value()") == 0
    circuit.drive(14, None)
    assert board.evaluate("b.value(), Pin(14).value()") == (1, 1)
    board.soft_reset()
    circuit.drive(14, 1)
    assert board.evaluate("__import__('machine').Pin(14).value()") == 1


@pytest.mark.parametrize("when", ["sleeps", "computes", "between cells", "waits for a line"])
def test_a_press_calls_the_handler(board: Board, circuit: Circuit, keep: Keep, when: str) -> None:
    board.execute(
        "from machine import Pin\nimport time\nseen = []\nb = Pin(14, Pin.IN, Pin.PULL_UP)\n"
        "b.irq(lambda pin: seen.append(pin is b), Pin.IRQ_FALLING)"
    )
    program = {
        "sleeps": "time.sleep(20) if not seen else None\nwhile not seen: time.sleep_ms(5)",
        "computes": "while not seen: pass",
        "between cells": "",
        "waits for a line": "input()",
    }[when].replace("time.sleep(20) if not seen else None\n", "")
    execution = board.start(program) if program else None
    time.sleep(0.1)
    circuit.drive(14, 0)
    circuit.drive(14, 1)
    if execution:
        if when == "waits for a line":
            time.sleep(0.1)
            execution.feed(b"\r")
        assert execution.wait(10)
        execution.check()
    else:
        time.sleep(0.1)
    assert board.evaluate("seen") == [True]


def test_edges_come_in_order_and_some_are_lost_when_there_are_too_many(
    board: Board, circuit: Circuit, keep: Keep
) -> None:
    board.execute(
        "from machine import Pin, disable_irq, enable_irq\nseen = []\nb = Pin(14, Pin.IN)\n"
        "i = b.irq(lambda pin: seen.append(i.flags()), Pin.IRQ_FALLING | Pin.IRQ_RISING)\ndisable_irq()"
    )
    for _ in range(100):
        circuit.drive(14, 1)
        circuit.drive(14, 0)
    board.execute("enable_irq()\nimport time\ntime.sleep_ms(20)")
    assert board.evaluate("seen == [8, 4] * 32, len(seen)") == (True, 64)


def test_watchers_hear_what_a_program_drives_and_the_reset(board: Board, circuit: Circuit, keep: Keep) -> None:
    heard: list[int] = []
    keep(circuit.watch(15, heard.append))
    board.execute("from machine import Pin\nled = Pin(15, Pin.OUT)\nled.on()\nled.on()\nled.toggle()\nled(1)")
    assert heard == [0, 1, 0, 1]
    assert circuit.level(15) == 1
    board.soft_reset()
    assert heard == [0, 1, 0, 1, 0]


def test_a_pin_that_nobody_watches_is_set_without_the_host(
    board: Board, circuit: Circuit, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    monkeypatch.setattr(circuit.pins, "use", calls.append)
    toggle = "from machine import Pin\np = Pin(15, Pin.OUT)\nfor _ in range(100): p.toggle()"
    board.execute(toggle)
    assert calls == [15]
    keep(circuit.watch(15, lambda _: None))
    board.execute(toggle)
    assert calls == [15] * 102


def test_pulses_that_a_part_gives_are_measured(board: Board, circuit: Circuit, keep: Keep) -> None:
    def echo(level: int) -> None:
        if level == 0:
            circuit.drive(3, 1)
            threading.Timer(0.05, lambda: circuit.drive(3, 0)).start()

    board.execute("from machine import Pin, time_pulse_us\nt, e = Pin(2, Pin.OUT), Pin(3, Pin.IN)\nt.on()")
    keep(circuit.watch(2, echo))
    took = board.execute("t.off()\nprint(time_pulse_us(e, 1, 2_000_000))")
    assert 20_000 < int(took) < 1_000_000
    assert board.evaluate("time_pulse_us(e, 1, 1000)") == -2
    circuit.drive(3, 1)
    assert board.evaluate("time_pulse_us(e, 1, 1000)") == -1


def test_an_adc_reads_what_is_connected(board: Board, circuit: Circuit, keep: Keep) -> None:
    keep(circuit.voltage(27, lambda: 2.2))
    assert board.evaluate("__import__('machine').ADC(1).read_u16()") == 43690
    assert board.evaluate("__import__('machine').ADC(27).read_uv()") == 2200000
    degrees = board.evaluate("27 - (__import__('machine').ADC(4).read_u16() * 3.3 / 65535 - 0.706) / 0.001721")
    assert isinstance(degrees, float)
    assert 25 < degrees < 29


def test_pwm_is_heard_and_ends_with_a_reset(board: Board, circuit: Circuit, keep: Keep) -> None:
    heard: list[tuple[int, float]] = []
    keep(circuit.watch_pwm(16, lambda hertz, duty: heard.append((hertz, round(duty, 3)))))
    board.execute("from machine import PWM, Pin\np = PWM(Pin(16), freq=50, duty_ns=1_500_000)\np.duty_u16(65535)")
    board.soft_reset()
    assert heard == [(0, 0.0), (50, 0.075), (50, 1.0), (0, 0.0)]


# -- I2C -----------------------------------------------------------------------------------------------------------

BUSES = {"hardware": "I2C(0)", "software": "SoftI2C(scl=Pin(9), sda=Pin(8))"}


@pytest.mark.parametrize("made", BUSES.values(), ids=BUSES)
def test_registers_are_written_and_read_over_i2c(board: Board, circuit: Circuit, keep: Keep, made: str) -> None:
    device = Registers()
    keep(circuit.connect_i2c(0, 0x3C, device))
    board.execute(f"from machine import I2C, SoftI2C, Pin\ni = {made}\nfrom array import array")
    assert board.evaluate("i.scan()") == [0x3C]
    assert board.evaluate("i.writeto(0x3c, b'\\x10abc')") == 4
    assert device.registers[0x10:0x13] == b"abc"
    assert board.evaluate("i.writeto(0x3c, b'\\x10', False), i.readfrom(0x3c, 4)") == (1, b"abc\x13")
    assert device.log[-3:] == ["write", "read", "stop"]
    assert board.evaluate("i.writevto(0x3c, (b'\\x20', bytearray(b'xy'), memoryview(b'123')[1:]))") == 5
    assert board.evaluate("i.readfrom_mem(0x3c, 0x20, 4)") == b"xy23"
    board.execute("b = bytearray(3)\ni.readfrom_mem_into(0x3c, 0x21, b)")
    assert board.evaluate("bytes(b)") == b"y23"
    board.execute("i.writeto_mem(0x3c, 0x30, b'hello')\ni.writeto(0x3c, '0')\ni.readfrom_into(0x3c, b)")
    assert board.evaluate("bytes(b)") == b"hel"
    board.execute("a = array('H', [0x4140, 0x4342])\ni.writeto(0x3c, a)")
    assert device.registers[0x40:0x43] == b"ABC"
    board.execute("i.writeto_mem(0x3c, 0x5060, b'z', addrsize=16)")
    assert device.registers[0x50:0x52] == b"\x60z"
    board.execute("big = bytearray(1025)\nbig[0] = 0x80\ni.writeto(0x3c, big)")
    assert not any(device.registers)


def test_what_nobody_acknowledges_is_an_error_as_the_firmware_has_it(
    board: Board, circuit: Circuit, keep: Keep
) -> None:
    board.execute(f"from machine import *\nimport errno\nh = {BUSES['hardware']}\ns = {BUSES['software']}")
    for action in (
        "readfrom(9, 1)",
        "writeto(9, b'x')",
        "writeto(9, b'')",
        "writevto(9, [])",
        "readfrom_mem(9, 1, 1)",
        "writeto_mem(9, 1, b'')",
    ):
        for bus, number in (("h", "EIO"), ("s", "ENODEV")):
            board.execute(f"try:\n    {bus}.{action}\nexcept OSError as e:\n    print(e.errno == errno.{number})")
            assert error(board, f"{bus}.{action}").startswith("OSError")
    keep(circuit.connect_i2c(0, 0x3C, Registers(accepts=3)))
    assert board.evaluate("h.writeto(0x3c, b'12345'), s.writeto(0x3c, b'12345')") == (3, 3)
    assert error(board, "h.writeto_mem(0x3c, 1, b'12345')").startswith("OSError")


def test_a_program_makes_the_conditions_of_i2c_itself(board: Board, circuit: Circuit, keep: Keep) -> None:
    device = Registers()
    keep(circuit.connect_i2c(0, 0x3C, device))
    board.execute(f"from machine import *\ns = {BUSES['software']}\nb = bytearray(2)")
    assert board.execute("s.start()\nn = s.write(b'\\x78\\x41')\ns.start()\nprint(n, s.write(b'\\x79'))") == "2 1\n"
    board.execute("s.readinto(b)\ns.stop()")
    assert board.evaluate("bytes(b)") == b"AB"
    assert device.log == ["write", "read", "stop"]
    assert board.execute("s.start()\nprint(s.write(b'\\x12\\x34'))\ns.readinto(b)\ns.stop()\nprint(b)") == (
        "0\nbytearray(b'\\xff\\xff')\n"
    )
    assert error(board, "I2C(0).start()") == "OSError: I2C operation not supported"


def test_a_bus_is_where_its_pins_are(board: Board, circuit: Circuit, keep: Keep) -> None:
    keep(circuit.connect_i2c(1, 0x3C, Registers()))
    board.execute("from machine import *")
    for made, found in {
        "I2C(1)": [0x3C],
        "I2C(1, sda=Pin(2), scl=Pin(3))": [0x3C],
        "I2C(0)": [],
        "SoftI2C(Pin(7), Pin(6))": [0x3C],
        "SoftI2C(scl=19, sda='GP18')": [0x3C],
        "SoftI2C(Pin(6), Pin(7))": [],
        "SoftI2C(scl=Pin(3), sda=Pin(6))": [0x3C],
        "SoftI2C(scl=Pin(5), sda=Pin(4))": [],
    }.items():
        assert board.evaluate(f"{made}.scan()") == found, made


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("I2C(2)", "ValueError: I2C(2) doesn't exist"),
        ("I2C(-1)", "ValueError: I2C(-1) doesn't exist"),
        ("I2C('x')", "TypeError: can't convert str to int"),
        ("I2C(0, sda=Pin(2), scl=Pin(1))", "ValueError: bad SDA pin"),
        ("I2C(0, sda=Pin(0), scl=Pin(3))", "ValueError: bad SCL pin"),
        ("I2C(0).writeto(8, 5)", "TypeError: object with buffer protocol required"),
        ("I2C(0).readfrom_into(8, b'123')", "TypeError: object with buffer protocol required"),
        ("I2C(0).readfrom('a', 1)", "TypeError: can't convert str to int"),
        ("I2C(0).readfrom(8, 'a')", "TypeError: can't convert str to int"),
        ("import sys\nI2C(0).writevto(8, sys.stdin)", "TypeError: object 'TextIOWrapper' isn't a tuple or list"),
        ("import sys\nSPI(0).read(sys.stdin)", "TypeError: can't convert TextIOWrapper to int"),
        ("SPI(3)", "ValueError: SPI(3) doesn't exist"),
        ("SPI(0, sck=Pin(3))", "ValueError: bad SCK pin"),
        ("SPI(0, firstbit=SPI.LSB)", "NotImplementedError: LSB"),
        ("SPI(0).write_readinto(b'12', bytearray(3))", "ValueError: buffers must be the same length"),
        ("SoftSPI(sck=Pin(1))", "ValueError: must specify all of sck/mosi/miso"),
        ("SoftSPI(sck=1, mosi=2, miso=3, bits=9)", "ValueError: bits must be 8"),
        ("UART(2)", "ValueError: UART(2) doesn't exist"),
        ("UART(0, tx=Pin(1))", "ValueError: bad TX pin"),
        ("UART(0).irq(5)", "ValueError: handler must be None or callable"),
        ("UART(0).write(5)", "TypeError: object with buffer protocol required"),
        ("bitstream(Pin(1), 1, (1, 2, 3, 4), b'')", "ValueError: encoding"),
        ("dht_readinto(Pin(1), bytearray(4))", "ValueError: buffer too small"),
    ],
)
def test_what_buses_do_not_take(board: Board, source: str, said: str) -> None:
    assert error(board, f"from machine import *\n{source}") == said


def test_a_traceback_shows_the_program_and_not_the_firmware(board: Board) -> None:
    with pytest.raises(DeviceError) as caught:
        board.execute("from machine import I2C\nI2C(0).readfrom(8, 1)")
    assert "_machine" not in str(caught.value.traceback)
    with pytest.raises(DeviceError) as caught:
        board.execute("from machine import I2C\nI2C(5)")
    assert "_machine" not in str(caught.value.traceback)


def test_buses_are_printed_as_firmware_does(board: Board) -> None:
    board.execute("from machine import *")
    for made, printed in {
        "I2C(0)": "I2C(0, freq=400000, scl=9, sda=8, timeout=50000)",
        "SoftI2C(Pin(5), Pin(4), freq=100000)": "SoftI2C(scl=5, sda=4, freq=100000)",
        "SPI(1, 10_000_000)": "SPI(1, baudrate=10000000, polarity=0, phase=0, bits=8, sck=10, mosi=11, miso=8)",
        "SoftSPI(polarity=1, sck=0, mosi=2, miso=4)": (
            "SoftSPI(baudrate=500000, polarity=1, phase=0, sck=0, mosi=2, miso=4)"
        ),
        "UART(1, 9600)": (
            "UART(1, baudrate=9600, bits=8, parity=None, stop=1, tx=4, rx=5, txbuf=256, rxbuf=256, timeout=0, "
            "timeout_char=0, invert=None, irq=0)"
        ),
    }.items():
        assert board.execute(f"print({made})") == printed + "\n"


# -- SPI -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "made", ["SPI(0)", "SoftSPI(sck=Pin(2), mosi=Pin(3), miso=Pin(4))"], ids=["hardware", "software"]
)
def test_an_spi_device_answers_while_it_is_selected(board: Board, circuit: Circuit, keep: Keep, made: str) -> None:
    device = Echo()
    keep(circuit.connect_spi(0, 17, device))
    board.execute(f"from machine import *\ns = {made}\ncs = Pin(17, Pin.OUT, value=1)\nb = bytearray(3)")
    board.execute("s.write(b'nobody')\ncs(0)\ns.write(b'abc')\ns.write_readinto(b'\\0\\1\\2', b)")
    assert board.evaluate("bytes(b)") == b"\xff\xfe\xfd"
    assert board.evaluate("s.read(2), s.read(2, 0xf0)") == (b"\xff\xff", b"\x0f\x0f")
    board.execute("s.readinto(b, 1)\ns.write_readinto(b, b)\ncs(1)\ns.init(baudrate=1000)")
    assert board.evaluate("bytes(b), s.read(1)") == (b"\1\1\1", b"\0")
    assert device.log[:3] == [True, b"abc", b"\0\1\2"]
    assert device.log[-1] is False


# -- UART ----------------------------------------------------------------------------------------------------------


def test_a_uart_sends_and_receives(board: Board, circuit: Circuit, keep: Keep) -> None:
    device = Loop(circuit, 1)
    keep(circuit.connect_uart(1, device))
    board.execute("from machine import UART, Pin\nu = UART(1, baudrate=9600, tx=Pin(4), rx=Pin(5))")
    assert board.evaluate("u.any(), u.read(), u.read(5), u.readline(), u.readinto(bytearray(3))") == (
        (0, None, None, None, None)
    )
    assert board.evaluate("u.write('hello\\nyou'), u.any(), u.readline(), u.read(2), u.read()") == (
        (9, 10, b">hello\n", b"yo", b"u")
    )
    assert device.heard == [(b"hello\nyou", 9600)]
    board.execute("b = bytearray(4)\nu.write(b'12345')")
    assert board.evaluate("u.readinto(b), bytes(b), u.readinto(b, 1), u.txdone(), u.flush()") == (
        (4, b">123", 1, True, None)
    )
    board.execute("u.deinit()")
    circuit.send_uart(1, b"lost")
    assert error(board, "u.read()") == "OSError: UART is closed"
    board.execute("u.init(9600)")
    assert board.evaluate("u.any()") == 0


def test_a_uart_waits_as_long_as_it_is_told(board: Board, circuit: Circuit, keep: Keep) -> None:
    board.execute("from machine import UART\nu = UART(0, timeout=5000, timeout_char=200)\nprint('ready')")
    with board.start("print(u.read(5))") as execution:
        time.sleep(0.2)
        circuit.send_uart(0, b"abc")
        time.sleep(0.02)
        circuit.send_uart(0, b"de")
        assert execution.wait(3)
        assert execution.read(0).replace("\r", "") == "b'abcde'\n"
    with board.start("while True: u.read(1)") as execution:
        time.sleep(0.1)
        execution.interrupt()
        assert execution.wait(5)
        with pytest.raises(DeviceError, match="KeyboardInterrupt"):
            execution.check()


def test_select_and_handlers_see_what_arrives_at_a_uart(board: Board, circuit: Circuit, keep: Keep) -> None:
    board.execute(
        "from machine import UART\nimport select\nu = UART(0)\np = select.poll()\n"
        "p.register(u, select.POLLIN)\nseen = []\n"
        "i = u.irq(lambda it: seen.append(it.read()), UART.IRQ_RXIDLE)"
    )
    assert board.evaluate("p.poll(5)") == []
    board.execute("u.irq(None)")
    circuit.send_uart(0, b"x")
    assert board.evaluate("[(one is u, what) for one, what in p.poll(1000)]") == [(True, 1)]
    board.execute("u.irq(lambda it: seen.append(it.read()), UART.IRQ_RXIDLE)")
    circuit.send_uart(0, b"yz")
    assert board.execute("import time\nwhile not seen: time.sleep_ms(1)\nprint(seen)") == "[b'xyz']\n"


def test_a_uart_that_nobody_reads_loses_what_there_is_no_room_for(board: Board, circuit: Circuit, keep: Keep) -> None:
    board.execute("from machine import UART\nu = UART(0, rxbuf=64)")
    circuit.send_uart(0, b"0123456789" * 100)
    assert board.evaluate("u.any(), len(u.read()), u.any()") == (64, 64, 0)


# -- one pin -------------------------------------------------------------------------------------------------------


def test_neopixels_receive_their_colours_in_the_order_of_the_strip(board: Board, circuit: Circuit, keep: Keep) -> None:
    received: list[bytes] = []
    keep(circuit.connect_bitstream(0, received.append))
    board.execute("from machine import Pin\nfrom neopixel import NeoPixel\nnp = NeoPixel(Pin(0), 3)")
    board.execute("np[0] = (1, 2, 3)\nnp[-1] = (7, 8, 9)\nnp.write()")
    assert received == [bytes((2, 1, 3, 0, 0, 0, 8, 7, 9))]
    assert board.evaluate("np[0], len(np), np.n, np.ORDER") == ((1, 2, 3), 3, 3, (1, 0, 2, 3))
    board.execute("np.fill((4, 5, 6))\nnp.write()\nw = NeoPixel(Pin(0), 1, bpp=4)\nw[0] = (1, 2, 3, 4)\nw.write()")
    assert received[1:] == [bytes((5, 4, 6)) * 3, bytes((2, 1, 3, 4))]
    for wrong in ("np[3] = (1, 2, 3)", "np[9]", "np[0] = (1,)"):
        assert error(board, wrong).startswith("IndexError")


def test_thermometers_are_found_and_read(board: Board, circuit: Circuit, keep: Keep) -> None:
    devices = [Thermometer(0x11, 21.5), Thermometer(0x12, -10.125), Thermometer(0x8000_0000_0011, 100)]
    for device in devices:
        keep(circuit.connect_onewire(12, device))
    board.execute(
        "from machine import Pin\nimport onewire, ds18x20\nds = ds18x20.DS18X20(onewire.OneWire(Pin(12)))\n"
        "roms = sorted(bytes(rom) for rom in ds.scan())"
    )
    assert board.evaluate("roms") == sorted(device.rom for device in devices)
    assert board.evaluate("[ds.read_temp(rom) for rom in roms]") == [85.0] * 3
    board.execute("ds.convert_temp()")
    assert board.evaluate("{rom: ds.read_temp(rom) for rom in roms}") == {
        device.rom: device.celsius for device in devices
    }
    board.execute("ds.resolution(roms[0], 9)")
    assert board.evaluate("ds.resolution(roms[0]), ds.resolution(roms[1])") == (9, 12)
    assert error(board, "ds.read_temp(bytes(8))") == "Exception: CRC error"


def test_a_1wire_bus_without_devices(board: Board, circuit: Circuit, keep: Keep) -> None:
    board.execute("from machine import Pin\nimport onewire, ds18x20\now = onewire.OneWire(Pin(13))")
    assert board.evaluate("ow.scan(), ow.reset(), ow.readbyte(), ow.readbit()") == ([], False, 255, 1)
    assert error(board, "ow.reset(True)").startswith("OneWireError")
    assert error(board, "ds18x20.DS18X20(ow).convert_temp()").startswith("OneWireError")
    assert board.evaluate("ow.crc8(bytes.fromhex('021cb801000000'))") == 0xA2


def test_dht_sensors_are_read(board: Board, circuit: Circuit, keep: Keep) -> None:
    data = bytearray((0x02, 0x8C, 0x80, 0x65, 0x73))  # the data sheet's example: 65.2 %, here with -10.1 degrees
    keep(circuit.connect_dht(4, lambda: bytes(data)))
    board.execute("import dht, machine\nd = dht.DHT22(machine.Pin(4))\nd.measure()")
    assert board.evaluate("round(d.humidity(), 1), round(d.temperature(), 1)") == (65.2, -10.1)
    data[:] = bytes((45, 0, 23, 0, 68))
    board.execute("e = dht.DHT11(machine.Pin(4))\ne.measure()")
    assert board.evaluate("e.humidity(), e.temperature()") == (45, 23)
    data[4] = 1
    assert error(board, "e.measure()") == "Exception: checksum error"
    assert error(board, "dht.DHT11(machine.Pin(5)).measure()").startswith("OSError")


# -- the whole -----------------------------------------------------------------------------------------------------


def test_ctrl_c_ends_a_program_in_the_middle_of_buses(board: Board, circuit: Circuit, keep: Keep) -> None:
    device = Registers()
    keep(circuit.connect_i2c(0, 0x3C, device))
    board.execute("from machine import I2C\ni = I2C(0)")
    for _ in range(3):
        execution = board.start("while True: i.readfrom_mem(0x3c, 1, 200)")
        time.sleep(0.1)
        execution.interrupt()
        assert execution.wait(5)
        with pytest.raises(DeviceError, match="KeyboardInterrupt"):
            execution.check()
    assert board.evaluate("i.readfrom_mem(0x3c, 5, 1)") == b"\5"


def test_a_full_heap_is_an_error_and_the_bus_goes_on(board: Board, circuit: Circuit, keep: Keep) -> None:
    keep(circuit.connect_i2c(0, 0x3C, Registers()))
    board.execute("from machine import I2C\ni = I2C(0)")
    assert error(board, "i.readfrom(0x3c, 10_000_000)").startswith("MemoryError")
    assert error(board, "x = []\nwhile True: x.append(i.readfrom(0x3c, 500))").startswith("MemoryError")
    assert board.execute("x = None\nprint(i.readfrom_mem(0x3c, 7, 1))") == "b'\\x07'\n"


def test_what_a_part_does_wrong_does_not_end_the_board(board: Board, circuit: Circuit, keep: Keep) -> None:
    class Broken(Registers):
        def read(self, size: int) -> bytes:
            raise ZeroDivisionError

    failed: list[Exception] = []
    before, circuit.failed = circuit.failed, failed.append
    keep(lambda: setattr(circuit, "failed", before))
    keep(circuit.connect_i2c(0, 0x3C, Broken()))
    assert board.evaluate("__import__('machine').I2C(0).readfrom(0x3c, 2)") == b"\xff\xff"
    assert [type(one) for one in failed] == [ZeroDivisionError]


def test_each_part_of_machine_is_loaded_when_it_is_used_and_dir_shows_all(board: Board) -> None:
    free = "import gc\ngc.collect()\ngc.collect()\nprint(gc.mem_free())"
    before = int(board.execute(free))
    board.execute("from machine import Pin")
    with_pin = int(board.execute(free))
    board.execute("import machine\nnames = dir(machine)")
    for name in ("I2C", "SoftI2C", "SPI", "SoftSPI", "UART", "bitstream", "dht_readinto", "time_pulse_us", "Signal"):
        assert board.evaluate(f"{name!r} in names and hasattr(machine, {name!r})") is True
    assert before - with_pin < 13_000
    assert int(board.execute(free)) > 200_000


def test_two_boards_are_two_circuits() -> None:
    with Board.connect("virtual") as one, Board.connect("virtual") as other:
        for board in (one, other):
            board.execute("from machine import Pin\np = Pin(2, Pin.OUT)")
        one.execute("p.on()")
        assert one.evaluate("p.value()") == 1
        assert other.evaluate("p.value()") == 0
