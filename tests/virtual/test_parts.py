"""The parts of the virtual board, seen from programs on it.

Each part that has registers or commands has a driver here, written from its data sheet.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from metakernel_micropython.board import Board
from metakernel_micropython.errors import DeviceError

from ..boards import needs_virtual

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def shared() -> Iterator[Board]:
    needs_virtual()
    with Board.connect("virtual") as board:
        yield board


@pytest.fixture
def board(shared: Board) -> Board:
    """A board without variables and parts of earlier tests."""
    for part in shared.parts.all():
        shared.parts.detach(part.name)
    shared.soft_reset()
    shared.take_unsolicited()
    return shared


def state(board: Board, name: str) -> dict[str, Any]:
    return dict(board.parts[name].state)


# -- simple parts --------------------------------------------------------------------------------------------------


def test_a_led_shines_with_its_pin_and_with_pwm(board: Board) -> None:
    board.parts.attach("led", 15, color="green")
    board.execute("from machine import Pin, PWM\np = Pin(15, Pin.OUT, value=1)")
    assert state(board, "led1") == {"on": True, "brightness": 1.0}
    board.execute("p.off()")
    assert state(board, "led1")["on"] is False
    board.execute("w = PWM(p, freq=1000, duty_u16=16384)")
    assert state(board, "led1") == {"on": True, "brightness": 0.25}
    assert board.parts.describe("led1").picture == [{"shape": "lamp", "color": "#00c000", "brightness": 0.25}]


def test_a_led_to_3v3_shines_while_its_pin_is_low(board: Board) -> None:
    board.parts.attach("led", "GP15", active="low")
    board.execute("from machine import Pin\np = Pin(15, Pin.OUT, value=1)")
    assert not state(board, "led1")["on"]
    board.execute("p.off()")
    assert state(board, "led1")["on"]


@pytest.mark.parametrize(("pull", "released"), [("up", 1), ("down", 0)])
def test_a_button_gives_its_levels_and_edges(board: Board, pull: str, released: int) -> None:
    board.parts.attach("button", 14, pull=pull)
    board.execute("from machine import Pin\np = Pin(14, Pin.IN)\nseen = []\np.irq(lambda p: seen.append(p.value()))")
    assert board.evaluate("p.value()") == released
    board.parts["button1"].press()
    board.execute("import time\ntime.sleep_ms(20)")
    assert board.evaluate("p.value(), seen") == (1 - released, [1 - released])
    board.parts.set("button1", "released")
    board.execute("time.sleep_ms(20)")
    assert board.evaluate("p.value(), seen") == (released, [1 - released, released])


def test_a_potentiometer_gives_a_voltage(board: Board) -> None:
    board.parts.attach("potentiometer", 26)
    board.execute("from machine import ADC\na = ADC(26)")
    for percent, raw in ((0, 0), (50, 32768), (100, 65535)):
        board.parts.set("potentiometer1", percent)
        assert abs(int(str(board.evaluate("a.read_u16()"))) - raw) <= 1


def test_a_servo_turns_to_the_length_of_the_pulse(board: Board) -> None:
    board.parts.attach("servo", 16)
    board.execute("from machine import Pin, PWM\ns = PWM(Pin(16), freq=50, duty_ns=500_000)")
    assert state(board, "servo1")["angle"] == pytest.approx(0, abs=0.1)
    board.execute("s.duty_ns(2_000_000)")
    assert state(board, "servo1")["angle"] == pytest.approx(135, abs=0.1)
    board.execute("s.deinit()")
    assert state(board, "servo1") == {"angle": pytest.approx(135, abs=0.1), "pulse": 0.0}


def test_a_buzzer_sounds_at_the_frequency(board: Board) -> None:
    board.parts.attach("buzzer")
    board.execute("from machine import Pin, PWM\nb = PWM(Pin(17), freq=440, duty_u16=32768)")
    assert state(board, "buzzer1") == {"on": True, "hertz": 440}
    board.execute("b.duty_u16(0)")
    assert state(board, "buzzer1") == {"on": False, "hertz": 0}


def test_neopixels_show_their_colours(board: Board) -> None:
    board.parts.attach("neopixel", 0, count=4)
    board.execute(
        "from machine import Pin\nfrom neopixel import NeoPixel\n"
        "n = NeoPixel(Pin(0), 4)\nn[0] = (255, 1, 2)\nn[3] = (0, 0, 9)\nn.write()"
    )
    assert board.parts.describe("neopixel").picture == [
        {"shape": "strip", "colors": ["#ff0102", "#000000", "#000000", "#000009"]}
    ]
    assert state(board, "neopixel1")["lit"] == 2


def test_a_motion_sensor_calls_a_handler(board: Board) -> None:
    board.parts.attach("pir", 13)
    board.execute("from machine import Pin\nn = 0\ndef up(p):\n    global n\n    n += 1\n")
    board.execute("Pin(13, Pin.IN).irq(up, Pin.IRQ_RISING)")
    for value in ("motion", "still", "motion"):
        board.parts.set("pir1", value)
        board.execute("import time\ntime.sleep_ms(20)")
    assert board.evaluate("n") == 2


# -- sensors -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "temperature", "humidity"), [("dht22", -12.3, 45.6), ("dht22", 30.5, 99.9), ("dht11", 23, 40)]
)
def test_dht_sensors_are_read(board: Board, kind: str, temperature: float, humidity: float) -> None:
    board.parts.attach(kind, 12)
    board.parts.set(f"{kind}.temperature", temperature)
    board.parts.set(f"{kind}.humidity", humidity)
    board.execute(f"import dht\nfrom machine import Pin\nd = dht.{kind.upper()}(Pin(12))\nd.measure()")
    assert board.evaluate("d.temperature(), d.humidity()") == (temperature, humidity)


DS18B20 = """
import time
from machine import Pin
from onewire import OneWire
bus = OneWire(Pin(22))
def command(rom, *bytes_):
    bus.reset(True)
    bus.select_rom(rom)
    for one in bytes_:
        bus.writebyte(one)
