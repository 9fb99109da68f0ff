"""A password that a person is asked for once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class RememberedPassword:
    """Asks a person for a password once; a board that comes back is not a reason to ask again.

    Args:
        ask: gets the address and returns the password, None where nobody can be asked.
    """

    def __init__(self, ask: Callable[[str], str | None]) -> None:
        self._ask = ask
        self._known: str | None = None

    def __call__(self, address: str) -> str | None:
        """Return the password for an address."""
        if self._known is None:
            self._known = self._ask(address)
        return self._known

    def forget(self) -> None:
        """It may have been the wrong one."""
        self._known = None
