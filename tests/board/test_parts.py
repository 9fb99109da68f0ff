"""``Board.parts``: parts are attached, set, seen and waited for, from scripts and from threads."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from metakernel_micropython.board import Board
from metakernel_micropython.board.parts import Parts
from metakernel_micropython.errors import BoardTimeout, LineLost, NoParts, PartError
from metakernel_micropython.transports.options import KeptParts
from metakernel_micropython.transports.virtual_control import ControlLine

from ..boards import in_background, needs_virtual
from ..documents import DOCS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def started() -> Iterator[Board]:
    needs_virtual()
    with Board.connect("virtual") as board:
        yield board


@pytest.fixture
def board(started: Board) -> Board:
    """A board without variables and parts of earlier tests."""
    for part in started.parts.all():
        started.parts.detach(part.name)
    started.parts.script([], start="program")
    started.soft_reset()
    return started


def test_the_example_of_the_documentation_runs(virtual_address: str) -> None:
    source = re.findall(r"```python\n(.*?)```", (DOCS / "virtual-parts.md").read_text("utf-8"), re.DOTALL)[0]
    exec(compile(source, "virtual-parts.md", "exec"), {})


# -- kinds, names and what is wrong with them ----------------------------------------------------------------------

KINDS = (
    "led button potentiometer servo buzzer neopixel ssd1306 ssd1306spi mpu6050 bmp280 ds18b20 dht22 dht11 pir".split()
)


def test_the_kinds_tell_what_they_are_attached_to_and_what_can_be_set(board: Board) -> None:
    kinds = {kind.kind: kind for kind in board.parts.kinds()}
    assert set(kinds) >= set(KINDS)
    assert not any(kinds[name].error for name in KINDS)
    assert all(kinds[name].summary for name in KINDS)
    button = kinds["button"]
    assert button.terminals == ("pin",)
    assert button.options["pull"]["choices"] == ["up", "down"]
    assert button.settings["pressed"]["on"][0] == "pressed"
    assert kinds["bmp280"].settings["temperature"]["unit"] == "°C"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_attached_seen_and_detached(board: Board, kind: str) -> None:
    usual = next(one for one in board.parts.kinds() if one.kind == kind)
    pins = usual.usual or tuple(range(14, 14 + len(usual.terminals)))
    part = board.parts.attach(kind, *pins)
    assert part.kind == kind
    assert tuple(part.pins.values()) == pins
    assert part.picture
    board.parts.detach(part.name)
    assert board.parts.all() == []


def test_parts_get_names_with_numbers(board: Board) -> None:
    names = [board.parts.attach("led", pin).name for pin in (15, 16)]
    names += [board.parts.attach("bmp280", address=address).name for address in ("0x76", 0x77)]
    names.append(board.parts.attach("led", "LED", name="lamp").name)
    assert names == ["led1", "led2", "bmp280", "bmp280_2", "lamp"]
    assert [part.name for part in board.parts.all()] == names
    board.parts.detach("led1")
    assert board.parts.attach("led", 17).name == "led1"


def test_what_is_attached_again_in_the_same_place_replaces_itself(board: Board) -> None:
    """So that a cell can be run again."""
    for color in ("red", "blue"):
        board.parts.attach("led", 15, color=color)
        board.parts.attach("ssd1306")
        board.parts.attach("button", 14, name="start")
    assert [part.name for part in board.parts.all()] == ["led1", "ssd1306", "start"]
    assert board.parts.describe("led1").picture[0]["color"] == "#2060ff"


@pytest.mark.parametrize(
    ("attach", "said"),
    [
        (lambda parts: parts.attach("lde", 15), "no kind of part called 'lde' (did you mean led?)"),
        (lambda parts: parts.attach("led"), "A led is attached to one pin (pin), not to 0: for example 'led 14'."),
        (lambda parts: parts.attach("led", 1, 2), "not to 2"),
        (lambda parts: parts.attach("led", 99), "no pin 99: they are 0 to 29"),
        (lambda parts: parts.attach("led", "X1"), "no pin 'X1'"),
        (lambda parts: parts.attach("led", 15, color="mauvish"), "'mauvish' is no colour: write #rrggbb or one of red"),
        (lambda parts: parts.attach("led", 15, colour="red"), "no option --colour (did you mean color?)"),
        (lambda parts: parts.attach("pir", 15, speed=1), "no options but --name"),
        (lambda parts: parts.attach("led", 15, name="1st"), "'1st' cannot be a name"),
        (lambda parts: parts.attach("led", 15, name="pin3"), "it is a pin's"),
        (lambda parts: parts.attach("button", 14, pull="sideways"), "--pull of button is up or down, not 'sideways'"),
        (lambda parts: parts.attach("ssd1306", address="lots"), "--address of ssd1306 takes a number, not 'lots'"),
        (lambda parts: parts.attach("ssd1306", address=0x100), "0x100"),
        (lambda parts: parts.attach("ssd1306", i2c=7), "no I2C 7"),
        (lambda parts: parts.attach("ssd1306", 3), "is attached to no pin, but to a bus (--i2c 0), not to 1"),
        (lambda parts: parts.attach("neopixel", 0, count=0), "count 0 is not between 1 and 1024"),
        (lambda parts: parts.attach("potentiometer", 15), "no ADC can read pin 15: those that can be read are 26, 27"),
        (lambda parts: parts.attach("led", object()), "A pin is a number"),
        (lambda parts: parts.detach("led7"), "no part called 'led7': none is attached"),
    ],
)
def test_what_cannot_be_attached_says_why_and_what_would_do(
    board: Board, attach: Callable[[Parts], object], said: str
) -> None:
    with pytest.raises(PartError) as caught:
        attach(board.parts)
    assert said in str(caught.value)
    assert board.parts.all() == []


def test_two_devices_cannot_have_one_address(board: Board) -> None:
    board.parts.attach("bmp280")
    with pytest.raises(PartError, match=r"mpu6050 cannot be attached: .*0x76"):
        board.parts.attach("mpu6050", address=0x76)
    assert [part.name for part in board.parts.all()] == ["bmp280"]


def test_two_parts_cannot_hold_one_pin(board: Board) -> None:
    board.parts.attach("button", 14)
    board.parts.attach("led", 14)
    with pytest.raises(PartError, match="pir1 cannot be attached: button1 is on GP14"):
        board.parts.attach("pir", 14)
    board.parts.attach("button", 14, pull="down")  # in its own place


# -- setting -------------------------------------------------------------------------------------------------------


def test_values_are_set_by_words_and_numbers(board: Board) -> None:
    board.parts.attach("button", 14)
    board.parts.attach("bmp280")
    button, sensor = board.parts["button1"], board.parts["bmp280"]
    for value, pressed in (("pressed", True), ("up", False), ("press", True), (0, False), (True, True), ("OFF", False)):
        board.parts.set("button", value)  # the only one of its kind
        assert button.state == {"pressed": pressed}
    button.press()
    assert button.state["pressed"]
    button.release()
    assert not button.state["pressed"]
    sensor.set(31.5)
    sensor.set("pressure", "990 hPa")
    board.parts.set("bmp280.temperature", "-3.25 °C")
    assert sensor.state == {"temperature": -3.25, "pressure": 990.0}
    assert sensor.description.settings["pressure"] == {
        "type": "slider",
        "low": 300,
        "high": 1100,
        "step": 0.25,
        "unit": "hPa",
        "value": 990.0,
    }


@pytest.mark.parametrize(
    ("target", "value", "said"),
    [
        ("button1", "halfway", "button1.pressed takes pressed or released, not 'halfway'"),
        ("bmp280", 200, "bmp280.temperature goes from -40 to 85 °C: 200 is not in it"),
        ("bmp280", "warm", "bmp280.temperature takes a number, -40 to 85 °C, not 'warm'"),
        ("bmp280", "20 hPa", "takes a number"),
        ("bmp280", True, "takes a number"),
        ("bmp280", float("nan"), "takes a number"),
        ("bmp280.preshure", 1, "no setting 'preshure' (did you mean pressure?). It has temperature (-40 to 85 °C)"),
        ("bmp28", 1, "no part called 'bmp28' (did you mean bmp280?)"),
        ("led1", 1, "led1 has nothing to set"),
        ("", 1, "no part called ''"),
        ("bmp280", [1], "takes a number"),
    ],
)
def test_what_cannot_be_set_says_what_can(board: Board, target: str, value: object, said: str) -> None:
    board.parts.attach("led", 15)
    board.parts.attach("button", 14)
    board.parts.attach("bmp280")
    with pytest.raises(PartError) as caught:
        board.parts.set(target, value)
    assert said in str(caught.value)


def test_a_kind_names_its_only_part_alone(board: Board) -> None:
    board.parts.attach("button", 14)
    board.parts.attach("button", 13)
    with pytest.raises(PartError, match="say which, button1 or button2"):
        board.parts.set("button", "pressed")


# -- seeing --------------------------------------------------------------------------------------------------------


def test_a_snapshot_has_pins_and_parts_and_comes_again_when_something_changes(board: Board) -> None:
    board.parts.attach("led", 15)
    board.execute("from machine import Pin, PWM\np = Pin(15, Pin.OUT, value=1)\nq = Pin(2, Pin.IN, Pin.PULL_UP)")
    board.execute("w = PWM(Pin(3), freq=50, duty_u16=16384)\nb = Pin('LED', Pin.OUT)")
    first = board.parts.state()
    assert first is not None
    pins = {pin["pin"]: pin for pin in first["pins"]}
    nothing: dict[str, Any] = {"duty": None, "hertz": None, "volts": None}
    assert pins[15] == {"pin": 15, "name": "GP15", "mode": "OUT", "level": 1, "pull": "", **nothing}
    assert pins[2] == {"pin": 2, "name": "GP2", "mode": "IN", "level": 1, "pull": "up", **nothing}
    assert (pins[3]["mode"], pins[3]["duty"], pins[3]["hertz"]) == ("ALT", 0.25, 50)
    assert pins[25]["name"] == "LED"
    assert set(pins) == {2, 3, 15, 25}
    (part,) = first["parts"]
    assert (part["name"], part["pins"], part["state"]["on"]) == ("led1", {"pin": 15}, True)
    assert json.dumps(first)
    assert board.parts.state(first["serial"]) is None
    board.execute("p.off()")
    second = board.parts.state(first["serial"])
    assert second is not None and second["serial"] > first["serial"]
    assert not second["parts"][0]["state"]["on"]
    board.execute("b.on()")  # a pin that nobody watches
    third = board.parts.state(second["serial"])
    assert third is not None and {pin["pin"]: pin["level"] for pin in third["pins"]}[25] == 1


def test_a_snapshot_comes_while_a_program_runs(board: Board) -> None:
    board.parts.attach("led", 15)
    with board.start("from machine import Pin\nimport time\np = Pin(15, Pin.OUT)\nwhile True: p.toggle()") as running:
        serial, seen = None, set()
        deadline = time.monotonic() + 10
        while len(seen) < 2 and time.monotonic() < deadline:
            if (snapshot := board.parts.state(serial)) is not None:
                serial = snapshot["serial"]
                seen.add(snapshot["parts"][0]["state"]["on"])
        board.interrupt()
        for _ in running.stream():
            pass
    assert seen == {True, False}


# -- waiting -------------------------------------------------------------------------------------------------------


def test_a_wait_ends_at_once_when_it_is_so_and_tells_what_was_when_it_was_not(board: Board) -> None:
    board.parts.attach("led", 15)
    board.parts.attach("servo", 16)
    found = board.parts.wait("led1", "off", within=0)
    assert found.reached and found.was == "off"
    found = board.parts.wait("led1.brightness", ">", 0.5, within=0.05)
    assert not found.reached and found.was == "0" and found.after >= 0.05
    assert board.parts.wait("servo1", "==", 90, within=0).reached
    assert board.parts.wait("servo1.angle", "!=", "91", within=0).reached
    assert board.parts.wait("pin15", "low", within=0).reached
    assert board.parts.wait("LED", "low", within=0).reached


PULSE = "from machine import Pin\np = Pin({pin}, Pin.OUT)\nimport time\ntime.sleep_ms(50)\np.on()\np.off()"


@pytest.mark.parametrize(("target", "word"), [("led1", "on"), ("pin15", "high"), ("GP16", "high")])
def test_a_pulse_of_microseconds_is_noticed(board: Board, target: str, word: str) -> None:
    board.parts.attach("led", 15)
    found = []
    result = in_background(lambda: found.append(board.parts.wait(target, word, within=10)))
    time.sleep(0.05)
    board.execute(PULSE.format(pin=16 if target == "GP16" else 15))
    assert result() is None
    assert found[0].reached and found[0].was == word


def test_waits_do_not_hold_each_other_up(board: Board) -> None:
    board.parts.attach("button", 14)
    board.parts.attach("led", 15)
    results = [
        in_background(lambda: board.parts.wait("led1", "on", within=0.5)),
        in_background(lambda: board.parts.wait("button1", "pressed", within=10)),
    ]
    time.sleep(0.05)
    begun = time.monotonic()
    board.parts.set("button1", "pressed")
    assert results[1]() is None
    assert board.evaluate("1 + 1") == 2
    assert results[0]() is None
    assert time.monotonic() - begun < 9


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("led9", "on"), "no part called 'led9' (did you mean led1?)"),
        (("led1.colour", "on"), "led1 tells no 'colour'"),
        (("led1", "shiny"), "led1.on is on or off: it cannot be == 'shiny'"),
        (("led1", ">", 1), "led1.on is on or off: it cannot be > 1"),
        (("led1.brightness", "~", 1), "'~' compares nothing"),
        (("led1.brightness", "bright"), "led1.brightness is a number (0): it cannot be == 'bright'"),
        (("pin15.colour", 1), "A pin tells no 'colour'"),
    ],
)
def test_what_cannot_be_waited_for_says_what_can(board: Board, arguments: tuple[Any, ...], said: str) -> None:
    board.parts.attach("led", 15)
    with pytest.raises(PartError) as caught:
        board.parts.wait(*arguments)
    assert said in str(caught.value)


def test_a_wait_for_a_part_that_is_detached_ends(board: Board) -> None:
    board.parts.attach("led", 15)
    result = in_background(lambda: board.parts.wait("led1", "on", within=10))
    time.sleep(0.05)
    board.parts.detach("led1")
    error = result()
    assert isinstance(error, PartError) and "led1 was detached" in str(error)


@pytest.mark.parametrize("within", [-1, float("nan"), float("inf"), "soon", None, True])
def test_a_wait_has_an_end(board: Board, within: Any) -> None:
    with pytest.raises(PartError, match="within is a number of seconds"):
        board.parts.wait("pin15", "high", within=within)


def test_a_wait_goes_on_through_a_reset_of_the_board(board: Board) -> None:
    board.parts.attach("led", 15)
    result = in_background(lambda: board.parts.wait("led1", "on", within=10))
    time.sleep(0.05)
    board.soft_reset()
    board.execute("from machine import Pin\nPin(15, Pin.OUT, value=1)")
    assert result() is None


def test_a_request_that_was_cut_off_does_not_spoil_the_next(board: Board) -> None:
    control = board.parts._control
    assert control._connection is not None
    control._connection.write(b'\n{"id": 1, "do": "att')
    assert board.parts.all() == []


def test_closing_a_board_ends_its_waits(virtual_address: str) -> None:
    with Board.connect(virtual_address) as board:
        result = in_background(lambda: board.parts.wait("pin15", "high", within=60))
        time.sleep(0.2)
    error = result()
    assert isinstance(error, LineLost) and "closed" in str(error)


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_ctrl_c_ends_a_wait_and_nothing_else(board: Board) -> None:
    board.parts.attach("led", 15)
    main = threading.main_thread().ident
    assert main is not None
    timer = threading.Timer(0.2, lambda: signal.pthread_kill(main, signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        board.parts.wait("led1", "on", within=60)
    assert board.parts.wait("led1", "off", within=0).reached


# -- scripts -------------------------------------------------------------------------------------------------------


def test_a_script_sets_things_at_their_times(board: Board) -> None:
    board.parts.attach("button", 14)
    board.parts.attach("bmp280")
    board.parts.script([(0.0, "button1", "press"), (0.2, "button1", "release"), (0.1, "bmp280.temperature", "31.5")])
    assert board.parts.wait("button1", "pressed", within=10).reached
    found = board.parts.wait("button1", "released", within=10)
    assert found.reached and found.after > 0.05
    assert board.parts["bmp280"].state["temperature"] == 31.5


def test_a_script_waits_for_a_program(board: Board) -> None:
    board.parts.attach("button", 14)
    board.parts.script([(0.1, "button1", "press")], start="program")
    assert not board.parts.wait("button1", "pressed", within=0.3).reached
    board.parts.script([(1.0, "button1", "press")], start="program")
    board.execute("pass")  # a short one that somebody sends before: the time counts from the last one
    board.execute(
        "from machine import Pin\nimport time\nt = time.ticks_ms()\np = Pin(14, Pin.IN)\nwas = p.value()\n"
        "while p.value() and time.ticks_diff(time.ticks_ms(), t) < 5000: pass\nt = time.ticks_diff(time.ticks_ms(), t)"
    )
    assert board.evaluate("was, 400 < t < 5000") == (1, True)


def test_a_script_for_a_program_ends_the_one_before(board: Board) -> None:
    board.parts.attach("button", 14)
    board.parts.attach("pir", 13)
    board.parts.script([(0.0, "pir1", "motion"), (1.0, "button1", "press")], start="program")
    board.execute("pass")
    assert board.parts.wait("pir1", "motion", within=10).reached
    board.parts.script([], start="program")
    assert not board.parts.wait("button1", "pressed", within=1.2).reached


def test_a_script_with_a_mistake_does_nothing(board: Board) -> None:
    board.parts.attach("button", 14)
    with pytest.raises(PartError, match="Step 2: There is no part called 'bottom'"):
        board.parts.script([(0.0, "button1", "press"), (0.1, "bottom", "press")])
    with pytest.raises(PartError, match="time of step 1"):
        board.parts.script([(-1, "button1", "press")])
    with pytest.raises(PartError, match="not 'later'"):
        board.parts.script([], start="later")
    assert not board.parts.wait("button1", "pressed", within=0.2).reached


def test_a_step_that_cannot_be_done_any_more_is_told(board: Board) -> None:
    board.parts.attach("button", 14)
    known = board.parts.events()
    board.parts.script([(0.05, "button1", "press")])
    board.parts.detach("button1")
    deadline = time.monotonic() + 10
    while not (events := board.parts.events(known[-1][0] if known else 0)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert "step at 0.05 s was not done. There is no part called 'button1'" in events[0][1]


# -- boards that are none, end, or lie -----------------------------------------------------------------------------


def test_other_boards_have_no_parts(microbit_address: str) -> None:
    with Board.connect(microbit_address) as board, pytest.raises(NoParts, match=r"Board\.connect\('virtual'\)"):
        board.parts.all()


def test_a_board_that_dies_says_so_to_all_who_wait(virtual_address: str) -> None:
    with Board.connect(virtual_address) as board:
        board.parts.attach("led", 15)
        result = in_background(lambda: board.parts.wait("led1", "on", within=60))
        time.sleep(0.1)
        board._session.line.transport._child.kill()  # type: ignore[attr-defined]
        error = result()
        assert isinstance(error, LineLost) and "the virtual board ended" in str(error)
        with pytest.raises(LineLost):
            board.parts.all()
    with pytest.raises(LineLost):
        board.parts.all()


def test_two_boards_have_their_own_parts(board: Board) -> None:
    board.parts.attach("led", 15)
    with Board.connect("virtual") as other:
        assert other.parts.all() == []
        other.parts.attach("button", 15)
        assert [part.name for part in board.parts.all()] == ["led1"]


def test_pins_are_called_as_the_board_calls_them(virtual_address: str) -> None:
    with Board.connect(virtual_address, board="esp32") as board:
        assert board.parts.attach("led", "GPIO25").pins == {"pin": 25}
        assert board.parts.attach("ssd1306", i2c=1).name == "ssd1306"
        for pin in (6, 31, 40, "GP25", "LED"):
            with pytest.raises(PartError, match=r"The board has no pin .*0 to 39 without 6, 7"):
                board.parts.attach("led", pin)
        snapshot = board.parts.state()
        assert snapshot is not None and [pin["name"] for pin in snapshot["pins"]] == ["GPIO25"]
        board.execute("from machine import Pin, I2C\nPin(25, Pin.OUT).on()")
        assert board.parts["led1"].state["on"]
        assert board.evaluate("I2C(1).scan()") == [0x3C]


def test_parts_are_there_without_the_protocol_of_the_prompt(virtual_address: str) -> None:
    with Board.connect(virtual_address, raw=True) as board:
        board.parts.attach("led", 15)
        assert repr(board.parts["led"]) == "<led1: on=False, brightness=0.0>"


class Liar:
    """The board's end of a control connection, in the hands of a test."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            ours = socket.create_connection(server.getsockname())
            self.socket, _ = server.accept()
        self.control = ControlLine("virtual", ours, lambda: "it has ended")
        self.parts = Parts(self.control, KeptParts())

    def says(self, *answers: object) -> Callable[[], BaseException | None]:
        def answer() -> None:
            for one in answers:
                number = json.loads(self.socket.recv(65536).splitlines()[-1])["id"]
                said = one if isinstance(one, bytes) else json.dumps({"id": number, **one}).encode() + b"\n"  # type: ignore[dict-item]
                self.socket.sendall(said)

        return in_background(answer)


