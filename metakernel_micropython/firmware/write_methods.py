"""The ways in which a file with firmware gets onto a board, by the kind of the file.

Each way brings the board into its bootloader, or says which button does, and waits for it; writes; and tells where the
board can be found again. Until it begins to write, the board has its old firmware.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from ..board import bootloader
from ..display.progress import Bar
from ..errors import CannotReset, ConnectError, MicroPythonError
from ..front_end import FrontEnd, Sessions
from ..host import firmware as esp
from ..transports import parse, port_scan
from . import dfu_util, drive_copy, drives
from .drive_copy import CopyFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from ..board import Board
    from ..transports import ConnectionOptions
    from ..transports.port_info import PortInfo
    from .drives import Drive
    from .firmware_files import Contents
    from .firmware_index import Build

RESTARTS = 15.0
"""Seconds that a board's drive has to go when everything is written."""

LOOK = 0.2
"""Seconds between two looks for a drive or a board."""

BY_HAND = {
    "rp2": "hold BOOTSEL while you plug the board in (or while you press its reset button)",
    "samd": "press the reset button twice, quickly",
    "nrf52": "press the reset button twice, quickly",
    "esp32": "press RESET, and then BOOT (or 0) as soon as the light changes its colour",
    "stm32": "hold the USER button, or connect BOOT0 (DFU) with 3.3 V, while you press reset",
    "hex": "plug it in by USB: its drive needs no button",
}
"""How people bring a board into its bootloader, by how the name of its family begins."""


class InstallProblem(MicroPythonError):
    """Firmware cannot be written to this board, or was not written."""


class Boards(Sessions, Protocol):
    """The connected boards by name."""

    @property
    def chosen_name(self) -> str | None:
        """The name that a person gave that board; None where nobody did."""
        ...


class Kernel(FrontEnd, Protocol):
    """What writing firmware needs of the kernel."""

    board: str | None

    @property
    def connections(self) -> Boards:
        """The connected boards."""
        ...

    @property
    def connection_options(self) -> ConnectionOptions:
        """How boards are connected unless somebody chooses something else."""
        ...

    def connect(self, address: str, options: ConnectionOptions | None = None, *, name: str | None = None) -> Board:
        """Connect to a board; cells run on it from now on."""
        ...

    def disconnect(self, name: str = "", *, exit_raw_repl: bool = True) -> str:
        """Free a board's line; return its address."""
        ...


@dataclass(frozen=True)
class Place:
    """Where a board can be found again.

    Attributes:
        address: where it was; ``""`` where it was not connected.
        port: what the system said about that port; None where it is none of its own.
        others: the ports that were there while the board was in its bootloader, and so are none of its own; None where
            its port does not come and go.
    """

    address: str
    port: PortInfo | None = None
    others: frozenset[str] | None = None

    def candidates(self) -> list[str]:
        """Return where the board may be now, the likeliest first."""
        if self.port is not None:
            try:
                return [port_scan.again(self.port).device]
            except ConnectError:
                pass  # it comes back as another kind of device, or not yet
        if self.others is None:
            return [self.address] if self.address else []
        there = [port.device for port in port_scan.serial_ports() if port.likelihood]
        new = [device for device in there if device not in self.others]
        if self.address in new or (self.address and not _is_device(self.address)):
            return [self.address]
        return new


@dataclass
class Job:
    """What is to be written, and where.

    Attributes:
        kernel: the kernel.
        build: what the list says about the file.
        path: the file.
        contents: what it holds.
        board: the connected board that gets it; None for one that is not connected.
        port: the serial port that a person named; ``""`` for none.
        drive: the drive that a person named.
        wait: seconds that the board has to be in its bootloader.
    """

    kernel: Kernel
    build: Build
    path: Path
    contents: Contents
    board: Board | None
    port: str = ""
    drive: Path | None = None
    wait: float = 60.0
    touched: list[str] = field(default_factory=list)

    @property
    def by_hand(self) -> str:
        """How a person brings this board into its bootloader."""
        family = "hex" if self.build.method == "hex" else self.build.family
        return next((how for start, how in BY_HAND.items() if family.startswith(start)), "see the board's own page")

    def place(self) -> Place:
        """Return where the board is now."""
        address = self.board.address if self.board else self.port
        port = port_scan.port_at(address) if address and _is_device(address) else None
        return Place(address, port if port is not None and port.vid is not None else None)


