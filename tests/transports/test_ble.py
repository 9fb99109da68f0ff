"""Bluetooth LE: bleak's own code, on a Bluetooth stack in software (see ``tests/bluetooth_radio.py``)."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bleak
import pytest
from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason, BleakDBusError, BleakError

from metakernel_micropython.errors import AddressError, ConnectError, LineBusy, LineLost
from metakernel_micropython.interrupts import interrupt_main_thread
from metakernel_micropython.transports import ble, ble_scan, open_transport, parse
from metakernel_micropython.transports.ble_errors import NoBluetooth

from ..bleak_on_bumble import Client, Scanner
from ..bluetooth_radio import P, Peripheral, Radio
from ..boards import in_background
from .conftest import linux_only, read_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from metakernel_micropython.transports import Transport

WAIT = 20


def opened(board: Peripheral) -> Transport:
    return open_transport(f"ble:{board.address}")


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def bluetooth_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("Bluetooth")]


def scanned(count: int) -> list[ble_scan.NearDevice]:
    """Scan until so many devices are heard."""
    deadline = time.monotonic() + WAIT
    while len(found := ble_scan.scan(0.3)) < count:
        assert time.monotonic() < deadline, found
    return found


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not listen long for a second device of a name."""
    monkeypatch.setattr(ble_scan, "ALIKE_TIME", 0.1)


# -- bytes --------------------------------------------------------------------------------------------------------


def test_bytes_go_both_ways(radio: Radio, closing: Callable[[Transport], Transport]) -> None:
    board = radio.add()
    line = closing(opened(board))
    assert line.read(0) == b""
    line.write(bytes(range(256)))
    wait_for(lambda: len(board.heard) == 256)
    assert board.heard == bytes(range(256))
    board.say(bytes(range(255, -1, -1)) * 10)
    assert read_until(line, bytes(range(255, -1, -1)) * 10) == bytes(range(255, -1, -1)) * 10


@pytest.mark.parametrize(("mtu", "longest"), [(23, 20), (64, 61), (512, 100)])
def test_no_write_is_longer_than_the_connection_or_the_boards_buffer_has_room_for(
    radio: Radio, closing: Callable[[Transport], Transport], mtu: int, longest: int
) -> None:
    board = radio.add(mtu=mtu)
    sent = bytes(number % 251 for number in range(1000))
    closing(opened(board)).write(sent, WAIT)
    wait_for(lambda: len(board.heard) >= len(sent))
    assert board.heard == sent
    assert max(size for size, _ in board.written) == longest


def test_an_answer_is_waited_for_before_more_goes_out_than_a_burst(
    radio: Radio, closing: Callable[[Transport], Transport]
) -> None:
    board = radio.add()
    closing(opened(board)).write(bytes(1000), WAIT)
    wait_for(lambda: len(board.heard) == 1000)
    unanswered, longest = 0, 0
    for size, answered in board.written:
        unanswered = 0 if answered else unanswered + size
        longest = max(longest, unanswered)
    assert 100 < longest <= ble.BURST


@pytest.mark.parametrize(("writes", "answered"), [(P.WRITE, {True}), (P.WRITE_WITHOUT_RESPONSE, {False})])
def test_a_board_gets_the_only_kind_of_write_that_it_takes(
    radio: Radio, closing: Callable[[Transport], Transport], writes: P, answered: set[bool]
) -> None:
    board = radio.add(writes=writes)
    closing(opened(board)).write(b"x" * 450, WAIT)
    wait_for(lambda: len(board.heard) == 450)
    assert {kind for _, kind in board.written} == answered


def test_the_service_of_a_microbit_has_the_names_the_other_way_round_and_indicates(
    radio: Radio, closing: Callable[[Transport], Transport]
) -> None:
    board = radio.add(swapped=True, says=P.INDICATE, mtu=23)
    line = closing(opened(board))
    line.write(b"to the board, in more than one piece")
    wait_for(lambda: board.heard == b"to the board, in more than one piece")
    board.say(b"from the board, in more than one piece")
    read_until(line, b"from the board, in more than one piece")


def test_bytes_reach_a_board_that_speaks_without_pause(radio: Radio) -> None:
    board = radio.add(writes=P.WRITE)
    line = opened(board)
    over = threading.Event()

    def flood() -> None:
        while not over.is_set():
            board.say(b"x" * 2000)

    flooding, reading = in_background(flood), in_background(lambda: read_until(line, b"never", 60))
    for _ in range(3):
        line.write(b"\x03")
    over.set()
    assert flooding() is None
    wait_for(lambda: board.heard == b"\x03\x03\x03")
    line.close()
    assert isinstance(reading(), LineLost)


# -- which device --------------------------------------------------------------------------------------------------


