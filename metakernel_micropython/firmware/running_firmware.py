"""Which firmware a board runs, and which board of the lists it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..board import snippets
from ..board.files.helper_programs import parse_tuple
from ..errors import DeviceError, TransferFailed
from .firmware_index import Version, version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..board import Board
    from .firmware_index import Build

TIMEOUT = 5.0
"""Seconds that the board has to answer."""

# Names of the machine that do not say which of the lists' boards it is: MICROPY_HW_BOARD_NAME in ports/*/boards/*/
# mpconfigboard.h of MicroPython 1.19 to 1.29, in small letters, with the board's definition. Later firmware has that as
# sys.implementation._build.
_MACHINES = {
    "esp module": ("ESP8266_GENERIC", ""),
    "esp module (1m)": ("ESP8266_GENERIC", "FLASH_1M"),
    "esp module (512k)": ("ESP8266_GENERIC", "FLASH_512K"),
    "esp32 module": ("ESP32_GENERIC", ""),
    "esp32 module (spiram)": ("ESP32_GENERIC", "SPIRAM"),
    "generic esp32 module": ("ESP32_GENERIC", ""),
    "generic esp32 module with spiram": ("ESP32_GENERIC", "SPIRAM"),
    "generic esp32 module with ota": ("ESP32_GENERIC", "OTA"),
    "esp32c3 module": ("ESP32_GENERIC_C3", ""),
    "generic esp32c3 module": ("ESP32_GENERIC_C3", ""),
    "generic esp32c6 module": ("ESP32_GENERIC_C6", ""),
    "generic esp32s2 module": ("ESP32_GENERIC_S2", ""),
    "generic esp32s3 module": ("ESP32_GENERIC_S3", ""),
    "generic esp32s3 module with spiram": ("ESP32_GENERIC_S3", "SPIRAM"),
    "generic esp32s3 module with octal-spiram": ("ESP32_GENERIC_S3", "SPIRAM_OCT"),
    "raspberry pi pico": ("RPI_PICO", ""),
    "raspberry pi pico w": ("RPI_PICO_W", ""),
    "raspberry pi pico2": ("RPI_PICO2", ""),
    "raspberry pi pico 2": ("RPI_PICO2", ""),
    "raspberry pi pico 2 w": ("RPI_PICO2_W", ""),
}

# The micro:bit's own ports have a version of their own, and lists name them by their files.
_MICROBIT = re.compile(r"micro:bit(?: v?([\w.+-]+))?")
_MICROBIT_FAMILIES = (("nrf51", "nrf51"), ("nrf52", "nrf52"))


@dataclass(frozen=True)
class Running:
    """What a board says about its firmware.

    Attributes:
        address: of the board.
        name: of the firmware: ``micropython``, ``circuitpython`` ...; ``""`` where it is not told.
        build: the board's definition, with its variant; ``""`` before MicroPython 1.25.
        machine: the board's name and its chip.
        platform: MicroPython's port, for example ``rp2``.
        version: None where none can be read.
        banner: what its prompt says.
    """

    address: str
    name: str
    build: str
    machine: str
    platform: str
    version: Version | None
    banner: str

    @property
    def title(self) -> str:
        """The board for people."""
        return self.machine or self.banner or self.address


def ask(board: Board) -> Running:
    """Ask a board which firmware it runs.

    Raises:
        MicroPythonError: it did not answer.
    """
    kinds = (str, str, str, str, str, str)
    try:
        told = parse_tuple(board.execute(snippets.call("firmware_names"), timeout=TIMEOUT), kinds)
    except (TransferFailed, DeviceError) as error:
        if isinstance(error, DeviceError) and error.name in ("KeyboardInterrupt", "MemoryError"):
            raise
        told = ("", "", "", "", "", "")
    name, build, machine, platform, text, release = (_plain(part) for part in told)
    banner_version, _, banner_machine = board.banner.partition(";")
    microbit = _MICROBIT.search(banner_machine) or _MICROBIT.match(text)
    found = version(microbit[1] or "") if microbit else None
    found = found or version(banner_version) or version(text) or version(release)
    return Running(board.address, name, build, machine or banner_machine.strip(), platform, found, board.banner)


def board_of(running: Running, builds: Sequence[Build]) -> tuple[str, str] | None:
    """Return the board of the lists that this one is exactly, and its variant; None where nobody can know.

    Args:
        running: what the board says.
        builds: the lists.
    """
    if running.name not in ("", "micropython"):
        return None
    boards = {build.board for build in builds}
    if running.build:
        # Longest first: a board's name may hold a dash, and so begin as another one's with a variant.
        for board in sorted(boards, key=len, reverse=True):
            if running.build == board:
                return board, ""
            if running.build.startswith(f"{board}-"):
                return board, running.build.removeprefix(f"{board}-")
        return None  # it says what it is, and the lists do not have that
    machine, _, chip = running.machine.lower().rpartition(" with ")
    machine = machine.replace(" (virtual)", "").strip()
    if (known := _MACHINES.get(machine)) and known[0] in boards:
        return known
    if _MICROBIT.match(machine) or _MICROBIT.match(running.machine.lower()):
        family = next((family for start, family in _MICROBIT_FAMILIES if chip.startswith(start)), None)
        own = {
            build.board for build in builds if build.method == "hex" and build.family == family and not _official(build)
        }
        return (own.pop(), "") if len(own) == 1 else None
    titled = {build.board for build in builds if build.title.lower() == machine}
    return (titled.pop(), "") if machine and len(titled) == 1 else None


def _official(build: Build) -> bool:
    return "//micropython.org/" in build.url


def newest(builds: Sequence[Build], board: str, variant: str) -> Build | None:
    """Return the newest release of a board's variant in the lists; None where they have none."""
    from .firmware_index import IndexProblem, choose

    try:
        return choose(builds, board, variant=variant)
    except IndexProblem:
        return None


def _plain(text: str) -> str:
    return "".join(filter(str.isprintable, text))[:200]
