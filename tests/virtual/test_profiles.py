"""Which board the virtual one is: what a program and a person see of it."""

from __future__ import annotations

import ast
import importlib.metadata
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.board import Board
from metakernel_micropython.errors import BoardReset, ConnectError, DeviceError
from metakernel_micropython.transports.options import VIRTUAL_BOARDS
from metakernel_micropython.virtual import profiles

from ..boards import needs_virtual

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..conftest import Start


@pytest.fixture(scope="module")
def boards() -> Iterator[dict[str, Board]]:
    needs_virtual()
    with Board.connect("virtual", board="pico") as pico, Board.connect("virtual", board="esp32") as esp32:
        yield {"pico": pico, "esp32": esp32}


@pytest.fixture
def pico(boards: dict[str, Board]) -> Board:
    return fresh(boards["pico"])


@pytest.fixture
def esp32(boards: dict[str, Board]) -> Board:
    return fresh(boards["esp32"])


def fresh(board: Board) -> Board:
    board.soft_reset()
    board.execute("import machine, sys, os, time\nfrom machine import ADC, PWM, Pin, Timer")
    return board


def said(board: Board, source: str) -> str:
    with pytest.raises(DeviceError) as caught:
        board.execute(source)
    return f"{caught.value.name}: {caught.value.message}"


# -- who it is ---------------------------------------------------------------------------------------------------------


def test_the_names_are_the_same_on_both_sides() -> None:
    assert tuple(profiles.BOARDS) == VIRTUAL_BOARDS


@pytest.mark.parametrize(
    ("name", "platform", "build", "title"),
    [
        ("pico", "rp2", "RPI_PICO", "Raspberry Pi Pico (virtual) with RP2040"),
        ("esp32", "esp32", "ESP32_GENERIC", "Generic ESP32 module (virtual) with ESP32"),
    ],
)
def test_it_says_what_that_board_says_and_that_it_is_virtual(
    boards: dict[str, Board], name: str, platform: str, build: str, title: str
) -> None:
    board = fresh(boards[name])
    assert board.banner.endswith(f"; {title}")
    assert board.platform == platform
    assert board.evaluate("sys.platform, sys.implementation._machine, sys.implementation._build") == (
        platform,
        title,
        build,
    )
    assert board.evaluate("sys.implementation.name, sys.implementation[1] == sys.implementation.version") == (
        "micropython",
        True,
    )
    uname = board.evaluate("tuple(os.uname())")
    assert isinstance(uname, tuple)
    assert (uname[0], uname[1], uname[4]) == (platform, platform, title)
    assert uname[3] in board.banner
    assert uname[3].startswith(f"v{uname[2]}")
    assert board.execute("print(os.uname())").startswith(f"(sysname='{platform}', ")


def test_a_board_without_a_name_is_as_it_was() -> None:
    needs_virtual()
    with Board.connect("virtual") as board:
        assert "virtual" in board.banner
        assert board.evaluate("__import__('sys').platform") == "linux"
        assert board.evaluate("hasattr(__import__('os'), 'uname')") is False
        assert board.evaluate("__import__('machine').Pin('LED').__class__.__name__") == "Pin"
        board.execute("from machine import Timer\nTimer(0).deinit()")  # as boards of every kind take it


@pytest.mark.parametrize("name", ["pico", "esp32"])
def test_a_name_costs_little_memory(boards: dict[str, Board], name: str) -> None:
    board = boards[name]
    free = "import gc\ngc.collect()\ngc.collect()\nprint(gc.mem_free())"
    board.soft_reset()
    assert int(board.execute(free)) > 241_000
    board.execute("from machine import Pin")
    assert int(board.execute(free)) > 215_000


def test_ids_have_the_chips_length_and_differ(pico: Board, esp32: Board) -> None:
    ids = [board.evaluate("machine.unique_id()") for board in (pico, esp32)]
    assert [len(one) for one in ids if isinstance(one, bytes)] == [8, 6]


def test_frequencies(pico: Board, esp32: Board) -> None:
    assert pico.evaluate("machine.freq()") == 125_000_000
    assert pico.execute("machine.freq(150_000_000)\nprint(machine.freq())") == "150000000\n"
    assert said(pico, "machine.freq(5)") == "ValueError: cannot change frequency"
    assert esp32.evaluate("machine.freq()") == 160_000_000
    assert esp32.execute("machine.freq(240_000_000)\nprint(machine.freq())") == "240000000\n"
    assert said(esp32, "machine.freq(125_000_000)") == (
        "ValueError: frequency must be 20MHz, 40MHz, 80Mhz, 160MHz or 240MHz"
    )
    assert said(esp32, "machine.freq('x')").startswith("ValueError")


