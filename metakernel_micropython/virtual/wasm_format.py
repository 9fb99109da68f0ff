"""The binary format of WebAssembly, as far as ``spill`` needs it (https://webassembly.github.io/spec/core/binary/)."""

from __future__ import annotations

I32, I64, F32, F64 = 0x7F, 0x7E, 0x7D, 0x7C


def _signatures() -> dict[int, tuple[tuple[int, ...], int]]:
    """The operands and the result of every instruction that has no immediate, by opcode."""
    table: dict[int, tuple[tuple[int, ...], int]] = {}

    def rule(first: int, last: int, operands: tuple[int, ...], result: int) -> None:
        for opcode in range(first, last + 1):
            table[opcode] = (operands, result)

    for eqz, kind, last in ((0x45, I32, 0x4F), (0x50, I64, 0x5A)):
        rule(eqz, eqz, (kind,), I32)
        rule(eqz + 1, last, (kind, kind), I32)
    rule(0x5B, 0x60, (F32, F32), I32)
    rule(0x61, 0x66, (F64, F64), I32)
    for unary, binary, last, kind in (
        (0x67, 0x6A, 0x78, I32),
        (0x79, 0x7C, 0x8A, I64),
        (0x8B, 0x92, 0x98, F32),
        (0x99, 0xA0, 0xA6, F64),
    ):
        rule(unary, binary - 1, (kind,), kind)
        rule(binary, last, (kind, kind), kind)
    conversions = (
        (0xA7, 0xA7, I64, I32), (0xA8, 0xA9, F32, I32), (0xAA, 0xAB, F64, I32), (0xAC, 0xAD, I32, I64),
        (0xAE, 0xAF, F32, I64), (0xB0, 0xB1, F64, I64), (0xB2, 0xB3, I32, F32), (0xB4, 0xB5, I64, F32),
        (0xB6, 0xB6, F64, F32), (0xB7, 0xB8, I32, F64), (0xB9, 0xBA, I64, F64), (0xBB, 0xBB, F32, F64),
        (0xBC, 0xBC, F32, I32), (0xBD, 0xBD, F64, I64), (0xBE, 0xBE, I32, F32), (0xBF, 0xBF, I64, F64),
        (0xC0, 0xC1, I32, I32), (0xC2, 0xC4, I64, I64),
    )  # fmt: skip
    for first, last, source, target in conversions:
        rule(first, last, (source,), target)
    return table


PLAIN = _signatures()
"""The operands and the result of the instructions that have no immediate."""

LOADS = {0x28: I32, 0x29: I64, 0x2A: F32, 0x2B: F64} | dict.fromkeys(range(0x2C, 0x30), I32)
LOADS |= dict.fromkeys(range(0x30, 0x36), I64)
STORES = {0x36: I32, 0x37: I64, 0x38: F32, 0x39: F64, 0x3A: I32, 0x3B: I32, 0x3C: I64, 0x3D: I64, 0x3E: I64}
TRUNCATIONS = {0: (F32, I32), 1: (F32, I32), 2: (F64, I32), 3: (F64, I32)} | {
    4: (F32, I64), 5: (F32, I64), 6: (F64, I64), 7: (F64, I64)
}  # fmt: skip


class Reader:
    """Reads the binary format's numbers and vectors from bytes."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data = data
        self.at = at

    def byte(self) -> int:
        """The next byte."""
        self.at += 1
        return self.data[self.at - 1]

    def number(self) -> int:
        """An unsigned LEB128 number; signed ones are skipped with it, too, for they end at the same byte."""
        result = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            result |= (byte & 0x7F) << shift
            if byte < 0x80:
                return result
            shift += 7

    def take(self, count: int) -> bytes:
        """The next bytes."""
        self.at += count
        return self.data[self.at - count : self.at]

    def name(self) -> bytes:
        """A name, which begins with its size."""
        return self.take(self.number())


def unsigned_leb(value: int) -> bytes:
    """A number of no sign as LEB128."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def signed_leb(value: int) -> bytes:
    """A number with a sign as LEB128."""
    out = bytearray()
    while not -64 <= value < 64:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value & 0x7F)
    return bytes(out)
