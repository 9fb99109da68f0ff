"""Files with firmware: whether one is whole, and for which chips it is.

Sources: https://github.com/microsoft/uf2 (blocks, and families in utils/uf2families.json), Intel's Hexadecimal Object
File Format Specification (1988), https://tech.microbit.org/software/spec-universal-hex/, and ST's UM0391 (DfuSe).
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import MicroPythonError
from ..host import firmware as esp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path


class BadFirmware(MicroPythonError):
    """A file is no firmware, is not whole, or is for another chip."""


UF2_BLOCK = 512
"""Bytes of a block of a UF2 file."""

_UF2_FIRST, _UF2_SECOND, _UF2_LAST = 0x0A324655, 0x9E5D5157, 0x0AB16F30
_UF2_NOT_MAIN_FLASH, _UF2_HAS_FAMILY = 0x00000001, 0x00002000
_UF2_ABSOLUTE = 0xE48BFF57  # RP2350: a block that is there for the chip's erratum E10, for no family

FAMILIES: dict[str, frozenset[int]] = {
    "rp2040": frozenset({0xE48BFF56}),
    "rp2350": frozenset({0xE48BFF59, 0xE48BFF5A, 0xE48BFF5B}),
    "samd21": frozenset({0x68ED2B88}),
    "samd51": frozenset({0x55114460}),
    "nrf52832": frozenset({0x72721D4E}),
    "nrf52833": frozenset({0x621E937A}),
    "nrf52840": frozenset({0xADA52840, 0x1B57745F}),
    "esp32s2": frozenset({0xBFDD4EEE}),
    "esp32s3": frozenset({0xC47E5767}),
    "esp32c3": frozenset({0xD42BA06C}),
}
"""The numbers of chips in UF2 files."""

_NAMES = {number: name for name, numbers in FAMILIES.items() for number in numbers}

# Which of these chips a family of the lists may be.
_OF_LISTS = {
    "rp2": ("rp2040", "rp2350"),
    "nrf52": ("nrf52832", "nrf52833", "nrf52840"),
}

_MAX_LINE = 600  # characters of a line of a .hex file
_HEX_END = 1  # type of the last record


@dataclass(frozen=True)
class Contents:
    """What a file with firmware holds.

    Attributes:
        size: bytes of the file.
        chips: names of the chips that it is for; empty where the file does not tell.
    """

    size: int
    chips: frozenset[str] = frozenset()

    @property
    def titles(self) -> str:
        """The chips for people."""
        return _upper(sorted(self.chips), "and") or "any chip"


def check(path: Path, method: str, family: str = "") -> Contents:
    """Read a file through, and see that it is whole.

    Args:
        path: the file.
        method: how it will be written: ``esptool``, ``uf2``, ``hex`` or ``dfu``.
        family: the chip that it should be for, as lists name it; ``""`` for any.

    Raises:
        BadFirmware: it is not what it should be; the message says why.
    """
    if method == "esptool":
        try:
            chip = esp.chip_of_image(path, esp.CHIPS.get(family))
        except esp.FirmwareError as error:
            raise BadFirmware(str(error)) from error
        return Contents(path.stat().st_size, frozenset({chip.name}))
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadFirmware(f"{path} cannot be read: {error.strerror or error}.") from error
    chips = frozenset(_CHECKS[method](path.name, data))
    expected = _OF_LISTS.get(family, (family,))
    if method == "uf2" and chips and any(name in FAMILIES for name in expected) and not chips & set(expected):
        found = Contents(len(data), chips)
        raise BadFirmware(f"{path.name} is for {found.titles}, and the board has {_upper(expected, 'or')}.")
    return Contents(len(data), chips)


def _upper(names: Iterable[str], word: str) -> str:
    return f" {word} ".join(name.upper() for name in names)


def _uf2(name: str, data: bytes) -> set[str]:
    if not data or data[:4] != struct.pack("<I", _UF2_FIRST):
        raise BadFirmware(f"{name} is no UF2 file: it does not begin as one does.")
    if len(data) % UF2_BLOCK:
        raise BadFirmware(f"{name} is not whole: it has {len(data)} bytes, which are no blocks of {UF2_BLOCK}.")
    numbers: set[int] = set()
    told: dict[int, tuple[int, int]] = {}  # for each family how many blocks there are, and should be
    for start in range(0, len(data), UF2_BLOCK):
        first, second, flags, _address, size, _block, blocks, number = struct.unpack_from("<8I", data, start)
        (last,) = struct.unpack_from("<I", data, start + UF2_BLOCK - 4)
        if (first, second, last) != (_UF2_FIRST, _UF2_SECOND, _UF2_LAST) or size > 476:
            raise BadFirmware(f"{name} is damaged: what begins at byte {start} is no block of a UF2 file.")
        family = number if flags & _UF2_HAS_FAMILY else 0
        there, _ = told.get(family, (0, 0))
        told[family] = (there + 1, blocks)
        if family and family != _UF2_ABSOLUTE and not flags & _UF2_NOT_MAIN_FLASH:
            numbers.add(family)
    for family, (there, blocks) in told.items():
        if family != _UF2_ABSOLUTE and there != blocks:
            raise BadFirmware(f"{name} is not whole: {there} of its {blocks} blocks are there.")
    return {_NAMES.get(number, f"{number:#010x}") for number in numbers}


def _hex(name: str, data: bytes) -> set[str]:
    ended = False
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        try:
            record = bytes.fromhex(line[1:].decode("ascii"))
        except ValueError:
            record = b""
        if line[:1] != b":" or len(line) > _MAX_LINE or len(record) < 5 or len(record) != record[0] + 5:
            raise BadFirmware(f"{name} is no .hex file: its line {number} is no record of one.")
        if sum(record) & 0xFF:
            raise BadFirmware(f"{name} is damaged: the checksum of its line {number} is wrong.")
        ended = ended or record[3] == _HEX_END
    if not ended:
        raise BadFirmware(f"{name} is not whole: its last record is missing.")
    return set()


def _dfu(name: str, data: bytes) -> set[str]:
    if data[:5] != b"DfuSe" or len(data) < 11 + 16:
        raise BadFirmware(f"{name} is no DfuSe file: it does not begin as one does.")
    (size,) = struct.unpack_from("<I", data, 6)
    if data[-8:-5] != b"UFD" or size + 16 != len(data):
        raise BadFirmware(f"{name} is not whole: its last bytes are not those of a DfuSe file.")
    (told,) = struct.unpack("<I", data[-4:])
    if told != 0xFFFFFFFF ^ zlib.crc32(data[:-4]):
        raise BadFirmware(f"{name} is damaged: its checksum is wrong.")
    return set()


_CHECKS: dict[str, Callable[[str, bytes], set[str]]] = {"uf2": _uf2, "hex": _hex, "dfu": _dfu}
