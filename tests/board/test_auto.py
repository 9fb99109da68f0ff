"""Which of several ports ``auto`` takes: one pseudo-terminal with a virtual board behind it, and some with nobody."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from serial.tools import list_ports

from metakernel_micropython.board import Board, board
from metakernel_micropython.display.error_text import error_text
from metakernel_micropython.errors import ConnectError
from metakernel_micropython.transports import last_board
from tests.boards import needs_virtual
from tests.virtual.boards import Served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")

PICO, BRIDGE = (0x2E8A, 0x0005), (0x10C4, 0xEA60)


@dataclass
class Port:
    """What pyserial tells of a port."""

    device: str
    vid: int
    pid: int
    serial_number: str | None = None
    manufacturer: str | None = None
    product: str | None = None
    description: str = ""
    interface: str | None = None
    location: str | None = None
    name: str = ""
    hwid: str = ""


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(board, "PROBE_TIMEOUT", 3.0)


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def plug(*ports: Port) -> None:
        monkeypatch.setattr(list_ports, "comports", lambda *_, **__: list(ports))

    return plug


@pytest.fixture(scope="module")
def answering(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    needs_virtual()
    link = tmp_path_factory.mktemp("board") / "tty"
    served = Served("--pty", str(link))
    assert served.process.stdout
    served.process.stdout.readline()
    yield str(link)
    served.end()


@pytest.fixture
def silent() -> Iterator[str]:
    master, slave = os.openpty()
    yield os.ttyname(slave)
    for fd in (master, slave):
        with suppress(OSError):
            os.close(fd)


def test_the_port_that_answers_is_taken_and_the_others_are_named(
    plugged: Callable[..., None], answering: str, silent: str
) -> None:
    plugged(Port("/dev/not-reached", *BRIDGE), Port(answering, *BRIDGE, serial_number="42"), Port(silent, *PICO))
    with Board.connect("auto") as found:
        assert found.address == answering
        assert found.evaluate("6 * 7") == 42
        tried = dict(found.considered)
    assert "nothing came back" in str(tried[silent])
    assert set(tried) == {silent, "/dev/not-reached"}


def test_the_board_that_worked_last_is_tried_first(plugged: Callable[..., None], answering: str, silent: str) -> None:
    plugged(Port(answering, *BRIDGE, serial_number="42"))
    Board.connect("auto").close()
    remembered = last_board.last()
    assert remembered is not None
    assert (remembered.vid, remembered.pid, remembered.serial_number) == (*BRIDGE, "42")
    plugged(Port(silent, *PICO), Port(answering, *BRIDGE, serial_number="42"))
    with Board.connect("auto") as found:
        assert found.considered == [(silent, "not tried")]


def test_ports_where_nobody_answers_are_all_named(plugged: Callable[..., None], silent: str) -> None:
    plugged(Port(silent, *PICO), Port("/dev/not-there", *BRIDGE))
    with pytest.raises(ConnectError) as caught:
        Board.connect("auto")
    assert silent in str(caught.value)
    assert "/dev/not-there" in str(caught.value)
    assert f"Board.connect('{silent}', timeout=60)" in str(caught.value)
    assert f"%connect {silent} --timeout 60" in error_text(caught.value)


def test_without_a_port_the_next_step_is_told(plugged: Callable[..., None]) -> None:
    plugged()
    with pytest.raises(ConnectError, match=r"Board\.connect\('virtual'\)") as caught:
        Board.connect("auto")
    assert "%connect virtual" in error_text(caught.value)
