"""Files with firmware: whole ones are told from cut, damaged and foreign ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.firmware.firmware_files import BadFirmware, check

from ..boards import FIRMWARE, needs
from ..esp_rom import image
from ..firmware_server import RP2040, RP2350, SAMD51, dfuse, intel_hex, uf2

if TYPE_CHECKING:
    from pathlib import Path

RP2350_ABSOLUTE = 0xE48BFF57


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


GOOD = {
    "uf2 rp2040": ("uf2", "rp2", uf2(RP2040), {"rp2040"}),
    "uf2 rp2350 with a block for its erratum": (
        *("uf2", "rp2", uf2(RP2350_ABSOLUTE, 2)[:512] + uf2(RP2350), {"rp2350"}),
    ),
    "uf2 samd51": ("uf2", "samd51", uf2(SAMD51), {"samd51"}),
    "uf2 without a chip": ("uf2", "rp2", uf2(0), set()),
    "uf2 of a chip that is not known": ("uf2", "other", uf2(0x12345678), {"0x12345678"}),
    "hex": ("hex", "nrf51", intel_hex(), set()),
    "dfu": ("dfu", "stm32", dfuse(), set()),
    "bin": ("esptool", "esp32s3", image("esp32s3"), {"esp32s3"}),
}


@pytest.mark.parametrize(("method", "family", "data", "chips"), GOOD.values(), ids=GOOD)
def test_a_whole_file_is_taken(tmp_path: Path, method: str, family: str, data: bytes, chips: set[str]) -> None:
    (tmp_path / "file").write_bytes(data)
    found = check(tmp_path / "file", method, family)
    assert found.chips == chips
    assert found.size == len(data)


def test_the_micro_bits_own_file_is_taken() -> None:
    needs(FIRMWARE.exists(), "firmware-microbit-micropython")
    assert check(FIRMWARE, "hex").size > 100_000


BAD = {
    "uf2: a page": ("uf2", "rp2", b"<html>" * 200, "no UF2 file"),
    "uf2: empty": ("uf2", "rp2", b"", "no UF2 file"),
    "uf2: cut in a block": ("uf2", "rp2", uf2()[:-100], "not whole"),
    "uf2: cut between blocks": ("uf2", "rp2", uf2()[:-512], "199 of its 200 blocks"),
    "uf2: damaged": ("uf2", "rp2", flipped(uf2(), 512 * 3 + 509), "what begins at byte 1536"),
    "uf2: of another chip": ("uf2", "rp2", uf2(SAMD51), "is for SAMD51, and the board has RP2040 or RP2350"),
    "hex: a page": ("hex", "nrf51", b"<html>", "no .hex file: its line 1"),
    "hex: cut in a line": ("hex", "nrf51", intel_hex()[:-20], "no .hex file: its line 50|not whole"),
    "hex: cut between lines": ("hex", "nrf51", b"".join(intel_hex().splitlines(keepends=True)[:-1]), "last record"),
    "hex: damaged": ("hex", "nrf51", intel_hex().replace(b"0A0B", b"0A0C", 1), "checksum of its line 1"),
    "hex: empty": ("hex", "nrf51", b"", "last record"),
    "dfu: a page": ("dfu", "stm32", b"<html>" * 200, "no DfuSe file"),
    "dfu: cut": ("dfu", "stm32", dfuse()[:-100], "not whole"),
    "dfu: damaged": ("dfu", "stm32", flipped(dfuse(), 1000), "checksum is wrong"),
    "bin: of another chip": ("esptool", "esp32", image("esp32s3"), "is for the ESP32-S3, not for the ESP32"),
    "bin: a page": ("esptool", "esp32", b"<html>" * 20, "no firmware"),
}


@pytest.mark.parametrize(("method", "family", "data", "reason"), BAD.values(), ids=BAD)
def test_what_is_not_whole_or_for_another_chip_is_refused(
    tmp_path: Path, method: str, family: str, data: bytes, reason: str
) -> None:
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(BadFirmware, match=reason):
        check(tmp_path / "file", method, family)


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    for method in ("uf2", "esptool"):
        with pytest.raises(BadFirmware, match="missing"):
            check(tmp_path / "missing", method)
