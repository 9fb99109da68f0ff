"""Firmware for ESP chips: which image goes where, and esptool, which puts it there.

esptool is a program of its own here: it opens the port, ends with an exit code, and can be stopped.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import queue
import re
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from ..errors import ConnectError, MicroPythonError
from ..transports import last_board, parse, port_scan
from .process_group import apart

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

BAUD = 460800
"""Bits per second for writing: what MicroPython's documentation uses, and boards with a UART bridge take."""

_PATIENCE = 3.0  # seconds that esptool has to end after each way of stopping it
_PIECE = 0.1  # seconds after which a line that has begun is shown
_LAST_LINES = 30  # lines of the output that an error may quote


class FirmwareError(MicroPythonError):
    """A firmware file does not fit, or esptool failed."""


# -- images and chips ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Chip:
    """One kind of ESP chip.

    Attributes:
        name: as esptool takes it, for example ``esp32s3``.
        title: as its maker writes it, for example ``ESP32-S3``.
        offset: address in the flash where the file of the download page begins.
        image_id: the chip's number in the header of images; None for the ESP8266, whose images name no chip.
        options: what esptool is told besides.
    """

    name: str
    title: str
    offset: int
    image_id: int | None
    options: tuple[str, ...] = ()

    @property
    def downloads(self) -> str:
        """The page that offers MicroPython for it."""
        return DOWNLOADS.format("esp8266" if self.image_id is None else "esp32")


DOWNLOADS = "https://micropython.org/download/?port={}"

# Offsets: "flash_offset" in MicroPython's ports/esp32/boards/*/board.json (ESP32_GENERIC, _S2, _S3, _C2, _C3, _C5, _C6,
# _H2, _P4); its files begin with the boot loader (ports/esp32/makeimg.py), so where there is no such board it is where
# the chip's ROM looks for one: BOOTLOADER_OFFSET_IN_FLASH in ESP-IDF, BOOTLOADER_FLASH_OFFSET in esptool. So too for
# the ESP32-S31, whose new board.json says 0. ESP8266: docs/esp8266/tutorial/intro.rst; all its boards take "dio".
# Numbers: esp_chip_id_t in ESP-IDF's esp_app_format.h and IMAGE_CHIP_ID in esptool.
CHIPS = {
    chip.name: chip
    for chip in (
        Chip("esp8266", "ESP8266", 0x0, None, ("--flash-size", "detect", "--flash-mode", "dio")),
        Chip("esp32", "ESP32", 0x1000, 0),
        Chip("esp32s2", "ESP32-S2", 0x1000, 2),
        Chip("esp32s3", "ESP32-S3", 0x0, 9),
        Chip("esp32s31", "ESP32-S31", 0x2000, 32),
        Chip("esp32c2", "ESP32-C2", 0x0, 12),
        Chip("esp32c3", "ESP32-C3", 0x0, 5),
        Chip("esp32c5", "ESP32-C5", 0x2000, 23),
        Chip("esp32c6", "ESP32-C6", 0x0, 13),
        Chip("esp32c61", "ESP32-C61", 0x0, 20),
        Chip("esp32e22", "ESP32-E22", 0x0, 31),
        Chip("esp32h2", "ESP32-H2", 0x0, 16),
        Chip("esp32h21", "ESP32-H21", 0x0, 25),
        Chip("esp32h4", "ESP32-H4", 0x2000, 28),
        Chip("esp32p4", "ESP32-P4", 0x2000, 18),
    )
}
"""The chips that esptool knows, by name."""

_MAGIC = 0xE9
_HEADER = 36  # bytes: the image's header, its first segment's, and the first word of that segment
_APP_DESCRIPTION = 0xABCD5432  # begins the first segment of an application without boot loader: esp_app_desc_t
_ESP8266_MEMORY = range(0x3FF00000, 0x40300000)  # where an ESP8266's first segment goes; zeros and 0xEE on all others


def chip_of_image(path: Path, wanted: Chip | None = None) -> Chip:
    """Return the chip that a firmware file is for.

    Args:
        path: the file.
        wanted: the chip that it should be for; None for any.

    Raises:
        FirmwareError: there is no such file, it is no image that can be written, or it is for another chip.
    """
    page = wanted.downloads if wanted else DOWNLOADS.format("esp32")
    advice = f"Take the .bin file for your board from {page}"
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER)
    except OSError as error:
        raise FirmwareError(f"{path} cannot be read: {error.strerror or error}. {advice}") from error
    if len(header) < _HEADER or header[0] != _MAGIC:
        raise FirmwareError(f"{path} is no firmware for an ESP chip: it does not begin as an image does. {advice}")
    if int.from_bytes(header[32:36], "little") == _APP_DESCRIPTION:
        raise FirmwareError(
            f"{path} holds no boot loader: it updates a board that has one, and does not start alone. {advice}"
        )
    chip = _chip_of_header(header)
    if chip is None:
        raise FirmwareError(
            f"{path} is for a chip with the number {int.from_bytes(header[12:14], 'little')}, whose offset is not "
            f"known here. Write it with %esptool -- write-flash OFFSET {path}"
        )
    if wanted not in (None, chip):
        raise FirmwareError(f"{path} is for the {chip.title}, not for the {wanted.title}. {advice}")
    return chip


