"""What one measurement is asked for: code, boards, how often, for how long, and the file."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..errors import MagicError
from ..transports.options import DEFAULT_BAUD, ConnectionOptions, Password

SHORTEST, LONGEST = 0.01, 86400.0
"""Seconds between two rows of a board. The ticks of a board are unwrapped between two rows (``board_clock``)."""

SMALLEST_FILE = 1000
"""Bytes of a file at least, before the next one is begun."""

_UNITS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_SIZES = {"kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}
_AMOUNT = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*([A-Za-z]*)")
_SEPARATOR = re.compile(r"^# ?%%.*$", re.MULTILINE)


@dataclass(frozen=True)
class Place:
    """A board, and how it is reached.

    Attributes:
        name: what it is called in the rows.
        address: see ``transports.address``; it may hold a password.
        options: what was chosen for its line: ``baud``, ``dtr``, ``rts``, ``heap``, ``board``.
        password: of a WebREPL; None for what the environment holds.
    """

    name: str
    address: str = field(repr=False)
    options: dict[str, Any] = field(default_factory=dict)
    password: Password | None = field(default=None, repr=False)

    def connection_options(self) -> ConnectionOptions:
        """Return the options for its line."""
        chosen = self.options
        return ConnectionOptions(
            baud=chosen.get("baud") or DEFAULT_BAUD,
            dtr=chosen.get("dtr"),
            rts=chosen.get("rts"),
            heap=chosen.get("heap"),
            board=chosen.get("board"),
            password=self.password,
        )


@dataclass(frozen=True)
class Rotation:
    """When the next file is begun.

    Attributes:
        seconds: after so long; None for no such limit.
        size: when it has so many bytes; None for no such limit.
    """

    seconds: float | None = None
    size: int | None = None


@dataclass(frozen=True)
class Measurement:
    """What is asked for.

    Attributes:
        code: MicroPython. What stands above a line ``# %%`` is run once, and again when the board was lost or has
            restarted; what stands below it, or all of it without such a line, is run for each row.
        places: the boards; their names differ.
        csv: the file that gets the rows.
        every: seconds between two rows of a board.
        seconds: how long; None for until it is stopped.
        rotation: when the next file is begun; None for never.
        label: what the code is called in a traceback.
    """

    code: str
    places: tuple[Place, ...]
    csv: Path
    every: float
    seconds: float | None = None
    rotation: Rotation | None = None
    label: str = "the code"

    def parts(self) -> tuple[str, str, int]:
        """Return the code that is run once, the code of each row, and how many lines stand above that."""
        found = _SEPARATOR.search(self.code)
        if found is None:
            return "", self.code, 0
        above = self.code[: found.end()]
        return self.code[: found.start()], self.code[found.end() :].removeprefix("\n"), above.count("\n") + 1

    def as_data(self, *, secrets: bool) -> dict[str, Any]:
        """Return it as plain data, for JSON.

        Args:
            secrets: with the passwords.
        """
        from ..transports.address import without_passwords

        places = [
            {
                "name": place.name,
                "address": place.address if secrets else without_passwords(place.address),
                "options": place.options,
            }
            | ({"password": place.password} if secrets and isinstance(place.password, str) else {})
            for place in self.places
        ]
        return {
            "code": self.code,
            "places": places,
            "csv": str(self.csv),
            "every": self.every,
            "seconds": self.seconds,
            "rotation": asdict(self.rotation) if self.rotation is not None else None,
            "label": self.label,
        }

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Measurement:
        """Return what ``as_data`` has told.

        Raises:
            ValueError: it is something else.
        """
        try:
            rotation = data["rotation"]
            return cls(
                str(data["code"]),
                tuple(
                    Place(str(one["name"]), str(one["address"]), dict(one["options"]), one.get("password"))
                    for one in data["places"]
                ),
                Path(data["csv"]),
                float(data["every"]),
                None if data["seconds"] is None else float(data["seconds"]),
                None if rotation is None else Rotation(rotation["seconds"], rotation["size"]),
                str(data["label"]),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"it is no measurement ({error})") from error


def duration(text: str) -> float:
    """Return the seconds that ``500ms``, ``10s``, ``5min``, ``2h``, ``1d`` or a bare number of seconds stands for.

    Raises:
        MagicError: it is no such text.
    """
    found = _AMOUNT.fullmatch(text.strip())
    unit = _UNITS.get(found[2].lower()) if found else None
    if found is None or unit is None:
        raise MagicError(f"{text!r} is no time: write it as 500ms, 10s, 5min, 2h or 1d.")
    return float(found[1]) * unit


def interval(text: str) -> float:
    """Return the seconds between two rows.

    Raises:
        MagicError: it is no time, or none that a board could keep.
    """
    seconds = duration(text)
    if not SHORTEST <= seconds <= LONGEST:
        raise MagicError(f"--every {text}: rows come every 10ms at the fastest and every day at the slowest.")
    return seconds


def whole(text: str) -> float:
    """Return the seconds that a measurement takes.

    Raises:
        MagicError: it is no time, or none at all.
    """
    seconds = duration(text)
    if seconds <= 0:
        raise MagicError(
            f"--for {text}: a measurement takes some time; leave --for out for one that goes on until it is stopped."
        )
    return seconds


def rotation(text: str) -> Rotation:
    """Return when the next file is begun: after a time (``1d``, ``12h``) or at a size (``10MB``).

    Raises:
        MagicError: it is neither.
    """
    found = _AMOUNT.fullmatch(text.strip())
    if found and (factor := _SIZES.get(found[2].lower())):
        size = int(float(found[1]) * factor)
        if size < SMALLEST_FILE:
            raise MagicError(f"--rotate {text}: a file has at least {SMALLEST_FILE} bytes.")
        return Rotation(size=size)
    try:
        if found is None or not found[2]:
            raise MagicError("no unit")
        seconds = duration(text)
    except MagicError:
        raise MagicError(f"--rotate {text!r} is no time and no size: write it as 1d, 12h or 10MB.") from None
    if seconds < 1:
        raise MagicError(f"--rotate {text}: a file takes at least a second.")
    return Rotation(seconds=seconds)
