"""%identify."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ..conftest import Start
    from ..front_end import Jupyter


def test_the_led_blinks_and_lights_as_before(start: Start, virtual_address: str) -> None:
    kernel = start()
    kernel.do(f"%connect {virtual_address} --board pico --name desk1\n%attach led LED")
    kernel.do("from machine import Pin\nlevels = []\np = Pin('LED', Pin.OUT, value=1)\nimport time\ntime = 5")
    told = kernel.do("%identify desk*")
    assert told.stdout == f"desk1 ({virtual_address}): its LED blinked\n"
    assert kernel.do("p.value(), time").value == "(1, 5)"
    assert kernel.do("%identify --pin 4").stdout == f"desk1 ({virtual_address}): the pin blinked\n"
    assert kernel.do("Pin(4).value()").value == "0"
    kernel.do(f"%connect {virtual_address} --board pico --name desk2\n%attach led LED")
    assert kernel.do("%%on all\n%identify").stdout == "desk1, desk2 | its LED blinked\n"
    assert "takes no names below %%on" in kernel.fail("%%on all\n%identify desk1").value


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("%identify --pin 400", "knows no pin 400"),
        ("%identify --pin -1", "is no pin's number"),
        ("%identify nosuch", "No board is called nosuch"),
    ],
)
def test_what_cannot_be_is_told(virtual: Jupyter, line: str, told: str) -> None:
    assert told in " ".join(virtual.fail(line).value.split())


def test_a_micro_bit_shows_its_name(start: Start, microbit_address: str) -> None:
    kernel = start()
    kernel.do(f"%connect {microbit_address} --name a")
    assert kernel.do("%identify").stdout == f"a ({microbit_address}): its display shows its name\n"
    assert "no pin" in " ".join(kernel.fail("%identify --pin 3").value.split())
