"""Drives of boards: found on every system, known by what is in them, and copied to until they go."""

from __future__ import annotations

import errno
import os
from pathlib import Path, PurePath

import pytest

from metakernel_micropython.firmware import drive_copy, drives
from metakernel_micropython.firmware.drive_copy import PIECE, CopyFailed, copy, wait_until_gone
from metakernel_micropython.firmware.drives import Drive, failure, find, of_fat, read, unmounted

PARTITIONS = {
    "linux": [
        ("/", "ext4"),
        ("/boot/efi", "vfat"),
        ("/media/RPI-RP2", "vfat"),
        ("/media/me/MICROBIT", "vfat"),
        ("/run/media/me/FEATHERBOOT", "vfat"),
        ("/mnt", "msdos"),
        ("/media/me/backup", "ext4"),
    ],
    "darwin": [("/", "apfs"), ("/Volumes/RPI-RP2", "msdos"), ("/private/var/vm", "apfs"), ("/Volumes/Disk", "hfs")],
    "win32": [("C:\\", "NTFS"), ("D:\\", "FAT"), ("E:\\", "FAT32"), ("F:\\", ""), ("A:\\", "FAT")],
}


@pytest.mark.parametrize(
    ("system", "expected"),
    [
        ("linux", ["/media/RPI-RP2", "/media/me/MICROBIT", "/run/media/me/FEATHERBOOT", "/mnt"]),
        ("darwin", ["/Volumes/RPI-RP2"]),
        ("win32", ["D:\\", "E:\\"]),
    ],
)
def test_small_drives_are_found_where_a_system_mounts_them(system: str, expected: list[str]) -> None:
    assert of_fat(PARTITIONS[system], system) == [Path(text) for text in expected]


# Board ids of real bootloaders (https://github.com/thonny/thonny, data/info_uf2_samples.txt, and their sources).
IDS = {
    "RPI-RP2": {"rp2040"},
    "RP2350": {"rp2350"},
    "SAMD21G18A-Feather-v0": {"samd21"},
    "SAMD51J19A-Metro-v0": {"samd51"},
    "SAME54P20A-Grand-v0": {"samd51"},
    "nRF52840-CLUE-revA": {"nrf52840"},
    "nRF52833-pca10100-v1": {"nrf52833"},
    "NRF52-Bluefruit-v0": {"nrf52832", "nrf52833", "nrf52840"},
    "ESP32S2-FeatherTFT-revA": {"esp32s2"},
    "ESP32S3-FeatherS3-01": {"esp32s3"},
    "Something-Else": set(),
}


def bootloader(folder: Path, board_id: str = "RPI-RP2") -> Drive:
    folder.mkdir(exist_ok=True)
    text = f"UF2 Bootloader v2.0\r\nModel: Raspberry Pi RP2\r\nBoard-ID: {board_id}\r\n"
    (folder / "INFO_UF2.TXT").write_text(text, newline="")
    found = read(folder, "uf2")
    assert found is not None
    return found


@pytest.mark.parametrize(("board_id", "chips"), IDS.items())
def test_a_board_is_known_by_its_id(tmp_path: Path, board_id: str, chips: set[str]) -> None:
    drive = bootloader(tmp_path / "drive", board_id)
    assert drive.chips == chips
    assert drive.board_id == board_id
    assert drive.model == "Raspberry Pi RP2"


@pytest.mark.parametrize(
    ("number", "model", "family"),
    [
        ("9901000052864e45006", "micro:bit v1", {"nrf51"}),
        ("9904360258824e45", "micro:bit v2", {"nrf52"}),
        ("0240", "", set()),
    ],
)
def test_a_micro_bit_is_known_by_its_number(tmp_path: Path, number: str, model: str, family: set[str]) -> None:
    (tmp_path / "DETAILS.TXT").write_text(f"# DAPLink Firmware - see https://mbed.com/daplink\nUnique ID: {number}\n")
    drive = read(tmp_path, "hex")
    assert drive is not None
    assert (drive.model, drive.chips) == (model, family)
    assert read(tmp_path, "uf2") is None


def test_only_drives_with_a_bootloader_count(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "INFO_UF2.TXT").mkdir()
    drive = bootloader(tmp_path / "drive")
    places = [tmp_path / name for name in ("photos", "missing", "drive")]
    assert find("uf2", places) == [drive]
    assert find("hex", places) == []


def test_what_a_drive_says_is_bounded_and_seen_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "INFO_UF2.TXT").write_bytes(b"Board-ID: RPI\x1b[2J\xff\nModel: x\n" + b"x" * 10**6)
    drive = read(tmp_path, "uf2")
    assert drive is not None
    assert str(drive).isprintable()
    assert drive.model == "x"


def test_further_folders_are_named_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drive = bootloader(tmp_path / "drive")
    monkeypatch.setenv("MICROPYTHON_DRIVES", os.pathsep.join(["", str(tmp_path), str(drive.path)]))
    assert drive in find("uf2")


