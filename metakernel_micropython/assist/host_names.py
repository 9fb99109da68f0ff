"""What can be typed at the end of the host's Python, for %%python cells: nothing runs for it, nothing is imported.

The values that cells have made are looked at without asking them: a property is code, and so is ``__getattr__``. What
the cell itself says is read by jedi, which sees the packages that are installed, and not the files beside the notebook.
"""

from __future__ import annotations

import builtins
import keyword
import sys
from pathlib import Path
from types import GetSetDescriptorType, MemberDescriptorType
from typing import TYPE_CHECKING, Any

from ..cell.parser import name_before

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NOTHING = object()
"""Stands for what is not there, or cannot be seen without running it."""

_OF_IPYTHON = ("In", "Out", "display", "get_ipython")


def names_at_the_end(code: str, variables: Mapping[str, Any]) -> list[str]:
    """Return the names that can stand at the end of ``code``, in their order.

    Args:
        code: Python up to the cursor.
        variables: the values that earlier cells have made.
    """
    path, dot, prefix = name_before(code).rpartition(".")
    found = set(_read(code))
    if not dot:
        found |= {*variables, *vars(builtins), *keyword.kwlist, *_OF_IPYTHON}
    elif path and (value := _value(path, variables)) is not NOTHING:
        found |= set(_members(value))
    hidden = not prefix.startswith("_")
    return sorted(
        name
        for name in found
        if name.startswith(prefix) and name.isidentifier() and not (hidden and name.startswith("_"))
    )


def script_of(code: str) -> Any:
    """Return code as jedi reads it, with the packages that are installed, and not the files beside the notebook."""
    from jedi import Project, Script  # type: ignore[import-untyped]
    from jedi.api.environment import InterpreterEnvironment  # type: ignore[import-untyped]

    project = Project(
        Path(__file__).parent, sys_path=list(sys.path), smart_sys_path=False, load_unsafe_extensions=False
    )
    return Script(code, project=project, environment=InterpreterEnvironment())


def _read(code: str) -> list[str]:
    """Return what the code itself tells, and what it imports."""
    try:
        found = script_of(code).complete()
    except Exception:  # jedi meets what it does not expect in code that is being typed
        return []
    return [one.name for one in found]


def _value(path: str, variables: Mapping[str, Any]) -> Any:
    """Return what a dotted name stands for, as far as that can be seen."""
    first, *parts = path.split(".")
    value = variables.get(first, vars(builtins).get(first, NOTHING))
    for part in parts:
        value = attribute(value, part)
        if value is NOTHING or is_descriptor(value):
            return NOTHING  # what it gives is known when it has run
    return value


def _members(value: Any) -> Iterable[str]:
    """Give the names that a value has in itself, and those of its classes."""
    for kind in static(value if is_class(value) else type(value), "__mro__"):
        yield from static(kind, "__dict__")
    yield from (name for name in _own(value) if isinstance(name, str))


def attribute(value: Any, name: str) -> Any:
    """Return what a value or its class keeps under a name, as it is kept there; ``NOTHING`` where it is not there."""
    of_class = _kept(type(value), name)
    if is_class(value) and (found := _kept(value, name)) is not NOTHING:
        return found
    if of_class is not NOTHING and _kept(type(of_class), "__set__") is not NOTHING:
        return of_class
    return _own(value).get(name, of_class)


def is_descriptor(value: Any) -> bool:
    """Whether what a name stands for is made when somebody asks for it."""
    return _kept(type(value), "__get__") is not NOTHING


def is_class(value: Any) -> bool:
    """Whether a value is a class, whatever it says of itself."""
    return issubclass(type(value), type)


def static(kind: type, name: str) -> Any:
    """Return what Python itself keeps of a class, whatever its metaclass says."""
    return type.__dict__[name].__get__(kind)


def _kept(kind: type, name: str) -> Any:
    for one in static(kind, "__mro__"):
        found = static(one, "__dict__").get(name, NOTHING)
        if found is not NOTHING:
            return found
    return NOTHING


def _own(value: Any) -> dict[str, Any]:
    """Return the names that an object keeps itself; none where it makes them when it is asked."""
    found = _kept(type(value), "__dict__")
    if is_class(value) or type(found) not in (GetSetDescriptorType, MemberDescriptorType):
        return {}
    try:
        names = found.__get__(value)
    except AttributeError:
        return {}
    return names if isinstance(names, dict) else {}
