"""Values to a board: as expressions of MicroPython, in which floats are bytes, and in pieces where they are large.

MicroPython's compiler may be off by a last digit of a float that is written as text.
"""

from __future__ import annotations

import array
import math
import struct
from typing import TYPE_CHECKING, Any

from .value_reader import CODES, MAX_DEPTH, ValueProblem

if TYPE_CHECKING:
    from collections.abc import Iterator

FINISHED = "'=',0"
_APPENDED = "'^',0"
_JOINED = {str: "''.join", bytes: "b''.join", bytearray: "lambda v:bytearray(b''.join(v))"}
_CONTAINERS = (list, tuple, set, frozenset, dict, array.array)


def with_unpack(expression: str) -> str:
    """Return an expression in which ``U`` makes floats of bytes."""
    return f"(lambda U:{expression})(__import__('struct').unpack)" if "U(" in expression else expression


def pushed(source: str) -> str:
    """Return the arguments that put a value on the stack of ``snippets/values_put.py``."""
    return f"'+',{source}"


def whole(value: Any, size: int, path: str) -> str | None:
    """Return an expression for a value that has at most ``size`` bytes; None where it has more.

    Raises:
        ValueProblem: the value cannot cross; the message names it by ``path``.
    """
    first = next(steps(value, size, path))
    source = with_unpack(first.removeprefix(pushed("")))
    return source if first != pushed("[]") and len(source) <= size + 100 else None


def steps(value: Any, size: int, path: str, depth: int = 0) -> Iterator[str]:
    """Give the arguments of the calls that build a value on the board, each of about ``size`` bytes of source."""
    value = _plain(value)
    source = _source(value, path, depth)
    if len(source) <= size or not isinstance(value, (str, bytes, bytearray, *_CONTAINERS)):
        yield pushed(source)
        return
    yield pushed(f"{_array_maker(value)}()" if isinstance(value, array.array) else "[]")
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
            yield from steps(item, size, where, depth + 1)
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
        # MicroPython's complex() makes an imaginary -0.0 to 0.0 (py/objcomplex.c adds parts); its minus keeps it.
        minus = "-" if value.imag == 0 and math.copysign(1, value.imag) < 0 else ""
        value = -value if minus else value
        return f"{minus}complex(*U('<dd',{struct.pack('<dd', value.real, value.imag)!r}))"
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
    if kind is array.array and value.typecode not in CODES:
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


def same_value(sent: Any, told: Any) -> bool:
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
        return same_value(list(sent.items()), list(told.items())) or same_value(
            _sorted(sent.items()), _sorted(told.items())
        )
    if isinstance(sent, (list, tuple, array.array)):
        return len(sent) == len(told) and all(map(same_value, sent, told))
    if isinstance(sent, (set, frozenset)):
        return same_value(_sorted(sent), _sorted(told))
    return bool(sent == told)


def _sorted(items: Any) -> list[Any]:
    return sorted(items, key=repr)
