"""What %firmware does, and what it shows: which firmware a board runs, what there is, and writing it."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..display.error_text import error_text
from ..display.progress import Bar
from ..errors import MagicError, MicroPythonError, NotConnected
from ..front_end import once_for_all
from ..host import firmware as esp
from ..host.paths import counted, human, shown
from ..sessions.description import describe_connection
from ..transports import parse
from . import firmware_files, firmware_index, running_firmware
from .firmware_cache import FirmwareCache
from .firmware_index import choose
from .write_methods import WRITERS, InstallProblem, Job, Kernel, Place

if TYPE_CHECKING:
    from pathlib import Path

    from ..board import Board
    from .firmware_cache import Index
    from .firmware_index import Build
    from .running_firmware import Running

RETURNS = 30.0
"""Seconds that a board has to come back with its new firmware."""

_ATTEMPT = 3.0  # seconds for each attempt to connect
_LOOK = 0.3
_MOST_BOARDS = 400  # rows of a list

KEEPS = {
    "esptool": "Files on the board stay, unless this release divides the flash in another way.",
    "uf2": "Files on the board stay, unless this release divides the flash in another way.",
    "dfu": "Files on the board stay, unless this release divides the flash in another way.",
    "hex": "All files on the board are gone afterwards.",
}
"""What becomes of the files on a board, by the way its firmware is written."""

_SAVE = "%backup saves them before."

# The ports of MicroPython that a board with a chip of this family runs, by how the family's name begins.
_PLATFORMS = {
    "rp2": ("rp2",),
    "esp8266": ("esp8266",),
    "esp32": ("esp32",),
    "samd": ("samd",),
    "nrf": ("nrf", "microbit"),
    "stm32": ("pyboard", "stm32"),
}


@dataclass(frozen=True)
class Request:
    """What a person wants.

    Attributes:
        board: a board of the lists; ``""`` for the connected one.
        version: which version; ``""`` for the newest.
        preview: the newest preview.
        variant: for example ``SPIRAM``; None for that of the board.
        method: how it is written; ``""`` for the first way.
        port: the serial port of the board, where it is not the connected one.
        drive: the drive of its bootloader.
        index: where the lists are; ``""`` for the usual place.
        again: write it also where the board has it.
        discard_files: write it also where files are lost.
        wait: seconds that the board has to be in its bootloader.
    """

    board: str = ""
    version: str = ""
    preview: bool = False
    variant: str | None = None
    method: str = ""
    port: str = ""
    drive: Path | None = None
    index: str = ""
    again: bool = False
    discard_files: bool = False
    wait: float = 60.0


def status(kernel: Kernel, place: str) -> None:
    """Print which firmware the board runs, and whether there is a newer release."""
    running = running_firmware.ask(kernel.require_board())
    what = running.version.text if running.version else "a version that it does not tell"
    name = {"": "MicroPython", "micropython": "MicroPython"}.get(running.name, running.name)
    build = f" ({running.build})" if running.build else ""
    kernel.Print(f"{running.title}{build} on {running.address} runs {name} {what}.")
    index = once_for_all(("firmware", place), lambda: _index(kernel, FirmwareCache(place)))
    known = running_firmware.board_of(running, index.builds)
    if known is None:
        kernel.Print(
            f"{_unknown(running)} Whether there is a newer release for exactly this board cannot be known: "
            "%firmware list PATTERN shows what there is, %firmware install BOARD writes it."
        )
        return
    board, variant = known
    newest = running_firmware.newest(index.builds, board, variant)
    title = f"{board}-{variant}" if variant else board
    if newest is None:
        kernel.Print(f"The list of firmware in {index.place} has no release for {title}.")
    elif running.version is None or running.version.key < newest.version.key:
        kernel.Print(
            f"The newest release for {title} is {newest.version.text}: %firmware install writes it. "
            f"{KEEPS[newest.method]} {_SAVE}"
        )
    else:
        newer = "older than that" if running.version.key > newest.version.key else "that"
        kernel.Print(f"The newest release for {title} is {newest.version.text}, {newer}: there is nothing newer.")


def show_list(kernel: Kernel, pattern: str, place: str) -> None:
    """Print the boards that a pattern fits, with their versions."""
    index = _index(kernel, FirmwareCache(place))
    found = firmware_index.matching(index.builds, pattern)
    if not found:
        raise firmware_index.IndexProblem(
            f"No board of the lists in {index.place} fits {shown(pattern)}: %firmware list shows all."
        )
    width = max(len(board) for board in found)
    for board, builds in list(found.items())[:_MOST_BOARDS]:
        versions = ", ".join(dict.fromkeys(build.version.text for build in builds))
        variants = ", ".join(sorted({build.variant for build in builds if build.variant}))
        methods = "/".join(dict.fromkeys(build.method for build in builds))
        kernel.Print(
            f"{board:{width}}  {builds[0].title}: {versions} ({methods})"
            + (f", variants {variants}" if variants else "")
        )
    left = len(found) - _MOST_BOARDS
    kernel.Print(
        f"{counted(len(found), 'board')} of the lists in {index.place}"
        + (f"; {left} more are not shown: name a part of the board's name" if left > 0 else "")
    )


def install(kernel: Kernel, request: Request) -> None:
    """Find the file for a board, download it, write it, and connect to the board."""
    cache = FirmwareCache(request.index)
    board = _target(kernel, request)
    running = running_firmware.ask(board) if board is not None else None
    index = _index(kernel, cache)
    build, exactly = _chosen(index, request, running)
    if running is not None:
        _check_platform(build, running)
        if _has_it(build, request, running, exactly):
            assert running.version is not None
            kernel.Print(
                f"{build.name} on {running.address} runs {running.version.text} already, and "
                f"{build.version.text} is {_wanted(request)}: nothing was written. --again writes it nevertheless."
            )
            return
    kernel.Print(f"{build.title} ({build.name}): {build.version.text}, {build.file}. {KEEPS[build.method]} {_SAVE}")
    if board is not None and build.method == "hex" and not request.discard_files:
        _refuse_to_lose_files(board, build)
    with Bar(kernel.Write, build.file) as bar:
        path = cache.file(build, bar)
    contents = firmware_files.check(path, build.method, build.family)
    checked = "SHA-256 as the list says" if build.sha256 else "the list has no checksum; the file is whole"
    kernel.Print(f"{build.file}: {human(contents.size)}, {checked}")
    name = kernel.connections.chosen_name if board is not None else None
    job = Job(kernel, build, path, contents, board, request.port, request.drive, request.wait)
    address = board.address if board is not None else ""
    try:
        place = WRITERS[build.method](job)
    except (MicroPythonError, KeyboardInterrupt):
        if address and kernel.device is None:
            _connect_if_there(kernel, address, name, build)
        raise
    _welcome(kernel, _come_back(kernel, place, build, name), build, running)


def _index(kernel: Kernel, cache: FirmwareCache) -> Index:
    index = cache.index()
    if index.note:
        kernel.Error(f"[{index.note}]")
    return index


def _target(kernel: Kernel, request: Request) -> Board | None:
    """Return the connected board that gets the firmware; None where a person named another one, or none is connected.

    Raises:
        InstallProblem: it is a virtual board.
        MicroPythonError: no board is connected and none is named.
    """
    if request.drive is not None:
        return None
    device = kernel.device
    if request.port:
        if device is None or not _on_port(device, request.port):
            return None
    elif device is None and request.board:
        return None
    try:
        board = kernel.require_board()
    except NotConnected as error:
        raise NotConnected(
            f"{error_text(error)}\nFor a board that runs no MicroPython, name it, as in %firmware install RPI_PICO: "
            "%firmware list PATTERN shows what there is."
        ) from error
    if parse(board.address).scheme == "virtual":
        raise InstallProblem(
            "The virtual board has no flash to write firmware to: connect to a board on USB, name its port with "
            "--port, or %disconnect and name the BOARD."
        )
    return board


def _on_port(board: Board, port: str) -> bool:
    try:
        return esp.same_port(esp.serial_port(board.address), esp.serial_port(port))
    except MicroPythonError:
        return False  # not a serial port, or unplugged


def _chosen(index: Index, request: Request, running: Running | None) -> tuple[Build, bool]:
    """Return the file for a request, and whether the connected board is exactly the one that it is for."""
    known = running_firmware.board_of(running, index.builds) if running is not None else None
    if request.board:
        board, variant = firmware_index.board_named(index.builds, request.board), ""
        if known is not None and known[0] == board:
            variant = known[1]
    elif known is not None:
        board, variant = known
    elif running is not None:
        raise InstallProblem(
            f"{_unknown(running)} Nothing was written: %firmware list PATTERN shows the boards, and %firmware install "
            "BOARD names one."
        )
    else:
        raise MagicError("%firmware install: no board is connected, so name one, as in %firmware install RPI_PICO.")
    variant = variant if request.variant is None else request.variant
    build = choose(
        index.builds,
        board,
        wanted=request.version,
        variant=variant,
        method=request.method,
        preview=request.preview,
    )
    return build, known is not None and known == (build.board, build.variant)


def _unknown(running: Running) -> str:
    if running.name not in ("", "micropython"):
        return f"The board on {running.address} runs {running.name}, which is not in the lists of MicroPython."
    says = running.build or running.machine or "nothing about itself"
    return (
        f"The board on {running.address} says {says}, and the list of firmware has no board that is certainly this one."
    )


def _check_platform(build: Build, running: Running) -> None:
    """Refuse what is for another kind of chip than the connected board's."""
    ports = next((ports for start, ports in _PLATFORMS.items() if build.family.startswith(start)), ())
    if ports and running.platform and running.platform not in ports:
        raise InstallProblem(
            f"{build.name} is for boards with {build.family.upper()}, and the board on {running.address} is "
            f"{running.title} ({running.platform}). Nothing was written: %disconnect first, or name the other board's "
            "port with --port or its drive with --drive."
        )