def test_a_scan_tells_names_addresses_signals_and_services(radio: Radio) -> None:
    plain = radio.add(name="plain")
    strange = radio.add(name="two\nlines\x1b[31m", tells_uart=True)
    silent = radio.add(name="")
    found = {near.address: near for near in scanned(3)}
    assert found[plain.address].name == "plain"
    assert not found[plain.address].uart
    assert found[strange.address].name == "two\N{REPLACEMENT CHARACTER}lines\N{REPLACEMENT CHARACTER}[31m"
    assert found[strange.address].uart
    assert found[silent.address].name == ""
    assert -128 < found[plain.address].signal < 0
    assert ble_scan.last_seen() == [f"ble:{found[strange.address].name}"]
    assert not bluetooth_threads()


def test_those_with_the_service_come_first_then_the_nearest(radio: Radio, monkeypatch: pytest.MonkeyPatch) -> None:
    heard = [("far", -90, False), ("near", -40, False), ("board", -95, True)]

    async def listen(_seconds: float) -> list[tuple[ble_scan.NearDevice, None]]:
        return [(ble_scan.NearDevice(name, name, signal, uart), None) for name, signal, uart in heard]

    monkeypatch.setattr(ble_scan, "_listen", listen)
    assert [near.name for near in ble_scan.scan(1)] == ["board", "near", "far"]


