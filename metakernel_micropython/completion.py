"""What can be typed at the cursor: names from the board, from the cell itself, modules, keywords.

Only dotted names are looked up, never calls, and nothing of the user's runs on the board (see the snippets). A board
that is missing or busy is not asked; then the cell's own names remain.
"""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .board import snippets
from .errors import MicroPythonError
from .parser import name_before

if TYPE_CHECKING:
    from .board import Board

TIMEOUT = 2.0
"""Seconds that the board has for its part of an answer."""

MAX_REPLY = 100_000
"""Characters of the board's answer that are read."""

C_MODULES = frozenset(
    """array binascii bluetooth btree builtins cmath collections cryptolib deflate errno esp esp32 framebuf gc hashlib
    heapq io json lcd160cr machine math microbit micropython neopixel network openamp os platform pyb random re rp2
    select socket ssl stm struct sys time uasyncio ubinascii ucollections ucryptolib uctypes uerrno uhashlib uheapq uio
    ujson umachine uos uplatform urandom ure uselect usocket ussl ustruct usys utime uzlib vfs wipy zephyr zlib
    zsensor""".split()
) - {"neopixel", "uasyncio"}
"""Modules written in C on every port that has them (the list of MicroPython's documentation): importing one to look
into it runs no code. ``neopixel`` and ``uasyncio`` are Python."""

_IMPORT = re.compile(r"^\s*import\s+(?:[\w.]+(?:\s+as\s+\w+)?\s*,\s*)*(?P<name>[\w.]*)$")
_FROM = re.compile(r"^\s*from\s+(?P<name>[\w.]*)$")
_FROM_IMPORT = re.compile(
    r"^\s*from\s+(?P<module>[\w.]+)\s+import\s+\(?\s*(?:\w+(?:\s+as\s+\w+)?\s*,\s*)*(?P<name>\w*)$"
)
_WORD = re.compile(r"[^\W\d]\w*")
_MODULE_FILE = re.compile(r"^(?P<name>[^\W\d]\w*)(?:\.py|\.mpy)?$")
_STRINGS = re.compile(r"""[rRbBuUfF]{0,2}(?:'''|\"\"\"|'|")""")


@dataclass(frozen=True)
class Completions:
    """Names that can replace the ``prefix`` before the cursor."""

    prefix: str
    names: list[str]


class Completer:
    """Completes MicroPython code; keeps what is costly to ask for as long as the board stays the same."""

    def __init__(self) -> None:
        self._board: Board | None = None
        self._modules: list[str] = []

    def complete(self, code: str, cursor: int, board: Board | None) -> Completions:
        """Return what can be typed at ``cursor`` in ``code``.

        Args:
            code: the cell's code, without magics.
            cursor: index of the cursor.
            board: the connected board, or None.
        """
        before = code[:cursor]
        line = before.rpartition("\n")[2]
        if _in_text(line):
            return Completions("", [])
        if board is not None and not board.idle:
            board = None
        if found := _FROM_IMPORT.match(line):
            prefix = found["name"]
            names = self._module_members(board, found["module"], prefix)
        elif found := _IMPORT.match(line) or _FROM.match(line):
            prefix = found["name"]
            names = self._module_names(board)
        else:
            path, dot, prefix = name_before(line).rpartition(".")
            if dot and not path:
                return Completions("", [])  # behind a call or an index: its value is not known
            if dot:
                names = _ask(board, snippets.call("names", path, prefix, False))
                if not names and re.search(rf"^\s*import\s+{path}\s*$", code, re.MULTILINE):
                    names = self._module_members(board, path, prefix)  # imported by this cell, which did not run yet
            else:
                names = _ask(board, snippets.call("top_names", prefix))
                names += [*_own_names(code, cursor), *keyword.kwlist]
        return Completions(prefix, _fitting(names, prefix))

    def _module_names(self, board: Board | None) -> list[str]:
        if board is None:
            return []
        if board is not self._board:
            reply = _request(board, snippets.call("modules"))
            told, _, files = reply.partition("\x1e")
            # help("modules") ends with a sentence about the file system.
            words = [word for line in told.splitlines() if not line.startswith("Plus ") for word in line.split()]
            names = [found["name"] for line in files.splitlines() if (found := _MODULE_FILE.match(line))]
            self._board, self._modules = board, [word.replace("/", ".") for word in words] + names
        return self._modules

    @property
    def modules(self) -> list[str]:
        """Modules that the board is known to have; those written in C where nobody has asked it yet."""
        return self._modules or sorted(C_MODULES)

    def forget(self) -> None:
        """Ask the board anew for its modules: files may have come or gone."""
        self._board = None

    @staticmethod
    def _module_members(board: Board | None, module: str, prefix: str) -> list[str]:
        return _ask(board, snippets.call("module_names", module, prefix, module in C_MODULES))


def _request(board: Board, source: str) -> str:
    """Return the board's answer; ``""`` when it has none. Completion never fails."""
    try:
        return board.execute(source, timeout=TIMEOUT)[:MAX_REPLY]
    except MicroPythonError:
        return ""


def _ask(board: Board | None, source: str) -> list[str]:
    return _request(board, source).split() if board is not None else []


def _fitting(names: list[str], prefix: str) -> list[str]:
    """Return the names that start with the prefix, once each; private ones only when asked for."""
    hidden = not prefix.rpartition(".")[2].startswith("_")
    return sorted(
        name
        for name in set(names)
        if name.startswith(prefix) and name != "__mk" and not (hidden and name.rpartition(".")[2].startswith("_"))
    )


def _own_names(code: str, cursor: int) -> list[str]:
    """Return the identifiers that the cell itself uses, other than the one at the cursor and attributes."""
    return [
        found.group()
        for found in _WORD.finditer(code)
        if found.end() != cursor and code[found.start() - 1 : found.start()] != "."
    ]


def _in_text(line: str) -> bool:
    """Whether the end of a line lies in a string or a comment."""
    at = 0
    while at < len(line):
        if line[at] == "#":
            return True
        opening = _STRINGS.match(line, at)
        if not opening:
            # A prefix letter belongs to a string only at the start of a word.
            word = _WORD.match(line, at)
            at = word.end() if word and not _STRINGS.match(line, at) else at + 1
            continue
        quote = opening.group().lstrip("rRbBuUfF")
        at = opening.end()
        while not line.startswith(quote, at):
            at += 2 if line[at : at + 1] == "\\" else 1
            if at >= len(line):
                return True
        at += len(quote)
    return False
