"""Which USB port an address leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import transports
from ..errors import MicroPythonError
from ..transports import port_scan

if TYPE_CHECKING:
    from ..transports.port_info import PortInfo


def port_of(address: str) -> PortInfo | None:
    """The USB port that an address leads to; None where it leads to none, or to one that cannot be told."""
    parsed = transports.parse(address)
    found: PortInfo | None = None
    if parsed.scheme == "serial":
        found = port_scan.port_at(parsed.target)
    elif parsed.scheme in ("id", "usb"):
        try:
            found = port_scan.find(parsed)
        except MicroPythonError:
            return None
    return found if found is not None and found.vid is not None else None