def scratchpad(rom):
    command(rom, 0xBE)
    data = bytes(bus.readbyte() for _ in range(9))
    assert bus.crc8(data) == 0
    return data
def degrees(rom):
    data = scratchpad(rom)
    raw = data[0] | data[1] << 8
    return (raw - 65536 if raw & 0x8000 else raw) / 16
def convert(rom):
    command(rom, 0x44)
    while not bus.readbit():
        pass
"""


def test_a_ds18b20_tells_85_degrees_before_it_has_measured_and_takes_its_time(board: Board) -> None:
    board.parts.attach("ds18b20")
    board.parts.set("ds18b20", -10.1)
    board.execute(DS18B20 + "roms = bus.scan()\nr = roms[0]")
    assert board.evaluate("len(roms), r[0], degrees(r)") == (1, 0x28, 85.0)
    board.execute("command(r, 0x44)")
    assert board.evaluate("degrees(r)") == 85.0  # it still measures
    board.execute("convert(r)")
    assert board.evaluate("degrees(r)") == pytest.approx(-10.125)
    # 9 bits: half degrees, in an eighth of the time
    board.execute(
        "command(r, 0x4E, 1, 2, 0x1F)\nt = time.ticks_ms()\nconvert(r)\nt = time.ticks_diff(time.ticks_ms(), t)"
    )
    assert board.evaluate("degrees(r) in (-10.0, -10.5), t >= 90, bytes(scratchpad(r)[2:5])") == (
        True,
        True,
        b"\x01\x02\x1f",
    )


def test_several_thermometers_are_on_one_wire(board: Board) -> None:
    board.parts.attach("ds18b20", 22, bits=9)
    board.parts.attach("ds18b20", 22, bits=9, name="outside")
    board.parts.set("outside", -5)
    board.execute(DS18B20 + "import ds18x20\nd = ds18x20.DS18X20(bus)\nroms = d.scan()\nd.convert_temp()\n")
    board.execute("time.sleep_ms(750)")
    assert board.evaluate("sorted(d.read_temp(r) for r in roms)") == [-5.0, 21.0]


MPU6050 = """
import struct
from machine import I2C
i2c = I2C(0)
def put(register, value):
    i2c.writeto_mem(0x68, register, bytes([value]))
