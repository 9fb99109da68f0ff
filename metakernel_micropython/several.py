"""The boards that a kernel is connected to, by name, and which of them cells run on."""

from __future__ import annotations

import re
import threading
from contextvars import ContextVar
from difflib import get_close_matches
from pathlib import PurePath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .errors import NotConnected
from .transports import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .connections import Connection

ALL = "all"
"""Stands for every board where names of boards are expected."""

CLOSE_TIMEOUT = 3.0
"""Seconds that all boards together have to say goodbye when their lines are closed."""

acting_on: ContextVar[Connection | None] = ContextVar("acting_on", default=None)
"""The board of a thread that works on one of several; None: the current one is meant."""

saying: ContextVar[Callable[[str, str], object] | None] = ContextVar("saying", default=None)
"""What takes the output of a thread that works on one of several boards: ``stdout`` or ``stderr``, and the text."""

_NAME = re.compile(r"[^\W\d][\w.-]*")


class Connections:
    """The connected boards, in the order in which they were connected. Any thread may look at them."""

    def __init__(self) -> None:
        self._boards: dict[str, Connection] = {}
        self._current = ""
        self._unnamed = ""  # the name that nobody chose

    def __len__(self) -> int:
        return len(self._boards)

    def __iter__(self) -> Iterator[tuple[str, Connection]]:
        return iter(list(self._boards.items()))

    @property
    def names(self) -> list[str]:
        """The boards' names."""
        return list(self._boards)

    @property
    def current(self) -> Connection | None:
        """The board that this thread works on, else the one that cells run on; None where there is none."""
        return acting_on.get() or self._boards.get(self._current)

    @property
    def current_name(self) -> str:
        """The name of the board that cells run on; ``""`` where there is none."""
        return self._current

    @property
    def chosen_name(self) -> str | None:
        """The name of the board that cells run on, where a person chose it."""
        return self._current if self._current and self._current != self._unnamed else None

    def add(self, connection: Connection, name: str | None) -> None:
        """Note a board that was connected; cells run on it from now on.

        Args:
            connection: the board.
            name: what it is called; None for a name that its address gives.
        """
        if name is None:
            name = self._unnamed = self._free_name(connection.address)
        self._boards[name] = connection
        self._current = name

    def replaced_by(self, name: str | None) -> str:
        """Return the name of the board whose place one of this name takes; ``""`` where it takes none.

        A board that nobody gave a name takes the place of the other one without.
        """
        wanted = self._unnamed if name is None else name
        return wanted if wanted in self._boards else ""

    def use(self, name: str) -> Connection:
        """Have cells run on a board.

        Raises:
            NotConnected: there is none of this name.
        """
        ((name, connection),) = self.select([name])
        self._current = name
        return connection

    def remove(self, name: str) -> Connection:
        """Forget a board. Where cells ran on it, they run on none: nobody wants them on another one by surprise."""
        connection = self._boards.pop(name)
        if name == self._current:
            self._current = ""
        if name == self._unnamed:
            self._unnamed = ""
        return connection

    def select(self, names: Iterable[str]) -> list[tuple[str, Connection]]:
        """Return the named boards, each once; ``all`` stands for every one.

        Raises:
            NotConnected: no board has one of the names.
        """
        found: dict[str, Connection] = {}
        for name in names:
            if name == ALL and self._boards:
                found.update(self._boards)
            elif name in self._boards:
                found[name] = self._boards[name]
            else:
                raise NotConnected(f"No board is called {name}.{self._meant(name)} {self.listed()}")
        return list(found.items())

    def _meant(self, name: str) -> str:
        near = get_close_matches(name, self._boards, n=1)
        return f" Did you mean {near[0]}?" if near else ""

    def listed(self) -> str:
        """Return a sentence that names the connected boards, and says how to choose one or to connect one."""
        if not self._boards:
            return "No board is connected: %connect ADDRESS --name NAME connects one."
        return f"Connected: {', '.join(self._boards)}. %use NAME chooses the one that cells run on."

    def at(self, address: str) -> str:
        """Return the name of the board on a line that serves one program at a time; ``""`` where there is none."""
        if parse(address).scheme in ("virtual", "exec", "auto"):
            return ""
        return next((name for name, one in self if parse(one.address).target == parse(address).target), "")

    def _free_name(self, address: str) -> str:
        base = short_name(address)
        number = 1
        name = base
        while name in self._boards:
            number += 1
            name = f"{base}-{number}"
        return name


def is_name(text: str) -> bool:
    """Whether a board can be called so."""
    return _NAME.fullmatch(text) is not None and text != ALL


def short_name(address: str) -> str:
    """Return a name for the board at an address: ``ttyACM0``, ``pico.local``, ``virtual``."""
    parsed = parse(address)
    if parsed.scheme in ("ws", "wss"):
        text = urlsplit(parsed.target).hostname or ""
    elif parsed.scheme in ("socket", "rfc2217"):
        text = urlsplit(parsed.target).netloc
    elif parsed.scheme == "exec":
        text = PurePath(parsed.target.split()[0]).name
    elif parsed.scheme in ("id", "usb"):
        text = parsed.target
    else:
        text = PurePath(parsed.target).name
    text = re.sub(r"[^\w.-]+", "-", text).strip("-")
    if not text:
        return parsed.scheme
    return text if is_name(text) else f"{parsed.scheme}-{text}"


def in_parallel(actions: Iterable[Callable[[], object]], timeout: float = CLOSE_TIMEOUT) -> None:
    """Do several things at once, each in a thread; return when all are done or the time is over."""
    from time import monotonic

    threads = [threading.Thread(target=action, daemon=True) for action in actions]
    for thread in threads:
        thread.start()
    deadline = monotonic() + timeout
    for thread in threads:
        thread.join(max(0.0, deadline - monotonic()))
