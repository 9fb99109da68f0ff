"""The whole flash of a chip, read and written by the real esptool; the chip is a stand-in."""

from __future__ import annotations

import stat
import sys
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.firmware.flash_image import FlashProblem, chip_of_flash
from metakernel_micropython.host.firmware import CHIPS

from ..esp_rom import EspChip, image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..conftest import Start
    from ..front_end import Jupyter

SIZE = 1024 * 1024

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")


@pytest.fixture
def chip(virtual_address: str) -> Iterator[EspChip]:
    made = EspChip("esp32", size=SIZE, firmware=image("esp32", seed=7))
    made.flash[SIZE - 4096 :] = b"files..." * 512
    yield made
    made.close()


@pytest.fixture
def kernel(start: Start, chip: EspChip, tmp_path: Path) -> Jupyter:
    made = start()
    made.do(f"%connect {chip.address} --name oven")
    return made


@posix_only
def test_a_flash_is_saved_and_written_back(kernel: Jupyter, chip: EspChip, tmp_path: Path) -> None:
    file = tmp_path / "oven x$(y).bin"
    told = kernel.do(f"%backup '{file}' --flash", timeout=60).stdout
    assert f"Saved the flash of the ESP32 ({SIZE} bytes)" in " ".join(told.split())
    before = bytes(chip.flash)
    assert file.read_bytes() == before
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert kernel.do("6 * 7").value == "42"
    assert "* oven" in kernel.do("%boards").stdout

    chip.flash[SIZE - 4096 :] = b"\0" * 4096
    assert "Dry run: this writes the whole flash" in kernel.do(f"%restore '{file}' --dry-run").stdout
    assert "nobody can be asked" in " ".join(kernel.fail(f"%restore '{file}'").value.split())
    assert bytes(chip.flash) != before
    kernel.do(f"%restore '{file}' --yes", timeout=60)
    assert bytes(chip.flash) == before
    assert kernel.do("6 * 7").value == "42"
    assert [one for one in tmp_path.iterdir() if one.suffix == ".mk-part"] == []


@pytest.mark.soak
@posix_only
def test_a_flash_that_is_read_wrongly_leaves_the_old_file(kernel: Jupyter, chip: EspChip, tmp_path: Path) -> None:
    chip.misread = True
    file = tmp_path / "oven.bin"
    file.write_bytes(bytes(chip.flash[:4096]) + image("esp32", SIZE - 4096))
    old = file.read_bytes()
    assert "Digest mismatch" in " ".join(kernel.fail(f"%backup {file} --flash", timeout=60).value.split())
    assert file.read_bytes() == old
    assert list(tmp_path.glob(".*")) == []
    assert kernel.do("6 * 7").value == "42"


@posix_only
def test_a_flash_of_another_chip_is_not_written(kernel: Jupyter, chip: EspChip, tmp_path: Path) -> None:
    file = tmp_path / "other.bin"
    content = image("esp32s3", 100_000)
    file.write_bytes(content + bytes(-len(content) % 4096))
    before = bytes(chip.flash)
    assert "ESP32" in kernel.fail(f"%restore {file} --yes", timeout=60).value
    assert bytes(chip.flash) == before
    assert kernel.do("6 * 7").value == "42"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("%backup a.zip --flash", "call the file a.bin"),
        ("%backup a.bin --flash --nvs", "goes without --nvs"),
        ("%backup notes.bin --flash", "is no saved flash, and is not overwritten"),
        ("%restore notes.bin", "is not the whole flash of an ESP chip"),
        ("%restore missing.bin", "missing.bin"),
        ("%backup b.bin --flash", "is no serial port"),
    ],
)
def test_what_cannot_be_is_refused(start: Start, virtual_address: str, tmp_path: Path, line: str, told: str) -> None:
    kernel = start()
    kernel.do(f"%connect {virtual_address}\n!cd {tmp_path}")
    (tmp_path / "notes.bin").write_bytes(b"my notes")
    command, name, *rest = line.split()
    assert told in " ".join(kernel.fail(" ".join([command, str(tmp_path / name), *rest])).value.split()).replace(
        f"{tmp_path}/", ""
    )
    assert (tmp_path / "notes.bin").read_bytes() == b"my notes"


@pytest.mark.parametrize("name", ["esp8266", "esp32", "esp32s3", "esp32c5"])
def test_the_chip_is_known_by_where_its_boot_loader_lies(tmp_path: Path, name: str) -> None:
    file = tmp_path / "flash.bin"
    offset = CHIPS[name].offset
    content = b"\xff" * offset + image(name, 100_000)
    file.write_bytes(content + bytes(-len(content) % 4096))
    assert chip_of_flash(file) == CHIPS[name]
    file.write_bytes(b"\xff" * 0x3000 + image(name, 0x3000))
    with pytest.raises(FlashProblem):
        chip_of_flash(file)
