"""What completion offers for the parts on the virtual board's pins; for other boards there is nothing."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ..errors import MicroPythonError

if TYPE_CHECKING:
    from ..board.part_data import Kind, PartDescription
    from ..front_end import FrontEnd


def kinds(front_end: FrontEnd) -> list[Kind]:
    """Return the kinds of parts that can be attached."""
    with suppress(MicroPythonError):
        if front_end.device is not None:
            return front_end.device.parts.kinds()
    return []


def names(front_end: FrontEnd) -> list[str]:
    """Return the names of the parts that are attached."""
    return [part.name for part in _attached(front_end)]


def settings(front_end: FrontEnd) -> list[str]:
    """Return what can be set: ``button1``, ``button1.pressed``."""
    return [name for part in _attached(front_end) if part.settings for name in _dotted(part.name, part.settings)]


def states(front_end: FrontEnd) -> list[str]:
    """Return what can be asked for: ``led1``, ``led1.brightness``."""
    return [name for part in _attached(front_end) for name in _dotted(part.name, part.state)]


def _attached(front_end: FrontEnd) -> list[PartDescription]:
    with suppress(MicroPythonError):
        if front_end.device is not None:
            return front_end.device.parts.all()
    return []


def _dotted(part: str, names: object) -> list[str]:
    assert isinstance(names, dict)
    return [part, *(f"{part}.{name}" for name in names)]