def chip_at(path: Path, offset: int) -> Chip | None:
    """Return the chip whose boot loader begins at an offset of a file that holds a whole flash; None where none does.

    Args:
        path: the file.
        offset: in bytes.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        file.seek(offset)
        header = file.read(_HEADER)
    if len(header) < _HEADER or header[0] != _MAGIC:
        return None
    chip = _chip_of_header(header)
    return chip if chip is not None and chip.offset == offset else None


def _chip_of_header(header: bytes) -> Chip | None:
    if int.from_bytes(header[8:12], "little") in _ESP8266_MEMORY:
        return CHIPS["esp8266"]
    number = int.from_bytes(header[12:14], "little")
    return next((chip for chip in CHIPS.values() if chip.image_id == number), None)


def write_arguments(chip: Chip, path: Path, port: str, baud: int = BAUD) -> list[str]:
    """Return esptool's arguments for writing a file where ``chip`` starts; esptool checks that the chip is one."""
    line = ["--chip", chip.name, "--port", port, "--baud", str(baud)]
    return [*line, "write-flash", *chip.options, f"{chip.offset:#x}", str(path)]


# -- ports and arguments -------------------------------------------------------------------------------------------


def serial_port(address: str) -> str:
    """Return the port that esptool opens for an address: a device, ``socket://`` or ``rfc2217://``.

    Raises:
        AddressError: the text is no address.
        ConnectError: no such board is plugged in.
        FirmwareError: the address leads to no serial port.
    """
    parsed = parse(address)
    if parsed.scheme == "auto":
        ports = port_scan.candidates(last_board.last())
        if not ports:
            raise ConnectError(
                "No board was found: no USB serial port is there. Plug a board in (with a cable that carries data), or "
                "name its port with --port."
            )
        return ports[0].device
    if parsed.scheme in ("id", "usb"):
        return port_scan.find(parsed).device
    if parsed.scheme == "serial":
        return os.path.expanduser(parsed.target)  # noqa: PTH111 - COM5 is no path
    if parsed.scheme in ("socket", "rfc2217"):
        return parsed.target
    raise FirmwareError(f"{address} is no serial port, and esptool needs one: name it with --port (see %boards).")


def same_port(one: str, other: str) -> bool:
    """Whether two names that ``serial_port`` gave are one port."""
    return one == other or ("://" not in one + other and os.path.realpath(one) == os.path.realpath(other))


@dataclass(frozen=True)
class Request:
    """What arguments for esptool ask for, as far as it concerns the port.

    Attributes:
        command: the esptool command in its present spelling, for example ``write-flash``; may be empty.
        port: the port that they name; may be empty.
    """

    command: str
    port: str

    @property
    def offline(self) -> bool:
        """Whether no port is needed."""
        return self.command in _OFFLINE


_OFFLINE = {"", "version", "image-info", "elf2image", "merge-bin"}
_WITH_VALUE = {"-c", "--chip", "-p", "--port", "-b", "--baud", "--before", "-a", "--after", "--connect-attempts"}
_WITH_VALUE |= {"--port-filter", "--override-vddsdio"}


def read_arguments(arguments: Sequence[str]) -> Request:
    """Find the command and the port in arguments that a person wrote for esptool."""
    port = ""
    if {"-h", "--help"} & set(arguments):
        return Request("", port)
    words = iter(arguments)
    for word in words:
        if not word.startswith("-"):
            return Request(word.replace("_", "-"), port)
        name, equals, value = word.partition("=")
        if name in _WITH_VALUE and not equals:
            value = next(words, "")
        if name in ("-p", "--port"):
            port = value
        elif word.startswith("-p"):
            port = word[2:]
    return Request("", port)


# -- running esptool -----------------------------------------------------------------------------------------------


