"""What runs inside an ipyparallel engine: the boards of its host.

An engine is an ordinary Python process on the host that the boards are plugged into. For each notebook it has a kernel
without a front end, with the boards of that notebook and with the magics; a board belongs to one notebook at a time.
What boards say goes to the engine's output while a cell runs (see ``engine_events``), the rest into what ``run``
returns.

The notebook calls these functions; what they take and return is plain data.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from ..board.files.host_files import placed
from ..cell.followers import DisplayFollower
from ..cell.output import Stage
from ..display.error_text import error_text
from ..errors import MagicError, MicroPythonError
from ..front_end import thread_output
from ..host import mpy_compiler
from ..host.package_cache import PackageCache
from ..host.packages import given_downloads
from ..sessions.board_jobs import STOP_TIMEOUT, BoardJobs
from . import cell_files
from .engine_events import EventReport
from .stops import tell_begun

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..sessions.registry import SessionRegistry
    from ..transports import ConnectionOptions

_PATIENCE = 30.0
"""Seconds that a board has to come to its prompt: many start at the same time."""

_TICK = 0.05

_WAY_OUT = "Connect to the board from its own host and run the cell there."


@dataclass
class Holder:
    """A notebook that has boards here.

    Attributes:
        kernel: runs its cells.
        title: who it is, for people.
        host: where it runs.
        pid: its process there.
        started: when that began, in seconds since 1970.
    """

    kernel: Any
    title: str
    host: str
    pid: int
    started: float

    @property
    def boards(self) -> SessionRegistry:
        """Its boards."""
        registry: SessionRegistry = self.kernel.connections
        return registry

    @property
    def ended(self) -> bool:
        """Whether its process is gone for certain: one on another host nobody sees from here."""
        if self.host != socket.gethostname():
            return False
        import psutil

        try:
            return abs(psutil.Process(self.pid).create_time() - self.started) > 1
        except psutil.Error:
            return True

    def leave(self) -> None:
        """Free its boards, which keep their variables."""
        self.boards.close_all()
        self.kernel.boards.end(restart=False)


_holders: dict[str, Holder] = {}
_taken: dict[tuple[str, str], str] = {}
"""Who has taken a board, by the notebook that had it and the board's name."""


# -- boards ----------------------------------------------------------------------------------------------------------


def survey() -> dict[str, Any]:
    """Return this engine's host and the serial ports that probably lead to a board, as ``%boards`` lists them."""
    from ..transports.port_scan import candidates

    return {"host": socket.gethostname(), "ports": [port.device for port in candidates()]}


def own(
    boards: Sequence[tuple[str, str]],
    notebook: Mapping[str, Any],
    take: bool = False,
) -> dict[str, dict[str, Any]]:
    """Connect to boards for a notebook, all at once, and keep them.

    Args:
        boards: name and address of each; one that it has under its name stays as it is.
        notebook: ``user`` (tells it apart), the module and the class of its kernel, ``title``, ``host``, ``pid`` and
            ``started`` (see ``Holder``).
        take: whether other notebooks lose those that they have.

    Returns:
        For each name what is known of the board (see ``_described``), or ``problem``: why it is not connected.
    """
    user = notebook["user"]
    for gone in [key for key, one in _holders.items() if key != user and one.ended]:
        _holders.pop(gone).leave()
    if user not in _holders:
        _holders[user] = _new_holder(notebook)
    holder = _holders[user]
    found: dict[str, dict[str, Any]] = {}

    def connect(name: str, address: str) -> None:
        try:
            _make_free(name, user, holder, take=take)
            session = dict(holder.boards).get(name)
            if session is None:
                options: ConnectionOptions = replace(holder.kernel.connection_options, timeout=_PATIENCE)
                holder.kernel.connect(address, options, name=name)
                session = dict(holder.boards)[name]
            found[name] = _described(session)
            _taken.pop((user, name), None)
        except Exception as error:  # one board's fault is told for that board
            found[name] = {"problem": error_text(error)}

    _all_at_once([lambda one=one: connect(*one) for one in boards])
    return found


def _new_holder(notebook: Mapping[str, Any]) -> Holder:
    os.environ["JPY_SESSION_NAME"] = notebook["title"]  # who has a port here, for notebooks on this host
    kernel = getattr(import_module(notebook["module"]), notebook["class"])()
    to_board = kernel.send_response

    def send_response(*message: Any, **options: Any) -> None:
        """Give on what belongs to a board; there is no front end for the rest."""
        if thread_output.get() is not None:
            to_board(*message, **options)

    kernel.send_response = send_response
    kernel.board, kernel.restart, kernel.history_file = "", "off", "off"
    kernel.line_magics  # noqa: B018 - they are loaded now: a Stop that comes meanwhile would leave half of them
    return Holder(kernel, *(notebook[key] for key in ("title", "host", "pid", "started")))


def _make_free(name: str, user: str, holder: Holder, *, take: bool) -> None:
    """See that no other notebook has a board.

    Raises:
        MagicError: one has, and keeps it.
    """
    for key, other in list(_holders.items()):
        if key == user or name not in other.boards.names:
            continue
        if not take:
            raise MagicError(
                f"{other.title} on {other.host} has it. Run %fleet --release there, or %fleet --take here, which has "
                "it let go."
            )
        _taken[key, name] = holder.title
        other.boards.close(name)


