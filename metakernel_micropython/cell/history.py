"""The cells that were run, of all kernels of a person: one database, to which each kernel adds cell by cell.

A thread writes, a moment after the cell has begun, so that no cell waits for a disk or for another kernel. A database
that cannot be used is told of once; the history is then kept in memory, as long as the kernel.
"""

from __future__ import annotations

import contextlib
import os
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

MAX_CELLS = 20_000
"""Cells that are kept; when a kernel starts to add some, the oldest above it go."""

MAX_SOURCE = 256 * 1024
"""Characters of a cell; a longer one is not kept."""

WRITE_DELAY = 0.2
"""Seconds before a cell is written: a short one has ended by then, and of many in a row some go together."""

BUSY_TIMEOUT = 5.0
"""Seconds that a write waits for another kernel's."""

ANSWER_TIMEOUT = 10.0
"""Seconds that somebody who asks for cells waits at most, also for the ones that are being written."""

_SCHEMA = """
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS sessions (session INTEGER PRIMARY KEY AUTOINCREMENT, started TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS cells (
    id INTEGER PRIMARY KEY AUTOINCREMENT, session INTEGER NOT NULL, line INTEGER NOT NULL, source TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS by_session ON cells (session, line);
COMMIT;
"""

_T = TypeVar("_T")


class Entry(NamedTuple):
    """A cell.

    Attributes:
        session: number of the kernel that ran it, counted from 1 in the order of their first cells.
        line: the cell's number there, as in ``In[3]``.
        source: its text, without passwords.
    """

    session: int
    line: int
    source: str


def default_path() -> Path:
    """Return the file of this person's history, in the folder that the system has for such data."""
    from platformdirs import user_data_dir

    return Path(user_data_dir("metakernel-micropython", appauthor=False)) / "history.sqlite"


