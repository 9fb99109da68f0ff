"""An object on a board, used from the host: its attributes, methods and items."""

from __future__ import annotations

import keyword
from typing import TYPE_CHECKING, Any

from ..value_reader import ValueProblem
from .conversation import Kind, Request
from .remote_function import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conversation import RemoteCalls


def check_name(name: str) -> str:
    """Return the name of an object on a board: identifiers with dots between them.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(name, str) or not all(
        part.isidentifier() and not keyword.iskeyword(part) for part in name.split(".")
    ):
        raise ValueError(f"{name!r} is no name of an object on a board, as sensor or machine.Pin is.")
    return name


class Proxy:
    """An object on a board.

    ``proxy.name`` is the value of an attribute where that can cross, or else a proxy of what it is, which can be called
    where it is a function. ``proxy.name = value`` sets it; ``proxy[key]``, ``proxy[key] = value`` and ``len(proxy)``
    are those of the object. Each is one request to the board. Names that begin with an underscore are the host's.

    Args:
        name: its name on the board.
        calls: returns the board's calls.
        timeout: seconds that each request may take; None for no limit.
    """

    def __init__(self, name: str, calls: Callable[[], RemoteCalls], timeout: float | None) -> None:
        vars(self).update(_name=check_name(name), _calls=calls, _timeout=timeout)

    def _ask(self, kind: Kind, name: str, *arguments: Any, **named: Any) -> Any:
        own = vars(self)
        found = own["_name"]
        request = Request(name, found, kind, arguments, named, timeout=own["_timeout"], output=shown)
        return own["_calls"]().ask(request)

    def _part(self, name: str) -> Proxy:
        own = vars(self)
        return Proxy(f"{own['_name']}.{name}", own["_calls"], own["_timeout"])

    def __getattr__(self, name: str) -> Any:
        """Return an attribute's value, or a proxy of what it is.

        Raises:
            AttributeError: the object has none of this name, or it begins with an underscore.
            Exception: what ``RemoteCalls.ask`` raises.
        """
        _check_attribute(name)
        part = self._part(name)
        full = vars(part)["_name"]
        try:
            return part._ask(Kind.GET, full)
        except ValueProblem as problem:
            if str(problem).startswith(f"{full} on the board"):  # it is something that cannot cross itself
                return part
            raise

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute of the object; raises what ``__getattr__`` does."""
        _check_attribute(name)
        self._ask(Kind.SET, f"{vars(self)['_name']}.{name}", name, value)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the object and return the value.

        Raises:
            Exception: what ``RemoteCalls.ask`` raises; a ValueProblem where the value cannot cross.
        """
        return self._ask(Kind.CALL, f"{vars(self)['_name']}()", *args, **kwargs)

    def __getitem__(self, key: Any) -> Any:
        """Return an item."""
        return self._ask(Kind.ITEM, f"{vars(self)['_name']}[{key!r:.40}]", key)

    def __setitem__(self, key: Any, value: Any) -> None:
        """Set an item."""
        self._ask(Kind.SET_ITEM, f"{vars(self)['_name']}[{key!r:.40}]", key, value)

    def __len__(self) -> int:
        """Return the object's length."""
        return int(self._ask(Kind.LENGTH, f"len({vars(self)['_name']})"))

    def __bool__(self) -> bool:
        """Tell nothing of the object: a proxy is true, and asking costs no request."""
        return True

    __iter__ = None
    """Not by items, one request each: ``board.values.get(name)`` brings the whole."""

    def __repr__(self) -> str:
        return f"<proxy of {vars(self)['_name']} on a board>"


def _check_attribute(name: str) -> None:
    if name.startswith("_") or not name.isidentifier() or keyword.iskeyword(name):
        raise AttributeError(
            f"{name!r} is no attribute that a proxy asks the board for: board.values.get('NAME.{name}') reads it."
            if name.isidentifier()
            else f"{name!r} is no name of an attribute."
        )
