"""Methods of one object that are replaced for a while, and put back."""

from __future__ import annotations

from typing import Any


class InstanceHooks:
    """What is replaced at one object, whose class stays as it is.

    Args:
        target: the object.
    """

    def __init__(self, target: Any) -> None:
        self._target = target
        self._before: dict[str, Any] = {}

    def put(self, name: str, function: Any) -> Any:
        """Replace a method; return what was there, which the new one may call."""
        there = getattr(self._target, name)
        self._before[name] = vars(self._target).get(name)  # what somebody else has put there
        setattr(self._target, name, function)
        return there

    def end(self) -> None:
        """Put everything back."""
        for name, before in self._before.items():
            if before is None:
                vars(self._target).pop(name, None)
            else:
                setattr(self._target, name, before)
        self._before = {}
