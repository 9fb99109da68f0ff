"""What is known of a name of the host's Python, for %%python cells: nothing runs for it, nothing is imported.

As with completion, values are looked at without asking them. So a signature is put together from what the function's
code says, and only values of Python's own simple types are shown.
"""

from __future__ import annotations

import builtins
import inspect
import re
from types import (
    BuiltinFunctionType,
    CodeType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodDescriptorType,
    MethodType,
    MethodWrapperType,
    ModuleType,
    NoneType,
    WrapperDescriptorType,
)
from typing import TYPE_CHECKING, Any

from .host_names import NOTHING, attribute, is_class, is_descriptor, script_of, static

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SIMPLE = (bool, bytes, complex, float, int, NoneType, str)
_MANY = (bytearray, dict, frozenset, list, set, tuple)
_BUILT_IN = (BuiltinFunctionType, MethodDescriptorType, MethodWrapperType, WrapperDescriptorType)
_LENGTH = 200
"""Characters of a value, and bits of a number, that are shown."""


def help_on(name: str, code: str, cursor: int, variables: Mapping[str, Any]) -> str | None:
    """Return what is known of a name; None for nothing.

    Args:
        name: a dotted name.
        code: the cell, whose own imports and definitions count where no cell has made the name so far.
        cursor: where in it the name stands.
        variables: the values that earlier cells have made.
    """
    if not name or not all(part.isidentifier() for part in name.split(".")):
        return None
    value = _value(name, variables)
    if value is not NOTHING:
        return _described(name, value)
    return _read(name, code, cursor)


def _read(name: str, code: str, cursor: int) -> str | None:
    """Return what the code itself, and the packages that are installed, tell."""
    before = code[:cursor]
    # Within brackets the name is that of the function before them.
    at = before.rfind(name)
    if at >= 0:
        before = code[: at + len(name)]
    lines = before.split("\n")
    try:
        found = script_of(code).help(len(lines), max(len(lines[-1]) - 1, 0))
        told = "\n\n".join(text for one in found if (text := one.docstring()) and one.type != "keyword")
    except Exception:  # jedi meets what it does not expect in code that is being typed
        return None
    return told or None


def _value(path: str, variables: Mapping[str, Any]) -> Any:
    first, *parts = path.split(".")
    value = variables.get(first, vars(builtins).get(first, NOTHING))
    for part in parts:
        # Behind a property or the like stands what it gives, and that is known when it has run.
        if value is NOTHING or is_descriptor(value):
            return NOTHING
        value = attribute(value, part)
    return NOTHING if type(value) in (GetSetDescriptorType, MemberDescriptorType) else value


def _described(name: str, value: Any) -> str:
    kind: type = type(value)
    if kind in (staticmethod, classmethod):
        return _described(name, value.__func__)
    if kind is MethodType:
        value, kind = value.__func__, type(value.__func__)
    if kind is FunctionType:
        return _joined(f"{name}{_signature(value)}", value.__doc__)
    if kind in _BUILT_IN:
        return _joined(f"{name}{_plain(value.__text_signature__) or '(...)'}", value.__doc__)
    if is_class(value):
        return _joined(f"class {name}{_of_constructor(value)}", _class_text(value))
    if kind is ModuleType:
        return _joined(f"module {name}", vars(value).get("__doc__"))
    if kind is property:
        return _joined(f"property {name}", value.__doc__)
    if kind is int and value.bit_length() > _LENGTH:
        return f"{name}: int of {value.bit_length()} bits"
    if kind in _SIMPLE:
        return f"{name}: {kind.__name__}\nValue: {_short(repr(value[:_LENGTH] if kind in (str, bytes) else value))}"
    if kind in _MANY:
        return f"{name}: {kind.__name__} with {len(value)} item{'s' * (len(value) != 1)}"
    return _joined(f"{name}: {static(kind, '__name__')}", _class_text(kind))


def _joined(first: str, text: object) -> str:
    return f"{first}\n\n{inspect.cleandoc(text)}" if isinstance(text, str) and text.strip() else first


def _short(text: str) -> str:
    return text if len(text) <= _LENGTH else text[:_LENGTH] + " ..."


def _class_text(kind: type) -> object:
    return static(kind, "__dict__").get("__doc__")


def _of_constructor(kind: type) -> str:
    for name in ("__init__", "__new__"):
        for one in static(kind, "__mro__"):
            found = static(one, "__dict__").get(name)
            found = found.__func__ if type(found) is staticmethod else found
            if type(found) is FunctionType:
                return _signature(found, skip=1)
            if found is not None and one is not object:
                break
    return _plain(static(kind, "__text_signature__"))


def _plain(signature: str | None) -> str:
    """Return the parameters of a function that is written in C, without the one that stands for its owner."""
    return re.sub(r"^\(\$\w+(?:, /(?=\))|, )?", "(", signature or "")


def _signature(function: FunctionType, skip: int = 0) -> str:
    """Return the parameters of a function with the defaults that are simple values."""
    return f"({', '.join(list(_parameters(function))[skip:])})"


def _parameters(function: FunctionType) -> Iterator[str]:
    code: CodeType = function.__code__
    names = list(code.co_varnames)
    defaults = function.__defaults__ or ()
    first = code.co_argcount - len(defaults)
    for at, name in enumerate(names[: code.co_argcount]):
        yield name if at < first else f"{name}={_default(defaults[at - first])}"
        if at + 1 == code.co_posonlyargcount:
            yield "/"
    after = code.co_argcount + code.co_kwonlyargcount
    if code.co_flags & inspect.CO_VARARGS:
        yield f"*{names[after]}"
        after += 1
    elif code.co_kwonlyargcount:
        yield "*"
    by_name = function.__kwdefaults__ or {}
    for name in names[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]:
        yield f"{name}={_default(by_name[name])}" if name in by_name else name
    if code.co_flags & inspect.CO_VARKEYWORDS:
        yield f"**{names[after]}"


def _default(value: object) -> str:
    if type(value) is int and value.bit_length() > _LENGTH:
        return "..."
    return _short(repr(value)) if type(value) in _SIMPLE else "..."