def test_a_drive_that_nothing_has_mounted_is_told(tmp_path: Path) -> None:
    for name in ("RPI-RP2", "Ubuntu", "EFI", "FEATHERBOOT"):
        (tmp_path / name).touch()
    assert unmounted(tmp_path, [PurePath("/media/me/FEATHERBOOT")]) == ["RPI-RP2"]  # type: ignore[list-item]
    assert unmounted(tmp_path / "missing", []) == []


# -- copying ---------------------------------------------------------------------------------------------------------

DATA = bytes(range(256)) * (PIECE // 256 * 2 + 40)  # three pieces


class Fault:
    """Has a system call fail, as the drive of a board makes it fail.

    Args:
        patch: the test's.
        call: ``write``, ``fsync`` or ``open``.
        at: the call that fails, counted from 1.
        number: the error.
        drive: one that is gone then.
    """

    def __init__(self, patch: pytest.MonkeyPatch, call: str, at: int, number: int, drive: Drive | None = None) -> None:
        before = getattr(os, call)
        self.calls = 0

        def failing(*arguments: object) -> object:
            self.calls += 1
            if self.calls == at:
                if drive is not None:
                    (drive.path / "INFO_UF2.TXT").unlink()
                raise OSError(number, os.strerror(number))
            return before(*arguments)

        patch.setattr(drive_copy.os, call, failing)


def test_a_file_is_copied_piece_by_piece(tmp_path: Path) -> None:
    drive = bootloader(tmp_path / "drive")
    told: list[tuple[int, int]] = []
    assert copy(DATA, "a.uf2", drive, lambda done, total: told.append((done, total))) is False
    assert (drive.path / "a.uf2").read_bytes() == DATA
    assert told == [(PIECE, len(DATA)), (2 * PIECE, len(DATA)), (len(DATA), len(DATA))]


@pytest.mark.parametrize("number", [errno.EIO, errno.ENODEV, errno.ENXIO])
def test_a_drive_that_goes_with_the_last_bytes_has_taken_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    drive = bootloader(tmp_path / "drive")
    Fault(monkeypatch, "fsync", 3, number, drive)
    assert copy(DATA, "a.uf2", drive) is True


@pytest.mark.parametrize(
    ("call", "at", "number", "gone", "reason"),
    [
        ("fsync", 2, errno.EIO, True, rf"went away after {2 * PIECE} of {len(DATA)} bytes.*half of the firmware"),
        ("write", 2, errno.ENODEV, True, rf"went away after {PIECE} of .*half of the firmware"),
        ("fsync", 3, errno.EIO, False, "took .* bytes: .*half of the firmware"),
        ("write", 1, errno.ENOSPC, False, "is full: it took 0 of .*the board is as it was"),
        ("write", 2, errno.ENOSPC, False, f"is full: it took {PIECE} of .*half of the firmware"),
        ("open", 1, errno.EROFS, False, "cannot be written.*the board is as it was"),
        ("open", 1, errno.EACCES, False, "cannot be written.*the board is as it was"),
        ("open", 1, errno.ENOENT, True, "went away after 0 of .*the board is as it was"),
    ],
)
def test_what_ends_a_copy_early_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, at: int, number: int, gone: bool, reason: str
) -> None:
    drive = bootloader(tmp_path / "drive")
    Fault(monkeypatch, call, at, number, drive if gone else None)
    with pytest.raises(CopyFailed, match=reason):
        copy(DATA, "a.uf2", drive)


def test_a_drive_that_goes_without_an_error_is_noticed(tmp_path: Path) -> None:
    drive = bootloader(tmp_path / "drive")
    info = drive.path / drives.INFO
    with pytest.raises(CopyFailed, match=f"went away after {PIECE} of .*half of the firmware"):
        copy(DATA, "a.uf2", drive, lambda _done, _total: info.unlink())
    with pytest.raises(CopyFailed, match=r"went away after 0 of .*the board is as it was"):
        copy(DATA, "b.uf2", drive)
    assert not (drive.path / "b.uf2").exists()


def test_stop_takes_the_part_away_again(tmp_path: Path) -> None:
    drive = bootloader(tmp_path / "drive")

    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy(DATA, "a.uf2", drive, stop)
    assert [path.name for path in drive.path.iterdir()] == ["INFO_UF2.TXT"]


def test_a_wait_for_a_drive_to_go_has_an_end(tmp_path: Path) -> None:
    drive = bootloader(tmp_path / "drive")
    assert wait_until_gone(drive, 0.05) is False
    (drive.path / "INFO_UF2.TXT").unlink()
    assert wait_until_gone(drive, 0) is True


def test_what_daplink_says_went_wrong_is_read(tmp_path: Path) -> None:
    (tmp_path / "DETAILS.TXT").write_text("Unique ID: 9904\n")
    drive = read(tmp_path, "hex")
    assert drive is not None
    assert failure(drive) is None
    (tmp_path / drives.FAILED).write_text("error: The hex file cannot be decoded.\x07")
    found = failure(drive)
    assert found is not None
    assert found[0] == "error: The hex file cannot be decoded. "