@pytest.fixture
def liar() -> Iterator[Liar]:
    made = Liar()
    yield made
    made.control.close()
    made.socket.close()


@pytest.mark.parametrize(
    "answer",
    [
        {"ok": {}},
        {"ok": {"parts": "many"}},
        {"ok": {"parts": [1]}},
        {"ok": {"parts": [{"name": "a", "kind": "b", "summary": "c", "pins": {"x": "y"}}]}},
        {"ok": {"parts": [{"name": 1}]}},
        b"\xff\xff\n",
        b"[1]\n",
        b"[" * 100_000 + b"\n",
    ],
)
def test_an_answer_that_makes_no_sense_is_an_error(liar: Liar, answer: object) -> None:
    told = liar.says(answer)
    with pytest.raises(LineLost):
        liar.parts.all()
    told()


def test_a_refusal_is_text_and_no_more(liar: Liar) -> None:
    told = liar.says({"error": "{0.__class__} %s", "advice": "__class__"})
    with pytest.raises(PartError) as caught:
        liar.parts.all()
    assert str(caught.value) == "{0.__class__} %s"
    told()


def test_an_answer_without_an_end_is_an_error(liar: Liar) -> None:
    def pour() -> None:
        liar.socket.recv(65536)
        with pytest.raises(OSError):
            while True:
                liar.socket.sendall(b"x" * 65536)

    told = in_background(pour)
    with pytest.raises(LineLost, match="does not speak the protocol"):
        liar.parts.all()
    assert told() is None


