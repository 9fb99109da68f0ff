"""Firmware for STM32 boards, written by the program dfu-util.

dfu-util is a program of its own, and not one of Python's packages: where it is missing, people are told how to install
it. Its command line: http://dfu-util.sourceforge.net/dfu-util.1.html; 0483:df11 is the bootloader in the ROM of STM32
chips (ST's AN2606), and ``:leave`` has it start the firmware at the end.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from ..errors import MicroPythonError
from ..host.process_group import apart

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PROGRAM = "dfu-util"

STM32 = "0483:df11"

LIST_TIMEOUT = 10.0
"""Seconds for listing the boards."""

WRITE_TIMEOUT = 300.0
"""Seconds for erasing and writing."""

_DONE = "File downloaded successfully"
_LAST = 2000  # characters of what it said that an error quotes
_INSTALL = {
    "linux": "sudo apt install dfu-util, or your system's package of that name",
    "darwin": "brew install dfu-util",
    "win32": "download it from https://dfu-util.sourceforge.net and put its folder into the PATH",
}


class DfuProblem(MicroPythonError):
    """dfu-util is missing, or failed."""


def program() -> str:
    """Return the program's path.

    Raises:
        DfuProblem: it is not installed; the message says how to do that.
    """
    found = shutil.which(PROGRAM)
    if found is None:
        how = _INSTALL.get(sys.platform, "install the package dfu-util")
        raise DfuProblem(
            f"STM32 boards are written by the program {PROGRAM}, which is not installed: {how}. Nothing was written."
        )
    return found


def waiting() -> bool:
    """Whether a board is in its bootloader.

    Raises:
        DfuProblem: dfu-util is not installed, or does not answer.
    """
    return re.search(rf"Found DFU: \[{STM32}\]", _run([program(), "--list"], LIST_TIMEOUT)[1]) is not None


def write(path: Path, show: Callable[[str], object]) -> None:
    """Write a DfuSe file to the board that is in its bootloader, and start it.

    Args:
        path: the file.
        show: gets what dfu-util says at its end.

    Raises:
        DfuProblem: it failed; the message holds what it said last.
    """
    command = [program(), "--device", STM32, "--alt", "0", "--dfuse-address", ":leave", "--download", str(path)]
    status, said = _run(command, WRITE_TIMEOUT)
    # Its last question is not answered by a board that has started already, so that alone is no failure.
    if status and _DONE not in said:
        raise DfuProblem(
            f"{PROGRAM} failed: {said[-_LAST:].strip() or f'it ended with status {status}'}\nThe board may have half "
            "of the firmware: bring it into its bootloader again and run the command again."
        )
    show(f"{PROGRAM}: {_DONE}\n")


def _run(command: list[str], seconds: float) -> tuple[int, str]:
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **apart()
        )
    except OSError as error:
        raise DfuProblem(f"{command[0]} cannot be started: {error.strerror or error}.") from error
    try:
        said, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise DfuProblem(
            f"{PROGRAM} did not end within {seconds:g} s and was stopped. Bring the board into its bootloader again "
            "and run the command again."
        ) from None
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        assert process.stdout is not None
        process.stdout.close()
    return process.returncode, said.decode("utf-8", "replace")
