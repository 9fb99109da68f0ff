"""Which boards are plugged in: the serial ports of this machine, the likeliest first.

Nothing is opened here. Whether MicroPython answers on a port is for whoever speaks its protocol to find out.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConnectError
from .port_info import PortInfo
from .usb_ids import Likelihood, classify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .address import Address
    from .last_board import LastBoard

# Ports that macOS makes for itself. Opening the first waits for a Bluetooth device; none ever leads to a board.
_NEVER = ("bluetooth", "debug-console", "wlan-debug", "wirelessiap")


FURTHER_PORTS = "MICROPYTHON_PORTS"
"""The environment variable that names further ports with a board: a UART's, a pseudo-terminal's, a simulator's."""


def serial_ports() -> list[PortInfo]:
    """All serial ports of this machine, those likeliest to lead to MicroPython first."""
    from serial.tools.list_ports import comports

    found = {port.device: port for port in comports()}
    ports = _further_ports()
    for one in ports:
        found.pop(one.device, None)
    for port in found.values():
        # macOS has two names for a port: opening /dev/tty.* waits for a carrier that USB boards never raise.
        if port.device.startswith("/dev/tty.") and port.device.replace("/tty.", "/cu.", 1) in found:
            continue
        likelihood, guess = classify(port.vid, port.pid, f"{port.manufacturer or ''} {port.product or ''}")
        ports.append(
            PortInfo(
                port.device,
                port.vid,
                port.pid,
                port.serial_number or None,
                port.manufacturer or None,
                port.product or None,
                guess,
                likelihood,
                getattr(port, "location", None),
            )
        )
    return sorted(ports, key=lambda port: (-port.likelihood, natural(port.device)))


def _further_ports() -> list[PortInfo]:
    """Those that the environment names, as far as they are there."""
    named = dict.fromkeys(filter(None, os.environ.get(FURTHER_PORTS, "").split(os.pathsep)))
    guess = f"a board, as {FURTHER_PORTS} says"
    there = [device for device in named if "/" not in device or Path(device).exists()]
    return [PortInfo(device, None, None, None, None, None, guess, Likelihood.MAY_RUN_IT) for device in there]


def candidates(preferred: LastBoard | None = None) -> list[PortInfo]:
    """The ports that ``auto`` should try, in order: the board that worked last, then by likelihood.

    Ports that are not on USB are left out: a Ctrl-C to whatever hangs there is not ours to send.

    Args:
        preferred: what ``last_board.last()`` gave.
    """
    ports = [
        port
        for port in serial_ports()
        if port.likelihood > Likelihood.NOT_USB and not any(word in port.device.lower() for word in _NEVER)
    ]
    if preferred is not None:
        ports.sort(key=lambda port: -_likeness(port, preferred))
    return ports


def find(address: Address) -> PortInfo:
    """The one port that ``id:SERIALNUMBER`` or ``VID:PID`` means.

    A device with several serial ports counts once; its first port is the one with the prompt.

    Raises:
        ConnectError: no device or more than one fits; the message names those that are plugged in.
    """
    ports = serial_ports()
    matching = [port for port in ports if _FITS[address.scheme](port, address.target)]
    if not matching:
        raise ConnectError(f"No board {address} is plugged in. {_listed(ports)}")
    devices = {(port.vid, port.pid, port.serial_number or port.device) for port in matching}
    if len(devices) > 1:
        raise ConnectError(f"More than one board is {address}: {_names(matching)}. Name one by its device or id:.")
    return matching[0]


def port_at(device: str) -> PortInfo | None:
    """The port that a path or name leads to, also through a link; None for one that the system does not list."""
    real = os.path.realpath(device) if device.startswith("/") else device
    names = {device.casefold(), real.casefold()}
    return next((port for port in serial_ports() if port.device.casefold() in names), None)


def again(before: PortInfo) -> PortInfo:
    """The port where a board is now that was lost: boards come back under other names.

    A serial number makes it certain. Without one it is the device of the same kind in the same place, or under the same
    name, or else the only one of its kind.

    Args:
        before: the port where it was.

    Raises:
        ConnectError: it is not plugged in, or nothing tells which of several it is.
    """
    ports = serial_ports()
    alike = [port for port in ports if (port.vid, port.pid) == (before.vid, before.pid)]
    if before.serial_number is not None:
        alike = [port for port in alike if port.serial_number == before.serial_number]
    else:
        alike = [port for port in alike if port.serial_number is None]
    if not alike:
        raise ConnectError(f"The board {_kind(before)} is not plugged in. {_listed(ports)}")
    in_place = [port for port in alike if port.location is not None and port.location == before.location]
    same_name = [port for port in alike if port.device == before.device]
    for found in ([port for port in same_name if port in in_place], in_place, same_name):
        if found:
            return found[0]
    if before.serial_number is None and len(alike) > 1:
        raise ConnectError(f"Nothing tells which of these the board {_kind(before)} is: {_names(alike)}.")
    return alike[0]


def plugged_in() -> str:
    """A sentence that names the serial ports of this machine."""
    return _listed(serial_ports())


_FITS: dict[str, Callable[[PortInfo, str], bool]] = {
    "id": lambda port, number: (port.serial_number or "").casefold() == number.casefold(),
    "usb": lambda port, ids: port.vid is not None and port.pid is not None and f"{port.vid:04x}:{port.pid:04x}" == ids,
}


def _kind(port: PortInfo) -> str:
    number = f"id:{port.serial_number}" if port.serial_number else f"{port.vid or 0:04x}:{port.pid or 0:04x}"
    return f"{number} ({port.guess})"


def _likeness(port: PortInfo, board: LastBoard) -> int:
    """How sure it is that a port is the board, from 0 (another one) to 3."""
    if (port.vid, port.pid) != (board.vid, board.pid):
        return 0
    if board.serial_number is not None:
        return 3 if port.serial_number == board.serial_number else 0
    return 2 if port.device == board.device else 1


def _listed(ports: Iterable[PortInfo]) -> str:
    names = _names(ports)
    return f"Plugged in: {names}." if names else "No serial port is plugged in: check the cable (some only charge)."


def _names(ports: Iterable[PortInfo]) -> str:
    return ", ".join(str(port) for port in ports)


def natural(device: str) -> list[tuple[int, str]]:
    """A sort key that puts COM9 before COM10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", device)]
