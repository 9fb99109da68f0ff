"""What goes wrong in a run: a pure function of its seed."""

from __future__ import annotations

import errno
import os
import random
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from metakernel_micropython.errors import LineBusy, LineLost

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class Way(StrEnum):
    TO_BOARD = "to the board"
    FROM_BOARD = "from the board"


class Kind(StrEnum):
    CUT = "cut"
    STALL = "stall"
    LATE = "late"
    RESET = "reset"
    DROP = "drop"
    FLIP = "flip"
    DUPLICATE = "duplicate"
    INSERT = "insert"
    FLOOD = "flood"
    SLOW = "slow board"
    CHATTER = "chatter"
    READ_FAILS = "read fails"
    WRITE_FAILS = "write fails"
    DISK_FULL = "disk full"
    READ_ONLY = "disk read-only"
    STOP = "Stop during a command"


ACCIDENTS = tuple(Kind)[:9]
"""What happens once, on the line. Their order decides what a seed means."""

STATES = (Kind.SLOW, Kind.CHATTER, Kind.READ_FAILS, Kind.WRITE_FAILS)
"""What stays so until it is mended, and what this computer's system says of the line."""

DAMAGE = frozenset({Kind.DROP, Kind.FLIP, Kind.DUPLICATE, Kind.INSERT, Kind.FLOOD, Kind.CHATTER})
"""After these the bytes that arrive are others than those that were sent."""

ERRORS: dict[str, Callable[[], Exception]] = {
    "MemoryError": MemoryError,
    "EIO": lambda: OSError(errno.EIO, os.strerror(errno.EIO)),
    "ENODEV": lambda: OSError(errno.ENODEV, os.strerror(errno.ENODEV)),
    "ENOBUFS": lambda: OSError(errno.ENOBUFS, os.strerror(errno.ENOBUFS)),
    "TimeoutError": TimeoutError,
    "ValueError": lambda: ValueError("I/O operation on closed file"),
    "TypeError": lambda: TypeError("'NoneType' object cannot be interpreted as an integer"),
    "RuntimeError": lambda: RuntimeError("can't start new thread"),
    "LineBusy": lambda: LineBusy("The line to the board takes no bytes."),
    "LineLost": lambda: LineLost("The line to the board was lost."),
}
"""What a line's library, or the system below it, may raise."""

UNTIL_HEALED = 1e9
"""Seconds of a stall that lasts as long as the fault does."""

# What the protocol is made of does more harm than noise.
_COMMANDS = (
    b"\x01",
    b"\x02",
    b"\x03",
    b"\x04",
    b"\x04\x04",
    b">",
    b"\r\n",
    b"OK",
    b"R\x01",
    b"R\x00",
    b"\xff",
    b"\x00",
)


@dataclass(frozen=True)
class Fault:
    """One accident on the line.

    Attributes:
        kind: what happens.
        way: to which bytes.
        at: how many bytes were carried that way before, since the plan was armed; of a call that fails: how many calls
            were made.
        size: bytes that are dropped, said again, or poured in; of a cut: 1 for a reset connection, 0 for an orderly
            end; of late answers: how many pieces come late; of chatter: every how many pieces of the board's have
            something printed in their middle; of a call that fails: how many bytes of its data go out all the same; of
            a full disk: the bytes that there is room for.
        seconds: how long a stall lasts, or how late each piece comes.
        data: bytes that are inserted; of a flip: the bits.
        error: what a call raises, a key of ``ERRORS``.
    """

    kind: Kind
    way: Way
    at: int
    size: int = 0
    seconds: float = 0.0
    data: bytes = b""
    error: str = ""

    def __str__(self) -> str:
        more = f", {self.size}" * bool(self.size) + f", {self.data!r}" * bool(self.data)
        more += f", {self.error}" * bool(self.error)
        lasting = "until it is healed" if self.seconds == UNTIL_HEALED else f"{self.seconds:.2f} s"
        place = "call" if self.error else "byte"
        return f"{self.kind} at {place} {self.at} {self.way}{more}" + f", {lasting}" * bool(self.seconds)


