"""The whole flash of an ESP chip as one file: firmware, settings, partitions and files, through esptool."""

from __future__ import annotations

import secrets
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from ..board.files import host_files
from ..display.error_text import error_text
from ..errors import MicroPythonError
from ..host import firmware as esp
from ..sessions.description import describe_connection
from ..transports.private_file import private

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .write_methods import Kernel

RETURNS = 20.0
"""Seconds that a board has to answer again after its flash was read or written."""

_ATTEMPT = 3.0  # seconds for one of them
_LOOK = 0.5
_LARGEST = 256 * 1024 * 1024
"""Bytes of the largest flash that esptool knows, and some more."""


class FlashProblem(MicroPythonError):
    """The flash of a board cannot be read or written as a whole."""


def save(kernel: Kernel, path: Path) -> tuple[esp.Chip, int]:
    """Read the whole flash of the connected board, or of the one that the settings name, into a file.

    The chip sends a digest of all that it has sent (esptool compares it). Whatever happens, ``path`` has the old
    content or all of the new one; others cannot read it.

    Args:
        kernel: whose board it is; it is disconnected meanwhile.
        path: the file.

    Returns:
        The chip, and the size of its flash in bytes.

    Raises:
        MicroPythonError: it is no ESP chip, it cannot be read, or the file cannot be written.
        KeyboardInterrupt: it was stopped; nothing was changed.
    """
    host_files.check_target(path)
    port, path = _port(kernel), path.resolve()
    unfinished = path.with_name(f".{secrets.token_hex(4)}.mk-part")
    try:
        try:
            open(unfinished, "xb", opener=private).close()  # esptool writes into it, and it stays private
        except OSError as error:
            raise host_files.problem(path, error) from error
        _run(kernel, port, ["--baud", str(esp.BAUD), "read-flash", "0", "ALL", str(unfinished)])
        chip, size = chip_of_flash(unfinished), unfinished.stat().st_size
        try:
            host_files.put_in_place(unfinished, path)
        except OSError as error:
            raise host_files.problem(path, error) from error
    finally:
        unfinished.unlink(missing_ok=True)
    return chip, size


def write(kernel: Kernel, path: Path, chip: esp.Chip) -> None:
    """Write a whole flash back; esptool checks the kind of the chip and its size first, and verifies afterwards.

    Args:
        kernel: whose board it is; it is disconnected meanwhile.
        path: what ``save`` has written.
        chip: whose flash it is.

    Raises:
        MicroPythonError: it is another chip, or it did not work.
        KeyboardInterrupt: it was stopped; the flash may be half written, and that was told.
    """
    port = _port(kernel)
    try:
        _run(
            kernel,
            port,
            ["--chip", chip.name, "--baud", str(esp.BAUD), "write-flash", "--flash-size", "keep", "0", str(path)],
        )
    except KeyboardInterrupt:
        kernel.Error(
            f"[esptool was stopped on {port}: the flash may be half written. Run the command again before you use the "
            "board]"
        )
        raise


def chip_of_flash(path: Path) -> esp.Chip:
    """Return the chip whose whole flash a file holds.

    Raises:
        FlashProblem: it holds none.
    """
    try:
        size = path.stat().st_size
        if 0 < size <= _LARGEST and size % 4096 == 0:
            for offset in sorted({chip.offset for chip in esp.CHIPS.values()}):
                found = esp.chip_at(path, offset)
                if found is not None:
                    return found
    except OSError as error:
        raise host_files.problem(path, error) from error
    raise FlashProblem(
        f"{path.name} is not the whole flash of an ESP chip: no boot loader lies where one begins. %backup --flash "
        "FILE.bin reads one; %esptool flash FILE.bin writes a firmware."
    )


def _port(kernel: Kernel) -> str:
    device = kernel.device
    return esp.serial_port((device.address if device else kernel.board) or "auto")


def _run(kernel: Kernel, port: str, words: list[str]) -> None:
    """Run esptool while the kernel has the port closed, and connect to the board again, whatever has become of it."""
    device, name = kernel.device, kernel.connections.chosen_name
    address = device.address if device is not None else ""
    if address:
        kernel.disconnect()
    try:
        esp.run(["--port", port, *words], lambda text: kernel.Print(text, end=""), port)
    except BaseException:
        if address:
            _connect_again(kernel, address, name, kernel.Error, 0.0)
        raise
    if address:
        _connect_again(kernel, address, name, kernel.Print, RETURNS)


def _connect_again(
    kernel: Kernel, address: str, name: str | None, tell: Callable[[str], object], seconds: float
) -> None:
    deadline = time.monotonic() + seconds
    options = replace(kernel.connection_options, timeout=_ATTEMPT)
    while True:
        try:
            tell(describe_connection(kernel.connect(address, options, name=name)))
            return
        except MicroPythonError as error:
            if time.monotonic() > deadline:
                kernel.Error(
                    f"[no MicroPython answers on {address} now: press RESET on the board and run %connect {address}. "
                    f"({error_text(error)})]"
                )
                return
            time.sleep(_LOOK)