def test_modules_of_the_port_are_left_out(pico: Board, esp32: Board) -> None:
    assert said(pico, "import rp2") == "ImportError: no module named 'rp2'"
    assert said(esp32, "import esp32") == "ImportError: no module named 'esp32'"


# -- resets ------------------------------------------------------------------------------------------------------------


def reset(board: Board, source: str) -> None:
    with pytest.raises(BoardReset):
        board.execute(source, timeout=10)


def test_causes_of_resets(pico: Board, esp32: Board) -> None:
    for board, source, expected in (
        (esp32, "machine.reset()", "SOFT_RESET"),
        (esp32, "machine.deepsleep(10)", "DEEPSLEEP_RESET"),
        (esp32, "machine.WDT(timeout=50)\ntime.sleep(9)", "WDT_RESET"),
        (pico, "machine.reset()", "WDT_RESET"),
    ):
        reset(board, source)
        assert board.execute(f"import machine, time\nprint(machine.reset_cause() == machine.{expected})") == "True\n"
    cause = pico.evaluate("machine.reset_cause()")
    pico.soft_reset()
    assert pico.evaluate("__import__('machine').reset_cause()") == cause
    esp32.soft_reset()
    assert esp32.execute("import machine\nprint(machine.reset_cause() == machine.SOFT_RESET)") == "True\n"
    assert not pico.evaluate("hasattr(__import__('machine'), 'SOFT_RESET')")


# -- Pico --------------------------------------------------------------------------------------------------------------


def test_a_picos_pins(pico: Board) -> None:
    assert pico.evaluate("Pin.IN, Pin.OUT, Pin.OPEN_DRAIN, Pin.ALT, Pin.PULL_UP, Pin.PULL_DOWN") == (0, 1, 2, 3, 1, 2)
    assert pico.evaluate("Pin.IRQ_FALLING, Pin.IRQ_RISING") == (4, 8)
    assert pico.execute("print(Pin('LED'), Pin('GP7'), Pin.board.GP7, Pin(29))").count("GPIO7") == 2
    assert said(pico, "Pin(30)") == "ValueError: invalid pin"


def test_a_picos_timers_are_software(pico: Board) -> None:
    assert said(pico, "Timer(0)") == "ValueError: Timer doesn't exist"
    pico.execute("Timer(-1).deinit()\nTimer().deinit()")


def test_a_picos_own_temperature_is_27_degrees(pico: Board) -> None:
    # As the RP2 quick reference computes it.
    pico.execute("volts = ADC(ADC.CORE_TEMP).read_u16() * 3.3 / 65535\ndegrees = 27 - (volts - 0.706) / 0.001721")
    assert pico.evaluate("26.8 < degrees < 27.2") is True
    assert pico.evaluate("ADC(4).read_u16()") == 14020
    assert pico.evaluate("ADC(0).read_u16() < 2000, hasattr(ADC, 'atten')") == (True, False)


# -- ESP32 -------------------------------------------------------------------------------------------------------------


def test_an_esp32s_constants_are_those_of_its_stubs(esp32: Board) -> None:
    names = "IN OUT OPEN_DRAIN PULL_DOWN PULL_UP IRQ_RISING IRQ_FALLING WAKE_LOW WAKE_HIGH DRIVE_0 DRIVE_3".split()
    assert esp32.evaluate(f"[getattr(Pin, name) for name in {names!r}]") == [1, 3, 7, 1, 2, 1, 2, 4, 5, 0, 3]
    assert esp32.evaluate("[hasattr(Pin, n) for n in ('ALT', 'board', 'high', 'mode', 'IRQ_LOW_LEVEL')]") == [False] * 5
    assert esp32.evaluate("machine.HARD_RESET, machine.DEEPSLEEP_RESET, machine.SOFT_RESET, machine.TIMER_WAKE") == (
        2,
        4,
        5,
        4,
    )


def test_what_machine_has_is_what_the_stubs_tell_of(esp32: Board) -> None:
    try:
        stubs = importlib.metadata.distribution("micropython-esp32-stubs")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("micropython-esp32-stubs is not installed")
    tree = ast.parse(Path(str(stubs.locate_file("machine.pyi"))).read_text(encoding="utf-8"))
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    there = public(esp32, "machine")
    assert there - declared(tree) == {"PinBase"}  # the interpreter's own
    # What docs/virtual-board.md calls missing, and what other ports have.
    missing = {name for name in classes.keys() - there if name[0] != "_"}
    assert missing <= set("ADCBlock ADCWiPy Counter DAC Encoder I2S SDCard TouchPad ID_T".split())
    for name in classes.keys() & there:
        assert public(esp32, f"machine.{name}") - declared(classes[name]) <= {"ioctl"}, name


def public(board: Board, name: str) -> set[str]:
    return {one for one in board.execute(f"print(*dir({name}))").split() if one[0] != "_"}


