"""A serial port of this machine, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .usb_ids import Likelihood


@dataclass(frozen=True)
class PortInfo:
    """A serial port of this machine.

    Attributes:
        device: the path or name to open, for example ``/dev/ttyACM0`` or ``COM5``.
        vid: USB vendor id; None for a port that is not on USB.
        pid: USB product id.
        serial_number: of the USB device; None where it has none.
        manufacturer: as the USB device says.
        product: as the USB device says.
        guess: what it probably is, for people.
        likelihood: how likely MicroPython answers there.
        location: the place on the USB, for example ``1-1.2``; None where the system does not tell.
    """

    device: str
    vid: int | None
    pid: int | None
    serial_number: str | None
    manufacturer: str | None
    product: str | None
    guess: str
    likelihood: Likelihood
    location: str | None = None

    def __str__(self) -> str:
        if self.vid is None or self.pid is None:
            return f"{self.device} ({self.guess})"
        number = f", id:{self.serial_number}" if self.serial_number else ""
        return f"{self.device} ({self.guess}, {self.vid:04x}:{self.pid:04x}{number})"
