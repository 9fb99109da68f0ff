"""The boards that the virtual board can be: what tells one from the other, beside the classes of its ``machine``.

These are in ``rom/_machine``: RP2's, and in ``esp32.py`` what the ESP32's port has otherwise. Names, numbers and texts
are those of MicroPython's documentation ("Quick reference for the RP2" and "for the ESP32") and of its stubs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from metakernel_micropython.virtual.wiring.pinout import ESP32, PICO, Pinout

if TYPE_CHECKING:
    from collections.abc import Mapping

POWER_ON, WATCHDOG, DEEP_SLEEP, SOFT = 1, 3, 4, 5
"""Causes of a reset, as both ports number them; RP2 knows the first two alone."""

_MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Profile:
    """One kind of board.

    Attributes:
        name: as ``--board`` takes it; the firmware knows it as well.
        platform: ``sys.platform``; ``""`` for what the interpreter was built with.
        build: ``sys.implementation._build``, the name of the board's definition.
        machine: what the banner, ``sys.implementation._machine`` and ``os.uname()`` call it.
        pinout: which pins there are, and which belong to which bus.
        flash: bytes that files may take; None where only this computer's disk limits them.
        frequency: of the chip at first, in hertz.
        frequencies: those that ``machine.freq`` takes, in MHz; where there are none, a range.
        id_size: bytes of ``machine.unique_id()``.
        causes: what ``machine.reset_cause()`` is after a reset of each kind (``reset``, ``watchdog``, ``deepsleep``,
            ``soft``); what is missing leaves it as it was.
    """

    name: str
    platform: str = ""
    build: str = ""
    machine: str = ""
    pinout: Pinout = PICO
    flash: int | None = None
    frequency: int = 125_000_000
    frequencies: tuple[int, ...] = ()
    id_size: int = 8
    # RP2 resets itself by its watchdog.
    causes: Mapping[str, int] = field(
        default_factory=lambda: {"reset": WATCHDOG, "watchdog": WATCHDOG, "deepsleep": WATCHDOG}
    )

    def refuses_frequency(self, hertz: int) -> str:
        """Return what the firmware says of a frequency that the chip cannot have; ``""`` for one that it can."""
        if self.frequencies:
            if hertz // 1_000_000 in self.frequencies:
                return ""
            return "frequency must be 20MHz, 40MHz, 80Mhz, 160MHz or 240MHz"
        return "" if 10_000_000 <= hertz <= 300_000_000 else "cannot change frequency"


DEFAULT = Profile("default")
"""A board without a name: its pins are those of a Pico, and nobody has to say how large its flash is."""

BOARDS = {
    profile.name: profile
    for profile in (
        Profile("pico", "rp2", "RPI_PICO", "Raspberry Pi Pico (virtual) with RP2040", flash=2 * _MEGABYTE),
        Profile(
            "esp32",
            "esp32",
            "ESP32_GENERIC",
            "Generic ESP32 module (virtual) with ESP32",
            pinout=ESP32,
            flash=4 * _MEGABYTE,
            frequency=160_000_000,
            frequencies=(20, 40, 80, 160, 240),
            id_size=6,
            causes={"reset": SOFT, "watchdog": WATCHDOG, "deepsleep": DEEP_SLEEP, "soft": SOFT},
        ),
    )
}
"""By the names that ``--board`` takes."""