def test_a_scan_is_bounded(radio: Radio, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        radio.add()
    scanned(3)
    monkeypatch.setattr(ble_scan, "MOST_DEVICES", 2)
    assert len(scanned(2)) == 2


def test_a_name_finds_a_device_and_its_case_does_not_matter(radio: Radio, impatient: None) -> None:
    radio.add(name="other")
    board = radio.add(name="My board")
    for name in ("My board", "my BOARD", board.address.lower()):
        line = open_transport(f"ble:{name}")
        assert board.connections == 1
        line.close()
        wait_for(lambda: board.connections == 0)


def test_several_devices_of_one_name_are_listed(radio: Radio) -> None:
    boards = [radio.add(name="twin"), radio.add(name="twin")]
    with pytest.raises(ConnectError, match="2 devices are called twin") as caught:
        open_transport("ble:twin")
    assert all(f"ble:{board.address}" in str(caught.value) for board in boards)
    assert type(caught.value) is not ConnectError, "nothing changes while one waits"
    open_transport(f"ble:{boards[1].address}").close()


def test_a_device_that_is_not_there_is_told_with_those_that_are(radio: Radio, monkeypatch: pytest.MonkeyPatch) -> None:
    radio.add(name="another")
    scanned(1)
    monkeypatch.setattr(ble_scan, "FIND_TIMEOUT", 1.0)
    with pytest.raises(ConnectError, match=r"No Bluetooth device board .* Seen: another\."):
        open_transport("ble:board")
    assert not bluetooth_threads()


@pytest.mark.parametrize(
    ("quirks", "said"),
    [
        ({"service": "0000180F-0000-1000-8000-00805F9B34FB"}, "does not have the Nordic UART service"),
        ({"says": P.READ}, "nothing to read"),
        ({"writes": P.READ}, "nothing to write"),
    ],
)
def test_a_device_without_the_service_is_told_as_such(radio: Radio, quirks: dict[str, Any], said: str) -> None:
    board = radio.add(**quirks)
    with pytest.raises(ConnectError, match=said):
        opened(board)
    wait_for(lambda: board.connections == 0)


@pytest.mark.parametrize(
    ("typed", "target"),
    [
        ("ble:mpy-repl", "mpy-repl"),
        ("BLE: Living room ", "Living room"),
        ("ble:c0:ff:ee:00:00:01", "C0:FF:EE:00:00:01"),
        ("ble://mpy", "mpy"),
        ("ble:größer", "größer"),
    ],
)
def test_an_address_is_read(typed: str, target: str) -> None:
    assert (parse(typed).scheme, parse(typed).target, str(parse(typed))) == ("ble", target, f"ble:{target}")


@pytest.mark.parametrize(
    ("typed", "said"),
    [("ble:", "the device's name or address is missing"), ("bluetooth:x", "ble:x"), ("C0:FF:EE:00:00:01", "ble:C0")],
)
def test_what_is_no_address_is_told_what_it_may_mean(typed: str, said: str) -> None:
    with pytest.raises(AddressError, match=said):
        parse(typed)


# -- the end of a line ---------------------------------------------------------------------------------------------


def test_a_lost_board_ends_the_line_at_once_behind_what_it_said(radio: Radio) -> None:
    board = radio.add()
    line = opened(board)
    waiting = in_background(lambda: read_until(line, b"never"))
    board.say(b"last words")
    board.vanish()
    error = waiting()
    assert isinstance(error, LineLost)
    assert "out of reach" in str(error)
    for attempt in (line.read, lambda: line.write(b"x")):
        with pytest.raises(LineLost, match="out of reach"):
            attempt()
    wait_for(lambda: not bluetooth_threads())
    line.close()


def test_closing_wakes_the_reader_frees_the_board_and_leaves_no_thread(radio: Radio) -> None:
    board = radio.add()
    for _ in range(3):
        line = opened(board)
        waiting = in_background(line.read)
        line.close()
        line.close()
        error = waiting()
        assert isinstance(error, LineLost)
        assert "closed" in str(error)
        with pytest.raises(LineLost, match="closed"):
            line.write(b"x")
        assert not bluetooth_threads()
        wait_for(lambda: board.connections == 0)


@linux_only
def test_lines_give_back_their_descriptors(radio: Radio) -> None:
    board = radio.add()
    opened(board).close()

    def count() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    wait_for(lambda: not radio.centrals)
    before = count()
    for _ in range(3):
        opened(board).close()
    wait_for(lambda: not radio.centrals)
    assert count() <= before


@pytest.mark.parametrize(("code", "said"), [(0x05, "only from paired devices"), (0x0E, "is gone: ")])
def test_a_write_that_the_board_refuses_ends_the_line(radio: Radio, code: int, said: str) -> None:
    board = radio.add(refuses=code, writes=P.WRITE)
    line = opened(board)
    with pytest.raises(LineLost, match=said):
        line.write(b"x")
    with pytest.raises(LineLost, match=said):
        line.read()
    line.close()


def test_a_board_that_is_gone_before_it_answers_has_got_the_bytes(
    radio: Radio, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = radio.add(writes=P.WRITE)
    line = opened(board)
    before = Client.write_gatt_char

    async def gone(self: Client, *arguments: Any, **options: Any) -> None:
        await before(self, *arguments, **options)
        radio.soon(radio.keep, board._vanish())
        await ble.asyncio.sleep(60)

    monkeypatch.setattr(Client, "write_gatt_char", gone)
    line.write(b"reset", WAIT)
    assert board.heard == b"reset"
    with pytest.raises(LineLost, match="out of reach"):
        line.read()
    line.close()


def test_a_write_that_is_not_taken_in_time_goes_no_further(radio: Radio, monkeypatch: pytest.MonkeyPatch) -> None:
    board = radio.add(writes=P.WRITE)
    line = opened(board)
    go_on = threading.Event()
    before = Client.write_gatt_char

    async def slow(self: Client, *arguments: Any, **options: Any) -> None:
        await before(self, *arguments, **options)
        while not go_on.is_set():
            await ble.asyncio.sleep(0.01)

    monkeypatch.setattr(Client, "write_gatt_char", slow)
    with pytest.raises(LineBusy, match="did not take 300 bytes"):
        line.write(bytes(300), 0.2)
    go_on.set()
    line.write(b"next", WAIT)
    wait_for(lambda: b"next" in board.heard)
    assert board.heard == bytes(100) + b"next"
    line.close()


def test_a_board_that_nobody_reads_does_not_fill_the_memory(radio: Radio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ble, "_BUFFER_LIMIT", 1000)
    board = radio.add()
    line = opened(board)
    board.say(b"x" * 3000)
    wait_for(lambda: not bluetooth_threads())
    assert isinstance(line, ble.BleLine)
    line._on_bytes(None, bytearray(b"behind the gap"))  # type: ignore[arg-type]
    assert len(line.read()) == 759, "what fitted of its packets of 253 bytes is there"
    with pytest.raises(LineLost, match="that nobody read"):
        line.read()
    line.close()


def test_stop_ends_the_search_and_leaves_nothing(radio: Radio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ble_scan, "FIND_TIMEOUT", 60)

    wait_for(lambda: not radio.centrals)  # of the test before

    def stop() -> None:
        wait_for(lambda: radio.centrals)
        interrupt_main_thread()

    stopping = in_background(stop)
    with pytest.raises(KeyboardInterrupt):
        open_transport("ble:nobody")
    assert stopping() is None
    wait_for(lambda: not bluetooth_threads())
    wait_for(lambda: not radio.centrals)


def test_stop_ends_a_scan(radio: Radio) -> None:
    wait_for(lambda: not radio.centrals)  # of the test before

    def stop() -> None:
        wait_for(lambda: radio.centrals)
        interrupt_main_thread()

    stopping = in_background(stop)
    with pytest.raises(KeyboardInterrupt):
        ble_scan.scan(60)
    assert stopping() is None
    wait_for(lambda: not bluetooth_threads())


@pytest.mark.parametrize("deaf", [(Scanner, "start"), (Client, "connect"), (Client, "start_notify")])
def test_a_library_that_forgets_a_cancellation_leaves_nothing(
    radio: Radio, monkeypatch: pytest.MonkeyPatch, deaf: tuple[type, str]
) -> None:
    """As asyncio.wait_for does until Python 3.12, where an answer comes in the same moment."""
    board = radio.add()
    there = threading.Event()
    before = getattr(*deaf)

    async def forget(*arguments: Any, **options: Any) -> None:
        await before(*arguments, **options)
        there.set()
        with suppress(ble.asyncio.CancelledError):
            await ble.asyncio.sleep(60)

    monkeypatch.setattr(*deaf, forget)

    def stop() -> None:
        assert there.wait(WAIT)
        interrupt_main_thread()

    stopping = in_background(stop)
    with pytest.raises(KeyboardInterrupt):
        opened(board)
    assert stopping() is None
    wait_for(lambda: not bluetooth_threads())
    wait_for(lambda: board.connections == 0)


# -- no Bluetooth --------------------------------------------------------------------------------------------------

Reason = BleakBluetoothNotAvailableReason


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (BleakBluetoothNotAvailableError("off", Reason.POWERED_OFF), "switched off"),
        (BleakBluetoothNotAvailableError("none", Reason.NO_BLUETOOTH), "no Bluetooth adapter"),
        (BleakBluetoothNotAvailableError("classic", Reason.NO_BLE_CENTRAL_ROLE), "as a central"),
        (BleakBluetoothNotAvailableError("no", Reason.DENIED_BY_USER), "may not use Bluetooth"),
        (BleakDBusError("org.freedesktop.DBus.Error.ServiceUnknown", ["no bluez"]), "BlueZ"),
        (BleakDBusError("org.freedesktop.DBus.Error.AccessDenied", ["no"]), "may not use Bluetooth"),
        (BleakDBusError("org.bluez.Error.NotReady", ["off"]), "switched off"),
        (PermissionError(13, "denied"), "may not use Bluetooth"),
    ],
)
def test_what_keeps_bluetooth_from_working_is_one_sentence(
    radio: Radio, monkeypatch: pytest.MonkeyPatch, raised: Exception, said: str
) -> None:
    async def fail(_: Scanner) -> None:
        raise raised

    monkeypatch.setattr(Scanner, "start", fail)
    for attempt in (lambda: ble_scan.scan(0.1), lambda: open_transport("ble:board")):
        with pytest.raises(NoBluetooth, match=said):
            attempt()


