"""The names of a board's pins."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from metakernel_micropython.virtual.parts.problem import PartProblem

if TYPE_CHECKING:
    from collections.abc import Container, Mapping


class PinNames:
    """The pins of a board, by number and by name.

    Args:
        count: how many pins it has.
        prefix: of the name of a pin, before its number.
        special: the numbers of pins with a name of their own.
        missing: numbers below the count that are no pins, or not free.
    """

    def __init__(
        self, count: int, prefix: str, special: Mapping[str, int] | None = None, missing: Container[int] = ()
    ) -> None:
        self._count = count
        self._prefix = prefix
        self._special = dict(special or {})
        self._missing = missing

    def find(self, pin: object) -> int | None:
        """Return the number of a pin; None where there is none of that name.

        Args:
            pin: its number, also as a text, or its name: ``GP15``, ``GPIO15``, ``pin15``, ``LED``.
        """
        number = pin
        if isinstance(pin, str):
            text = pin.strip().upper()
            match = re.fullmatch(rf"(?:{self._prefix}|GPIO|PIN)?(\d{{1,4}})", text)
            number = int(match[1]) if match else self._special.get(text)
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < self._count:
            return None
        return None if number in self._missing else number

    def number(self, pin: object) -> int:
        """Return the number of a pin, as `find` does.

        Raises:
            PartProblem: there is none.
        """
        found = self.find(pin)
        if found is None:
            raise PartProblem(f"The board has no pin {pin!r}: they are {self.all_of_them()}.")
        return found

    def name(self, number: int) -> str:
        """Return the name of a pin."""
        for name, special in self._special.items():
            if special == number:
                return name
        return f"{self._prefix}{number}"

    def all_of_them(self) -> str:
        """Say which pins there are."""
        special = "".join(f", {name}" for name in self._special)
        missing = [number for number in range(self._count) if number in self._missing]
        less = f" without {', '.join(map(str, missing))}" if missing else ""
        return f"0 to {self._count - 1}{less}, also as {self._prefix}0{special}"


def names_of(board: str) -> PinNames:
    """Return the names of the pins of a board.

    Args:
        board: the name of its profile.
    """
    if board == "esp32":  # ESP32 data sheet, "Pin Overview": 6 to 11 lead to the flash
        return PinNames(40, "GPIO", missing=(*range(6, 12), 20, 24, *range(28, 32)))
    return PinNames(30, "GP", {"LED": 25})