def run(arguments: Sequence[str], show: Callable[[str], object], port: str = "") -> None:
    r"""Run esptool to its end.

    Args:
        arguments: its command line.
        show: gets its output as it comes; states of a progress bar begin with ``\r``.
        port: for messages.

    Raises:
        FirmwareError: esptool failed; the message holds what it said last.
        KeyboardInterrupt: the person stopped it. It has ended then.
    """
    process = subprocess.Popen(
        # -P: a serial.py in the person's folder is for the board.
        [sys.executable, "-P", "-m", "esptool", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1"},
        # It does not outlive a kernel that is killed for long: what it prints next finds nobody who reads.
        **apart(),
    )
    assert process.stdout is not None
    pieces: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    reader = threading.Thread(target=_read, args=(process.stdout, pieces), daemon=True)
    output = _Output(show)
    try:
        reader.start()
        while (piece := _next(pieces)) != b"":
            output.feed(piece)
        status = process.wait()
    except BaseException:
        _stop(process)
        raise
    finally:
        output.close()
        reader.join(_PATIENCE)
        process.stdout.close()
    if status:
        raise FirmwareError(_what_failed(output.last, status, port))


def _read(stdout: IO[bytes], pieces: queue.SimpleQueue[bytes]) -> None:
    while piece := os.read(stdout.fileno(), 65536):
        pieces.put(piece)
    pieces.put(b"")


def _next(pieces: queue.SimpleQueue[bytes]) -> bytes | None:
    """Return what esptool printed, ``b""`` at its end, None when there is nothing for a moment."""
    # A wait with an end: on Windows an interrupt is noticed only between two of them.
    try:
        return pieces.get(timeout=_PIECE)
    except queue.Empty:
        return None


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End esptool: as with Ctrl-C first, so that it resets the chip and leaves no half command on the line."""
    try:
        if sys.platform != "win32":
            process.send_signal(signal.SIGINT)
            _wait(process)
        if process.poll() is None:
            process.terminate()
            _wait(process)
    finally:
        if process.poll() is None:
            process.kill()
            _wait(process)


def _wait(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_PATIENCE)


class _Output:
    """Shows what esptool prints; a progress bar, which it prints as a line for each state, stays one line."""

    _STATE = re.compile(r"\b\d{1,3}(\.\d+)? ?%")

    def __init__(self, show: Callable[[str], object]) -> None:
        self._show = show
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._begun = ""
        self._bar = 0  # characters of the state that stands there and may be written over
        self.last: list[str] = []

    def feed(self, piece: bytes | None) -> None:
        """Take output; None when there is none for a moment."""
        *lines, self._begun = (self._begun + self._decoder.decode(piece or b"")).split("\n")
        text = "".join(self._line(line.rstrip()) for line in lines)
        if piece is None and self._begun and not self._STATE.search(self._begun):
            text += self._over() + self._begun
            self._begun = ""
        if text:
            self._show(text)

    def close(self) -> None:
        """Show the rest."""
        text = self._line(self._begun) if self._begun else ""
        text += self._over()
        if text:
            self._show(text)

    def _line(self, line: str) -> str:
        if not self._STATE.search(line):
            self.last = [*self.last, line][-_LAST_LINES:]
            return f"{self._over()}{line}\n"
        text = "\r" + line.ljust(self._bar)
        self._bar = len(line)
        return text

    def _over(self) -> str:
        """End the line of a progress bar, where there is one."""
        bar, self._bar = self._bar, 0
        return "\n" if bar else ""


def _what_failed(lines: list[str], status: int, port: str) -> str:
    """Say what esptool said last, and what to do."""
    text = "\n".join(lines)
    _, fatal, said = text.rpartition("error occurred: ")
    if not fatal:
        # A wrong option is told in a box.
        plain = [line.strip(" │╭╮╰╯─") for line in lines]
        said = "\n".join([line for line in plain if line and line != "Error" and not line.startswith("Try ")][-2:])
    said = said.strip() or f"it ended with status {status}"
    advice = next((advice for pattern, advice in _ADVICE if re.search(pattern, said)), _ADVICE_ELSE)
    return f"esptool failed{f' on {port}' if port else ''}: {said}\n{advice}"


_ADVICE = (
    (
        r"Could not open|could not open port|No serial ports",
        "Close other programs that use the port; %boards lists what is plugged in, --port names another one.",
    ),
    (
        r"Failed to (connect|start stub)|Could not connect|No serial data|Wrong boot mode|Invalid head of packet",
        "Bring the board into its loader by hand: hold BOOT (on some boards FLASH or 0), press and release RESET, let "
        "BOOT go, and run the cell again. See too that the cable carries data, and that this is the board's port.",
    ),
    (
        r"^This chip is|is not an .*image|requires chip revision",
        "Nothing was written. Take the firmware for this chip from " + DOWNLOADS.format("esp32"),
    ),
    (
        r"No such command|No such option|Invalid value|Missing (argument|option)|requires an argument",
        "%esptool -- --help lists esptool's commands and options, %esptool -- COMMAND --help those of one.",
    ),
)
_ADVICE_ELSE = "Run the cell again; where it fails halfway, another cable or --baud 115200 helps."