@dataclass(frozen=True)
class Plan:
    """One run: what is done, and what goes wrong meanwhile.

    Attributes:
        seed: all of it follows from this.
        scenario: the name of what is done.
        faults: what goes wrong, in the order of no importance.
        stop_after: seconds after which somebody presses Stop; None for nobody.
    """

    seed: int
    scenario: str
    faults: tuple[Fault, ...] = field(default_factory=tuple)
    stop_after: float | None = None

    @property
    def damaging(self) -> bool:
        return any(fault.kind in DAMAGE for fault in self.faults)

    @property
    def random(self) -> random.Random:
        """Numbers for what is done, apart from those that made the plan."""
        return random.Random(f"what is done in {self.seed}")

    def __str__(self) -> str:
        faults = "; ".join(map(str, self.faults))
        stopped = "" if self.stop_after is None else f"; Stop after {self.stop_after:.3f} s"
        return f"seed {self.seed}: {self.scenario} with {faults}{stopped}"


def make(seed: int, scenarios: Mapping[str, tuple[int, int]], kinds: Sequence[Kind] = ACCIDENTS) -> Plan:
    """Return the plan of a seed.

    Args:
        seed: any number.
        scenarios: what can be done, with the bytes that it takes to the board and from it, about.
        kinds: what can go wrong.
    """
    rng = random.Random(seed)
    scenario = rng.choice(sorted(scenarios))
    faults = tuple(_fault(rng, kinds, *scenarios[scenario]) for _ in range(rng.choice((1, 1, 1, 1, 2, 2, 3))))
    return Plan(seed, scenario, faults, rng.uniform(0, 0.3) if rng.random() < 0.12 else None)


def _fault(rng: random.Random, kinds: Sequence[Kind], to_board: int, from_board: int) -> Fault:
    kind = rng.choice(kinds)
    if kind in STATES:
        return _state(rng, kind)
    way = rng.choice(list(Way))
    traffic = to_board if way is Way.TO_BOARD else from_board
    # The first bytes are the protocol's, and the many that follow are content: half of the faults for each.
    at = int(traffic ** rng.random()) if rng.random() < 0.5 else int(traffic * rng.random())
    match kind:
        case Kind.CUT:
            return Fault(kind, way, at, size=rng.randrange(2))
        case Kind.STALL:
            return Fault(kind, way, at, seconds=rng.choice((rng.uniform(0.02, 0.4), UNTIL_HEALED)))
        case Kind.LATE:
            return Fault(kind, way, at, size=rng.randint(1, 6), seconds=rng.uniform(0.01, 0.12))
        case Kind.RESET:
            return Fault(kind, way, at)
        case Kind.FLIP:
            return Fault(kind, way, at, data=bytes([rng.choice((1 << rng.randrange(8), rng.randrange(1, 256)))]))
        case Kind.INSERT:
            noise = rng.randbytes(rng.randint(1, 24))
            return Fault(kind, way, at, data=rng.choice((rng.choice(_COMMANDS), noise)))
        case Kind.FLOOD:
            # To the board: what its line takes within a moment.
            sizes = (200, 2_000) if way is Way.TO_BOARD else (1_000, 20_000, 300_000)
            return Fault(kind, way, at, size=rng.choice(sizes))
    return Fault(kind, way, at, size=rng.choice((1, 1, rng.randint(1, 64))))


def _state(rng: random.Random, kind: Kind) -> Fault:
    if kind is Kind.SLOW:  # from a bit slow to later than every deadline
        return Fault(kind, Way.FROM_BOARD, 0, seconds=rng.choice((0.02, 0.05, 0.1, 0.2, 0.4, 1.0)))
    if kind is Kind.CHATTER:
        return Fault(kind, Way.FROM_BOARD, 0, size=rng.choice((1, 1, 2, 3, 10)))
    way = Way.FROM_BOARD if kind is Kind.READ_FAILS else Way.TO_BOARD
    at = int(100 ** rng.random()) - 1
    return Fault(kind, way, at, size=rng.choice((0, 0, 1, 20)), error=rng.choice(sorted(ERRORS)))
