"""A board that comes back: under another name, after a restart, or not at all. The kernel's part is in tests/kernel."""

from __future__ import annotations

import sys
import threading
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, NoReturn

import pytest
from serial.tools import list_ports

from metakernel_micropython.errors import ConnectError, LineLost, NotConnected
from metakernel_micropython.sessions import session
from metakernel_micropython.sessions.session import BoardSession
from metakernel_micropython.transports import ConnectionOptions

from ..boards import needs_virtual
from ..virtual.boards import Served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from metakernel_micropython.board import Board

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")


class Plug:
    """Virtual boards on pseudo-terminals, which the system lists as USB ports."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._boards: dict[str, tuple[Served, SimpleNamespace]] = {}
        monkeypatch.setattr(list_ports, "comports", lambda *_, **__: [port for _, port in self._boards.values()])

    def put_in(self, name: str, number: str | None = "E661", location: str | None = None, chip: str = "same") -> str:
        """Put a board in; `chip`, as its files, is what makes it the same one again."""
        path = str(self._folder / name)
        files = self._folder / f"files of {chip} {number or location}"
        files.mkdir(exist_ok=True)
        served = Served("--pty", path, "--folder", str(files))
        assert served.process.stdout
        served.process.stdout.readline()
        kind = {"vid": 0x2E8A, "pid": 0x0005, "manufacturer": "MicroPython", "product": "Board"}
        port = SimpleNamespace(device=path, serial_number=number, location=location, **kind)
        self._boards[name] = served, port
        return path

    def pull(self, name: str) -> None:
        self._boards.pop(name)[0].end()

    def pull_all(self) -> None:
        for name in list(self._boards):
            self.pull(name)


@pytest.fixture
def plug(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plug]:
    needs_virtual()
    made = Plug(tmp_path, monkeypatch)
    yield made
    made.pull_all()


@pytest.fixture
def connect() -> Iterator[Callable[[str], BoardSession]]:
    opened: list[BoardSession] = []

    def begin(address: str) -> BoardSession:
        opened.append(BoardSession(address))
        opened[-1].open()
        opened[-1].ready(print)
        return opened[-1]

    yield begin
    for one in opened:
        one.close()


def noticed(connection: BoardSession) -> None:
    """Wait until the loss of the line shows."""
    deadline = time.monotonic() + 5
    while not connection.lost:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_board_is_found_again_under_another_name(plug: Plug, connect: Callable[[str], BoardSession]) -> None:
    old = plug.put_in("ttyACM0")
    connection = connect(old)
    time.sleep(1.0)  # a clock that has just begun proves nothing
    plug.pull("ttyACM0")
    noticed(connection)
    plug.put_in("ttyACM0", number="another")
    new = plug.put_in("ttyACM1")
    said: list[str] = []
    board = connection.ready(said.append)
    assert (board.address, connection.address) == (new, new)
    assert said == [f"[connected again to the board on {new} (it was {old}): it restarted, its variables are gone]"]
    assert connection.ready(said.append) is board
    assert len(said) == 1


def test_of_two_bridges_without_numbers_the_one_in_the_old_place_is_taken(
    plug: Plug, connect: Callable[[str], BoardSession]
) -> None:
    connection = connect(plug.put_in("ttyUSB0", None, "1-1.2"))
    plug.pull("ttyUSB0")
    noticed(connection)
    plug.put_in("ttyUSB0", None, "1-1.3")
    new = plug.put_in("ttyUSB1", None, "1-1.2")
    assert connection.ready(print).address == new


def test_where_nothing_tells_which_board_it_is_none_is_taken(
    plug: Plug, connect: Callable[[str], BoardSession], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "RETURN_TIMEOUT", 0.3)
    connection = connect(plug.put_in("ttyUSB0", None))
    plug.pull("ttyUSB0")
    noticed(connection)
    for name in ("ttyUSB1", "ttyUSB2"):
        plug.put_in(name, None)
    with pytest.raises(NotConnected, match=r"Nothing tells which of these .*ttyUSB1.*ttyUSB2"):
        connection.ready(print)


def test_a_board_that_stays_away_is_told_with_those_that_are_there(
    plug: Plug, connect: Callable[[str], BoardSession], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "RETURN_TIMEOUT", 3.0)
    connection = connect(plug.put_in("ttyACM0"))
    plug.put_in("ttyACM1", number="another")
    plug.pull("ttyACM0")
    error = connection.lose(LineLost("The cable is out."))
    assert str(error).startswith("The cable is out. The next cell connects")
    said: list[str] = []
    for _ in range(2):
        with pytest.raises(NotConnected) as caught:
            connection.ready(said.append)
        for part in ("was lost", "id:E661", "id:another", f"%connect {connection.address} --wait", "%disconnect"):
            assert part in str(caught.value)
    assert said == [f"[waiting for the board on {connection.address} to come back]"]  # only the first waits


def test_another_chip_in_the_place_of_the_lost_one_is_refused(
    plug: Plug, connect: Callable[[str], BoardSession]
) -> None:
    connection = connect(plug.put_in("ttyACM0"))
    lost = connection._identity
    assert lost is not None
    plug.pull("ttyACM0")
    noticed(connection)
    plug.put_in("ttyACM0", chip="another")
    began = time.monotonic()
    for _ in range(2):
        with pytest.raises(NotConnected, match=f"another board is on .* {lost.unique_id}"):
            connection.ready(print)
    assert time.monotonic() - began < 4


def test_a_wait_ends_when_the_board_comes(plug: Plug, tmp_path: Path) -> None:
    threading.Timer(0.5, plug.put_in, ["ttyACM0"]).start()
    said: list[str] = []
    connection = BoardSession("id:E661")
    board = connection.wait(20, said.append)
    assert board.evaluate("6 * 7") == 42
    assert len(said) == 1
    connection.close()


def test_a_wait_can_be_stopped_from_another_thread(tmp_path: Path) -> None:
    connection = BoardSession(str(tmp_path / "none"))
    threading.Timer(0.3, connection.stop).start()
    with pytest.raises(KeyboardInterrupt):
        connection.wait(20, print)


def test_a_wait_has_an_end(tmp_path: Path) -> None:
    with pytest.raises(ConnectError, match=r"within 0.5 s\. There is no"):
        BoardSession(str(tmp_path / "none")).wait(0.5, print)


def test_a_board_is_started_anew_with_the_options_that_it_had() -> None:
    needs_virtual()
    options = ConnectionOptions(heap=65536, password=lambda _: pytest.fail("asked"))
    connection = BoardSession("virtual", options)
    try:
        board = connection.open()
        assert _heap(board) < 65536
        connection.lose(LineLost("It was pulled."))
        board = connection.ready(print)
        assert _heap(board) < 65536
    finally:
        connection.close()
    assert options.tap is None


def test_a_board_that_is_started_anew_has_its_parts_before_its_program_starts(tmp_path: Path) -> None:
    needs_virtual()
    (tmp_path / "main.py").write_text("from machine import Pin\nprint('seen', Pin(14).value())")
    connection = BoardSession(f"virtual:{tmp_path}")
    try:
        parts = connection.open().parts
        parts.attach("led", 15, color="blue", name="lamp")
        parts.attach("button", 14)
        parts.attach("bmp280", address="0x77")
        parts.attach("pir", 13)
        parts.detach("pir1")
        parts.set("button1", "pressed")
        parts.set("bmp280", 10)
        parts.set("bmp280.temperature", 20)
        parts.set("bmp280", 30)
        before = parts.all()
        connection.lose(LineLost("It was pulled."))
        board = connection.ready(print)
        assert board.parts is not parts
        assert board.parts.all() == before
        assert "seen 0" in board.greeting
        assert board.evaluate("__import__('machine').Pin(14).value()") == 0
        board.parts.detach("lamp")
        connection.lose(LineLost("It was pulled."))
        assert [part.name for part in connection.ready(print).parts.all()] == ["button1", "bmp280"]
    finally:
        connection.close()


def _heap(board: Board) -> int:
    return int(board.execute("import gc\nprint(gc.mem_free() + gc.mem_alloc())"))


def test_a_command_with_a_password_is_shown_without_it_and_run_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def refuse(_self: BoardSession, address: str, *, alone: bool) -> NoReturn:
        opened.append(address)
        raise ConnectError("nobody is there")

    monkeypatch.setattr(BoardSession, "_open", refuse)
    session = BoardSession("exec:sshpass -p Sesam7x ssh pi micropython")
    assert session.address == "exec:sshpass -p *** ssh pi micropython"
    for connect in (session.open, lambda: session._find_again(alone=False)):
        with pytest.raises(ConnectError):
            connect()
    assert opened == ["exec:sshpass -p Sesam7x ssh pi micropython"] * 2
