"""Programs run by this Python, with functions for the probes that do what those of a board do."""

from __future__ import annotations

import builtins
import gc
import re
import traceback
import types
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from metakernel_micropython.instrument.request import NAMES, Kind, Request, Rewritten, Role
from metakernel_micropython.instrument.rewrite import rewrite

FILE = "<program>"

ADDRESS = re.compile(r" at (0x)?[0-9a-f]+")
"""Where something lies in memory, as it is printed here and on a board."""

MOST = 1500
"""Statements of a program that is small enough for a board, and a tenth of the characters that it prints."""


@dataclass
class Ran:
    """What a program did."""

    printed: list[str] = field(default_factory=list)
    error: str = ""
    lines: list[tuple[int, str]] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)


@dataclass
class Calls:
    """The calls of probes, as a board would take them."""

    numbers: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    pauses: list[tuple[int, dict[str, Any]]] = field(default_factory=list)

    def count(self, number: int) -> None:
        self.numbers.append(number)

    def time(self, number: int, start: int | None = None, value: object = None) -> object:
        if number < 0 or start is not None:
            self.ends.append(number if number >= 0 else ~number)
            assert start in (None, 1000 + self.ends[-1])
            return value
        self.numbers.append(number)
        return 1000 + number


class Running(Calls):
    """Follows calls of functions as a board does."""

    def __init__(self) -> None:
        super().__init__()
        self.running: list[int] = []

    def follow(self, number: int, depth: int | None = None, value: Any = None) -> Any:
        if depth == -5:
            return self._over(number, value)
        self.numbers.append(number if number >= 0 else ~number)
        if number < 0 or depth in (0, -4):
            at = len(self.running)
            while at and self.running[at - 1] != self.numbers[-1]:
                at -= 1
            if at:
                del self.running[at - (number < 0) :]
            elif depth == -4:
                self.running.append(number)
        elif depth is not None and depth > 0:
            assert len(self.running) < depth or self.running[depth - 1] == number
            del self.running[depth:]
        elif depth != -2 or self.running[-1:] != [number]:
            self.running.append(number)
            if depth == -1:
                return len(self.running)
        return value

    def _over(self, number: int, values: Any) -> Any:
        yield from values
        self.follow(number)


class TooMuch(BaseException):
    """A program runs too long, or prints too much."""


def is_small(source: str, preface: str) -> bool:
    """Whether a program ends soon, told by running it here."""
    calls = 0

    def count(_number: int) -> None:
        nonlocal calls
        calls += 1
        if calls > MOST:
            raise TooMuch

    ran = run(rewrite(source, Request(Kind.COUNT)).source, preface, count)
    return calls <= MOST and sum(map(len, ran.printed)) <= 10 * MOST


class Pauses(Calls):
    """Takes pauses, and reads what is local at each."""

    def __init__(self, result: Rewritten) -> None:
        super().__init__()
        self._names = {probe.number: probe.names for probe in result.probes}
        self._entries = {probe.number for probe in result.probes if probe.role is Role.ENTRY}

    def pause(self, number: int, reader: Any = None) -> Any:
        if number >= 0:
            self._note(number, reader, self._names[number])
            return None
        number = ~number
        assert number in self._entries
        return lambda inner: self._note(inner, reader, self._names[number])

    def _note(self, number: int, reader: Any, names: tuple[str, ...]) -> None:
        self.numbers.append(number)
        found = {}
        for index, name in enumerate(names):
            try:
                found[name] = reader(index)
            except NameError:
                continue
        self.pauses.append((number, found))


@cache
def _preface(source: str) -> types.CodeType:
    return compile(source, "<preface>", "exec")


def run(source: str, preface: str = "", probe: Any = None) -> Ran:
    """Run a program; what it prints, raises and defines is kept.

    The collector is off: when it ends a generator is no matter of the program.
    """
    printed: list[str] = []

    def show(*values: object) -> None:
        printed.append(ADDRESS.sub("", " ".join(map(str, values))))

    own = types.ModuleType("builtins")
    own.__dict__.update(vars(builtins))
    own.__dict__["print"] = show
    if probe is not None:
        own.__dict__.update(dict.fromkeys((name.replace("__mk_", "mk_") for name in NAMES), probe))
    names: dict[str, Any] = {"__builtins__": own.__dict__, "__name__": "program"}
    exec(_preface(preface), names)
    before = set(names)
    source = source.replace(
        "__mk_", "mk_"
    )  # in classes Python changes names with two underscores, MicroPython does not
    code = compile(source, FILE, "exec", dont_inherit=True)
    error = ""
    lines: list[tuple[int, str]] = []
    gc.disable()
    try:
        exec(code, names)
    except BaseException as raised:
        error = ADDRESS.sub("", f"{type(raised).__name__}: {raised}")
        frames = traceback.extract_tb(raised.__traceback__)
        lines = [(frame.lineno or 0, frame.name) for frame in frames if frame.filename == FILE]
    finally:
        gc.enable()
    kept = {name: ADDRESS.sub("", repr(names[name])) for name in sorted(set(names) - before)}
    return Ran(list(printed), error, lines, kept)


def probe_of(kind: Kind, result: Rewritten) -> tuple[Calls, Any]:
    """Return what keeps the calls, and the function that probes call."""
    if kind is Kind.PAUSE:
        pauses = Pauses(result)
        return pauses, pauses.pause
    if kind is Kind.CALLS:
        follower = Running()
        return follower, follower.follow
    calls = Calls()
    return calls, (calls.count if kind is Kind.COUNT else calls.time)