def declared(node: ast.Module | ast.ClassDef) -> set[str]:
    found: set[str] = set()
    for one in node.body:
        match one:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.AnnAssign(target=ast.Name(id=name)):
                found.add(name)
            case ast.Assign(targets=[ast.Name(id=name)]):
                found.add(name)
    return found


def test_dir_tells_of_all_of_it_at_once(boards: dict[str, Board]) -> None:
    boards["esp32"].soft_reset()
    names = set(boards["esp32"].execute("import machine\nprint(*dir(machine))").split())
    assert {"Pin", "ADC", "PWM", "Timer", "SOFT_RESET", "DEEPSLEEP_RESET", "wake_reason", "disable_irq"} <= names


def test_an_esp32s_names_can_be_imported_at_once(boards: dict[str, Board]) -> None:
    boards["esp32"].soft_reset()
    assert boards["esp32"].execute("from machine import *\nprint(SOFT_RESET, Pin.OPEN_DRAIN, Timer(3))") == (
        "5 7 Timer(3, mode=PERIODIC, period=0, tick_hz=1000)\n"
    )


def test_an_esp32s_pins_keep_their_level_and_pull(esp32: Board) -> None:
    assert esp32.evaluate("Pin(2, Pin.OUT, value=1).value(), Pin(2)()") == (1, 1)
    assert esp32.execute("p = Pin(2, Pin.OUT)\np.off()\np.toggle()\nprint(p, p.value())") == "Pin(2) 1\n"
    assert esp32.evaluate("Pin(4, Pin.IN, Pin.PULL_UP)(), Pin(4, Pin.IN, Pin.PULL_DOWN)()") == (1, 0)
    assert esp32.evaluate("Pin(39, Pin.IN, Pin.PULL_UP)()") == 0  # it has no pull
    assert (
        esp32.execute("d = Pin(5, Pin.OPEN_DRAIN, Pin.PULL_UP, value=1)\nprint(d(), d.value(0), d())") == "1 None 0\n"
    )
    esp32.execute("Pin(13, mode=Pin.OUT, drive=Pin.DRIVE_3, hold=True)\nPin(13, None)\nPin(13, Pin.IN, None)")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Pin(40)", "invalid pin"),
        ("Pin(-1)", "invalid pin"),
        ("Pin(20)", "invalid pin"),
        ("Pin(28)", "invalid pin"),
        ("Pin('GP2')", "invalid pin"),
        ("Pin(1.5)", "invalid pin"),
        ("Pin(6)", "invalid pin: 6 to 11 lead to the flash"),
        ("Pin(34, Pin.OUT)", "pin can only be input"),
        ("Pin(39, Pin.OPEN_DRAIN)", "pin can only be input"),
        ("Pin(36).init(Pin.OUT)", "pin can only be input"),
        ("Pin(2, 5)", "invalid mode"),
        ("Pin(2).irq(5)", "handler must be None or callable"),
        ("ADC(5)", "invalid pin"),
        ("ADC(34).atten(4)", "invalid atten"),
        ("ADC(34).width(8)", "invalid width"),
        ("PWM(34)", "pin can only be input"),
        ("PWM(4).duty(1024)", "duty must be from 0 to 1023"),
        ("PWM(4, freq=0)", "frequency must be from 1Hz to 40MHz"),
        ("PWM(4, duty=1, duty_u16=1)", "only one of parameters 'duty', 'duty_u16' or 'duty_ns' is allowed"),
        ("Timer(4)", "invalid Timer number, max 4"),
        ("Timer(-2)", "invalid Timer number, max 4"),
    ],
)
def test_what_an_esp32_refuses(esp32: Board, source: str, expected: str) -> None:
    assert said(esp32, source) == f"ValueError: {expected}"


def test_edges_have_an_esp32s_numbers(esp32: Board) -> None:
    esp32.execute(
        "seen = []\np = Pin(5, Pin.OUT)\ni = p.irq(lambda pin: seen.append((pin is p, i.flags())), Pin.IRQ_RISING)"
    )
    esp32.execute("p.on()\ntime.sleep_ms(2)\np.off()\ntime.sleep_ms(2)")
    assert esp32.evaluate("seen, i.trigger()") == ([(True, 1)], 1)
    esp32.execute(
        "p.irq(lambda pin: seen.append(i.flags()), trigger=Pin.IRQ_FALLING)\np.on()\np.off()\ntime.sleep_ms(2)"
    )
    assert esp32.evaluate("seen[1:]") == [2]


