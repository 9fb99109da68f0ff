"""Drives that boards show while they wait for firmware: which are there, and which boards they are.

A bootloader for UF2 has a file INFO_UF2.TXT (https://github.com/microsoft/uf2), DAPLink has DETAILS.TXT
(https://github.com/ARMmbed/DAPLink/blob/main/docs/MSD_COMMANDS.md). Both emulate a small FAT.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .firmware_files import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Iterable

FURTHER_DRIVES = "MICROPYTHON_DRIVES"
"""The environment variable that names further folders where a board's drive is mounted."""

INFO, DETAILS, FAILED = "INFO_UF2.TXT", "DETAILS.TXT", "FAIL.TXT"
"""The files that tell what a drive is, and what DAPLink writes where it could not."""

MAX_TEXT = 4096
"""Bytes of such a file that are read."""

_FAT = {"vfat", "msdos", "fat", "fat12", "fat16", "fat32"}

# How board ids of bootloaders begin, in small letters: RP2040's and RP2350's ROM, uf2-samdx1, Adafruit_nRF52_Bootloader
# and tinyuf2 (boards/*/board.h).
_BOARD_IDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"rpi-rp2$", ("rp2040",)),
    (r"rp2350", ("rp2350",)),
    (r"samd21|saml21", ("samd21",)),
    (r"samd51|same5\d", ("samd51",)),
    (r"nrf52840", ("nrf52840",)),
    (r"nrf52833", ("nrf52833",)),
    (r"nrf52", ("nrf52832", "nrf52833", "nrf52840")),
    (r"esp32-?s2", ("esp32s2",)),
    (r"esp32-?s3", ("esp32s3",)),
    (r"esp32-?c3", ("esp32c3",)),
)

# The first four digits of DAPLink's unique id name the board.
# https://support.microbit.org/support/solutions/articles/19000035697
_DAPLINK_BOARDS = {
    "9900": ("micro:bit v1", "nrf51"),
    "9901": ("micro:bit v1", "nrf51"),
    "9903": ("micro:bit v2", "nrf52"),
    "9904": ("micro:bit v2", "nrf52"),
    "9905": ("micro:bit v2", "nrf52"),
    "9906": ("micro:bit v2", "nrf52"),
}

_LABELS = re.compile(r"RPI-RP2|RP2350|MICROBIT|DAPLINK|[A-Z0-9]+BOOT")
"""Names of such drives, for those that are plugged in and not mounted."""


@dataclass(frozen=True)
class Drive:
    """A board that waits for firmware as a drive.

    Attributes:
        path: its folder.
        method: ``uf2`` or ``hex``.
        board_id: what it says it is.
        model: its name for people.
        chips: those that it may be, as in ``firmware_files.FAMILIES``, or a family of the lists for ``hex``; empty
            where its id is not known here.
    """

    path: Path
    method: str
    board_id: str
    model: str
    chips: frozenset[str]

    @property
    def present(self) -> bool:
        """Whether it is still there."""
        name = INFO if self.method == "uf2" else DETAILS
        return _text(self.path / name) is not None

    def __str__(self) -> str:
        return f"{self.path} ({self.model or self.board_id or 'unknown'})"


def find(method: str, places: Iterable[Path] | None = None) -> list[Drive]:
    """Return the drives of boards that wait for firmware.

    Args:
        method: ``uf2`` or ``hex``.
        places: the folders of drives; None for those of this computer.
    """
    found = []
    for path in mounted() if places is None else places:
        drive = read(path, method)
        if drive is not None:
            found.append(drive)
    return found


def read(path: Path, method: str) -> Drive | None:
    """Return the drive that is mounted in a folder; None for what is none."""
    text = _text(path / (INFO if method == "uf2" else DETAILS))
    if text is None:
        return None
    facts = dict(_fact(line) for line in text.splitlines() if ":" in line)
    if method == "uf2":
        board_id = facts.get("board-id", "")
        chips = next((chips for start, chips in _BOARD_IDS if re.match(start, board_id.lower())), ())
        assert set(chips) <= set(FAMILIES)
        return Drive(path, method, board_id, facts.get("model", ""), frozenset(chips))
    number = facts.get("unique id", "")
    model, family = _DAPLINK_BOARDS.get(number[:4], ("", ""))
    return Drive(path, method, number, model, frozenset({family} if family else ()))


def mounted() -> list[Path]:
    """Return the folders where small drives are mounted on this computer, and those that the environment names."""
    import psutil

    further = [Path(name).expanduser() for name in os.environ.get(FURTHER_DRIVES, "").split(os.pathsep) if name]
    try:
        partitions = [(one.mountpoint, one.fstype) for one in psutil.disk_partitions(all=False)]
    except OSError:
        partitions = []
    return list(dict.fromkeys([*further, *of_fat(partitions, sys.platform)]))


def of_fat(partitions: Iterable[tuple[str, str]], system: str) -> list[Path]:
    r"""Return the folders of the drives that a board's may be.

    Linux mounts them in ``/media/NAME``, ``/media/USER/NAME``, ``/run/media/USER/NAME`` or ``/mnt/NAME``, macOS in
    ``/Volumes/NAME``, Windows gives them a letter. The system's own (``/boot/efi``, ``C:\``) are left out.

    Args:
        partitions: for each its folder, and its file system as the system calls it.
        system: ``sys.platform``.
    """
    found = []
    for folder, kind in partitions:
        if kind.lower() not in _FAT:
            continue
        if system == "win32":
            if folder[:1].upper() not in ("", "A", "B", "C"):
                found.append(Path(folder))
        elif folder.startswith(("/Volumes/",) if system == "darwin" else ("/media/", "/run/media/", "/mnt/", "/mnt")):
            found.append(Path(folder))
    return found


def unmounted(labels: Path = Path("/dev/disk/by-label"), places: Iterable[Path] | None = None) -> list[str]:
    """Return the names of drives of boards that are plugged in and that nothing has mounted; Linux alone tells them.

    Args:
        labels: the folder with the names of drives.
        places: the folders of drives; None for those of this computer.
    """
    names = {path.name for path in (mounted() if places is None else places)}
    try:
        found = sorted(path.name for path in labels.iterdir())
    except OSError:
        return []
    return [name for name in found if _LABELS.fullmatch(name) and name not in names]


def failure(drive: Drive) -> tuple[str, float] | None:
    """Return what DAPLink says went wrong, and when it said so; None where nothing did."""
    path = drive.path / FAILED
    text = _text(path)
    if text is None:
        return None
    try:
        return text, path.stat().st_mtime
    except OSError:
        return None


def _text(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            text = file.read(MAX_TEXT).decode("utf-8", "replace")
    except OSError:
        return None
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text.replace("\r\n", "\n"))


def _fact(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip(" #").lower(), value.strip()
