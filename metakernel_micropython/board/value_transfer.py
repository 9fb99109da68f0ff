"""Values between a board and the host's Python: as data, never as code, and exact.

From the board come lines of one letter and a literal, each container before its items:

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

To the board go expressions in which floats are bytes as well: MicroPython's compiler may be off by a last digit. A
value that is large goes in pieces, and gets its name when all of it is there.
"""

from __future__ import annotations

import array
import ast
import keyword
import math
import re
import struct
import time
import warnings
from typing import TYPE_CHECKING, Any

from ..errors import BoardTimeout, DeviceError, MicroPythonError
from . import snippets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .board import Board

MAX_DEPTH = 100
"""Levels of containers in containers."""

MAX_ITEMS = 1_000_000
"""Values in a value."""

MAX_SIZE = 64 * 1024 * 1024
"""Characters in which a board tells a value."""

PATIENCE = 15.0
"""Seconds without a character from the board, after which it is given up."""

PIECE = 4 * 1024
"""Bytes of source in which a value goes to a board with flow control."""

SMALL_PIECE = 256
"""Bytes for a board without: the smallest have little memory, too."""

ATTEMPTS = 3
"""How often a value is sent over a line that loses bytes, or read while something else prints."""

_DAMAGED = ("SyntaxError", "IndentationError", "NameError")
"""What a board says of an expression for a value only where it has not arrived as it was sent."""

_CODES = "bBhHiIlLqQfd"
_DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_INT = re.compile(r"i-?0x[0-9a-fA-F]+")
_TEXT = re.compile(r"""\[b?(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")\]""")


class ValueProblem(MicroPythonError):
    """A value cannot cross between the board and the host, or what came is none."""


class Values:
    """The values of a connected board.

    Every method raises ``ValueProblem`` where something cannot cross, ``DeviceError`` where the board raises,
    ``LineLost`` when the line is cut, and ``KeyboardInterrupt`` when somebody stops it.
    """

    def __init__(self, board: Board) -> None:
        self._board = board

    def get(self, expression: str) -> Any:
        """Return the value that an expression has on the board.

        None, bool, int, float, complex, str, bytes, bytearray, list, tuple, dict, set, frozenset, array.array, nested;
        a named tuple comes as a tuple, an ordered dict as a dict.

        Args:
            expression: a name, or any expression on one line; it is evaluated once, a plain name at times again.
        """
        _check_expression(expression)
        attempts = ATTEMPTS if _DOTTED.fullmatch(expression) else 1
        for attempt in range(1, attempts + 1):
            try:
                return self._get_once(expression)
            except _Disturbed as error:
                if attempt == attempts:
                    raise ValueProblem(
                        f"What the board on {self._board.address} told of {expression} is no value ({error}): "
                        "something else prints meanwhile (a timer, a thread). Stop that and try again."
                    ) from None
        raise AssertionError

    def _get_once(self, expression: str) -> Any:
        reader = Reader(expression)
        self._run(snippets.apply("values_get", f"({expression})"), reader.feed)
        return reader.value()

    def put(self, name: str, value: Any) -> None:
        """Give a name on the board a value; the old value stays until the new one is whole.

        The same types as for ``get``. A board that computes with single precision rounds floats to it.

        Args:
            name: an identifier.
            value: the value.
        """
        if not name.isidentifier() or keyword.iskeyword(name):
            raise ValueProblem(f"{name!r} is no name that a value can have.")
        no_flow_control = self._board.no_flow_control
        steps = list(_steps(value, SMALL_PIECE if no_flow_control else PIECE, name))
        attempts = ATTEMPTS if no_flow_control else 1
        for attempt in range(1, attempts + 1):
            try:
                if len(steps) == 1 and not no_flow_control:
                    self._run(f"{name}={_with_unpack(steps[0].removeprefix(_pushed('')))}", _nothing)
                else:
                    self._put_steps(name, steps, value if no_flow_control else None)
            except (BoardTimeout, DeviceError, _Disturbed) as error:
                # A line without flow control may have lost some of it.
                if attempt == attempts:
                    if isinstance(error, _Disturbed) or (isinstance(error, DeviceError) and error.name in _DAMAGED):
                        times = f" {attempts} times" if attempts > 1 else ""
                        raise ValueProblem(
                            f"The value of {name} arrived damaged{times} at the board on {self._board.address}: the "
                            "line loses or changes bytes. The board has what it had before. Try again."
                        ) from None
                    raise
            else:
                return

    def _put_steps(self, name: str, steps: list[str], expected: Any) -> None:
        """Build a value on the board and give it its name; where ``expected`` is not None, look whether it is that."""
        try:
            self._run(snippets.hold("values_put"), _nothing)
            for step in steps:
                self._run(_with_unpack(snippets.held_with(step)) + "\n", _nothing)
            if expected is not None and not _same(expected, self._get_once(snippets.held_with(_FINISHED))):
                raise _Disturbed
            self._run(f"{name}={snippets.held_with(_FINISHED)}\n", _nothing)
        finally:
            if self._board.idle:
                self._run(snippets.let_go(), _nothing)

    def _run(self, source: str, take: Callable[[str], object]) -> None:
        deadline = time.monotonic() + PATIENCE
        done = False
        try:
            with self._board.start(source) as execution:
                while not done:
                    done = execution.done
                    # Nothing may also be half a line end, which is kept until the rest of it comes. A program that was
                    # interrupted may take its time beyond the deadline.
                    if text := execution.read(max(0.05, deadline - time.monotonic())):
                        take(text)
                        deadline = time.monotonic() + PATIENCE
                    elif not execution.done and not execution.interrupts and time.monotonic() >= deadline:
                        raise BoardTimeout(
                            f"The board on {self._board.address} said nothing more of the value for {PATIENCE:g} s and "
                            "was stopped. Try again; where it happens again, %reboot the board."
                        )
                execution.check()
        except DeviceError as error:
            if error.name == "KeyboardInterrupt":
                raise KeyboardInterrupt from None
            raise
        if execution.interrupts:  # it came too late for this piece, and means the whole
            raise KeyboardInterrupt


