"""The virtual board's ``machine``: as MicroPython documents its classes, with the constants of RP2."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.board import Board
from metakernel_micropython.errors import DeviceError

from ..boards import needs_virtual

if TYPE_CHECKING:
    from collections.abc import Iterator

COUNTER = """
import time
from machine import Timer
count = 0
def tick(timer):
    global count
    count += 1
timer = Timer(period=10, callback=tick)
"""


@pytest.fixture(scope="module")
def shared() -> Iterator[Board]:
    needs_virtual()
    with Board.connect("virtual") as board:
        yield board


@pytest.fixture
def board(shared: Board) -> Board:
    shared.soft_reset()
    shared.take_unsolicited()
    return shared


def error(board: Board, source: str) -> str:
    with pytest.raises(DeviceError) as caught:
        board.execute(source, timeout=10)
    return f"{caught.value.name}: {caught.value.message}"


def test_it_costs_no_memory_until_it_is_used_and_little_then(board: Board) -> None:
    free = "import gc\ngc.collect()\ngc.collect()\nprint(gc.mem_free())"
    assert int(board.execute(free)) > 245_000
    board.execute("import machine, asyncio")
    assert int(board.execute(free)) > 200_000


# -- pins ----------------------------------------------------------------------------------------------------------


def test_a_pin_is_written_and_read(board: Board) -> None:
    board.execute("from machine import Pin\np = Pin(15, Pin.OUT, value=1)")
    assert board.evaluate("p.value(), p()") == (1, 1)
    board.execute("p.off()")
    assert board.evaluate("p.value()") == 0
    board.execute("p.toggle()")
    assert board.evaluate("p.value()") == 1
    board.execute("p(0)")
    assert board.evaluate("Pin(15).value()") == 0  # the pin itself keeps its level
    board.execute("p.high()")
    assert board.evaluate("Pin('GP15').value(), Pin('GPIO15').value(), Pin.board.GP15()") == (1, 1, 1)


def test_an_input_is_what_pulls_it_and_open_drain_pulls_down(board: Board) -> None:
    board.execute("from machine import Pin")
    assert board.evaluate("Pin(2, Pin.IN, Pin.PULL_UP).value()") == 1
    assert board.evaluate("Pin(2, Pin.IN, Pin.PULL_DOWN).value()") == 0
    board.execute("d = Pin(3, Pin.OPEN_DRAIN, Pin.PULL_UP, value=1)")
    assert board.evaluate("d.value()") == 1
    board.execute("d.value(0)")
    assert board.evaluate("d.value()") == 0


def test_signals_turn_levels_over(board: Board) -> None:
    board.execute("from machine import Pin, Signal\np = Pin(4, Pin.OUT)\ns = Signal(p, invert=True)\ns.on()")
    assert board.evaluate("p.value(), s.value()") == (0, 1)


def test_signals_take_what_pins_take(board: Board) -> None:
    board.execute("from machine import Pin, Signal\ns = Signal(4, Pin.OUT, value=1, invert=True)\nt = Signal(s)")
    assert board.evaluate("Pin(4).value(), s.value(), t(), isinstance(s, Signal)") == (1, 0, 0, True)
    board.execute("t.on()\ns.off()\nt(1)")
    assert board.evaluate("Pin(4).value(), s()") == (0, 1)
    assert error(board, "Signal(print)") == "TypeError: can't convert function to Pin"


def test_pulses_are_measured_on_a_pin_by_its_number(board: Board) -> None:
    board.execute("from machine import Pin, time_pulse_us")
    assert board.evaluate("time_pulse_us(5, 1, 10), time_pulse_us('GP5', 0, 10)") == (-2, -1)
    assert error(board, "time_pulse_us(print, 1, 10)") == "TypeError: can't convert function to Pin"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("Pin(99)", "ValueError: invalid pin"),
        ("Pin(-1)", "ValueError: invalid pin"),
        ("Pin('X7')", 'ValueError: unknown named pin "X7"'),
        ("Pin(1.5)", "TypeError: can't convert float to Pin"),
        ("Pin(1, 77)", "ValueError: invalid mode"),
        ("Pin(1).irq(5)", "ValueError: handler must be None or callable"),
        ("Pin.board.GP99", "AttributeError: GP99"),
    ],
)
def test_what_no_pin_is_and_takes(board: Board, source: str, said: str) -> None:
    assert error(board, f"from machine import Pin\n{source}") == said


def test_edges_call_a_handler_and_no_other_edges(board: Board) -> None:
    board.execute("from machine import Pin\nseen = []\np = Pin(5, Pin.OUT)")
    board.execute("p.irq(lambda pin: seen.append((pin.value(), pin is p)), Pin.IRQ_RISING)")
    board.execute("p.on()\np.on()\nimport time\ntime.sleep_ms(2)\np.off()\ntime.sleep_ms(2)")
    assert board.evaluate("seen") == [(1, True)]
    board.execute("p.irq(None)\np.on()\ntime.sleep_ms(2)")
    assert board.evaluate("len(seen)") == 1


def test_pins_are_printed_as_firmware_does(board: Board) -> None:
    board.execute("from machine import Pin")
    assert board.execute("print(Pin('LED', Pin.OUT), Pin(2, Pin.IN, Pin.PULL_UP))") == (
        "Pin(GPIO25, mode=OUT) Pin(GPIO2, mode=IN, pull=PULL_UP)\n"
    )


# -- time ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wait",
    [
        "time.sleep(0.5)",
        "time.sleep_ms(500)",
        "time.sleep_us(500_000)",
        "begun = time.ticks_ms()\nwhile time.ticks_diff(time.ticks_ms(), begun) < 500: pass",
        "import select, sys\np = select.poll()\np.register(sys.stdin, select.POLLIN)\np.poll(500)",
        "import asyncio\nasync def nap(): await asyncio.sleep_ms(500)\nasyncio.run(nap())",
    ],
    ids=["sleep", "sleep_ms", "sleep_us", "computing", "poll", "asyncio"],
)
def test_timers_fire_while_a_program_waits_or_computes_and_it_waits_no_longer(board: Board, wait: str) -> None:
    board.execute(COUNTER)
    took, count = eval(
        board.execute(
            f"count = 0\nat = time.ticks_ms()\n{wait}\nprint((time.ticks_diff(time.ticks_ms(), at), count))", timeout=20
        )
    )
    assert 499 <= took < 2000  # a busy machine is late, an interrupted sleep would end at once, or never
    assert 5 <= count <= took / 10 + 1


def test_timers_fire_between_cells_and_what_they_print_is_kept(board: Board) -> None:
    board.execute(COUNTER)
    time.sleep(0.3)
    assert int(board.execute("timer.deinit()\nprint(count)")) >= 3
    board.execute("Timer(mode=Timer.ONE_SHOT, period=50, callback=lambda t: print('rings'))")
    time.sleep(0.5)
    assert board.take_unsolicited().text == "rings\n"


def test_timers_fire_while_a_program_waits_for_a_line(board: Board) -> None:
    board.execute(COUNTER)
    with board.start("count = 0\nline = input()\nprint(line, count > 3)") as execution:
        time.sleep(0.5)
        execution.feed(b"abc\r")
        assert execution.wait(10)
        assert execution.read(0).replace("\r", "").endswith("abc True\n")


def test_a_timer_that_is_stopped_or_fires_once_is_over(board: Board) -> None:
    board.execute(COUNTER + "time.sleep_ms(50)\ntimer.deinit()\ncount = 0\ntime.sleep_ms(100)")
    assert board.evaluate("count") == 0
    board.execute("timer.init(mode=Timer.ONE_SHOT, freq=100, callback=tick)\ntime.sleep_ms(200)")
    assert board.evaluate("count") == 1


def test_an_error_in_a_handler_is_told_and_the_program_goes_on(board: Board) -> None:
    printed = board.execute(
        "import time\nfrom machine import Timer\ndef bad(t): 1 / 0\nt = Timer(period=20, callback=bad)\n"
        "time.sleep_ms(70)\nt.deinit()\nprint('on')"
    )
    assert "ZeroDivisionError" in printed
    assert "line 3, in bad" in printed
    assert printed.endswith("on\n")


def test_stop_ends_a_program_beside_timers(board: Board) -> None:
    board.execute(COUNTER)
    execution = board.start("while True: time.sleep(1)")
    time.sleep(0.3)
    execution.interrupt()
    assert execution.wait(5)
    with pytest.raises(DeviceError, match="KeyboardInterrupt"):
        execution.check()
    assert board.evaluate("6 * 7") == 42


def test_a_soft_reset_ends_timers(board: Board) -> None:
    board.execute("from machine import Timer\nTimer(period=5, callback=lambda t: print('tick'))")
    board.soft_reset()
    board.take_unsolicited()
    time.sleep(0.2)
    assert board.take_unsolicited().text == ""


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("Timer(freq=0, callback=print)", "ValueError: invalid freq"),
        ("Timer(period=5, callback=5)", "ValueError: callback must be None or callable"),
        ("Timer('x')", "TypeError: can't convert str to int"),
    ],
)
def test_what_no_timer_takes(board: Board, source: str, said: str) -> None:
    assert error(board, f"from machine import Timer\n{source}") == said


def test_the_watchdog_resets_a_board_that_does_not_feed_it(board: Board) -> None:
    board.execute("import machine\nkept = 1\nw = machine.WDT(timeout=400)\nw.feed()")
    assert board.evaluate("kept") == 1
    time.sleep(1)
    assert board.execute("import machine\nprint(machine.reset_cause() == machine.WDT_RESET, 'kept' in dir())") == (
        "True False\n"
    )


# -- levels and the rest -------------------------------------------------------------------------------------------


def test_an_adc_reads_sixteen_bits_of_what_floats(board: Board) -> None:
    board.execute("from machine import ADC, Pin\na = ADC(Pin(26))\nr = [a.read_u16() for _ in range(20)]")
    assert board.evaluate("all(0 <= x <= 65535 for x in r)")
    assert board.evaluate("len(set(r)) > 1")
    assert board.evaluate("0 <= ADC(1).read_uv() <= 3300000")
    assert error(board, "ADC(Pin(3))") == "ValueError: Pin doesn't have ADC capabilities"


def test_pwm_keeps_what_it_was_told_in_every_spelling(board: Board) -> None:
    board.execute("from machine import PWM, Pin\np = PWM(Pin(16), freq=1000, duty_u16=32768)")
    assert board.evaluate("p.freq(), p.duty_u16(), p.duty_ns()") == (1000, 32768, 500007)
    board.execute("p.freq(50)\np.duty_ns(1_500_000)")
    assert board.evaluate("p.duty_ns(), p.duty_u16()") == (1500000, 4915)
    assert board.evaluate("PWM(16).freq()") == 50
    board.execute("p.deinit()")
    assert error(board, "p.freq(1)") == "ValueError: freq too small"


def test_the_clock_is_the_hosts_until_it_is_set(board: Board) -> None:
    board.execute("from machine import RTC\nr = RTC()")
    told = board.evaluate("r.datetime()")
    assert isinstance(told, tuple)
    assert told[:3] == time.localtime()[:3]
    assert told[3] == time.localtime().tm_wday
    board.execute("r.datetime((2021, 2, 3, 0, 4, 5, 6, 0))")
    assert board.evaluate("r.datetime()[:6]") == (2021, 2, 3, 2, 4, 5)
    board.soft_reset()
    assert board.evaluate("__import__('machine').RTC().datetime()[:4]") == (2021, 2, 3, 2)
    assert error(board, "import machine\nmachine.RTC().datetime((2021, 13, 3, 0, 4, 5, 6, 0))").startswith("OSError")


def test_the_chip_tells_what_it_is(board: Board) -> None:
    board.execute("import machine")
    assert board.evaluate("len(machine.unique_id()), machine.freq()") == (8, 125000000)
    assert error(board, "machine.freq(5)") == "ValueError: cannot change frequency"
    assert board.evaluate("machine.lightsleep(20)") is None


def test_what_it_has_not_is_missing_in_the_usual_way(board: Board) -> None:
    assert error(board, "import machine\nmachine.TouchPad") == (
        "AttributeError: module 'machine' has no attribute 'TouchPad'"
    )
    assert error(board, "from machine import TouchPad") == "ImportError: can't import name TouchPad"


def test_dir_names_all_of_it(board: Board) -> None:
    names = set(board.execute("import machine\nprint(*dir(machine))").split())
    assert {"Pin", "Timer", "ADC", "PWM", "RTC", "WDT", "Signal", "reset", "freq", "unique_id", "mem32"} <= names
    assert {"PWRON_RESET", "WDT_RESET", "reset_cause", "lightsleep", "deepsleep", "disable_irq", "enable_irq"} <= names


def test_all_of_it_can_be_imported_at_once(board: Board) -> None:
    board.execute("from machine import *\np = Pin(4, Pin.OUT)")
    names = set(board.execute("print(*dir())").split())
    assert {"Pin", "Timer", "ADC", "PWM", "Signal", "mem32", "freq", "disable_irq", "PWRON_RESET"} <= names
    assert not any(name[0] == "_" and name != "__name__" for name in names)
    board.execute("from machine import *\nWDT")


@pytest.mark.parametrize("wait", range(0, 24, 3))
def test_an_interrupt_while_it_is_loaded_leaves_it_whole(board: Board, wait: int) -> None:
    with board.start("import machine\nmachine.Pin\nprint('loaded')") as execution:
        time.sleep(wait / 1000)
        execution.interrupt()
        execution.wait(5)
    assert board.execute("from machine import PWM, Pin\nprint(Pin(2, Pin.OUT).value(), PWM(4).freq())") == "0 0\n"


def test_a_heap_that_was_too_full_for_it_has_it_later(board: Board) -> None:
    # A few kilobytes are left: enough for a cell, not for a part of machine.
    board.execute(
        "import machine\nx = None\ntry:\n while True: x = (x, bytes(500))\n"
        "except MemoryError:\n for _ in range(9): x = x[0]"
    )
    with pytest.raises(DeviceError, match="MemoryError"):
        board.execute("machine.Pin")
    board.execute("x = None")
    assert board.execute("print(machine.Pin(4, machine.Pin.OUT).value())") == "0\n"


def test_a_heap_that_is_small_holds_it_too() -> None:
    needs_virtual()
    with Board.connect("virtual", heap=64 * 1024) as board:
        board.execute("from machine import Pin\nPin(2, Pin.OUT).on()")
        assert int(board.execute("import gc\ngc.collect()\nprint(gc.mem_free())")) > 25_000


def test_the_firmwares_files_cannot_be_changed(board: Board) -> None:
    assert board.evaluate("__import__('os').listdir('/rom')") == [
        "apa106.py",
        "asyncio",
        "dht.py",
        "ds18x20.py",
        "neopixel.py",
        "network.py",
        "onewire.py",
    ]
    for source in (
        "open('/rom/x.py', 'w')",
        "open('/rom/asyncio/core.py', 'a')",
        "__import__('os').remove('/rom/asyncio')",
    ):
        assert error(board, source)
    assert board.evaluate("'rom' in __import__('os').listdir('/')") is False
    for path in ("/rom/../hardware.py", "/rom//etc/passwd", "/rom/__pycache__"):
        assert error(board, f"open('{path}')").startswith("OSError")


def test_what_the_first_program_has_dropped_is_free_in_the_next() -> None:
    # The collector looks for pointers on the C stack: what the start has left there must not keep a program's alive.
    with Board.connect("virtual") as board:
        board.execute("def make():\n    return bytearray(150_000)\nx = make()\nx = None")
        board.execute("y = bytearray(200_000)")