def test_an_esp32s_adc_reads_twelve_bits_by_attenuation(esp32: Board) -> None:
    esp32.execute("a = ADC(Pin(34), atten=ADC.ATTN_11DB)\nb = ADC(32)\nr = [a.read() for _ in range(20)]")
    assert esp32.evaluate("all(0 <= x < 4096 for x in r), len(set(r)) > 1") == (True, True)
    assert esp32.evaluate("0 <= b.read_u16() <= 65535, 0 <= b.read_uv() <= 1_100_000") == (True, True)
    assert esp32.execute("a.width(ADC.WIDTH_9BIT)\nprint(max(a.read() for _ in range(50)) < 512)") == "True\n"


def test_an_esp32s_pwm_begins_at_five_kilohertz_and_has_a_duty_of_ten_bits(esp32: Board) -> None:
    esp32.execute("p = PWM(Pin(4))")
    assert esp32.evaluate("p.freq(), p.duty(), p.duty_u16()") == (5000, 512, 32768)
    assert (
        esp32.execute("p.duty(1023)\nprint(p.duty_u16(), p.duty())\np.duty(0)\nprint(p.duty_u16())")
        == "65535 1023\n0\n"
    )
    assert esp32.execute("p.freq(1)\nprint(p.freq(), PWM(4).freq())\np.deinit()") == "1 1\n"
    assert esp32.evaluate("PWM(Pin(18), freq=1000, duty_ns=500_000).duty()") == 511
    assert esp32.execute("print(PWM(Pin(19), freq=50, duty=77))") == "PWM(Pin(19), freq=50, duty_u16=4928)\n"


def test_an_esp32s_hardware_timers_are_four(esp32: Board) -> None:
    esp32.execute("n = 0\ndef tick(t):\n global n\n n += 1\nt = Timer(0, period=10, callback=tick)\ntime.sleep_ms(80)")
    assert esp32.execute("print(n >= 3, t)") == "True Timer(0, mode=PERIODIC, period=10, tick_hz=1000)\n"
    # The same timer, whatever object stands for it; others go on beside it.
    assert (
        esp32.execute("for id in 0, 1: Timer(id, period=60_000, callback=tick)\nn = 0\ntime.sleep_ms(50)\nprint(n)")
        == "0\n"
    )
    assert (
        esp32.execute("t = Timer(-1)\nt.init(period=10, callback=tick)\ntime.sleep_ms(80)\nprint(n >= 3)") == "True\n"
    )
    assert said(esp32, "Timer()").startswith("TypeError")


# -- how it is asked for -----------------------------------------------------------------------------------------------


def test_a_board_that_there_is_not_is_refused_before_anything_starts() -> None:
    with pytest.raises(ConnectError, match=r'"pic" is no board .* there are pico and esp32\. Did you mean "pico"\?'):
        Board.connect("virtual", board="pic")
    for address in ("/dev/ttyACM0", "auto", "ws://host", "exec:micropython"):
        with pytest.raises(ConnectError, match="Only a virtual board can be told"):
            Board.connect(address, board="pico")


def test_the_command_takes_it_too() -> None:
    needs_virtual()
    command = [sys.executable, "-m", "metakernel_micropython.virtual", "--tcp", "0", "--board"]
    refused = subprocess.run([*command, "pic"], capture_output=True, text=True, check=False, timeout=30)
    assert refused.returncode == 2
    assert "'pic' is no board that the virtual one can be: pico, esp32" in refused.stderr


def test_a_notebook_asks_for_it_and_gets_it_again(start: Start, virtual_address: str) -> None:
    kernel = start()
    assert "Generic ESP32 module (virtual)" in kernel.do(f"%connect {virtual_address} --board esp32").stdout
    assert kernel.do("import sys\nsys.platform").value == "'esp32'"
    assert re_size(kernel.do("%df").stdout) == "4 MiB"
    kernel.run("import machine\nmachine.reset()")
    assert kernel.do("import sys\nsys.platform").value == "'esp32'"
    reply = kernel.run("import rp2")
    assert "the virtual board leaves it out" in reply.error.text + reply.stderr
    kernel.restart()
    assert kernel.do("import sys\nsys.platform").value == "'esp32'"
    kernel.do(f"%connect {virtual_address}")
    assert kernel.do("import sys\nsys.platform").value == "'linux'"


def re_size(text: str) -> str:
    return text.partition("total ")[2].partition(",")[0]


def test_a_notebook_is_told_what_is_wrong(start: Start, virtual_address: str) -> None:
    kernel = start()
    kernel.do(f"%connect {virtual_address}\nx = 42")
    assert 'Did you mean "pico"?' in kernel.fail("%connect virtual --board pic").value
    assert "Only a virtual board" in kernel.fail("%connect /dev/ttyACM0 --board pico").value
    assert kernel.do("x").value == "42"
    assert kernel.complete("%connect virtual --board ") == [
        "%connect virtual --board esp32",
        "%connect virtual --board pico",
    ]