def read():
    return struct.unpack(">7h", i2c.readfrom_mem(0x68, 0x3B, 14))
"""


def test_an_mpu6050_measures_once_it_is_awake(board: Board) -> None:
    board.parts.attach("mpu6050")
    board.execute(MPU6050)
    assert board.evaluate("i2c.scan(), i2c.readfrom_mem(0x68, 0x75, 1)") == ([0x68], b"\x68")
    assert board.evaluate("read()") == (0,) * 7  # it sleeps
    for setting, value in {"ax": 0.5, "ay": -1, "az": 8, "gx": 90, "gy": -250, "gz": 0, "temperature": 30}.items():
        board.parts.set(f"mpu6050.{setting}", value)
    board.execute("put(0x6B, 0)")
    ax, ay, az, temperature, gx, gy, gz = board.evaluate("read()")  # type: ignore[misc]
    assert (ax, ay, az) == (8192, -16384, 32767)  # more than 2 g does not fit
    assert temperature / 340 + 36.53 == pytest.approx(30, abs=0.01)
    assert (gx / 131, gy / 131, gz) == (pytest.approx(90, abs=0.1), pytest.approx(-250, abs=0.2), 0)
    board.execute("put(0x1C, 2 << 3)\nput(0x1B, 1 << 3)")
    ax, ay, az, _, gx, gy, gz = board.evaluate("read()")  # type: ignore[misc]
    assert (ax, ay, az, gx / 65.5) == (2048, -4096, 32767, pytest.approx(90, abs=0.1))
    board.execute("put(0x6B, 0x80)")
    assert board.evaluate("i2c.readfrom_mem(0x68, 0x6B, 1), read()") == (b"\x40", (0,) * 7)


BMP280 = """
import struct
from machine import I2C
i2c = I2C(0)
def put(register, value):
    i2c.writeto_mem(0x76, register, bytes([value]))
def read():
    # Data sheet 8.2: the compensation in whole numbers.
    T1, T2, T3, P1, P2, P3, P4, P5, P6, P7, P8, P9 = struct.unpack("<HhhHhhhhhhhh", i2c.readfrom_mem(0x76, 0x88, 24))
    data = i2c.readfrom_mem(0x76, 0xF7, 6)
    raw_p = data[0] << 12 | data[1] << 4 | data[2] >> 4
    raw_t = data[3] << 12 | data[4] << 4 | data[5] >> 4
    one = ((raw_t >> 3) - (T1 << 1)) * T2 >> 11
    two = (((raw_t >> 4) - T1) * ((raw_t >> 4) - T1) >> 12) * T3 >> 14
    fine = one + two
    celsius = (fine * 5 + 128 >> 8) / 100
    one = fine - 128000
    two = one * one * P6 + (one * P5 << 17) + (P4 << 35)
    one = (one * one * P3 >> 8) + (one * P2 << 12)
    one = ((1 << 47) + one) * P1 >> 33
    p = (((1048576 - raw_p << 31) - two) * 3125) // one
    one = P9 * (p >> 13) * (p >> 13) >> 25
    two = P8 * p >> 19
    return celsius, ((p + one + two >> 8) + (P7 << 4)) / 25600
