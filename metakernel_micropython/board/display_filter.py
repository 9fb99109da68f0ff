r"""What a program on the board gives the host to show: pictures, tables, values.

The board runs ``snippets/display.py``, whose ``display()`` prints marks: ``\x1e!mk[``, a list of what it was called
with besides the content, ``\x1e!mk=``, the content, ``\x1e!mk]``. The content is a list with one value in the board's
``repr``, or lines of Base64, or lines of bytes literals. All of it is data with limits: nothing of it is evaluated.
"""

from __future__ import annotations

import ast
import binascii
from dataclasses import dataclass
from typing import Any

from ..syntax_tree import parsed_expression
from .protocol.marks import MarkTokenizer

MAX_CONTENT = 8 * 1024 * 1024
"""Characters of something to show; what is longer is not shown."""

BEGIN, _CONTENT, _END = "\x1e!mk[", "\x1e!mk=", "\x1e!mk]"
_MAX_HOW = 4096
_SPECIAL = {"nan": float("nan"), "inf": float("inf")}


def split_unfinished(text: str) -> tuple[str, str]:
    """Return output up to where something to show has begun to come, and the rest, which belongs with what follows."""
    begin = text.rfind(BEGIN)
    if begin < 0 or _END in text[begin:]:
        begin = text.rfind("\x1e")
        if begin < 0 or not BEGIN.startswith(text[begin:]):
            return text, ""
    return text[:begin], text[begin:]


@dataclass(frozen=True)
class Display:
    """Something to show.

    Attributes:
        how: what ``display()`` was called with besides it: width, height and format, headings, or what the text is.
        data: bytes; None for a value.
        value: the value; None for bytes, and for what is no plain data.
        text: the value in the board's ``repr``.
    """

    how: list[Any]
    data: bytes | None = None
    value: Any = None
    text: str = ""


@dataclass(frozen=True)
class InvalidDisplay:
    """Something to show that did not come whole.

    Attributes:
        reason: what is wrong with it, in a few words.
    """

    reason: str


class DisplayFilter:
    """Takes what is to be shown out of a program's output, however that is split."""

    def __init__(self) -> None:
        self._marks = MarkTokenizer(BEGIN, _END)
        self._parts: list[str] | None = None  # of what is coming
        self._size = 0

    def feed(self, text: str) -> list[str | Display | InvalidDisplay]:
        """Return what ``text`` brings, in its order: plain output and things to show."""
        found: list[str | Display | InvalidDisplay] = []
        for before, mark in self._marks.feed(text):
            expected = BEGIN if self._parts is None else _END
            # The other one is text like any other.
            piece = before if mark == expected else before + mark
            if self._parts is not None:
                self._size += len(piece)
                if self._size <= MAX_CONTENT:
                    self._parts.append(piece)
            elif piece:
                found.append(piece)
            if mark != expected:
                continue
            if self._parts is None:
                self._parts, self._size = [], 0
            else:
                found.append(self._taken("".join(self._parts)))
                self._parts = None
        return found

    def flush(self) -> list[str | Display | InvalidDisplay]:
        """Return what was held, once the program has ended."""
        held = self._marks.flush()
        parts, self._parts = self._parts, None
        if parts is not None:
            return [InvalidDisplay("the program ended before all of it came")]
        return [held] if held else []

    def _taken(self, told: str) -> Display | InvalidDisplay:
        if self._size > MAX_CONTENT:
            return InvalidDisplay(f"it is longer than {MAX_CONTENT // 1024 // 1024} MiB")
        how, is_there, content = told.partition(_CONTENT)
        if not is_there or len(how) > _MAX_HOW:
            return InvalidDisplay("it has no beginning")
        try:
            called = literal(how)
            if not isinstance(called, list):
                return InvalidDisplay("it has no beginning")
            if content[:1] == "[":
                return _value(called, content)
            return Display(called, data=_bytes(content))
        except ValueError as error:
            return InvalidDisplay(str(error))


def _value(how: list[Any], content: str) -> Display:
    text = content[1:-1]
    try:
        (value,) = literal(content)
    except ValueError:
        return Display(how, text=text)
    return Display(how, value=value, text=text)


def _bytes(content: str) -> bytes:
    lines = content.split()
    if content[:1] == "b" and content[1:2] in ("'", '"'):
        found = [literal(line) for line in content.splitlines()]
        if not all(isinstance(one, bytes) for one in found):
            raise ValueError("it holds lines that are no bytes")
        return b"".join(found)
    try:
        return b"".join(binascii.a2b_base64(line, strict_mode=True) for line in lines)
    except binascii.Error:
        raise ValueError("something else printed meanwhile, or the program was stopped") from None


def literal(text: str) -> Any:
    """Return the value that a literal in MicroPython's ``repr`` stands for, also with ``nan`` and ``inf`` in it.

    Raises:
        ValueError: it is none.
    """
    try:
        return _node(parsed_expression(text.strip()).body)
    except (SyntaxError, MemoryError, RecursionError, TypeError, ValueError):
        raise ValueError("it is no plain data") from None


def _node(node: ast.expr) -> Any:
    match node:
        case ast.Constant():
            return node.value
        case ast.List():
            return [_node(one) for one in node.elts]
        case ast.Tuple():
            return tuple(_node(one) for one in node.elts)
        case ast.Set():
            return {_node(one) for one in node.elts}
        case ast.Dict(keys=keys, values=values):
            return {_node(key): _node(value) for key, value in zip(keys, values, strict=True) if key is not None}
        case ast.Name(id=name) if name in _SPECIAL:
            return _SPECIAL[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            value = _node(operand)
            if isinstance(value, (int, float)):
                return -value
        case ast.Call(func=ast.Name(id="OrderedDict"), args=[ast.Dict() as inner], keywords=[]):
            return _node(inner)
    raise ValueError