def test_no_answer_is_an_error_in_time(liar: Liar) -> None:
    with pytest.raises(BoardTimeout, match="did not answer"):
        liar.control.ask("parts", timeout=0.05)
    liar.socket.recv(65536)
    told = liar.says({"ok": {"parts": []}})
    assert liar.parts.all() == []  # a late answer would disturb nobody
    told()


# -- parts of packages ---------------------------------------------------------------------------------------------


def install(folder: Path, points: dict[str, str]) -> None:
    """A package as pip leaves it: the metadata with its entry points."""
    info = folder / "thing-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
    lines = "".join(f"{name} = {target}\n" for name, target in points.items())
    (info / "entry_points.txt").write_text(f"[metakernel_micropython.parts]\n{lines}")


PLUG_INS = """
from metakernel_micropython.virtual.parts.part import Part, Slider
class Bad(Part):
    kind, summary, terminals = "bad", "fails", ("pin",)
    settings = {"x": Slider(0, 1, 0)}
    def attach(self):
        self.keep(self.circuit.watch(self.pins["pin"], self.see))
    def see(self, level):
        if level: raise RuntimeError("cannot see")
    def changed(self, setting): raise RuntimeError("cannot change")
    def state(self): raise RuntimeError("cannot tell")
    def picture(self): return [{"shape": "text", "text": object()}]
class Wrong(Part):
    kind, summary = "other", ""
class Failing(Part):
    kind, summary = "failing", "cannot be attached"
    def attach(self): 1 / 0
"""