def test_what_else_goes_wrong_is_told_in_its_own_words(radio: Radio, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(_: Scanner) -> None:
        raise BleakError("the moon\nis\x1b in the way.")

    monkeypatch.setattr(Scanner, "start", fail)
    with pytest.raises(ConnectError, match="ble:board could not be connected: the moon is\N{REPLACEMENT CHARACTER} in"):
        open_transport("ble:board")
    with pytest.raises(ConnectError, match="Bluetooth did not work: the moon is"):
        ble_scan.scan(0.1)


def test_a_system_that_does_not_answer_is_not_waited_for_forever(radio: Radio, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(_: Scanner) -> None:
        await ble.asyncio.sleep(600)

    monkeypatch.setattr(Scanner, "start", hang)
    monkeypatch.setattr(ble_scan, "_START_AND_STOP", 0.3)
    monkeypatch.setattr(ble_scan, "FIND_TIMEOUT", 0.1)
    for attempt in (lambda: ble_scan.scan(0.1), lambda: open_transport("ble:board")):
        with pytest.raises(ConnectError, match="does not answer"):
            attempt()


def test_a_device_that_does_not_answer_is_told_as_such(radio: Radio, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(*_: Any, **__: Any) -> None:
        await ble.asyncio.sleep(600)

    monkeypatch.setattr(Client, "connect", hang)
    monkeypatch.setattr(ble, "CONNECT_TIMEOUT", 0.3)
    with pytest.raises(ConnectError, match="was seen, but did not answer in time"):
        opened(radio.add())


def test_without_the_package_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bleak", None)
    for attempt in (lambda: ble_scan.scan(0.1), lambda: open_transport("ble:board")):
        with pytest.raises(NoBluetooth, match=r'pip install "metakernel-micropython\[ble\]"'):
            attempt()


@linux_only
def test_a_linux_without_d_bus_is_told_as_such(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # bleak's own backend, for BlueZ
    monkeypatch.setattr(bleak, "BleakScanner", getattr(bleak.BleakScanner, "func", bleak.BleakScanner))
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path / 'nothing'}")
    with pytest.raises(NoBluetooth, match="D-Bus"):
        ble_scan.scan(0.1)
