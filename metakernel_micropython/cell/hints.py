"""What helps with an error of the board: said below it, once it has been shown.

What the host knows costs nothing. What only the board knows is asked for afterwards, with a short deadline, so that the
error itself is never late; where the board does not answer, nothing is said.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from ..board import snippets
from ..board.board_info import memory
from ..errors import DeviceError, MicroPythonError
from ..host.package_names import package_of
from ..host.paths import human, quoted, shown
from .near_names import near_names, unknown_name
from .syntax_hints import syntax_hints

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from ..board import Board

TIMEOUT = 0.5
"""Seconds that the board has to answer; a second one on boards that take their questions in small pieces."""

MAX_FRAMES = 5
"""Source lines that are asked for, the innermost first."""

MAX_LINE = 100_000
"""Lines behind this one are not looked for: a board would read the whole file."""

_MISSING = re.compile(r"no module named '?(?P<name>[\w./-]+)'?")
_FRAME = re.compile(r'^  File "(?P<path>[^"\n]+\.py)", line (?P<line>\d{1,9})(?!\d)', re.MULTILINE)
_NUMBER = re.compile(r"^(?:\[Errno )?\(?(?P<number>-?\d{1,9})(?!\d)")
_NAME = re.compile(r"\bE[A-Z0-9]{3,}\b")

# Words for the names that MicroPython has (py/mperrno.h), and its numbers, which are those of Linux.
_WORDS = {
    "EPERM": (1, "this is not permitted"),
    "ENOENT": (2, "there is no such file or folder"),
    "EIO": (5, "input or output failed; with I2C or SPI, look at the wiring and the voltage"),
    "EBADF": (9, "the file or socket is closed"),
    "EAGAIN": (11, "nothing is there yet; try again"),
    "ENOMEM": (12, "the board has no memory left for it"),
    "EACCES": (13, "this is not allowed"),
    "EBUSY": (16, "something else uses it"),
    "EEXIST": (17, "it is there already"),
    "ENODEV": (19, "no such device answers; with I2C, look at its address (i2c.scan()) and the wiring"),
    "ENOTDIR": (20, "a part of the path is no folder"),
    "EISDIR": (21, "it is a folder"),
    "EINVAL": (22, "an argument has a value that is not possible here"),
    "EMFILE": (24, "too many files are open; close some"),
    "ENOSPC": (28, "the file system is full (%df)"),
    "EROFS": (30, "the file system is read-only, as a mounted folder is without --write"),
    "EPIPE": (32, "the other side has closed the connection"),
    "ENOTEMPTY": (39, "the folder is not empty"),
    "EOPNOTSUPP": (95, "this is not supported"),
    "EADDRINUSE": (98, "the port is in use already; close the old socket, or set SO_REUSEADDR"),
    "ECONNABORTED": (103, "the connection was ended"),
    "ECONNRESET": (104, "the other side has ended the connection"),
    "ENOBUFS": (105, "no buffer is left"),
    "ENOTCONN": (107, "the socket is not connected"),
    "ETIMEDOUT": (110, "no answer came in time; with I2C, look at the wiring and the pull-up resistors"),
    "ECONNREFUSED": (111, "nobody listens at that address"),
    "EHOSTUNREACH": (113, "there is no way to that address; is the network connected?"),
    "EALREADY": (114, "it is under way already"),
    "EINPROGRESS": (115, "it is under way"),
}
_NUMBERS = {number: name for name, (number, _) in _WORDS.items()}

# lwIP's netdb.h, and the numbers of Mbed TLS (ssl.h, x509.h), which come as they are.
_SPECIAL = {
    -2: "the name of the host was not found (or ENOENT); is the network connected?",
    -200: "the name of the host was not found; is the network connected?",
    -202: "the name of the host could not be looked up; is the network connected?",
    -203: "the board has no memory left to look up the host's name.",
    -9984: "the server's certificate could not be verified.",
    -28928: "the TLS connection failed for want of memory; free some first.",
    -29312: "the server has ended the TLS connection.",
}

# Modules of one port, from MicroPython's documentation.
_PORTS = {
    "esp": "ESP32 and ESP8266 boards",
    "esp32": "ESP32 boards",
    "espnow": "ESP32 and ESP8266 boards",
    "rp2": "boards with an RP2040 or RP2350, such as the Pico",
    "microbit": "the BBC micro:bit",
    "pyb": "the pyboard and other boards with an STM32",
    "stm": "the pyboard and other boards with an STM32",
}

_ELSEWHERE = {
    "numpy": "Boards have no numpy; some firmware has ulab, its small brother: from ulab import numpy",
    "threading": "Boards have _thread in place of threading, where they have threads at all",
    "serial": "On the board a serial port is machine.UART",
    "RPi": "On the board pins are machine.Pin",
    "datetime": "Most boards have time.localtime() in place of datetime",
    "subprocess": "A board has no other programs to run",
    "tkinter": "A board has no windows; framebuf draws for a display",
    "pandas": "Boards have no pandas: %get brings values to the host's Python, which may have it",
    "matplotlib": "Boards have no matplotlib: %get brings values to the host's Python, which may have it",
    "asyncio": "This firmware is built without asyncio (older ones call it uasyncio)",
    "uasyncio": "This firmware has no uasyncio; where it has asyncio at all, that is the name",
    "_thread": "This firmware is built without threads",
    "socket": "This firmware is built without sockets: the board has no network, or is reached otherwise",
    "network": "This firmware is built without network",
    "bluetooth": "This firmware is built without Bluetooth",
}


def hints(error: DeviceError, board: Board, magics: Container[str], known: list[str], code: str = "") -> Iterator[str]:
    """Give what helps with an error, sentence by sentence.

    Args:
        error: what ended the cell.
        board: where it came from; asked about some things, for at most some tenths of a second each.
        magics: the names of the line magics.
        known: modules that the board is known to have, as far as anybody has asked.
        code: what has run, where the lines that the error names are counted.
    """
    if error.name == "KeyboardInterrupt":
        return
    yield from syntax_hints(error, code, board, _timeout(board))
    yield from _frames(error, board)
    match error.name:
        case "NameError" if name := unknown_name(error.message):
            if code.isascii() or name.isascii():  # others have been named
                yield from near_names(name, code, board, known, _timeout(board))
        case "ImportError" | "ModuleNotFoundError":
            yield from _import(error, magics, known, board)
        case "OSError":
            requests = board.capabilities.requests
            remarks = requests.take_remarks() if requests is not None else []
            yield from remarks or _number(error, board)
        case "MemoryError":
            yield from _memory(board)


def _timeout(board: Board) -> float:
    return TIMEOUT * 2 if board.capabilities.no_flow_control else TIMEOUT


def _frames(error: DeviceError, board: Board) -> Iterator[str]:
    """Give the source lines of frames in files on the board."""
    frames = [(found["path"], int(found["line"])) for found in _FRAME.finditer(error.traceback)]
    frames = [frame for frame in dict.fromkeys(frames) if 0 < frame[1] <= MAX_LINE][-MAX_FRAMES:]
    if not frames or not board.idle:
        return
    paths = list(dict.fromkeys(path for path, _ in frames))
    wanted = tuple((path, tuple(line for where, line in frames if where == path)) for path in paths)
    try:
        reply = board.execute(snippets.apply("source_lines", repr(wanted)), timeout=_timeout(board))
    except MicroPythonError:
        return
    texts = {}
    for path, part in zip(paths, reply.split("\x1e"), strict=False):
        for line in part.splitlines()[:MAX_FRAMES]:
            number, _, text = line.partition(" ")
            if number.isdecimal() and len(number) < 10 and text:
                texts[path, int(number)] = shown(text[:200])
    for frame in frames:
        if frame in texts:
            yield f"{shown(frame[0])}, line {frame[1]}: {texts[frame]}"


def _import(error: DeviceError, magics: Container[str], known: list[str], board: Board) -> Iterator[str]:
    found = _MISSING.search(error.message)
    if not found:
        return
    name = found["name"].replace("/", ".")
    top = name.partition(".")[0]
    here = next((path for path in (Path(f"{top}.py"), Path(top)) if path.exists()), None)
    if here is not None:
        yield f"{here} lies on this computer, not on the board. Send it there: %upload {quoted(str(here))}"
    elif renamed := [one for one in (top.removeprefix("u"), f"u{top}") if one != top and one in known]:
        yield f"The board has this module as {renamed[0]}."
    elif top in _PORTS:
        if "virtual" in board.banner:
            yield f"The module {top} belongs to MicroPython for {_PORTS[top]}; the virtual board leaves it out."
        else:
            yield f"The module {top} belongs to MicroPython for {_PORTS[top]}; this board's firmware has none."
    elif top in _ELSEWHERE:
        yield _ELSEWHERE[top] + "."
    elif near := [one for one in get_close_matches(top, known, n=1, cutoff=0.75) if one != top] or [
        one for one in known if one.lower() == top.lower() and one != top
    ]:
        yield f"The board has a module called {near[0]}."
    elif "mip" in magics and (package := package_of(name)):
        yield f"The board has no module {name}. The index of packages has it: %mip install {package}"
    else:
        yield (
            f"The board has no module {name} (%modules lists those it has). Send a file of that name to it: "
            f"%upload {top}.py lib/"
        )


def _number(error: DeviceError, board: Board) -> Iterator[str]:
    named = _NAME.search(error.message)
    number = _NUMBER.search(error.message)
    if named and named[0] in _WORDS:
        yield f"{named[0]}: {_WORDS[named[0]][1]}."
        return
    if number is None:
        return
    value = int(number["number"])
    if value in _SPECIAL:
        yield f"{value}: {_SPECIAL[value]}"
        return
    name = _board_name(abs(value), board)
    if name:
        yield f"{value} is {name}" + (f": {_WORDS[name][1]}." if name in _WORDS else ".")


def _board_name(number: int, board: Board) -> str:
    """Return the name of a number: the board's own, for its numbers may be others than those of Linux."""
    usual = _NUMBERS.get(number, "")
    if not board.idle:
        return usual
    asked = f"(lambda e:(e.ENOENT,e.errorcode.get({number})))(__import__('errno'))"
    try:
        found = board.evaluate(asked, timeout=_timeout(board), own=True)
    except (MicroPythonError, ValueError):
        return usual
    match found:
        case (2, None):
            return usual
        case (int(), str(name)) if _NAME.fullmatch(name):
            return name
    return ""


def _memory(board: Board) -> Iterator[str]:
    if not board.idle:
        return
    try:
        # The shortest program first: it frees what garbage there is, and tells whether any program fits.
        board.execute("__import__('gc').collect()", timeout=_timeout(board))
    except DeviceError as error:
        if error.name == "MemoryError":
            yield (
                "The board's memory is full: not even a short program fits any more, and del NAME is one, too. "
                "%reboot frees it (or Restart in the menu); all variables are gone then, files stay."
            )
        return
    except MicroPythonError:
        return
    try:
        found = memory(board, timeout=_timeout(board))
    except DeviceError as error:
        if error.name != "MemoryError":
            return
        yield (
            "The board's memory is as good as full: only the shortest programs fit. A cell with nothing but del NAME "
            "may free some; otherwise %reboot does (or Restart in the menu), and all variables are gone then."
        )
        return
    except MicroPythonError:
        return
    if found is not None:
        yield (
            f"{human(found.free)} of {human(found.total)} are free now, though maybe not in one piece. Remove what is "
            "not needed (del NAME), or start anew with %reboot; %%mem tells what a cell leaves behind."
        )