class History:
    """The cells of this kernel and of those before and beside it. Any thread may call; nothing raises.

    Args:
        path: the database; None to keep this kernel's cells in memory only.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._session = 0  # until the first cell
        self._waiting: list[tuple[int, str]] = []
        self._lock = threading.Lock()  # for the one above
        self._hurry = threading.Event()
        self._problem = ""
        self._told = False
        self._connection: sqlite3.Connection | None = None
        self._close_it: Callable[[], object] = lambda: None

    @cached_property
    def _thread(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(max_workers=1, thread_name_prefix="history")

    def add(self, line: int, source: str) -> None:
        """Keep a cell: its number in this kernel, and its text. Returns at once."""
        source = source.strip()
        if source and len(source) <= MAX_SOURCE:
            # Half of a surrogate pair is no text for a database.
            clean = source.encode("utf-8", "replace").decode("utf-8")
            with self._lock:
                self._waiting.append((line, clean))
            with contextlib.suppress(RuntimeError):  # the interpreter ends
                self._thread.submit(self._write)

    def tail(self, count: int | None) -> list[Entry]:
        """Return the last cells, the oldest of them first; None: all."""
        return self._select("1", (), count)

    def search(self, pattern: str, count: int | None = None, *, unique: bool = False) -> list[Entry]:
        """Return the last cells that match a pattern with ``*``, ``?`` and ``[...]``, the oldest of them first.

        Args:
            pattern: what the whole of a cell is compared with.
            count: how many at most; None for all.
            unique: of equal cells, only the last.
        """
        return self._select("source GLOB ?", (pattern,), count, unique=unique)

    def range(self, session: int = 0, start: int = 1, stop: int | None = None) -> list[Entry]:
        """Return cells of one session.

        Args:
            session: its number; 0 for this one, -1 for the one before it, and so on.
            start: number of the first cell; negative: counted from the end of the session.
            stop: number of the cell behind the last one, in the same way; None: up to the end.
        """

        def select() -> list[Entry]:
            wanted = session if session > 0 else self._current() + session
            cells = self._query("SELECT session, line, source FROM cells WHERE session = ? ORDER BY line", (wanted,))
            end = cells[-1].line + 1 if cells else 1
            first = start + end if start < 0 else start
            behind = end if stop is None else stop + end if stop < 0 else stop
            return [cell for cell in cells if first <= cell.line < behind]

        return self._ask(select)

    def problem(self) -> str:
        """Return why the cells are kept in memory only, once; ``""`` where they are not, and afterwards."""
        if not self._problem or self._told:
            return ""
        self._told = True
        return (
            f"The history {self.path} cannot be used ({self._problem}): this kernel's cells are kept in memory only. "
            "Mend or remove the file, or choose another one: MICROPYTHON_HISTORY=FILE."
        )

    def close(self) -> None:
        """Write what is still to be written, within the deadline, and close the database; more may be added."""
        if "_thread" in vars(self):
            self._ask(self._disconnect)

    # The methods below run in the thread.

    def _ask(self, select: Callable[[], list[_T]]) -> list[_T]:
        self._hurry.set()
        try:
            return self._thread.submit(self._safely, select).result(ANSWER_TIMEOUT) or []
        except (TooLate, RuntimeError, OverflowError, ValueError):
            # RuntimeError: the interpreter ends. The others: numbers and texts that SQLite cannot hold, nor has kept.
            return []
        finally:
            self._hurry.clear()

    def _select(self, where: str, values: Sequence[object], count: int | None, *, unique: bool = False) -> list[Entry]:
        chosen = "MAX(id)" if unique else "id"
        group = " GROUP BY source" if unique else ""
        query = (
            f"SELECT session, line, source FROM cells WHERE id IN (SELECT {chosen} FROM cells WHERE {where}{group}) "  # noqa: S608 - no data
            "ORDER BY id DESC LIMIT ?"
        )
        limit = -1 if count is None else min(max(0, count), MAX_CELLS)
        return self._ask(lambda: self._query(query, (*values, limit))[::-1])

    def _query(self, query: str, values: Sequence[object]) -> list[Entry]:
        return [Entry(*row) for row in self._connected().execute(query, values)] if self._begun() else []

    def _current(self) -> int:
        """Return this session's number; the one that it would get, while it has no cell."""
        if not self._begun():
            return 1
        last = self._connected().execute("SELECT MAX(session) FROM sessions").fetchone()[0]
        return self._session or (last or 0) + 1

    def _begun(self) -> bool:
        """Whether there is a database: one who only reads makes none."""
        return self._connection is not None or self.path is None or bool(self._problem) or self.path.exists()

    def _write(self) -> None:
        if not self._waiting:
            return
        self._hurry.wait(WRITE_DELAY)
        with self._lock:
            cells, self._waiting = self._waiting, []
        self._safely(lambda: self._add(cells))

    def _add(self, cells: list[tuple[int, str]]) -> None:
        with self._connected() as database:  # one transaction
            if not self._session:
                cursor = database.execute("INSERT INTO sessions (started) VALUES (datetime('now'))")
                self._session = cursor.lastrowid or 0
                database.execute(
                    "DELETE FROM cells WHERE id <= (SELECT id FROM cells ORDER BY id DESC LIMIT 1 OFFSET ?)",
                    (MAX_CELLS,),
                )
            database.executemany(
                "INSERT INTO cells (session, line, source) VALUES (?, ?, ?)",
                [(self._session, line, source) for line, source in cells],
            )

    def _safely(self, action: Callable[[], _T]) -> _T | None:
        """Do something with the database; where that fails, with one in memory."""
        import sqlite3

        try:
            return action()
        except (OSError, RuntimeError, sqlite3.Error) as error:  # RuntimeError: no home directory
            if self._problem:
                return None
            self._problem = str(error)
            self._session = 0
            self._disconnect()
        with contextlib.suppress(sqlite3.Error):
            return action()
        return None

    def _connected(self) -> sqlite3.Connection:
        import sqlite3

        if self._connection is None:
            if self.path is None or self._problem:
                place = ":memory:"
            else:
                self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))  # cells are nobody else's business
                place = str(self.path)
            # Its thread alone uses it; whoever ends may have to close it.
            connection = sqlite3.connect(place, timeout=BUSY_TIMEOUT, check_same_thread=False)
            try:
                connection.executescript(_SCHEMA)
            except sqlite3.Error:
                connection.close()
                raise
            self._connection = connection
            # Also where nobody calls close(): at the interpreter's end, after its threads, or with the history itself.
            self._close_it = weakref.finalize(self, connection.close)
        return self._connection

    def _disconnect(self) -> list[object]:
        self._connection = None
        self._close_it()
        return []


def reply(
    history: History,
    hist_access_type: str | None = None,
    output: bool | None = None,
    raw: bool | None = None,
    session: int | None = None,
    start: int | None = None,
    stop: int | None = None,
    n: int | None = None,
    pattern: str | None = None,
    unique: bool = False,
) -> dict[str, Any]:
    """Return the content of Jupyter's reply to a request for earlier cells, the oldest first.

    What they printed is not kept, and ``raw`` makes no difference.
    """
    if hist_access_type == "range":
        cells = history.range(session or 0, 1 if start is None else start, stop)
    elif hist_access_type == "search":
        cells = history.search(pattern or "*", n, unique=unique)
    else:
        cells = history.tail(n)
    entries = [(cell.session, cell.line, (cell.source, None) if output else cell.source) for cell in cells]
    return {"status": "ok", "history": entries}
