"""%parts, %attach, %detach, %set, %expect, %%script and %panel, typed as people do."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from ..boards import needs_virtual
from ..front_end import Jupyter

if TYPE_CHECKING:
    from collections.abc import Iterator

VIEW = "application/vnd.jupyter.widget-view+json"

LED_AND_BUTTON = """\
from machine import Pin
led, button = Pin(15, Pin.OUT), Pin(14, Pin.IN, Pin.PULL_UP)
button.irq(lambda pin: led.toggle(), Pin.IRQ_FALLING);"""


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    needs_virtual()
    kernel = Jupyter(tmp_path_factory.mktemp("notebooks"))
    kernel.do("%connect virtual --board pico")
    yield kernel
    kernel.close(now=True)


@pytest.fixture
def kernel(started: Jupyter) -> Jupyter:
    """A kernel with a board that has nothing attached, and runs nothing."""
    started.do("%detach --all\n%reset")
    return started


@pytest.fixture
def wired(kernel: Jupyter) -> Jupyter:
    """A LED that a button toggles."""
    kernel.do(f"%attach led 15\n%attach button GP14 --pull up\n{LED_AND_BUTTON}")
    return kernel


def text(kernel: Jupyter, cell: str) -> str:
    return "\n".join(content["data"]["text/plain"] for content in kernel.do(cell).of("display_data"))


def test_parts_lists_what_is_attached_and_what_can_be(wired: Jupyter) -> None:
    attached, kinds = text(wired, "%parts").split("attach it with")
    assert "led1     led     pin 15  not on, brightness 0" in attached
    assert "button1  button  pin 14  not pressed" in attached
    assert "%attach ssd1306 [--i2c 0] [--address 0x3c] [--width 128] [--height 64]" in kinds
    told = wired.do("%parts bmp280").stdout
    assert "%set bmp280.temperature  -40 to 85 °C" in told
    assert "--address" in told and "0x76" in told
    assert "There is no part called lamp" in wired.fail("%parts lamp").value


def test_attaching_says_where_and_the_same_line_again_changes_nothing(kernel: Jupyter) -> None:
    for _ in range(2):
        assert "Attached led1 (pin 15): a LED" in kernel.do("%attach led 15").stdout
    assert "Attached lamp (pin 25)" in kernel.do("%attach led LED --color=green --name lamp").stdout
    assert "Detached led1, lamp" in kernel.do("%detach --all").stdout
    assert "Nothing was attached" in kernel.do("%detach --all").stdout


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("%attach", "required: KIND"),
        ("%attach lamp 3", "no kind of part called 'lamp'"),
        ("%attach led", "led 14"),
        ("%attach led 99", "has no pin '99'"),
        ("%attach led 3 --colour red", "did you mean color?"),
        ("%attach led 3 --color", "--color needs a value"),
        ("%attach led 3 --color mauve", "mauve"),
        ("%attach led 3 --name 'x y'", "x y"),
        ("%attach ssd1306 --address zero", "zero"),
        ("%attach bmp280 --i2c 7", "7"),
        ("%detach", "name a part"),
        ("%detach led7", "led7"),
        ("%set led7 1", "led7"),
        ("%set button1", "required: value"),
        ("%set led1 on", "nothing to set"),
        ("%set button1 maybe", "pressed or released"),
        ("%set button1.colour red", "colour"),
        ("%expect led1", "required: VALUE"),
        ("%expect led1 on within", "say what it should be"),
        ("%expect led1 on within soon", "soon is no time"),
        ("%expect led1 on within 2", "2 is no time"),
        ("%expect led1 on within 2h", "2h is no time"),
        ("%expect led1 >", "say what it should be"),
        ("%expect led1 blue", "led1.on is on or off"),
        ("%expect led1.colour red", "colour"),
        ("%expect pin99 high", "99"),
        ("%%script", "no line below"),
        ("%%script\nbutton1 press", "line 1: 'button1 press' is no step"),
        ("%%script\n\n# later\n1s button1 press 3", "line 3"),
        ("%%script\n1s button7 press", "button7"),
        ("%%script\n1s button1 maybe", "pressed or released"),
        ("%%script\n-1s button1 press", "is no step"),
        ("%%script\nnans button1 press", "is no step"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_would(wired: Jupyter, cell: str, words: str) -> None:
    assert words in wired.fail(cell).value


def test_expect_tells_what_it_is_and_fails_the_cell_otherwise(wired: Jupyter) -> None:
    wired.do("%expect led1 off\n%expect led1.brightness == 0\n%expect pin15 low\n%expect led1 is off")
    error = wired.fail("%expect led1 on")
    assert (error.name, error.value) == ("MagicError", "Expected led1 on: it is off.")
    began = time.monotonic()
    assert wired.fail("%expect led1 on within 300ms").value == "Expected led1 on within 0.3 s: it is off."
    assert time.monotonic() - began >= 0.3
    assert "led1 on: yes, after" in wired.do("%set button1 pressed\n%expect led1 on within 2s").stdout
    wired.do("%expect led1.brightness > 0.5\n%expect led1.brightness >=0.5\n%expect pin14 low")


def test_a_pulse_of_a_millisecond_is_seen(wired: Jupyter) -> None:
    wired.do(
        "from machine import Timer\nTimer(mode=Timer.ONE_SHOT, period=300, callback=lambda t: (led.on(), led.off()));"
    )
    wired.do("%expect led1 on within 3s")
    wired.do("%expect led1 off")


def test_a_script_begins_with_the_next_cells_program(wired: Jupyter) -> None:
    told = wired.do("%%script\n0.2s button1 press  # a comment\n\n2s button1 release").stdout
    assert told == "2 steps, the last after 2 s, once the next cell's program starts.\n"
    # What is only asked of the board is no program: completion, a look at its files, a magic.
    wired.complete("led.")
    wired.do("%ls\n%expect button1 released")
    time.sleep(0.5)
    assert wired.do("%expect button1 released\nled.value()").value == "0"
    assert wired.do("while button.value() or not led.value(): pass\nled.value(), button.value()").value == "(1, 0)"
    wired.do("%expect button1 released within 5s")


def test_a_script_that_begins_now_plays_on_a_started_program(wired: Jupyter) -> None:
    wired.do("%%start\nwhile button.value(): pass\nprint('pressed')\nwhile True: pass")
    wired.do("%%script --now\n0.1s button1 press\n0.7s button1 release")
    wired.do("%parts\n%panel\n%expect led1 on within 2s\n%expect button1 released within 2s")
    assert "interrupted: this cell needs the board" in (told := wired.run("led.value()").stderr)
    assert "pressed" in told


def test_stop_ends_a_wait(wired: Jupyter) -> None:
    reply = wired.run("%expect led1 on within 60s", stop_after=0.5, timeout=20)
    assert reply.error.name == "KeyboardInterrupt"
    assert wired.do("6*7").value == "42"


def test_parts_stay_through_resets_and_a_board_that_died(wired: Jupyter) -> None:
    wired.do("%reboot")
    assert "led1" in text(wired, "%parts")
    wired.do("%reboot --hard")
    wired.do("%set button1 pressed")
    assert wired.do("from machine import Pin\nPin(14, Pin.IN, Pin.PULL_UP).value()").value == "0"


def test_another_board_has_no_parts(tmp_path: Any, microbit_address: str) -> None:
    other = Jupyter(tmp_path)
    try:
        other.do(f"%connect {microbit_address}")
        for cell in ("%parts", "%attach led 15", "%set led1 1", "%expect led1 on", "%panel"):
            assert "virtual board" in other.fail(cell).value
        assert other.complete("%attach l") == []
    finally:
        other.close(now=True)


def test_arguments_are_completed(wired: Jupyter) -> None:
    def completions(typed: str) -> list[str]:
        return [found.rpartition(" ")[2] for found in wired.complete(typed)]

    assert completions("%attach bu") == ["button", "buzzer"]
    assert completions("%attach led 3 --c") == ["--color"]
    assert completions("%attach button 3 --pull ") == ["down", "up"]
    assert completions("%detach le") == ["led1"]
    assert completions("%set bu") == ["button1", "button1.pressed"]
    assert completions("%expect led1.") == ["led1.brightness", "led1.on"]


class Panel:
    """The messages of a panel, as a notebook gets them."""

    def __init__(self, kernel: Jupyter) -> None:
        self.kernel = kernel
        self.models: dict[str, dict[str, Any]] = {}
        self.do("%panel")

    def do(self, cell: str) -> None:
        reply = self.kernel.do(cell)
        for kind in ("comm_open", "comm_msg"):
            for content in reply.of(kind):
                self.take(content)

    def take(self, content: dict[str, Any]) -> None:
        state = content["data"].get("state")
        if state is not None:
            self.models.setdefault(content["comm_id"], {}).update(state)

    def see(self, words: str, seconds: float = 30) -> None:
        """Read messages until the picture holds the words."""
        deadline = time.monotonic() + seconds
        while words not in self.picture:
            message = self.kernel.client.get_iopub_msg(timeout=max(0.1, deadline - time.monotonic()))
            if message["msg_type"] in ("comm_open", "comm_msg"):
                self.take(message["content"])

    @property
    def picture(self) -> str:
        return "\n".join(one.get("value") or "" for one in self.models.values() if one["_model_name"] == "HTMLModel")

    def control(self, name: str) -> str:
        (found,) = [key for key, one in self.models.items() if one.get("description") == name]
        return found

    def press(self, name: str, value: object) -> None:
        data = {"method": "update", "state": {"value": value}, "buffer_paths": []}
        client = self.kernel.client
        client.shell_channel.send(client.session.msg("comm_msg", {"comm_id": self.control(name), "data": data}))


def test_the_panel_follows_the_board_and_can_be_pressed(wired: Jupyter) -> None:
    pytest.importorskip("ipywidgets")
    wired.do("%attach potentiometer 26 --name knob\nfrom machine import ADC\nadc = ADC(26)")
    panel = Panel(wired)
    assert 'aria-label="lamp, 0%"' in panel.picture
    panel.press("button1 pressed", True)
    panel.see('aria-label="lamp, 100%"')
    assert wired.do("led.value(), button.value()").value == "(1, 0)"
    panel.press("knob position [%]", 100)
    panel.see("3.30 V")
    assert int(wired.do("adc.read_u16()").value) > 65000
    # What a cell sets is seen there, and a part that comes has its controls.
    panel.do("%set button1 released\n%attach bmp280")
    panel.see("bmp280")
    panel.see("not pressed")
    assert panel.models[panel.control("button1 pressed")]["value"] is False
    panel.control("bmp280 temperature [°C]")


def test_without_widgets_the_panel_is_a_picture_that_is_replaced(wired: Jupyter) -> None:
    wired.do("%%python\nfrom metakernel_micropython.display import panel\npanel.available = lambda: False")
    try:
        reply = wired.do("%panel")
        (shown,) = reply.of("display_data")
        assert "led1" in shown["data"]["text/html"] and VIEW not in shown["data"]
        assert "pip install" in reply.stdout
        wired.client.execute("led.on()")
        deadline = time.monotonic() + 10
        while True:
            message = wired.client.get_iopub_msg(timeout=max(0.1, deadline - time.monotonic()))
            if message["msg_type"] == "update_display_data":
                break
        assert message["content"]["transient"] == shown["transient"]
        assert 'aria-label="lamp, 100%"' in message["content"]["data"]["text/html"]
    finally:
        wired.do("%%python\nimport importlib\nimportlib.reload(panel);")


def test_a_panel_says_that_its_board_is_gone(tmp_path: Any) -> None:
    pytest.importorskip("ipywidgets")
    needs_virtual()
    kernel = Jupyter(tmp_path)
    try:
        kernel.do("%connect virtual\n%attach led 15")
        panel = Panel(kernel)
        panel.do("%disconnect")
        panel.see("%panel shows the board again")
    finally:
        kernel.close(now=True)