def by_esptool(job: Job) -> Place:
    """Write to an ESP chip through its ROM's loader; esptool resets the chip into it and out of it."""
    address = job.port or (job.board.address if job.board else job.kernel.board) or "auto"
    port = esp.serial_port(address)
    chip = esp.CHIPS[next(iter(job.contents.chips))]
    if job.board is not None:
        job.kernel.disconnect()
    job.kernel.Print(f"Writing to the {chip.title} on {port}, from {chip.offset:#x} on")
    try:
        esp.run(esp.write_arguments(chip, job.path, port, esp.BAUD), lambda text: job.kernel.Print(text, end=""), port)
    except KeyboardInterrupt:
        job.kernel.Error(
            f"[esptool was stopped on {port}: the flash may be half written. Run the command again before you use the "
            "board]"
        )
        raise
    # The port of a bridge stays, and its name with it.
    return Place(job.board.address if job.board else port)


def by_uf2(job: Job) -> Place:
    """Copy to the drive of a bootloader for UF2."""
    place = job.place()
    drive = _drive(job)
    place = Place(place.address, place.port, _devices())
    gone = _copy(job, drive)
    if not gone and not drive_copy.wait_until_gone(drive, RESTARTS):
        raise CopyFailed(
            f"The drive {drive} took all {job.contents.size} bytes of {job.build.file}, and the board has not "
            f"restarted within {RESTARTS:g} s: it may be another board, which ignores them. Press its reset button."
        )
    return place


def by_hex(job: Job) -> Place:
    """Copy to the drive of DAPLink, which writes the chip behind it and says so where it could not."""
    place = job.place()
    drive = _drive(job)
    before = drives.failure(drive)
    if job.board is not None:
        job.kernel.disconnect()
    # DAPLink takes its drive away for a moment when it is done, and FAIL.TXT lies in the one that comes back.
    gone = _copy(job, drive) or drive_copy.wait_until_gone(drive, RESTARTS, look=0.02)
    if gone:
        deadline = time.monotonic() + RESTARTS
        while not drive.present and time.monotonic() < deadline:
            time.sleep(LOOK)
    if not place.address:
        # DAPLink's number is that of its USB device, too.
        ports = [port for port in port_scan.serial_ports() if port.serial_number == drive.board_id]
        place = Place(ports[0].device, ports[0]) if ports else place
    failed = drives.failure(drive)
    if failed is not None and (gone or failed != before):
        raise CopyFailed(
            f"The drive {drive} did not write {job.build.file}: {failed[0].strip()[:500]}. Run the command again; the "
            "board may have half of the firmware."
        )
    return place


def by_dfu(job: Job) -> Place:
    """Write to an STM32 through the bootloader in its ROM."""
    dfu_util.program()
    place = job.place()
    _enter(job)
    if not _wait(job, dfu_util.waiting):
        raise InstallProblem(
            f"No STM32 board in its bootloader was found within {job.wait:g} s. Nothing was written. To bring it "
            f"there: {job.by_hand}."
        )
    place = Place(place.address, place.port, _devices())
    job.kernel.Print(f"Writing {job.build.file} with {dfu_util.PROGRAM}; this takes up to a minute")
    dfu_util.write(job.path, lambda text: job.kernel.Print(text, end=""))
    return place


WRITERS: dict[str, Callable[[Job], Place]] = {
    "esptool": by_esptool,
    "uf2": by_uf2,
    "hex": by_hex,
    "dfu": by_dfu,
}
"""By the method of a build."""


# -- the bootloader and its drive ------------------------------------------------------------------------------------


def _enter(job: Job) -> None:
    """Bring the board into its bootloader as far as that can be done from here, and say what a person can do."""
    if job.board is not None:
        address = job.board.address
        try:
            bootloader.enter(job.board)
        except CannotReset:
            job.kernel.disconnect()
            if _is_device(address):
                bootloader.touch(address)
            job.kernel.Print(f"The board on {address} cannot start its bootloader by itself: {job.by_hand}.")
        else:
            job.kernel.disconnect(exit_raw_repl=False)
    elif job.port:
        bootloader.touch(esp.serial_port(job.port))
    else:
        job.kernel.Print(f"Bring the board into its bootloader: {job.by_hand}. Waiting for {job.wait:g} s.")


