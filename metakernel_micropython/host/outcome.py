"""What a cell of the host's Python came to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Failed:
    """An exception and its traceback as IPython shows it."""

    error: BaseException
    lines: list[str]


@dataclass
class Outcome:
    """What a cell came to.

    Attributes:
        value: the value of its last expression.
        shown: this value by MIME types; empty where there is none, or where ``;`` hides it.
        metadata: what belongs to ``shown``.
        failed: the exception that ended the cell.
    """

    value: Any = None
    shown: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    failed: Failed | None = None
