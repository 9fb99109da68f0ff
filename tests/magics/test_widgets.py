"""A slider in %%python that sets a pin of the connected board: moved by a cell, and by a person."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from metakernel_micropython.board import Board

    from ..front_end import Jupyter

SLIDER = """\
%%python
import ipywidgets
@board.remote
def brightness(percent):
    from machine import PWM, Pin
    PWM(Pin(15), freq=1000).duty_u16(percent * 65535 // 100)
    return percent
slider = ipywidgets.IntSlider(description="brightness")
told = ipywidgets.Label()
def moved(change):
    try:
        told.value = f"{brightness(change['new'])} %"
    except Exception as error:
        told.value = f"{type(error).__name__}"
slider.observe(moved, "value")
display(slider, told)
"""


class Slider:
    """The slider as a notebook has it."""

    def __init__(self, kernel: Jupyter) -> None:
        self.client = kernel.client
        opened = {one["comm_id"]: one["data"]["state"] for one in kernel.do(SLIDER).of("comm_open")}
        (self.slider,) = [key for key, state in opened.items() if state.get("description") == "brightness"]
        (self.told,) = [key for key, state in opened.items() if state.get("_model_name") == "LabelModel"]

    def move(self, value: int) -> None:
        data = {"method": "update", "state": {"value": value}, "buffer_paths": []}
        self.client.shell_channel.send(self.client.session.msg("comm_msg", {"comm_id": self.slider, "data": data}))

    def see(self, text: str, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while True:
            message = self.client.get_iopub_msg(timeout=max(0.1, deadline - time.monotonic()))
            content = message["content"]
            if message["msg_type"] == "comm_msg" and content["comm_id"] == self.told:
                assert content["data"]["state"] == {"value": text}
                return


def test_interact_makes_a_slider_for_a_remote_function(virtual_board: Board) -> None:
    ipywidgets = pytest.importorskip("ipywidgets")

    @virtual_board.remote
    def doubled(percent: int) -> int:
        return 2 * percent

    made = ipywidgets.interactive(doubled, percent=(0, 100))
    made.children[0].value = 21
    made.update()
    assert made.result == 42


def test_a_slider_sets_a_pin_from_a_cell_by_hand_and_behind_a_running_cell(virtual: Jupyter) -> None:
    pytest.importorskip("ipywidgets")
    virtual.do("%attach led 15 --name lamp")
    slider = Slider(virtual)
    virtual.do("%python slider.value = 30")
    virtual.do("%expect lamp.brightness == 0.3")
    slider.move(80)
    slider.see("80 %")
    virtual.do("%expect lamp.brightness == 0.8")
    slider.client.execute("import time\ntime.sleep(0.5)")
    slider.move(10)  # waits for the cell, as Python's own kernel has it
    slider.see("10 %")
    virtual.do("%expect lamp.brightness == 0.1")
    virtual.do("%disconnect")
    slider.move(20)
    slider.see("NotConnected")