def _has_it(build: Build, request: Request, running: Running, exactly: bool) -> bool:
    if request.again or not exactly or running.version is None:
        return False
    if request.version:
        return running.version.key == build.version.key
    return running.version.key >= build.version.key


def _wanted(request: Request) -> str:
    if request.version:
        return "what you asked for"
    return "the newest preview in the list" if request.preview else "the newest release in the list"


def _refuse_to_lose_files(board: Board, build: Build) -> None:
    files = [entry.path for entry in board.files.list("")]
    if files:
        names = ", ".join(shown(path) for path in files[:5]) + (", ..." if len(files) > 5 else "")
        raise InstallProblem(
            f"Writing {build.file} empties the file system of the board on {board.address}, which holds "
            f"{counted(len(files), 'file')}: {names}. {_SAVE.capitalize()} Nothing was written; --discard-files goes "
            "on without them."
        )


# -- afterwards ------------------------------------------------------------------------------------------------------


def _come_back(kernel: Kernel, place: Place, build: Build, name: str | None) -> Board:
    """Wait until the board is there again, and connect to it."""
    deadline = time.monotonic() + RETURNS
    reason = "no port of a board appeared"
    while True:
        for address in place.candidates():
            try:
                return _connect(kernel, address, name)
            except MicroPythonError as error:
                reason = f"{address}: {error_text(error)}"
        if time.monotonic() > deadline:
            raise InstallProblem(
                f"{build.file} is written, but no board with MicroPython answered within {RETURNS:g} s: press its "
                f"reset button, and run %connect. ({reason})"
            )
        time.sleep(_LOOK)


def _connect(kernel: Kernel, address: str, name: str | None) -> Board:
    return kernel.connect(address, replace(kernel.connection_options, timeout=_ATTEMPT), name=name)


def _connect_if_there(kernel: Kernel, address: str, name: str | None, build: Build) -> None:
    try:
        board = _connect(kernel, address, name)
    except MicroPythonError:
        kernel.Error(
            f"[The board on {address} is not connected any more. One that waits in its bootloader runs its firmware "
            f"again when it is reset or plugged in anew; %firmware install {build.board} writes to it]"
        )
    else:
        kernel.Print(describe_connection(board))


def _welcome(kernel: Kernel, board: Board, build: Build, before: Running | None) -> None:
    kernel.Print(describe_connection(board))
    now = running_firmware.ask(board)
    if now.version is None or now.version.key == build.version.key:
        was = f" (it was {before.version.text})" if before is not None and before.version is not None else ""
        kernel.Print(f"{build.name} runs {build.version.text} now{was}.")
    else:
        kernel.Error(
            f"[{build.file} is written, and the board says that it runs {now.version.text}: its maker may count in "
            "another way, or it is another board than the one that was written]"
        )
