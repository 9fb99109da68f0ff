"""The boards that a kernel is connected to, by name, and which of them cells run on."""

from __future__ import annotations

import os
import re
import threading
from contextvars import ContextVar
from dataclasses import replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..errors import ConnectError, NotConnected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ..board import Board
    from ..transports import Address, ConnectionOptions, KeptFiles
    from ..transports.tap import Listener
    from .session import BoardSession

ALL = "all"
"""Stands for every board where names of boards are expected."""

CLOSE_TIMEOUT = 3.0
"""Seconds that all boards together have to say goodbye when their lines are closed."""

acting_on: ContextVar[BoardSession | None] = ContextVar("acting_on", default=None)
"""The board of a thread that works on one of several; None: the current one is meant."""

gathered: ContextVar[dict[str, Any]] = ContextVar("gathered")
"""The values that a thread, which works on one of several boards, has got from it; unset: the notebook's own names."""

_NAME = re.compile(r"[^\W\d][\w.-]*")


class SessionRegistry:
    """The connected boards, in the order in which they were connected. Any thread may look at them.

    Args:
        tell: called with sentences about what goes wrong beside what was asked for.

    Attributes:
        ends_with: called by name when all boards are freed: what else uses boards.
        unnamed: the name of the board that nobody gave one; ``""`` where there is none.
        changing: held by who changes which boards there are.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self.ends_with: dict[str, Callable[[], object]] = {}
        self._tell = tell
        self._boards: dict[str, BoardSession] = {}
        self._current = ""
        self.unnamed = ""
        self._listener: Listener | None = None
        self.changing = threading.RLock()
        self._opening: set[BoardSession] = set()
        self._cell = ""  # the number of the newest
        self._files: dict[str, KeptFiles] = {}  # of virtual boards, by the name that a person chose

    def __len__(self) -> int:
        return len(self._boards)

    def __iter__(self) -> Iterator[tuple[str, BoardSession]]:
        return iter(list(self._boards.items()))

    @property
    def names(self) -> list[str]:
        """The boards' names."""
        return list(self._boards)

    @property
    def current(self) -> BoardSession | None:
        """The board that this thread works on, else the one that cells run on; None where there is none."""
        return acting_on.get() or self._boards.get(self._current)

    @property
    def current_name(self) -> str:
        """The name of the board that cells run on; ``""`` where there is none."""
        return self._current

    @property
    def chosen_name(self) -> str | None:
        """The name of the board that cells run on, where a person chose it."""
        return self._current if self._current and self._current != self.unnamed else None

    def ready(self, tell: Callable[..., None]) -> Board | None:
        """Return the board that cells run on, connected again where it was lost; None where none is connected.

        Args:
            tell: called with sentences about what happened to it.

        Raises:
            NotConnected: it is not there again, or there are boards and cells run on none of them.
            LineLost: it was lost this moment.
        """
        if self.current is not None:
            return self.current.ready(tell)
        if self._boards:
            raise NotConnected(f"Cells run on no board now. {self.listed()}")
        return None

    # -- opening and closing -------------------------------------------------------------------------------------

    def open(
        self,
        address: str,
        options: ConnectionOptions | None = None,
        *,
        name: str | None = None,
        wait: float | None = None,
    ) -> Board:
        """Connect to a board; cells run on it from now on.

        Args:
            address: see ``transports.address``.
            options: how it is connected; None for the defaults.
            name: what the board is called among several; it takes the place of the one that is called so. None: its
                address gives a name, and it takes the place of the one that nobody gave a name.
            wait: seconds to wait until the board is there; None for not at all.

        Raises:
            MicroPythonError: it did not work; the board whose place it would have taken stays connected, unless it is
                on the same line, which had to be free.
        """
        from ..transports import ConnectionOptions, KeptFiles, parse
        from .session import BoardSession  # with what it needs a tenth of the kernel's start

        wanted = parse(address)
        options = options or ConnectionOptions()
        with self.changing:
            if wanted.scheme == "virtual" and not wanted.target:
                options = replace(options, files=self._files.setdefault(name or "", KeptFiles()))
            connection = BoardSession(address, options)
            replaced = self.unnamed if name is None else name
            before = self._boards.get(replaced)
            if before is not None and may_share_line(parse(before.address), wanted):
                self.close(replaced)
                freed, before = before.address, None
            else:
                freed = ""
            if self._listener is not None:
                connection.tap.add(self._listener)
            if self._cell:
                connection.tap.note_event("cell", self._cell)
            self._opening.add(connection)
        try:
            if taken := self._at(address):
                raise ConnectError(
                    f"{address} is already connected here as {taken}: %use {taken} has cells run on it, %disconnect "
                    f"{taken} frees it."
                )
            board = connection.open() if wait is None else connection.wait(wait, self._tell)
        except BaseException:
            self._end(connection, exit_raw_repl=False)
            if freed:
                self._tell(f"The board on {freed} was disconnected first: its line had to be free for {address}.")
            raise
        finally:
            self._opening.discard(connection)
        with self.changing:
            if before is not None:
                self.close(replaced)
            if name is None:
                name = self.unnamed = self._free_name(connection.address)
            self._boards[name] = connection
            self._choose(name)
        return board

    def give_up_opening(self) -> None:
        """Have the boards that other threads connect to now be freed as soon as they are connected."""
        for connection in list(self._opening):
            connection.close(exit_raw_repl=False)

    def close(self, name: str, *, exit_raw_repl: bool = True) -> str:
        """Free a board's line, and return its address.

        Where cells ran on it, they run on none from now on: nobody wants them on another one by surprise.

        Args:
            name: the board.
            exit_raw_repl: as for ``Board.close``.
        """
        connection = self._boards.pop(name)
        if name == self.unnamed:
            self.unnamed = ""
        if name == self._current:
            self._choose("")
        self._end(connection, exit_raw_repl=exit_raw_repl)
        return connection.address

    def close_all(self) -> None:
        """Free the lines of all boards at once, and what ends with them."""
        in_parallel([*(partial(self.close, name) for name in self.names), *self.ends_with.values()])
        for files in self._files.values():
            files.remove()

    def _end(self, connection: BoardSession, *, exit_raw_repl: bool) -> None:
        connection.close(exit_raw_repl=exit_raw_repl)
        if connection.mount is not None:
            connection.mount.close()
        if problem := connection.end_log():
            self._tell(problem)

    def check_logs(self) -> None:
        """Close the logs that could not be written, and tell of them."""
        for connection in list(self._boards.values()):
            if connection.log_failed:
                self._tell(connection.end_log())

    # -- the one that cells run on -------------------------------------------------------------------------------

    def _choose(self, name: str) -> None:
        self._current = name
        self.listen(self._listener)

    def listen(self, listener: Listener | None) -> None:
        """Have somebody hear what goes over the line of the board that cells run on, and no other; None for nobody."""
        for connection in list(self._boards.values()):
            if self._listener is not None:
                connection.tap.remove(self._listener)
        self._listener = listener
        current = self._boards.get(self._current)
        if listener is not None and current is not None:
            current.tap.add(listener)

    def note_cell(self, number: int) -> None:
        """Tell those who hear the boards' lines that a cell begins."""
        self._cell = str(number)
        for connection in list(self._boards.values()):
            connection.tap.note_event("cell", self._cell)

    def use(self, name: str) -> BoardSession:
        """Have cells run on a board.

        Raises:
            NotConnected: there is none of this name.
        """
        if name == ALL and self._boards:
            raise NotConnected(f"Cells run on one board; %%on all runs one on every board. {self.listed()}")
        if name not in self._boards:
            self.select([name])  # tells what is near, where none fits
            raise NotConnected(f"Cells run on one board, and {name} is a pattern. {self.listed()}")
        connection = self._boards[name]
        self._choose(name)
        return connection

    # -- names ---------------------------------------------------------------------------------------------------

    def select(self, names: Iterable[str]) -> list[tuple[str, BoardSession]]:
        """Return the named boards, each once; ``all`` stands for every one, ``desk*`` for those whose names fit.

        Raises:
            NotConnected: no board has one of the names, or none fits.
        """
        found: dict[str, BoardSession] = {}
        for name in names:
            if name == ALL and self._boards:
                found.update(self._boards)
            elif name in self._boards:
                found[name] = self._boards[name]
            elif fitting := [one for one in self.names if fnmatchcase(one, name)]:
                found.update((one, self._boards[one]) for one in fitting)
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

    def _at(self, address: str) -> str:
        """Return the name of the board on a line that serves one program at a time; ``""`` where there is none."""
        from ..transports import parse

        if parse(address).scheme in ("virtual", "exec", "replay", "auto"):
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


def may_share_line(one: Address, other: Address) -> bool:
    """Whether two addresses may mean one line, which serves one program at a time."""
    if one.scheme == "serial" and other.scheme in ("auto", "id", "usb"):
        if other.scheme == "auto":
            return True
        from ..transports import port_scan

        found = port_scan.find(other)  # raises where nothing fits: then the other one is left alone
        return same_device(found.device, one.target)
    if one.scheme == other.scheme == "serial":
        return same_device(one.target, other.target)
    if one.scheme == other.scheme == "ble":
        from ..transports.ble_scan import is_address

        # Which device has a name shows only in the air, and not while it is connected.
        return is_address(one.target) != is_address(other.target) or one.target.casefold() == other.target.casefold()
    return (one.scheme, one.target) == (other.scheme, other.target)


def same_device(one: str, other: str) -> bool:
    """Whether two paths or names lead to one port."""
    return one.casefold() == other.casefold() or os.path.realpath(one) == os.path.realpath(other)


def is_name(text: str) -> bool:
    """Whether a board can be called so."""
    return _NAME.fullmatch(text) is not None and text != ALL


def short_name(address: str) -> str:
    """Return a name for the board at an address: ``ttyACM0``, ``pico.local``, ``virtual``."""
    from ..transports import parse

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
