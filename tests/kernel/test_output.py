"""What the board prints is shown while it runs, in few messages."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ..boards import Relay
    from ..conftest import Start
    from ..front_end import Jupyter


def test_output_comes_while_the_cell_runs(jupyter: Jupyter) -> None:
    reply = jupyter.do("import time\nfor i in range(4):\n    print(i)\n    time.sleep(0.5)")
    streams = reply.streams()
    assert [text for _, text in streams] == ["0\n", "1\n", "2\n", "3\n"]
    # Each line came about half a second after the one before, and the last well before the cell ended.
    times = [at for at, _ in streams]
    assert all(0.2 < later - earlier < 1.2 for earlier, later in itertools.pairwise(times)), times
    assert reply.seconds - times[-1] > 0.2


def test_part_of_a_line_is_shown_at_once(jupyter: Jupyter) -> None:
    reply = jupyter.do("import time\nprint('waiting', end='')\ntime.sleep(0.8)\nprint('.')")
    at, text = reply.streams()[0]
    assert text == "waiting"
    assert reply.seconds - at > 0.5


def test_a_flood_is_complete_and_comes_in_few_messages(jupyter: Jupyter) -> None:
    count = 400
    reply = jupyter.do(f"for i in range({count}):\n    print(i, 'x' * 40)", timeout=60)
    assert reply.stdout == "".join(f"{i} {'x' * 40}\n" for i in range(count))
    # About 20 messages in a second; not one for each of the prints.
    assert len(reply.streams()) <= 25 * reply.seconds + 5


def test_a_character_that_is_split_between_reads_arrives_whole(jupyter: Jupyter) -> None:
    code = "import sys, time\nfor c in '€é':\n    print(c * 30, end='')\n    time.sleep(0.06)"
    assert jupyter.do(code).stdout == "€" * 30 + "é" * 30


def test_bytes_that_are_no_text_are_shown_as_replacement_characters(start: Start, virtual_address: str) -> None:
    kernel = start({"MICROPYTHON_BOARD": virtual_address})
    reply = kernel.do("import sys\nsys.stdout.buffer.write(b'a\\xffb\\xe2\\x82');")
    assert reply.stdout.endswith("a\ufffdb\ufffd")


def test_carriage_returns_that_draw_progress_are_kept(jupyter: Jupyter) -> None:
    assert jupyter.do("print('10%', end='\\r')\nprint('99%')").stdout == "10%\r99%\n"


def test_what_a_program_prints_is_not_taken_for_a_reboot(jupyter: Jupyter) -> None:
    text = 'raw REPL; CTRL-B to exit\n>MPY: soft reboot\nMicroPython v1.27\nType "help()"\n>>> \nrst:0x1'
    reply = jupyter.do(f"x = 1\nprint({text!r})")
    assert reply.stdout == text + "\n"
    assert jupyter.do("x").value == "1"


# A board that prints by itself (a timer, a thread) is not to be had here: the line between says it in its place.


def test_output_between_cells_is_shown_apart_from_the_next_cells(start: Start, relay: Relay) -> None:
    kernel = start({"MICROPYTHON_BOARD": relay.address})
    kernel.do("x = 1")
    relay.say(b"tick 1\r\ntick 2\r\n")
    reply = kernel.do("import time\ntime.sleep(0.1)\nprint('mine')\nx")
    shown = reply.stdout + reply.stderr
    assert "tick 1\ntick 2" in shown
    assert reply.stdout.endswith("mine\n")
    assert reply.value == "1"
    assert "tick" not in kernel.do("print('next')").stdout


@pytest.mark.parametrize("text", [b"\x04", b"OK", b">", b"\x04>", b"\xff\xfe"])
def test_bytes_between_cells_do_not_disturb_the_next_cell(start: Start, relay: Relay, text: bytes) -> None:
    kernel = start({"MICROPYTHON_BOARD": relay.address})
    kernel.do("1")
    relay.say(text)
    for _ in range(2):
        assert kernel.do("6*7").value == "42"


def test_a_restart_between_cells_is_told(start: Start, relay: Relay) -> None:
    kernel = start({"MICROPYTHON_BOARD": relay.address})
    kernel.do("x = 1")
    relay.say(
        b"\x00MicroPython v1.9.2-34-gd64154c73 on 2017-09-01; micro:bit v1.0.1 with nRF51822\r\n"
        b'Type "help()" for more information.\r\n>>> '
    )
    reply = kernel.do("print('after')")
    assert "restarted" in reply.stderr
    assert reply.stdout == "after\n"


def test_what_a_program_prints_behind_a_forged_end_is_said_to_be_its_own(jupyter: Jupyter) -> None:
    """Where the rest comes later than what looks like the end, the cell is over; the next one says whose it is."""
    jupyter.run("import time\nprint('a\\x04\\x04>', end='')\ntime.sleep(0.1)\nprint('b')")
    time.sleep(1)  # the program goes on, unseen
    reply = jupyter.run("print('c')")
    assert reply.stdout == "c\n"
    assert "the program of the last cell went on" in reply.stderr
    assert "b" in reply.stderr.splitlines()
