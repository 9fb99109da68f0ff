"""Which board the first cell gets when nobody has named one: the only one plugged in, or a list to choose from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..transports.usb_ids import Likelihood

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..transports.port_info import PortInfo

_LISTED = 12
"""Ports that an error names."""


def only_board(ports: Iterable[PortInfo]) -> PortInfo | None:
    """Return the port of the one device that is likely a board; None where there are none or several.

    A device with several ports counts once; its first port is the one with the prompt.

    Args:
        ports: those that are plugged in.
    """
    likely = devices(port for port in ports if port.likelihood >= Likelihood.BRIDGE)
    return likely[0] if len(likely) == 1 else None


def choose_one(ports: Iterable[PortInfo]) -> str:
    """Return what to say when no board is connected: what is plugged in, each with the line that connects to it.

    Args:
        ports: those that are plugged in, the likeliest first.
    """
    found = devices(ports)
    if not found:
        return (
            "No board is connected, and no serial port is there: plug a board in (with a cable that carries data; some "
            "only charge) and run the cell again. %connect ws://ADDRESS connects to a WebREPL, %connect virtual to a "
            "board without hardware."
        )
    likely = found[0].likelihood >= Likelihood.BRIDGE
    width = max(len(port.device) for port in found[:_LISTED])
    return "\n".join(
        [
            "No board is connected. Choose one that is plugged in:"
            if likely
            else "No board is connected. Plug one in and run the cell again; no port that is there looks like one's:",
            *(f"  %connect {port.device:<{width}}  {_what(port)}" for port in found[:_LISTED]),
            *([f"  ... and {len(found) - _LISTED} more: %boards lists them"] if len(found) > _LISTED else []),
            f"  %connect {'virtual':<{width}}  a board without hardware",
        ]
    )


def _what(port: PortInfo) -> str:
    return port.guess + (f", id:{port.serial_number}" if port.serial_number else "")


def devices(ports: Iterable[PortInfo]) -> list[PortInfo]:
    """Return the ports with only the first of each device.

    Args:
        ports: those that are plugged in.
    """
    found: dict[tuple[object, ...], PortInfo] = {}
    for port in ports:
        place = re.sub(r":[\d.]+$", "", port.location) if port.location else ""  # without the USB interface
        on_usb = port.vid is not None and (port.serial_number or place)
        found.setdefault((port.vid, port.pid, port.serial_number, place) if on_usb else (port.device,), port)
    return list(found.values())
