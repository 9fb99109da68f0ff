"""What can be typed at the end of the host's Python, for %%python cells: nothing runs for it, nothing is imported.

The values that cells have made are looked at without asking them: a property is code, and so is ``__getattr__``. What
the cell itself says is read by jedi, which sees the packages that are installed, and not the files beside the notebook.
"""

from __future__ import annotations

import builtins
import inspect
import keyword
import sys
from pathlib import Path
from types import MemberDescriptorType
from typing import TYPE_CHECKING, Any

from ..cell.parser import name_before

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_NOTHING = object()
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
    elif path and (value := _value(path, variables)) is not _NOTHING:
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
    value = variables.get(first, vars(builtins).get(first, _NOTHING))
    for part in parts:
        try:
            value = inspect.getattr_static(value, part)
        except AttributeError:
            return _NOTHING
        if isinstance(value, (property, MemberDescriptorType)) or hasattr(type(value), "__get__"):
            return _NOTHING  # what it gives is known when it has run
    return value


def _members(value: Any) -> Iterable[str]:
    """Give the names that a value has in itself, and those of its classes."""
    kinds = type.__dict__["__mro__"].__get__(value if isinstance(value, type) else type(value))
    for kind in kinds:
        yield from type.__dict__["__dict__"].__get__(kind)
    try:
        own = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return
    if isinstance(own, dict):
        yield from (name for name in own if isinstance(name, str))