def _drive(job: Job) -> Drive:
    """Return the drive of the board, which is brought into its bootloader where it is not there yet.

    Raises:
        InstallProblem: no drive of such a board appeared, or more than one is there.
    """
    method = job.build.method
    if job.drive is not None:
        named = drives.read(job.drive, method)
        if named is None:
            name = drives.INFO if method == "uf2" else drives.DETAILS
            raise InstallProblem(f"{job.drive} is no drive of a board in its bootloader: it has no {name}.")
        return _fitting(job, named)
    before = {drive.path for drive in drives.find(method)}
    if method == "hex" or (job.board is None and before):
        found = _known(drives.find(method))
        if found:
            return _only(job, found)
    if method == "uf2" or not before:
        _enter(job)
    appeared: list[Drive] = []

    def look() -> bool:
        appeared[:] = [drive for drive in _known(drives.find(method)) if drive.path not in before]
        return bool(appeared)

    if not _wait(job, look):
        raise InstallProblem(_no_drive(job, method))
    return _only(job, appeared)


def _known(found: Iterable[Drive]) -> list[Drive]:
    return [drive for drive in found if drive.chips]


def _only(job: Job, found: list[Drive]) -> Drive:
    fitting = [drive for drive in found if not _misfit(job, drive)]
    if len(fitting) > 1:
        names = ", ".join(map(str, fitting))
        raise InstallProblem(f"More than one board waits for firmware: {names}. Name one with --drive FOLDER.")
    return _fitting(job, fitting[0] if fitting else found[0])


def _fitting(job: Job, drive: Drive) -> Drive:
    if misfit := _misfit(job, drive):
        raise InstallProblem(
            f"{misfit} Nothing was written: the board on {drive.path} has its old firmware, and runs it after a reset."
        )
    return drive


def _misfit(job: Job, drive: Drive) -> str:
    """Say why a drive is another board's; ``""`` where it may be this one's, as far as one can see."""
    if job.build.method == "hex":
        expected = frozenset({job.build.family})
        if drive.chips and job.build.family in ("nrf51", "nrf52") and not drive.chips & expected:
            return f"{job.build.file} is for {job.build.title}, and the drive is that of a {drive.model}."
        return ""
    if drive.chips and job.contents.chips and not drive.chips & job.contents.chips:
        chips = " or ".join(chip.upper() for chip in sorted(drive.chips))
        return f"{job.build.file} is for {job.contents.titles}, and the board {drive.board_id} has {chips}."
    return ""


def _no_drive(job: Job, method: str) -> str:
    text = f"No drive of a board in its bootloader appeared within {job.wait:g} s. Nothing was written."
    if unknown := [drive for drive in drives.find(method) if not drive.chips]:
        return (
            f"{text} The drive {unknown[0]} calls itself {unknown[0].board_id or 'nothing'}, which is not known here: "
            f"name it with --drive {unknown[0].path} if it is this board."
        )
    if there := drives.unmounted():
        return f"{text} A drive {there[0]} is plugged in and not mounted: mount it, and run the command again."
    return f"{text} To bring the board there: {job.by_hand}. A drive in an unusual place is named with --drive FOLDER."


def _copy(job: Job, drive: Drive) -> bool:
    """Copy the file; return whether the drive went with its last bytes."""
    job.kernel.Print(f"Writing {job.build.file} to {drive}")
    try:
        with Bar(job.kernel.Write, job.build.file) as bar:
            return drive_copy.copy(job.path.read_bytes(), job.build.file, drive, bar)
    except KeyboardInterrupt:
        job.kernel.Error(
            f"[Copying to {drive} was stopped: the board may have half of the firmware. Bring it into its bootloader "
            "and run the command again]"
        )
        raise


def _wait(job: Job, there: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + job.wait
    while not there():
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK)
    return True


def _devices() -> frozenset[str]:
    return frozenset(port.device for port in port_scan.serial_ports())


def _is_device(address: str) -> bool:
    return parse(address).scheme == "serial"
