"""What is measured, how often and on which lines.

A new measure is a line in ``MEASURES`` and a method of ``Session``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import work
from .left import left_behind
from .material import FOLDER, LARGE, RANDOM, SOURCE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .contestant import Session
    from .left import Left
    from .material import Material

UNTHROTTLED, SLOW, FAST = "unthrottled", "115200", "921600"
LINES: Mapping[str, int | None] = {UNTHROTTLED: None, SLOW: 115200, FAST: 921600}
"""The lines, with their bits per second in each direction; None for a terminal as fast as it goes."""

EVERY_LINE = tuple(LINES)
CELLS, FILES = "cells", "files"


@dataclass(frozen=True)
class Measure:
    """Something to measure.

    Attributes:
        name: for the command line and the JSON file.
        title: for the table.
        take: does it once; returns seconds, or another number where ``value`` makes nothing of it.
        unit: of what is shown and kept.
        value: makes that of what ``take`` returns.
        count: how often in one session.
        lines: on which it is taken.
        idle: taken before anything is connected, and after nothing else.
        warm: whether it is also done once, uncounted, in the round before the first.
        table: the table that it stands in.
    """

    name: str
    title: str
    take: Callable[[Session, Material], float]
    unit: str
    value: Callable[[float], float]
    count: int = 1
    lines: tuple[str, ...] = (UNTHROTTLED,)
    idle: bool = False
    warm: bool = True
    table: str = CELLS


def _seconds(seconds: float) -> float:
    return seconds


def _milliseconds(seconds: float) -> float:
    return seconds * 1000


def _rate(seconds: float) -> float:
    return work.OUTPUT_SIZE / 1024 / seconds


def _mebibytes(size: float) -> float:
    return size / 1024**2


def _number(number: float) -> float:
    return number


def _left(name: str, title: str, part: Callable[[Left], float], unit: str) -> Measure:
    """Return the measure of something that transfers leave behind on the board."""

    def measured(session: Session, files: Material) -> float:
        return part(left_behind(session, files))

    return Measure(name, title, measured, unit, _number, warm=False, table=FILES)


def _write(name: str, title: str, lines: tuple[str, ...]) -> Measure:
    return _file(f"write-{_short(name)}", f"write {title}", lines, lambda session, files: files.write(session, name))


def _read(name: str, title: str, lines: tuple[str, ...]) -> Measure:
    return _file(f"read-{_short(name)}", f"read {title}", lines, lambda session, files: files.read(session, name))


def _file(name: str, title: str, lines: tuple[str, ...], take: Callable[[Session, Material], float]) -> Measure:
    return Measure(name, title, take, "s", _seconds, lines=lines, warm=False, table=FILES)


def _short(name: str) -> str:
    return "folder" if name == FOLDER else name.partition(".")[0]


MEASURES = (
    Measure("start", "start", lambda session, _: session.start, "ms", _milliseconds, idle=True),
    Measure(
        "memory", "memory of the idle kernel", lambda session, _: session.memory()[0], "MiB", _mebibytes, idle=True
    ),
    Measure("memory-share", "of that its share", lambda session, _: session.memory()[1], "MiB", _mebibytes, idle=True),
    _left("left-memory", "board's memory taken by 4 transfers", lambda left: left.memory, "bytes"),
    _left("left-names", "names left on the board by them", lambda left: left.names, ""),
    Measure(
        "round-trip",
        "round trip of print(1)",
        lambda session, _: session.round_trip(),
        "ms",
        _milliseconds,
        count=40,
        lines=EVERY_LINE,
    ),
    Measure(
        "output",
        "256 KiB of output",
        lambda session, _: session.output(),
        "KiB/s",
        _rate,
        count=2,
        lines=(UNTHROTTLED, FAST),
    ),
    Measure("interrupt", "interrupt", lambda session, _: session.interrupt(), "ms", _milliseconds, count=3),
    Measure(
        "completion", "completion of os.li", lambda session, _: session.completion(), "ms", _milliseconds, count=10
    ),
    _write(SOURCE, "50 KiB of source", EVERY_LINE),
    _read(SOURCE, "50 KiB of source", EVERY_LINE),
    _write(RANDOM, "50 KiB of random bytes", EVERY_LINE),
    _read(RANDOM, "50 KiB of random bytes", EVERY_LINE),
    _write(LARGE, "1 MiB of random bytes", (UNTHROTTLED,)),
    _read(LARGE, "1 MiB of random bytes", (UNTHROTTLED,)),
    _write(FOLDER, "30 small files", (UNTHROTTLED, SLOW)),
    _read(FOLDER, "30 small files", (UNTHROTTLED, SLOW)),
    _file("sync", "sync 30 unchanged files", EVERY_LINE, lambda session, files: files.sync(session)),
)
