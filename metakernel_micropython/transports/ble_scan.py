"""Bluetooth LE devices that are near: what they say of themselves in their advertisements.

Nothing is connected here. A device that another program is connected to mostly does not advertise, and is not seen.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import ConnectError
from ..interrupts import HeldInterrupts
from .ble_errors import bluetooth_error, require_bleak
from .loop_thread import LoopThread, notice_cancel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bleak.backends.device import BLEDevice
    from bleak.backends.scanner import AdvertisementData

UART_SERVICE = "6e400001-b5a3-f393-e0a9-e50e24dcca9e"
"""The Nordic UART service
(https://docs.nordicsemi.com/bundle/ncs-latest/page/nrf/libraries/bluetooth/services/nus.html)."""

SCAN_TIME = 5.0
"""Seconds that a scan listens. MicroPython's example ``ble_uart_peripheral.py`` advertises twice a second."""

LONGEST_SCAN = 60.0
"""Seconds that a scan may listen."""

FIND_TIMEOUT = 10.0
"""Seconds in which a device that is wanted must have advertised."""

ALIKE_TIME = 2.0
"""Seconds to listen for a second device of the same name when there is one."""

MOST_DEVICES = 1000
"""Devices of which a scan takes notice; addresses can be made up, a new one with each advertisement."""

_START_AND_STOP = 15.0  # seconds that the system has to begin and to end a scan
_STUCK = (
    "The Bluetooth of this computer does not answer. Answer the system's question whether it may be used, where there "
    "is one, or switch Bluetooth off and on."
)
_LONGEST_NAME = 248  # bytes of a device's name (Core Specification, volume 3, part C, 3.2.2)
_MOST_NAMED = 8  # names in an error

# macOS has a UUID for each device in place of its address.
_ADDRESS = re.compile(r"([0-9A-F]{2}:){5}[0-9A-F]{2}|[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", re.IGNORECASE)


@dataclass(frozen=True)
class NearDevice:
    """A Bluetooth LE device that advertises.

    Attributes:
        name: what it calls itself, as one line; ``""`` where it does not.
        address: its address; on macOS the UUID that the system has for it.
        signal: strength of its signal in dBm, as received.
        uart: whether it says that it has the Nordic UART service. One that has it need not say so.
    """

    name: str
    address: str
    signal: int
    uart: bool


_seen: list[NearDevice] = []  # by the last scan


def is_address(text: str) -> bool:
    """Whether a text is a device's address and not its name."""
    return _ADDRESS.fullmatch(text) is not None


def scan(seconds: float = SCAN_TIME) -> list[NearDevice]:
    """Listen for devices; those with the Nordic UART service come first, then the nearest.

    Args:
        seconds: how long to listen, at most ``LONGEST_SCAN``.

    Raises:
        ConnectError: there is no Bluetooth, or it does not work; the message says why.
    """
    require_bleak()
    seconds = min(seconds, LONGEST_SCAN)

    async def listen() -> list[NearDevice]:
        return [near for near, _ in await _listen(seconds)]

    thread: LoopThread[list[NearDevice]] | None = None
    try:
        with HeldInterrupts():  # Stop comes when it can be ended
            thread = LoopThread("Bluetooth scan", listen)
        found = thread.result(seconds + 2 * _START_AND_STOP)
    except Exception as error:
        raise bluetooth_error("", error) from error
    finally:  # Stop comes here too
        if thread is not None:
            thread.cancel()
            thread.join(_START_AND_STOP)
    found.sort(key=lambda near: (not near.uart, -near.signal, near.address))
    _seen[:] = found
    return found


def last_seen() -> list[str]:
    """The addresses of the devices with the Nordic UART service that the last scan saw; no scan is made."""
    return list(dict.fromkeys(f"ble:{near.name or near.address}" for near in _seen if near.uart))


async def find(target: str, known: str = "") -> BLEDevice:
    """Return the device with a name or an address.

    Args:
        target: the name or the address.
        known: the address that the device of this name had before: that one is meant, whoever else has the name.

    Raises:
        ConnectError: none advertises, or several have the name.
        Exception: bleak's, where there is no Bluetooth.
    """

    def fits(near: NearDevice) -> bool:
        return target.casefold() in (near.address.casefold(), near.name.casefold())

    def certain(near: NearDevice) -> bool:
        return fits(near) and near.address.casefold() in (target.casefold(), known.casefold())

    found = await _listen(FIND_TIMEOUT, lambda near: 0 if certain(near) else ALIKE_TIME if fits(near) else None)
    fitting = [one for one in found if certain(one[0])] or [one for one in found if fits(one[0])]
    fitting = [one for one in fitting if target in (one[0].name, one[0].address)] or fitting
    if len(fitting) > 1:
        addresses = ", ".join(f"ble:{near.address} ({near.signal} dBm)" for near, _ in fitting[:_MOST_NAMED])
        raise _SeveralAlike(f"{len(fitting)} devices are called {target}. Name one by its address: {addresses}.")
    if not fitting:
        raise ConnectError(
            f"No Bluetooth device {target} was seen within {FIND_TIMEOUT:g} s. {_others(near for near, _ in found)} "
            "One that another program is connected to does not show itself."
        )
    return fitting[0][1]


class _SeveralAlike(ConnectError):
    """Several devices have the name; trying again does not help."""


def _others(seen: Iterable[NearDevice]) -> str:
    near = sorted(seen, key=lambda one: (not one.uart, -one.signal))
    names = list(dict.fromkeys(one.name for one in near if one.name))
    if not near:
        return "No other was seen either: switch the board on and bring it nearer."
    if not names:
        return f"Seen: {len(near)} without a name."
    more = ", ..." if len(names) > _MOST_NAMED else ""
    return f"Seen: {', '.join(names[:_MOST_NAMED])}{more}."


async def _listen(
    seconds: float, further: Callable[[NearDevice], float | None] = lambda _: None
) -> list[tuple[NearDevice, BLEDevice]]:
    """Return the devices that advertise.

    Args:
        seconds: how long to listen.
        further: is told each device, and says how many seconds to listen on; None: as long as before.
    """
    from bleak import BleakScanner

    found: dict[str, tuple[NearDevice, BLEDevice]] = {}
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds + _START_AND_STOP
    changed = asyncio.Event()

    def note(device: BLEDevice, advertised: AdvertisementData) -> None:
        nonlocal until
        before = found.get(device.address)
        # The name and the services may come in different packets (Core Specification, volume 3, part C, 9.2.7).
        name = _one_line(advertised.local_name or device.name or "") or (before[0].name if before else "")
        uart = UART_SERVICE in map(str.lower, advertised.service_uuids) or (before is not None and before[0].uart)
        near = NearDevice(name, device.address, advertised.rssi, uart)
        left = further(near)
        if before is None and left is None and len(found) >= MOST_DEVICES:
            return
        found[device.address] = near, device
        if left is not None and loop.time() + left < until:
            until = loop.time() + left
            changed.set()

    try:
        async with asyncio.timeout(seconds + _START_AND_STOP), BleakScanner(note):
            until = min(until, loop.time() + seconds)
            while (left := until - loop.time()) > 0:
                notice_cancel()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(left):
                        await changed.wait()
                changed.clear()
    except TimeoutError as error:
        raise ConnectError(_STUCK) from error
    return list(found.values())


def _one_line(name: str) -> str:
    """A name from the air as text that can be shown."""
    short = name[:_LONGEST_NAME]
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in short).strip()