def test_a_broken_plug_in_breaks_nothing_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, virtual_address: str
) -> None:
    (tmp_path / "plug_ins.py").write_text(PLUG_INS)
    points = {"bad": "Bad", "wrong": "Wrong", "failing": "Failing", "missing": "Missing"}
    install(tmp_path, {**{name: f"plug_ins:{target}" for name, target in points.items()}, "gone": "no_such_module:X"})
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH")))))
    with Board.connect(virtual_address) as board:
        errors = {kind.kind: kind.error for kind in board.parts.kinds()}
        assert not errors["led"] and not errors["bad"]
        assert "kind is 'other', and the entry point is called 'wrong'" in errors["wrong"]
        assert "Missing" in errors["missing"] and "no_such_module" in errors["gone"]
        with pytest.raises(PartError, match="The part gone cannot be loaded: ModuleNotFoundError"):
            board.parts.attach("gone")
        with pytest.raises(PartError, match="failing1 cannot be attached: ZeroDivisionError"):
            board.parts.attach("failing")
        part = board.parts.attach("bad", 15)
        assert "cannot tell" in str(part.state["error"])
        with pytest.raises(PartError, match="cannot change"):
            board.parts.set("bad1", 1)
        board.execute("from machine import Pin\np = Pin(15, Pin.OUT, value=1)")
        assert board.evaluate("p.value()") == 1
        assert any("cannot see" in text for _, text in board.parts.events())
        with pytest.raises(PartError, match="bad1 fails when it is looked at: RuntimeError: cannot tell"):
            board.parts.wait("bad1", "on")
        board.parts.detach("bad1")


