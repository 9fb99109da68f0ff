"""Names in front of the lines of what several engines print at the same time (``%px``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Labels:
    """Puts a name in front of each line of what several tell at the same time.

    Args:
        write: gets whole lines.
    """

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self._rest: dict[str, str] = {}

    def __call__(self, name: str, text: str) -> None:
        """Take a text that a board told; the last line waits for its end."""
        whole, newline, rest = (self._rest.pop(name, "") + text).rpartition("\n")
        if newline:
            self._write("".join(f"[{name}] {line}\n" for line in whole.split("\n")))
        if rest:
            self._rest[name] = rest

    def flush(self) -> None:
        """Give the lines that have no end."""
        for name in list(self._rest):
            self(name, "\n")
