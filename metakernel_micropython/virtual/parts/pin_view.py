"""The pins as people see them: the mode and the level of those that are used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from metakernel_micropython.virtual.circuit import Circuit
    from metakernel_micropython.virtual.parts.bench import Bench

_MODES = ("IN", "OUT", "OPEN_DRAIN", "ALT")
_PULLS = ("", "up", "down")


def look(circuit: Circuit, pin: int) -> dict[str, Any]:
    """Return what there is to say about a pin, as plain data: mode, level, pull, duty, hertz, volts."""
    with circuit.lock:
        seen = circuit.pins.look(pin)
        volts = circuit.given_voltage(pin)
    return {
        "mode": _MODES[seen.mode] if seen.mode < len(_MODES) else "ALT",
        "level": seen.level,
        "pull": _PULLS[seen.pull] if seen.pull < len(_PULLS) else "",
        "duty": round(seen.duty, 4) if seen.hertz else None,
        "hertz": seen.hertz or None,
        "volts": None if volts is None else round(volts, 4),
    }


def used_pins(bench: Bench) -> list[dict[str, Any]]:
    """Return the pins that the program uses or a part is on, by number."""
    with bench.circuit.lock:
        numbers = set(bench.circuit.pins.used())
        for part in bench.all():
            numbers.update(part.pins.values())
        return [
            {"pin": number, "name": bench.pins.name(number), **look(bench.circuit, number)}
            for number in sorted(numbers)
        ]
