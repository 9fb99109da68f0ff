"""A line whose calls fail: what a library, or the system below it, may raise while a board is in use."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from metakernel_micropython import transports
from metakernel_micropython.transports.base import WRITE_TIMEOUT, Transport

from .plan import ERRORS, Kind, Way

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest

    from .plan import Fault


class FailingCalls:
    """The faults of all lines that are opened while it is in place.

    Attributes:
        struck: those that have happened since the plan was armed.
    """

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.struck: list[Fault] = []
        self._to_come: list[Fault] = []
        self._calls = dict.fromkeys(Way, 0)
        self._lock = threading.Lock()
        opens = transports.open_transport
        patch.setattr(transports, "open_transport", lambda *arguments: _FailingLine(opens(*arguments), self))

    def arm(self, faults: Iterable[Fault]) -> None:
        """Let the faults happen from now on, each once."""
        with self._lock:
            self.struck = []
            self._calls = dict.fromkeys(Way, 0)
            self._to_come = [fault for fault in faults if fault.kind in (Kind.READ_FAILS, Kind.WRITE_FAILS)]

    def heal(self) -> list[Fault]:
        """Let none happen any more; return those that have happened."""
        with self._lock:
            self._to_come = []
            return list(self.struck)

    def next(self, way: Way) -> Fault | None:
        """Return the fault that strikes a call, if one does."""
        with self._lock:
            number = self._calls[way]
            self._calls[way] += 1
            found = next((fault for fault in self._to_come if fault.way is way and fault.at <= number), None)
            if found is not None:
                self._to_come.remove(found)
                self.struck.append(found)
            return found


class _FailingLine(Transport):
    """An open line, some calls of which fail."""

    def __init__(self, line: Transport, calls: FailingCalls) -> None:
        self._line = line
        self._calls = calls
        self.address = line.address

    def read(self, timeout: float | None = None) -> bytes:
        data = self._line.read(timeout)
        if data and (fault := self._calls.next(Way.FROM_BOARD)) is not None:
            raise ERRORS[fault.error]()
        return data

    def write(self, data: bytes, timeout: float = WRITE_TIMEOUT) -> None:
        if (fault := self._calls.next(Way.TO_BOARD)) is not None:
            if fault.size:  # a part of it is on its way already
                self._line.write(data[: fault.size], timeout)
            raise ERRORS[fault.error]()
        self._line.write(data, timeout)

    def close(self) -> None:
        self._line.close()
