"""One measurement: each board in a thread of its own, the rows in one file, and how it goes in the file beside it.

Nothing here knows Jupyter. A board that is lost is looked for until it is there again; the others go on meanwhile.
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from ..errors import DeviceError, MicroPythonError
from ..sessions.registry import in_parallel
from .board_rows import BoardRows
from .collection_state import (
    ENDED,
    FAILED,
    RUNNING,
    BoardState,
    CollectionState,
    stop_path,
    this_process,
)
from .csv_rows import CsvRows

if TYPE_CHECKING:
    from collections.abc import Callable

    from .board_rows import Row
    from .measurement import Measurement

LOOK = 0.1
"""Seconds between two looks at the time and at what asks for the end."""

TELL = 0.5
"""Seconds between two states that are written."""

SYNC = 5.0
"""Seconds after which what was written is on the disk, and not in this computer's memory alone."""

GRACE = 2.0
"""Seconds that boards have at the end to answer for the row that they are at."""

FULL_DISK_PATIENCE = 10.0
"""Seconds at the end in which a disk that takes nothing may take rows again."""


class CollectFailed(MicroPythonError):
    """A measurement did not begin, or could not keep all of its rows."""


class Collection:
    """One run of a measurement.

    Args:
        measurement: what is asked for.
        token: which start of it this is, for whoever waits for it.
        resumed: how it went in an earlier process that began it: a board that is not there or fails does not end it
            then; None where it begins now.

    Attributes:
        state: how it goes.

    Raises:
        MicroPythonError: the file cannot be written.
    """

    def __init__(self, measurement: Measurement, *, token: str = "", resumed: CollectionState | None = None) -> None:
        self.measurement = measurement
        self._resumed = resumed is not None
        pid, started = this_process()
        self._end: float | None = None  # when it is to end, in seconds since 1970
        self.state = CollectionState(measurement.as_data(secrets=False), token, pid, started, begun=time.time())
        if resumed is not None:
            self.state.begun, self.state.ends, self.state.notes = resumed.begun, resumed.ends, resumed.notes
            self.state.note("it goes on after the process that collected was ended")
            self._end = resumed.ends
        self.state.boards = [BoardState(place.name) for place in measurement.places]
        was_there = measurement.csv.exists()
        self._csv = CsvRows(measurement.csv, measurement.rotation)
        self._created = not was_there
        self._writing = threading.Lock()  # guards the file
        self._stop = threading.Event()
        self._go = threading.Event()
        self._boards = [
            BoardRows(place, measurement, board, self._take, self._note)
            for place, board in zip(measurement.places, self.state.boards, strict=True)
        ]
        self._first: list[tuple[BoardState, Row]] = []
        self._began = 0.0
        self._stayed = False  # told that the file cannot be put aside

    def stop(self) -> None:
        """Ask it to end; any thread, and a signal's handler, may call it."""
        self._stop.set()

    def run(self, tell: Callable[[CollectionState], object] = lambda _: None) -> None:
        """Collect until the time is over or somebody asks for the end; all that was answered is in the file then.

        Args:
            tell: called now and then with how it goes.

        Raises:
            CollectFailed: a board was not there at the start, its code failed at the first run, or rows could not be
                written.
        """
        threads = [
            threading.Thread(target=self._collect, args=(board,), name=f"collect {board.state.name}", daemon=True)
            for board in self._boards
        ]
        try:
            self._write_state()
            for thread in threads:
                thread.start()
            self._begin()
            tell(self.state)
            self._follow(tell)
        except MicroPythonError as error:
            self.state.state, self.state.problem = FAILED, str(error)
            raise
        except Exception as error:
            self.state.state, self.state.problem = FAILED, f"{type(error).__name__}: {error}"
            raise
        finally:
            self._finish(threads)
            tell(self.state)

    # -- the start -----------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        """Wait until each board has given its first rows, and write these.

        Raises:
            CollectFailed: one has not, or the file has other columns.
        """
        while not all(board.begun.wait(LOOK) for board in self._boards):
            if self._asked_to_stop():
                break  # what the others have answered is written
            failed = [board for board in self._boards if board.begun.is_set() and board.error is not None]
            if failed and not self._resumed:
                break  # the others need not be waited for
        if not self._resumed:
            for board in self._boards:
                if board.begun.is_set() and board.error is not None:
                    raise CollectFailed(self._why(board)) from board.error
        with self._writing:
            self._csv.begin(name for _, row in self._first for name in row.values)
            first, self._first = self._first, []
            for state, row in first:
                self._add(state, row)
            self._began = time.monotonic()
            self._go.set()
        if self._end is None and self.measurement.seconds is not None:
            self._end = self.state.ends = time.time() + self.measurement.seconds
        self.state.state = RUNNING
        self._note_csv()
        self._write_state()

    def _why(self, board: BoardRows) -> str:
        error = board.error
        which = f"{board.state.name}: " if len(self._boards) > 1 else ""
        if isinstance(error, DeviceError):
            traceback = error.traceback.replace('"<stdin>"', self.measurement.label).strip()
            return f"{which}the code failed at its first run, so that nothing is collected:\n{traceback}"
        return f"{which}{error}"

    # -- while it runs -------------------------------------------------------------------------------------------

    def _follow(self, tell: Callable[[CollectionState], object]) -> None:
        told, synced = 0.0, time.monotonic()
        while not self._asked_to_stop():
            self._stop.wait(LOOK)
            with self._writing:
                self._csv.write()
            if time.monotonic() >= synced + SYNC:
                self._sync()
                synced = time.monotonic()
            if time.monotonic() >= told + TELL:
                self._note_csv()
                self._write_state()
                tell(self.state)
                told = time.monotonic()

    def _asked_to_stop(self) -> bool:
        if not self._stop.is_set() and (
            (self._end is not None and time.time() >= self._end) or stop_path(self.measurement.csv).exists()
        ):
            self._stop.set()
        return self._stop.is_set()

    def _collect(self, board: BoardRows) -> None:
        """Collect from one board, in its thread."""
        board.begin(resumed=self._resumed)
        while not self._go.wait(LOOK):
            if self._stop.is_set():
                return
        board.collect(self._stop, self._began)

    def _take(self, state: BoardState, row: Row) -> None:
        with self._writing:
            if not self._go.is_set():
                self._first.append((state, row))
            else:
                self._add(state, row)

    def _note(self, text: str) -> None:
        with self._writing:
            self.state.note(text)

    def _add(self, state: BoardState, row: Row) -> None:
        self._csv.add(row.fixed, row.values)
        state.rows += 1

    def _note_csv(self) -> None:
        csv = self._csv
        self.state.rows, self.state.waiting = csv.written, csv.waiting
        if csv.problem:
            lost = f", and {csv.lost} found no room" if csv.lost else ""
            problem = f"{csv.path} cannot be written ({csv.problem}): {csv.waiting} rows wait in memory{lost}."
        else:
            problem = ""
        if csv.stays and not self._stayed:
            self.state.note(f"{csv.path} cannot be put aside ({csv.stays}), and the rows go on in it: who has it open?")
        self._stayed = bool(csv.stays)
        if self.state.state == FAILED:
            return  # that it failed is more
        if bool(problem) != bool(self.state.problem):
            self.state.note(problem or f"{csv.path} can be written again")
        self.state.problem = problem

    def _sync(self) -> None:
        with self._writing:
            descriptor = self._csv.descriptor()
        if descriptor is not None:
            try:
                with suppress(OSError):  # what is wrong with the disk is seen when a row is written
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def _write_state(self) -> None:
        with suppress(OSError):  # of a full disk the rows tell
            self.state.write(self.measurement.csv)

    # -- the end -------------------------------------------------------------------------------------------------

    def _finish(self, threads: list[threading.Thread]) -> None:
        self._stop.set()
        deadline = time.monotonic() + GRACE
        for thread in threads:
            if thread.is_alive():
                thread.join(max(0.0, deadline - time.monotonic()))
        in_parallel(partial(board.close) for board in self._boards)
        for thread in threads:
            if thread.is_alive():
                thread.join(GRACE)
        with self._writing:
            deadline = time.monotonic() + FULL_DISK_PATIENCE
            self._csv.write(now=True)
            while self._csv.waiting and time.monotonic() < deadline:
                time.sleep(LOOK)
                self._csv.write(now=True)
        self._sync()
        self._note_csv()
        with self._writing:
            self._csv.close()
        if self._created and not self._csv.written:
            with suppress(OSError):
                if not self.measurement.csv.stat().st_size:
                    self.measurement.csv.unlink()
        if self.state.state != FAILED:
            self.state.state = FAILED if self._csv.waiting or self._csv.lost else ENDED
        for board in self.state.boards:
            board.state = "" if board.state == "collecting" else board.state
        stop_path(self.measurement.csv).unlink(missing_ok=True)
        self._write_state()
        if self._csv.waiting or self._csv.lost:
            raise CollectFailed(
                f"{self._csv.waiting + self._csv.lost} rows are not in {self._csv.path}, which could not be written: "
                f"{self._csv.problem or 'there was no room'}."
            )