class _Disturbed(Exception):
    """What came from the board is no value."""


class Reader:
    """Reads a value from the lines in which a board tells it, however they are split.

    Args:
        name: what the value is called in errors.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._rest: list[str] = []
        self._size = 0
        self._lines = 0
        self._open: list[_Container] = [_Container("", 1)]
        self._ended = False

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

    def value(self) -> Any:
        """Return the value, when the board has told all of it.

        Raises:
            ValueProblem: it is a set of values that Python cannot have.
        """
        if not self._ended or self._rest:
            raise _Disturbed("its end is missing")
        return self._open[0].items[0]

    def _line(self, line: str) -> None:
        if self._ended:
            raise _Disturbed(f"{line[:60]!r} behind its end")
        if line[:1] == ".":
            if len(self._open) > 1 or not self._open[0].items or line[1:] != str(self._lines):
                raise _Disturbed("lines are missing")
            self._ended = True
            return
        self._lines += 1
        if self._lines > MAX_ITEMS:
            raise ValueProblem(f"The value of {self._name} is too large: it holds more than {MAX_ITEMS} values.")
        if len(self._open) == 1 and self._open[0].items:
            raise _Disturbed(f"{line[:60]!r} behind the value")
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
            if code not in _CODES:
                raise ValueProblem(f"{self._path()} on the board is an array of type {code!r}, which cannot cross.")
        if not re.fullmatch(r"\d{1,7}", literal) or len(self._open) > MAX_DEPTH + 1:
            raise _Disturbed(f"{letter}{literal[:60]}")
        self._open.append(_Container(letter, int(literal), code))

    def _close(self) -> None:
        while len(self._open) > 1 and len(self._open[-1].items) == self._open[-1].size:
            whole = self._open.pop()
            try:
                self._open[-1].items.append(whole.make())
            except (TypeError, ValueError, OverflowError) as error:
                raise _Disturbed(str(error)) from None

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
    raise _Disturbed(repr(line[:60]))


def _literal(text: str) -> Any:
    """Return the one str or bytes in a list of text."""
    if not _TEXT.fullmatch(text):
        raise ValueError
    try:
        return ast.literal_eval(text)[0]
    except (SyntaxError, MemoryError, RecursionError):
        raise ValueError from None


# -- to the board ----------------------------------------------------------------------------------------------------


_FINISHED = "'=',0"
_APPENDED = "'^',0"
_JOINED = {str: "''.join", bytes: "b''.join", bytearray: "lambda v:bytearray(b''.join(v))"}
_CONTAINERS = (list, tuple, set, frozenset, dict, array.array)


def _with_unpack(expression: str) -> str:
    """Return an expression in which ``U`` makes floats of bytes."""
    return f"(lambda U:{expression})(__import__('struct').unpack)" if "U(" in expression else expression


def _pushed(source: str) -> str:
    return f"'+',{source}"


def _steps(value: Any, size: int, path: str, depth: int = 0) -> Iterator[str]:
    """Give the arguments of the calls that build a value on the board, each of about ``size`` bytes of source."""
    value = _plain(value)
    source = _source(value, path, depth)
    if len(source) <= size or not isinstance(value, (str, bytes, bytearray, *_CONTAINERS)):
        yield _pushed(source)
        return
    yield _pushed(f"{_array_maker(value)}()" if isinstance(value, array.array) else "[]")
    if isinstance(value, (str, bytes, bytearray)):
        step = max(1, size // 10)  # characters; of the rarest, each takes ten in source
        for at in range(0, len(value), step):
            piece = value[at : at + step]
            yield f"'&',[{_source(bytes(piece) if isinstance(piece, bytearray) else piece, path, depth)}]"
        yield f"'!',{_JOINED[type(value)]}"
        return
    if isinstance(value, array.array):
        step = max(1, size // 24)  # numbers; as bytes of a double each takes 32 at most, and half of that mostly
        for at in range(0, len(value), step):
            yield f"'&',{_source(value[at : at + step], path, depth)}"
        return
    group: list[str] = []
    for index, item in enumerate(value.items() if isinstance(value, dict) else value):
        where = f"{path}[{index}]"
        text = _source(item, where, depth + 1)
        if group and sum(map(len, group)) + len(group) + len(text) > size:
            yield f"'&',[{','.join(group)}]"
            group = []
        if len(text) <= size:
            group.append(text)
        else:
            yield from _steps(item, size, where, depth + 1)
            yield _APPENDED
    if group:
        yield f"'&',[{','.join(group)}]"
    if not isinstance(value, list):
        yield f"'!',{type(value).__name__}"


def _plain(value: Any) -> Any:
    """Return the number, or the lists of numbers, that a value of numpy is; any other value as it is."""
    return value.tolist() if type(value).__module__ == "numpy" and hasattr(value, "tolist") else value


def _array_maker(value: array.array[Any]) -> str:
    return f"(lambda v=():__import__('array').array({value.typecode!r},v))"


def _source(value: Any, path: str, depth: int) -> str:
    """Return an expression of MicroPython for a value; ``U`` in it stands for ``struct.unpack``.

    Raises:
        ValueProblem: it cannot cross.
    """
    value = _plain(value)
    kind = type(value)
    if value is None or kind is bool:
        return str(value)
    if kind is int:
        # Python reads and writes long decimal numbers slowly, and refuses the longest.
        return str(value) if abs(value) < 2**60 else hex(value)
    if kind is float:
        return f"U('<d',{struct.pack('<d', value)!r})[0]"
    if kind is complex:
        return f"complex(*U('<dd',{struct.pack('<dd', value.real, value.imag)!r}))"
    if kind is str:
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise ValueProblem(
                f"{path} holds half a character (a surrogate), which a board has no place for."
            ) from None
        return ascii(value)
    if kind in (bytes, bytearray):
        return repr(value)
    if depth > MAX_DEPTH:
        raise ValueProblem(f"{path[:60]} ... lies more than {MAX_DEPTH} containers deep, or in itself.")
    if kind is array.array and value.typecode not in _CODES:
        raise ValueProblem(f"{path} is an array of type {value.typecode!r}, which boards do not have.")
    if kind in (list, tuple, array.array) and len(value) and all(type(item) is float for item in value):
        made = f"U('<{len(value)}d',{struct.pack(f'<{len(value)}d', *value)!r})"
        return made if kind is tuple else f"list({made})" if kind is list else f"{_array_maker(value)}({made})"
    if kind is dict:
        pairs = [
            f"{_source(key, f'a key of {path}', depth + 1)}:{_source(item, f'{path}[{key!r:.40}]', depth + 1)}"
            for key, item in value.items()
        ]
        return f"{{{','.join(pairs)}}}"
    if kind not in _CONTAINERS:
        raise ValueProblem(
            f"{path} is of type {kind.__name__}, which cannot cross. Send what it holds instead: numbers, strings, "
            "bytes, lists, tuples, dicts, sets, arrays."
        )
    items = ",".join(_source(item, f"{path}[{index}]", depth + 1) for index, item in enumerate(value))
    if kind is tuple:
        return f"({items},)" if items else "()"
    if kind is list:
        return f"[{items}]"
    return f"{_array_maker(value)}([{items}])" if kind is array.array else f"{kind.__name__}([{items}])"


def _same(sent: Any, told: Any) -> bool:
    """Whether a board has what was sent, but for the precision of its floats."""
    sent = _plain(sent)
    if isinstance(sent, (float, complex)):
        if not isinstance(told, (float, complex)):
            return False
        parts = [(sent.real, told.real), (sent.imag, told.imag)]
        # Beyond the range of single precision lies infinity.
        return all(
            a == b
            or (math.isnan(a) and math.isnan(b))
            or math.isclose(a, b, rel_tol=1e-5, abs_tol=1e-37)
            or abs(b) > 1e38
            for a, b in parts
        )
    if type(sent) is not type(told):
        return False
    if isinstance(sent, dict):
        return _same(list(sent.items()), list(told.items())) or _same(_sorted(sent.items()), _sorted(told.items()))
    if isinstance(sent, (list, tuple, array.array)):
        return len(sent) == len(told) and all(map(_same, sent, told))
    if isinstance(sent, (set, frozenset)):
        return _same(_sorted(sent), _sorted(told))
    return bool(sent == told)


def _near(sent: float, told: float) -> bool:
    # Beyond the range of single precision lies infinity.
    same = sent == told or (math.isnan(sent) and math.isnan(told)) or (abs(sent) > 1e38 and math.isinf(told))
    return same or math.isclose(sent, told, rel_tol=1e-5, abs_tol=1e-37)


def _sorted(items: Any) -> list[Any]:
    return sorted(items, key=repr)


def _check_expression(expression: str) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(f"({expression})", mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise ValueProblem(f"{expression!r} is no expression.") from None
    if "\n" in expression:
        raise ValueProblem(f"{expression!r} is not on one line.")


def _nothing(_text: str) -> None:
    pass