def test_the_example_of_a_part_can_be_attached(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, virtual_address: str
) -> None:
    import tomllib
    from pathlib import Path as HostPath

    example = HostPath(__file__).parents[2] / "examples" / "custom_part"
    project = tomllib.loads((example / "pyproject.toml").read_text("utf-8"))["project"]
    install(tmp_path, project["entry-points"]["metakernel_micropython.parts"])
    paths = (str(tmp_path), str(example), os.environ.get("PYTHONPATH"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
    with Board.connect(virtual_address) as board:
        board.parts.attach("lightsensor", 26)
        board.execute("from machine import ADC\na = ADC(26)")
        readings = []
        for light in (0, 10, 1000, 10_000):
            board.parts.set("lightsensor1", light)
            readings.append(int(str(board.evaluate("a.read_u16()"))))
        assert readings == sorted(readings) and readings[1] == pytest.approx(32768, abs=2)
        assert board.parts["lightsensor1"].state["volts"] == pytest.approx(3.27, abs=0.01)


def test_parts_are_loaded_when_somebody_asks_for_them(virtual_address: str) -> None:
    """What starts a board must not grow with what could be attached to it."""
    import subprocess

    code = (
        "import sys\nimport metakernel_micropython.virtual.cli, metakernel_micropython.virtual.virtual_board\n"
        "print([name for name in sys.modules if '.virtual.parts' in name or name == 'json'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]", done.stdout