"""


@pytest.mark.parametrize(("celsius", "pascal"), [(21.0, 1013.25), (-39.5, 300.0), (84.9, 1100.0), (31.5, 850.5)])
def test_what_a_driver_computes_from_a_bmp280_is_what_was_set(board: Board, celsius: float, pascal: float) -> None:
    board.parts.attach("bmp280", address=0x76)
    board.parts.set("bmp280.temperature", celsius)
    board.parts.set("bmp280.pressure", pascal)
    board.execute(BMP280 + "put(0xF5, 4 << 2)\nput(0xF4, 2 << 5 | 5 << 2 | 3)")
    assert board.evaluate("i2c.readfrom_mem(0x76, 0xD0, 1)") == b"\x58"
    assert board.evaluate("read()") == (pytest.approx(celsius, abs=0.011), pytest.approx(pascal, abs=0.02))


def test_a_bmp280_measures_once_when_it_is_forced(board: Board) -> None:
    board.parts.attach("bmp280")
    board.execute(BMP280)
    assert board.evaluate("i2c.readfrom_mem(0x76, 0xF7, 6)") == b"\x80\0\0\x80\0\0"
    board.execute("put(0xF4, 1 << 5 | 1 << 2 | 1)")
    assert board.evaluate("read()") == (pytest.approx(21, abs=0.02), pytest.approx(1013.25, abs=0.1))
    assert board.evaluate("i2c.readfrom_mem(0x76, 0xF4, 1)[0] & 3") == 0  # and sleeps
    board.parts.set("bmp280.temperature", 40)
    assert board.evaluate("read()[0]") == pytest.approx(21, abs=0.02)
    board.execute("put(0xE0, 0xB6)")
    assert board.evaluate("i2c.readfrom_mem(0x76, 0xF7, 3)") == b"\x80\0\0"


# -- the display ---------------------------------------------------------------------------------------------------

SSD1306 = """
from machine import I2C
i2c = I2C(0)
def send(*commands):
    for one in commands:
        i2c.writeto(0x3C, bytes([0x80, one]))
def data(some):
    i2c.writeto(0x3C, b"\\x40" + bytes(some))
def begin():
    send(0xAE, 0xD5, 0x80, 0xA8, 63, 0xD3, 0, 0x40, 0x8D, 0x14, 0x20, 0, 0xA1, 0xC8)
    send(0xDA, 0x12, 0x81, 0xCF, 0xD9, 0xF1, 0xDB, 0x40, 0xA4, 0xA6, 0xAF)
    send(0x21, 0, 127, 0x22, 0, 7)
