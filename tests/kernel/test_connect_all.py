"""%connect all: every board that is plugged in, at the same time."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.errors import ConnectError
from metakernel_micropython.sessions.connect_all import at_once, names_for, not_connected

from ..boards import needs_virtual
from ..virtual.boards import Served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..conftest import Start

on_ptys = pytest.mark.skipif(sys.platform == "win32", reason="the boards are on pseudo-terminals")


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[list[str]]:
    """Two ports with a board on each."""
    needs_virtual()
    links = [str(tmp_path / name) for name in ("tty2", "tty10")]
    boards = [Served("--pty", link) for link in links]
    for board in boards:
        assert board.process.stdout
        board.process.stdout.readline()
    yield links
    for board in boards:
        board.end()


def plugged(*ports: str) -> dict[str, str | None]:
    return {"MICROPYTHON_PORTS": os.pathsep.join(ports), "MICROPYTHON_BOARD": None}


@on_ptys
def test_every_board_is_connected_and_named_in_the_order_of_the_ports(start: Start, ports: list[str]) -> None:
    kernel = start(plugged(*reversed(ports)))
    told = " ".join(kernel.do("%connect all --name desk{n}").stdout.split())
    assert told.index(f"desk1 {ports[0]}") < told.index(f"desk2 {ports[1]}")
    assert kernel.do("%%on desk*\nimport sys\nsys.platform").stdout.count("|") == 1
    assert "* desk1" in kernel.do("%boards").stdout
    again = kernel.do("%connect all --name desk{n}").stdout
    assert again.count("(connected before)") == 2


@on_ptys
def test_a_port_without_a_board_is_told_and_holds_up_no_other(start: Start, ports: list[str]) -> None:
    other, silent = os.openpty()
    try:
        error = start(plugged(*ports, os.ttyname(silent))).fail("%connect all --timeout 2")
        assert error.value.startswith("1 of 3 boards could not be connected:")
        assert os.ttyname(silent) in error.value
    finally:
        os.close(other)
        os.close(silent)


@on_ptys
def test_stop_gives_up_and_frees_the_ports(start: Start, ports: list[str]) -> None:
    other, silent = os.openpty()
    try:
        kernel = start(plugged(os.ttyname(silent)))
        assert kernel.run("%connect all --timeout 15", stop_at_start=1.0).error.name == "KeyboardInterrupt"
        assert "connected: none" in kernel.do("%boards").stdout
        kernel.do(f"%connect {ports[0]}")
        assert kernel.do("6 * 7").value == "42"
    finally:
        os.close(other)
        os.close(silent)


@on_ptys
@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("%connect all --name desk", "write {n} where its number goes"),
        ("%connect all --name {n}", "write {n} where its number goes"),
        ("%connect all --wait", "for one board"),
        ("%connect all --baud -1", "is not a speed"),
    ],
)
def test_what_cannot_be_is_refused(start: Start, ports: list[str], line: str, told: str) -> None:
    assert told in start(plugged(*ports)).fail(line).value


def test_nothing_plugged_in_is_said(start: Start) -> None:
    needs_virtual()
    kernel = start(plugged())
    assert "%connect virtual" in kernel.fail("%connect all").value
    # Where others are connected it is not said that none is.
    kernel.do("%connect virtual --name desk")
    assert kernel.fail("%connect all").value.startswith("No port here looks like a board's. Connected: desk.")


def test_names_are_free_ones() -> None:
    assert names_for(["/dev/ttyACM0", "/dev/x/ttyACM0"], "", ["ttyACM0"]) == ["ttyACM0-2", "ttyACM0-3"]
    assert names_for(["COM3", "COM4"], "desk{n}", ["desk1"]) == ["desk2", "desk3"]


def test_a_port_that_is_connected_is_left_alone() -> None:
    assert not_connected(["COM3", "COM10"], ["com3"]) == ["COM10"]


def test_what_one_board_raises_is_told_for_it_alone() -> None:
    def fails() -> None:
        raise ValueError("odd")

    told = at_once({"left": fails, "right": lambda: None}, lambda: None)
    assert (type(told["left"]), str(told["left"]), told["right"]) == (ConnectError, "ValueError: odd", None)