def _described(session: Any) -> dict[str, Any]:
    """Return what is known of a board: ``banner``, ``address``, ``state``, ``free``, ``loads``; see ``client.Member``.

    Nothing disturbs a program that runs.
    """
    from ..board import snippets

    board = session.board
    told: dict[str, Any] = {"banner": "", "address": session.address, "state": "", "free": None, "loads": None}
    if board is None or session.lost:
        told["state"] = f"lost: {session.lost}"
        return told
    told["banner"] = board.banner
    program = board.background.program
    if program is not None and not program.ended:
        told["state"] = f"runs {program.name}"
    elif board.raw:
        told["state"] = "a raw line"
    else:
        told["state"] = "idle"
        try:
            told["free"] = int(board.execute(snippets.call("info_free"), timeout=_PATIENCE))
            told["loads"] = replace(mpy_compiler.target(board), board="")
        except (MicroPythonError, ValueError):
            pass  # it has no gc, or loads no .mpy files
    return told


def release(user: str) -> None:
    """Free the lines of a notebook's boards; the boards keep their variables."""
    if (holder := _holders.pop(user, None)) is not None:
        holder.leave()


# -- files -----------------------------------------------------------------------------------------------------------


def store() -> PackageCache:
    """Return where this host keeps the contents that cells need, 64 MiB at most."""
    from platformdirs import user_cache_path

    return PackageCache(user_cache_path("metakernel-micropython") / "fleet")


def missing(digests: Sequence[str]) -> list[str]:
    """Return those digests whose contents this host does not have."""
    return cell_files.missing(digests, store())


def keep(contents: Sequence[bytes]) -> None:
    """Keep contents on this host."""
    kept = store()
    for data in contents:
        kept.keep(data)
    kept.tidy()


# -- a cell ----------------------------------------------------------------------------------------------------------


def run(cell: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Run a cell on some of a notebook's boards at the same time.

    Args:
        cell: see ``fleet_cell.Cell.plain``.
        names: of the boards.

    Returns:
        ``boards``: for each its name: ``failed`` (name, message and traceback of the error, or None), ``told`` (whether
        the error was shown), ``done``, ``values`` and ``results``; ``files``: what the magics have written, see
        ``cell_files``; ``ran``: the code that went to boards.
    """
    holder = _holders.get(cell["user"])
    there = dict(holder.boards) if holder is not None else {}
    outcomes = {name: _not_here(cell["user"], name) for name in names if name not in there}
    if holder is None or not set(names) & there.keys():
        return {"boards": outcomes, "files": {}, "ran": ""}
    lines: SimpleQueue[str | None] = SimpleQueue()  # None: Stop
    # An exception could come anywhere, also while a thread is started, and would leave boards running.
    before = signal.signal(signal.SIGINT, lambda *_: lines.put(None))
    try:
        with _given(holder.kernel, cell) as copies:
            report = EventReport(lines.put, cell["limit"], copies.shown)
            boards = [(name, there[name]) for name in names if name in there]
            jobs = BoardJobs(holder.kernel, holder.kernel.runner, boards, cell["code"], report, _WAY_OUT)
            tell_begun()
            jobs.start()
            _wait(jobs, report, lines)
            report.close()
            for job in jobs.jobs:
                failed = None
                if (error := job.failed) is not None:
                    failed = [error.ename, copies.shown(error.evalue), [copies.shown(line) for line in error.traceback]]
                values = job.values if job.done else {}
                outcome = {
                    "failed": failed,
                    "done": job.done,
                    "values": values,
                    "results": job.results if job.done else {},
                }
                outcomes[job.name] = {**outcome, "told": True}
            return {"boards": outcomes, "files": copies.brought(), "ran": jobs.ran}
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _given(kernel: Any, cell: Mapping[str, Any]) -> Iterator[cell_files.Copies]:
    """Have a cell find what the notebook gives it: files, packages, values and settings.

    Raises:
        MicroPythonError: this host lacks a file, or has no room.
    """
    os.environ.update(cell["environment"])
    kernel.allow_html, kernel.reload = cell["allow_html"], cell["reload"]
    kernel.host_variables.update(cell["variables"])
    followers = kernel.runner.followers.of_all
    followers.pop(Stage.DISPLAY, None)
    if cell["display"]:
        followers[Stage.DISPLAY] = DisplayFollower(kernel)
    kernel.runner.begin_cell(cell["text"], cell["number"])
    contents = store()
    copies = cell_files.Copies(cell["files"], contents)
    try:
        for name, sha256, loads, digest in cell["compiled"]:
            if (data := contents.content(digest)) is not None:
                mpy_compiler.know(name, sha256, loads, data)
        downloads = {url: contents.content(digest) if digest else None for url, digest in cell["downloads"].items()}
        at_files, at_downloads = placed.set(copies.path), given_downloads.set(downloads)
        try:
            yield copies
        finally:
            placed.reset(at_files)
            given_downloads.reset(at_downloads)
    finally:
        kernel.runner.end_cell()
        copies.remove()


def _wait(jobs: BoardJobs, report: EventReport, lines: SimpleQueue[str | None]) -> None:
    """Print what the boards say until all are done, or do not stop."""
    deadline: float | None = None
    done = False
    while True:
        try:
            line = lines.get(timeout=0 if done else _TICK)
        except Empty:
            if done or (deadline is not None and time.monotonic() > deadline):
                return
            report.look()
            done = jobs.done
            continue
        if line is not None:
            print(line, flush=True)
            continue
        if deadline is None:
            deadline = time.monotonic() + STOP_TIMEOUT
        threading.Thread(target=jobs.stop, daemon=True).start()


def _not_here(user: str, name: str) -> dict[str, Any]:
    taker = _taken.get((user, name))
    why = (
        f"{taker} has taken it. %fleet --take gets it back."
        if taker
        else "its engine does not have this board: run %fleet again"
    )
    return {"failed": ["NotConnected", why, [f"NotConnected: {why}"]], "done": True, "values": {}, "told": False}


def _all_at_once(actions: list[Any]) -> None:
    threads = [threading.Thread(target=action, daemon=True) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
