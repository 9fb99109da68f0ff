"""What goes wrong in a run: a pure function of its seed."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


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


DAMAGE = frozenset({Kind.DROP, Kind.FLIP, Kind.DUPLICATE, Kind.INSERT, Kind.FLOOD})
"""After these the bytes that arrive are others than those that were sent."""

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
        at: how many bytes were carried that way before, since the plan was armed.
        size: bytes that are dropped, said again, or poured in; of a cut: 1 for a reset connection, 0 for an orderly
            end; of late answers: how many pieces come late.
        seconds: how long a stall lasts, or how late each piece comes.
        data: bytes that are inserted; of a flip: the bits.
    """

    kind: Kind
    way: Way
    at: int
    size: int = 0
    seconds: float = 0.0
    data: bytes = b""

    def __str__(self) -> str:
        more = f", {self.size}" * bool(self.size) + f", {self.data!r}" * bool(self.data)
        lasting = "until it is healed" if self.seconds == UNTIL_HEALED else f"{self.seconds:.2f} s"
        return f"{self.kind} at byte {self.at} {self.way}{more}" + f", {lasting}" * bool(self.seconds)


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


def make(seed: int, scenarios: Mapping[str, tuple[int, int]]) -> Plan:
    """Return the plan of a seed.

    Args:
        seed: any number.
        scenarios: what can be done, with the bytes that it takes to the board and from it, about.
    """
    rng = random.Random(seed)
    scenario = rng.choice(sorted(scenarios))
    faults = tuple(_fault(rng, *scenarios[scenario]) for _ in range(rng.choice((1, 1, 1, 1, 2, 2, 3))))
    return Plan(seed, scenario, faults, rng.uniform(0, 0.3) if rng.random() < 0.12 else None)


def _fault(rng: random.Random, to_board: int, from_board: int) -> Fault:
    kind = rng.choice(list(Kind))
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