"""


def pixels(board: Board, name: str = "ssd1306") -> set[tuple[int, int]]:
    """The pixels that shine: x from the left, y from the top."""
    (shape,) = board.parts.describe(name).picture
    size = (shape["width"] + 7) // 8
    bits = base64.b64decode(shape["bits"])
    assert len(bits) == size * shape["height"]
    return {
        (x, y)
        for y in range(shape["height"])
        for x in range(shape["width"])
        if bits[y * size + x // 8] >> (7 - x % 8) & 1
    }


@pytest.fixture
def display(board: Board) -> Board:
    board.parts.attach("ssd1306", i2c=0, address=0x3C)
    board.execute(SSD1306 + "begin()\ndata(bytes(1024))\nsend(0x21, 0, 127, 0x22, 0, 7)")
    return board


def test_a_display_shows_what_is_written_to_its_memory(display: Board) -> None:
    display.execute(
        "buffer = bytearray(1024)\nbuffer[0] = 1\nbuffer[127] = 0x80\nbuffer[7 * 128 + 5] = 0x40\ndata(buffer)"
    )
    assert pixels(display) == {(0, 0), (127, 7), (5, 62)}
    assert state(display, "ssd1306") == {"on": True, "pixels": 3, "contrast": 0xCF, "inverted": False}


def test_a_window_is_filled_in_rows_or_columns(display: Board) -> None:
    display.execute("send(0x21, 10, 11, 0x22, 2, 3)\ndata([1, 2, 4, 8, 16])")
    assert pixels(display) == {(10, 20), (11, 17), (10, 26), (11, 27)}  # 1 was replaced by 16, which came last
    display.execute("data(bytes(4))\nsend(0x20, 1, 0x21, 10, 11, 0x22, 2, 3)\ndata([1, 2, 4, 8])")
    assert pixels(display) == {(10, 16), (10, 25), (11, 18), (11, 27)}


def test_pages_are_addressed_one_by_one(display: Board) -> None:
    display.execute("send(0x20, 2, 0xB3, 0x0F, 0x17)\ndata([1, 1])")
    assert pixels(display) == {(127, 24), (0, 24)}  # the page stays


def test_a_display_is_turned_round_by_both_directions(display: Board) -> None:
    display.execute("data([1])")
    display.execute("send(0xC0)")
    assert pixels(display) == {(0, 63)}
    display.execute("send(0xA0)")
    assert pixels(display) == {(0, 63)}  # what is there stays
    display.execute("send(0x21, 0, 127, 0x22, 0, 7)\ndata([2])")
    assert pixels(display) == {(0, 63), (127, 62)}


def test_lines_are_shifted_inverted_and_switched_off(display: Board) -> None:
    display.execute("data([1])\nsend(0x40 | 60)")
    assert pixels(display) == {(0, 4)}
    display.execute("send(0x40, 0xD3, 62)")
    assert pixels(display) == {(0, 2)}
    display.execute("send(0xD3, 0, 0xA7)")
    assert len(pixels(display)) == 128 * 64 - 1
    display.execute("send(0xA6, 0xA5)")
    assert len(pixels(display)) == 128 * 64
    display.execute("send(0xA4, 0xAE)")
    assert not state(display, "ssd1306")["on"]
    assert display.evaluate("i2c.readfrom(0x3C, 1)[0] & 0x40") == 0x40
    display.execute("send(0xAF, 0x8D, 0x10)")
    assert not state(display, "ssd1306")["on"]  # without its charge pump nothing shines


def test_a_narrow_display_is_in_the_middle_of_the_memory(board: Board) -> None:
    board.parts.attach("ssd1306", width=64, height=32)
    board.execute(SSD1306 + "begin()\nsend(0xA8, 31, 0x21, 32, 95, 0x22, 0, 3)\ndata([1] + [0] * 254 + [0x80])")
    assert pixels(board) == {(0, 0), (63, 31)}


def test_a_display_on_spi_tells_commands_from_data_by_a_pin(board: Board) -> None:
    board.parts.attach("ssd1306spi", 20, 17)
    board.execute(
        "from machine import Pin, SPI\n"
        "spi, dc, cs = SPI(0), Pin(20, Pin.OUT), Pin(17, Pin.OUT, value=1)\n"
        "def give(data, to_memory):\n    dc(to_memory)\n    cs(0)\n    spi.write(bytes(data))\n    cs(1)\n"
        "give([0xA1, 0xC8, 0x8D, 0x14, 0x20, 0, 0xAF], 0)\ngive([1, 2], 1)\nspi.write(b'unheard')"
    )
    assert pixels(board, "ssd1306spi") == {(0, 0), (1, 1)}
    assert state(board, "ssd1306spi1")["on"]


# -- together ------------------------------------------------------------------------------------------------------


def test_parts_stay_through_resets_of_the_board(board: Board) -> None:
    board.parts.attach("led", 15)
    board.parts.attach("button", 14)
    board.parts["button1"].press()
    board.execute("from machine import Pin\nPin(15, Pin.OUT, value=1)")
    board.soft_reset()
    assert not state(board, "led1")["on"]
    board.execute("from machine import Pin\nPin(15, Pin.OUT, value=Pin(14).value() == 0)")
    assert state(board, "led1")["on"]
    board.hard_reset()
    board.execute("from machine import Pin")
    assert board.evaluate("Pin(14).value()") == 0


def test_a_part_that_is_detached_is_gone_from_its_bus(board: Board) -> None:
    board.parts.attach("bmp280")
    board.parts.detach("bmp280")
    board.execute("from machine import I2C")
    assert board.evaluate("I2C(0).scan()") == []
    with pytest.raises(DeviceError, match=r"EIO|ENODEV|5"):
        board.execute("I2C(0).readfrom(0x76, 1)")


def test_parts_work_while_the_heap_is_nearly_full(board: Board) -> None:
    board.parts.attach("led", 15)
    board.execute(
        "import gc\nfrom machine import Pin\np = Pin(15, Pin.OUT)\nfull = []\n"
        "try:\n    while True: full.append(bytearray(64))\nexcept MemoryError: pass\n"
        "for _ in range(100): full.pop()\n"
        "gc.collect()\nfor _ in range(1000): p.toggle()\np.on()"
    )
    assert state(board, "led1")["on"]
