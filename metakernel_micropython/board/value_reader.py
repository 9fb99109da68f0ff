"""Values from a board, as data and exact: read from lines of one letter and a literal, containers before their items.

N T F           None, True, False
i0xff           an int
fb'...'         a float, as the eight bytes of a double, little-endian
cb'...'         a complex number, as two of them
s['...']        a str or bytes, s[b'...']
y[b'...']       a bytearray
[3 (3 <3 >3     a list, tuple, set, frozenset of three
{3              a dict: three tuples of key and value
ah3             an array of type code h
?Pin            something that cannot cross, of that type
^               a container more than 100 levels deep, or in itself
.7              the end, and how many lines there were
"""

from __future__ import annotations

import array
import re
import struct
from typing import TYPE_CHECKING, Any

from ..errors import MicroPythonError
from ..syntax_tree import literal_value

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_DEPTH = 100
"""Levels of containers in containers."""

MAX_ITEMS = 1_000_000
"""Values in a value."""

MAX_SIZE = 64 * 1024 * 1024
"""Characters in which a board tells a value."""

CODES = "bBhHiIlLqQfd"
"""The type codes of arrays that cross."""

_LINE = re.compile(r"[NTF]\Z|i-?0x|[fc]b['\"]|[sy]\[|[\[({<>]\d|a.?\d*\Z|\?|\^\Z|\.\d+\Z")
"""How each kind of line begins."""

_INT = re.compile(r"i-?0x[0-9a-fA-F]+")
_TEXT = re.compile(r"""\[b?(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")\]""")


class ValueProblem(MicroPythonError):
    """A value cannot cross between the board and the host, or what came is none."""


class DisturbedValue(Exception):
    """What came from the board is no value."""


class Reader:
    """Reads a value from the lines in which a board tells it, however they are split.

    Args:
        name: what the value is called in errors.

    Attributes:
        others: lines that are of no value: something else printed meanwhile.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._rest: list[str] = []
        self._size = 0
        self._lines = 0
        self._open: list[_Container] = [_Container("", 1)]
        self._ended = False
        self.others: list[str] = []

    def feed(self, text: str) -> None:
        """Take what the board printed.

        Raises:
            ValueProblem: the value cannot cross, or is too large.
        """
        self._size += len(text)
        if self._size > MAX_SIZE:
            raise ValueProblem(
                f"The value of {self._name} is too large: the board has told more than {MAX_SIZE} bytes."
            )
        *lines, rest = text.split("\n")
        for line in lines:
            self._line("".join([*self._rest, line]))
            self._rest.clear()
        if rest:
            self._rest.append(rest)

    @property
    def ended(self) -> bool:
        """Whether the board has told all of it."""
        return self._ended

    def value(self) -> Any:
        """Return the value, when the board has told all of it.

        Raises:
            ValueProblem: it is a set of values that Python cannot have.
        """
        if not self._ended:
            raise DisturbedValue("its end is missing")
        return self._open[0].items[0]

    def _line(self, line: str) -> None:
        if not _LINE.match(line):
            self.others.append(line + "\n")  # of a timer or a thread; the number of lines tells whether it was ours
            return
        if self._ended:
            raise DisturbedValue(f"{line[:60]!r} behind its end")
        if line[:1] == ".":
            if len(self._open) > 1 or not self._open[0].items or line[1:] != str(self._lines):
                raise DisturbedValue("lines are missing")
            self._ended = True
            return
        self._lines += 1
        if self._lines > MAX_ITEMS:
            raise ValueProblem(f"The value of {self._name} is too large: it holds more than {MAX_ITEMS} values.")
        if len(self._open) == 1 and self._open[0].items:
            raise DisturbedValue(f"{line[:60]!r} behind the value")
        letter, literal = line[:1], line[1:]
        if letter == "?":
            raise ValueProblem(
                f"{self._path()} on the board is of type {literal[:60]}, which cannot cross. Bring over what it holds "
                "instead: numbers, strings, bytes, lists, tuples, dicts, sets, arrays."
            )
        if letter == "^":
            raise ValueProblem(f"{self._name} holds containers more than {MAX_DEPTH} deep, or one that holds itself.")
        if letter in ("[", "(", "{", "<", ">", "a"):
            self._begin(letter, literal)
        else:
            self._open[-1].items.append(_leaf(letter, literal, line))
        self._close()

    def _begin(self, letter: str, literal: str) -> None:
        code = ""
        if letter == "a":
            code, literal = literal[:1], literal[1:]
            if code not in CODES:
                raise ValueProblem(f"{self._path()} on the board is an array of type {code!r}, which cannot cross.")
        if not re.fullmatch(r"\d{1,7}", literal) or len(self._open) > MAX_DEPTH + 1:
            raise DisturbedValue(f"{letter}{literal[:60]}")
        self._open.append(_Container(letter, int(literal), code))

    def _close(self) -> None:
        while len(self._open) > 1 and len(self._open[-1].items) == self._open[-1].size:
            whole = self._open.pop()
            try:
                self._open[-1].items.append(whole.make())
            except (TypeError, ValueError, OverflowError) as error:
                raise DisturbedValue(str(error)) from None

    def _path(self) -> str:
        """Return where in the value the next item lies, for example ``x['a'][3]``."""
        path = self._name
        containers = self._open[1:]
        for at, container in enumerate(containers):
            if container.letter == "{" and at + 1 < len(containers):
                pair = containers[at + 1]
                path += f"[{pair.items[0]!r}]" if pair.items else " (a key)"
            elif container.letter in ("<", ">"):
                path += " (an item)"
            elif at == 0 or containers[at - 1].letter != "{":
                path += f"[{len(container.items)}]"
        return path


class _Container:
    def __init__(self, letter: str, size: int, code: str = "") -> None:
        self.letter = letter
        self.size = size
        self.code = code
        self.items: list[Any] = []

    def make(self) -> Any:
        if self.letter == "a":
            return array.array(self.code, self.items)
        if self.letter == "{" and not all(isinstance(item, tuple) and len(item) == 2 for item in self.items):
            raise ValueError("a dict of something else than pairs")
        made: Callable[[list[Any]], Any] = {"[": list, "(": tuple, "{": dict, "<": set, ">": frozenset}[self.letter]
        return made(self.items)


def _leaf(letter: str, literal: str, line: str) -> Any:
    """Return the value of a line that is no container's."""
    if line in ("N", "T", "F"):
        return {"N": None, "T": True, "F": False}[line]
    try:
        if _INT.fullmatch(line):
            return int(literal, 16)
        if letter in ("f", "c"):
            packed = _literal(f"[{literal}]")
            parts = struct.unpack("<d" if letter == "f" else "<dd", packed)
            return parts[0] if letter == "f" else complex(*parts)
        if letter == "s":
            return _literal(literal)
        if letter == "y" and isinstance(found := _literal(literal), bytes):
            return bytearray(found)
    except (ValueError, TypeError, struct.error):
        pass
    raise DisturbedValue(repr(line[:60]))


def _literal(text: str) -> Any:
    """Return the one str or bytes in a list of text."""
    if not _TEXT.fullmatch(text):
        raise ValueError
    try:
        return literal_value(text)[0]
    except (SyntaxError, MemoryError, RecursionError):
        raise ValueError from None
