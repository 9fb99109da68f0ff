"""Which pins of a chip belong to which of its buses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ROLES = {"i2c": ("sda", "scl"), "spi": ("sck", "mosi", "miso"), "uart": ("tx", "rx")}
"""What the lines of each kind of bus are called."""

_NEEDED = {"i2c": 2, "spi": 2, "uart": 1}  # so many lines tell which bus it is: a display has no line to read from


class NoSuchBus(ValueError):
    """The chip has no such bus, or not on these pins; the text is what its firmware says."""


@dataclass(frozen=True)
class Route:
    """Where a bus of a program is.

    Attributes:
        bus: its number; None where the pins belong to none.
        pins: one for each role.
    """

    bus: int | None
    pins: tuple[int, ...]


@dataclass(frozen=True)
class Pinout:
    """The pins of a chip.

    Attributes:
        pins: how many it has; they are numbered from 0.
        buses: by the kind and the number of a bus, the pins that it has where a program names none, in the order of
            `ROLES`.
        fixed: by role, the pins that can have it, and the number of their bus. Empty where any pin can be wired to
            any bus inside the chip.
        analog: the pins that an ADC can read.
    """

    pins: int
    buses: Mapping[str, Mapping[int, tuple[int, ...]]]
    fixed: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    analog: tuple[int, ...] = ()

    def route(self, kind: str, bus: int, pins: Iterable[int]) -> Route:
        """Return where a bus of the hardware is.

        Args:
            kind: a key of `ROLES`.
            bus: its number.
            pins: what the program has named, -1 where it has not.

        Raises:
            NoSuchBus: the chip cannot do that.
        """
        default = self.buses[kind].get(bus)
        if default is None:
            raise NoSuchBus(f"{kind.upper()}({bus}) doesn't exist")
        chosen = tuple(pin if pin >= 0 else other for pin, other in zip(pins, default, strict=True))
        for role, pin in zip(ROLES[kind], chosen, strict=True):
            if self.fixed and self.fixed[role].get(pin) != bus:
                raise NoSuchBus(f"bad {role.upper()} pin")
        return Route(bus, chosen)

    def soft_route(self, kind: str, pins: Iterable[int]) -> Route:
        """Return where a bus is that a program makes on these pins by itself.

        Where any pin can be wired to any bus, it is the bus whose default pins they are, and else the first one.
        """
        chosen = tuple(pins)
        needed = _NEEDED[kind]
        if self.fixed:
            buses = {self.fixed[role].get(pin) for role, pin in zip(ROLES[kind][:needed], chosen, strict=False)}
            return Route(buses.pop() if len(buses) == 1 else None, chosen)
        for bus, default in self.buses[kind].items():
            if default[:needed] == chosen[:needed]:
                return Route(bus, chosen)
        return Route(min(self.buses[kind]), chosen)


def _pico() -> Pinout:
    # RP2040 data sheet, 1.4.3 "GPIO Functions": the functions repeat every four pins.
    pins = range(30)
    fixed = {
        "sda": {pin: pin // 2 % 2 for pin in pins if pin % 2 == 0},
        "scl": {pin: pin // 2 % 2 for pin in pins if pin % 2 == 1},
        "miso": {pin: pin // 8 % 2 for pin in pins if pin % 4 == 0},
        "sck": {pin: pin // 8 % 2 for pin in pins if pin % 4 == 2},
        "mosi": {pin: pin // 8 % 2 for pin in pins if pin % 4 == 3},
        "tx": {pin: (pin + 4) // 8 % 2 for pin in pins if pin % 4 == 0},
        "rx": {pin: (pin + 4) // 8 % 2 for pin in pins if pin % 4 == 1},
    }
    buses: dict[str, dict[int, tuple[int, ...]]] = {
        "i2c": {0: (8, 9), 1: (6, 7)},
        "spi": {0: (18, 19, 16), 1: (10, 11, 8)},
        "uart": {0: (0, 1), 1: (4, 5)},
    }
    return Pinout(30, buses, fixed, (26, 27, 28, 29))


PICO = _pico()
"""A Raspberry Pi Pico, with the defaults of MicroPython's quick reference for the RP2."""

ESP32 = Pinout(
    40,
    {
        "i2c": {0: (19, 18), 1: (26, 25)},
        "spi": {1: (14, 13, 12), 2: (18, 23, 19)},
        "uart": {0: (1, 3), 1: (10, 9), 2: (17, 16)},
    },
    analog=(0, 2, 4, 12, 13, 14, 15, 25, 26, 27, *range(32, 40)),
)
"""An ESP32, whose GPIO matrix takes any signal to any pin; defaults of MicroPython's quick reference for the ESP32."""
