"""The rows of one board: when its code runs, what comes back, when that was, and how a lost board is found again."""

from __future__ import annotations

import math
import threading
import time
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ..board import snippets
from ..board.protocol.literal import literal
from ..errors import BoardTimeout, DeviceError, LineLost, MicroPythonError
from ..sessions.session import BoardSession
from .board_clock import BoardClock, RoundTrip, Ticks
from .host_clock import HOST_CLOCK
from .row_program import MAX_OUTPUT, MONOTONIC, TICKS, RowProgram
from .row_values import NoRow, RowReader

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..board import Board
    from .collection_state import BoardState
    from .measurement import Measurement, Place
    from .row_program import Answer
    from .row_values import Value

FIRST_BURST, BURST = 8, 4
"""Round trips for the clock when a board comes, and later."""

LONGEST_BURST = 40
"""Round trips when a board comes, at most: where other boards begin at the same time, the first ones take long."""

FIRST_INTERVAL, BURST_INTERVAL = 1.0, 10.0
"""Seconds between the first two bursts, and later; each is twice the one before."""

WELL_KNOWN = 0.002
"""Seconds of a clock's accuracy from which on the interval grows; after ``EARLY_BURSTS`` it does so anyway."""

EARLY_BURSTS = 8

LONGEST_TURN = 0.5
"""Seconds at most that a burst waits for its turn behind a row."""

BURST_PATIENCE = 3.0
"""Seconds that a burst waits for a moment without a row; then a row may have to wait for a single round trip."""

GOLDEN = 0.618
"""A share that, added again and again, comes near to none that there was before: turns of a burst."""

PADDING = 128
"""Bytes by which a longer source differs from a short one, where the speed of the line is measured."""

REQUEST_TIMEOUT = 5.0
"""Seconds that the board has for a request of ours."""

CODE_TIMEOUT = 30.0
"""Seconds that the code of a row may take at least; where rows are further apart, until the next one is due."""

ONCE_TIMEOUT = 120.0
"""Seconds that the code may take that is run once."""

FIRST_PAUSE, LONGEST_PAUSE = 0.25, 5.0
"""Seconds between two looks for a board that is lost."""

BELIEVED = 0.05
"""Seconds that a row's time may lie outside of its own round trip, before the board's clock counts as a new one."""

MAX_LAST = 8
"""Values of the last row that are told."""


@dataclass(frozen=True)
class Row:
    """One row.

    Attributes:
        fixed: what stands in ``csv_rows.FIXED``.
        values: by name.
    """

    fixed: tuple[str, ...]
    values: dict[str, Value]


class BoardRows:
    """One board of a measurement; its thread calls ``begin`` and then ``collect``, any other may call ``close``.

    Args:
        place: the board.
        measurement: what is asked for.
        state: how it goes, which is kept up to date.
        take: gets the rows.
        note: gets remarks.

    Attributes:
        state: how it goes.
        begun: set when the first run of the code is over, whatever came of it.
        error: what went wrong there; None for nothing.
    """

    def __init__(
        self,
        place: Place,
        measurement: Measurement,
        state: BoardState,
        take: Callable[[BoardState, Row], None],
        note: Callable[[str], None],
    ) -> None:
        self.state = state
        self.begun = threading.Event()
        self.error: BaseException | None = None
        self._every = measurement.every
        self._once, self._code, self._above = measurement.parts()
        self._take, self._note = take, note
        self._session = BoardSession(place.address, place.connection_options())
        self.state.address = self._session.address
        self._reader = RowReader()
        self._clock, self._ticks = BoardClock(), Ticks(0)
        self._program = RowProgram(self._code, self._above)
        self._restarts = -1
        self._ticks_source = ""
        self._byte_time = 0.0  # seconds
        self._probe_at = 0.0
        self._interval, self._bursts = FIRST_INTERVAL, 0
        self._turn = zlib.crc32(place.name.encode()) / 2**32
        self._probe_time = 0.0
        self._lost_at: float | None = None
        self._ended = threading.Event()

    # -- in its thread -------------------------------------------------------------------------------------------

    def begin(self, *, resumed: bool) -> None:
        """Connect, and run the code for the first time.

        Args:
            resumed: the code has run before: what it raises now is counted as later on.
        """
        try:
            board = self._session.open()
            self._prepare(board)
            try:
                self._row(board)
            except (DeviceError, NoRow, BoardTimeout) as error:
                if not resumed:
                    raise
                self._failed(error)
            self.state.state = "collecting"
        except (Exception, KeyboardInterrupt) as error:  # whatever it is, the thread that waits learns it
            self.error = error
            self._lose(error)
        self.begun.set()

    def collect(self, stop: threading.Event, origin: float) -> None:
        """Collect until it is to end.

        Args:
            stop: set when it is to end.
            origin: when the first rows were, in the host's monotonic seconds; all boards' rows are due on one grid.
        """
        due = 1
        while not stop.is_set() and not self._ended.is_set():
            before = -1  # rows before this one
            try:
                board = self._ready(stop)
                if board is None:
                    return
                late = (time.monotonic() - origin) / self._every
                if self._lost_at is not None:
                    due = max(due, int(late))  # a row at once where one is due
                    self._returned()
                elif late >= due + 1:
                    self.state.missed += int(late) - due
                    due = int(late)
                self._keep_clock(board, stop, origin + due * self._every)
                if stop.wait(max(0.0, origin + due * self._every - time.monotonic())):
                    return
                due += 1
                before = self.state.rows
                self._row(board)
            except (DeviceError, NoRow, BoardTimeout) as error:
                self._failed(error)
            except KeyboardInterrupt:  # the session's, whose wait was ended
                return
            except Exception as error:
                if self._ended.is_set():
                    return
                if self.state.rows == before:
                    due -= 1  # its row is still due
                self._lose(error)

    def close(self) -> None:
        """Stop what runs on the board, and free its line."""
        self._ended.set()
        self._session.stop()
        board = self._session.board
        if board is not None:
            board.stop()
        self._session.close()

    # -- the board -----------------------------------------------------------------------------------------------

    def _ready(self, stop: threading.Event) -> Board | None:
        """Return the board, ready for the code; one that is lost is waited for. None where it is to end."""
        pause = FIRST_PAUSE
        while not stop.is_set():
            try:
                if self._restarts >= 0 and self._session.lost:  # between two rows
                    self._lose(LineLost(self._session.lost))
                if self._session.board is None and self._restarts < 0 and not self._session.lost:
                    board = self._session.open()  # it was never there
                else:
                    board = self._session.ready(lambda *_args, **_options: None)
                if board.restarts != self._restarts:
                    self._prepare(board)
                return board
            except (DeviceError, NoRow, BoardTimeout) as error:
                self._failed(error)
                pause = max(pause, min(self._every, LONGEST_PAUSE))
            except MicroPythonError as error:
                self.state.last_error = str(error)
                self._lose(error)
            stop.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        return None

    def _prepare(self, board: Board) -> None:
        """Learn what the board's clock is, and run the code that is run once."""
        ticks, last = self._ask_ticks(board)
        self._ticks = Ticks(last + 1)
        self._ticks.unwrapped(ticks)
        expression = TICKS if last > 0 else MONOTONIC
        self._program = RowProgram(self._code, self._above, expression)
        self._clock = BoardClock()
        self._ticks_source = snippets.statement(f"import time;print({expression})")
        self._measure_line(board)
        self._interval, self._bursts = FIRST_INTERVAL, 0
        self._measure(board, FIRST_BURST, most=LONGEST_BURST)
        if self._once.strip():
            board.execute(self._once, lambda _: None, timeout=ONCE_TIMEOUT)
        self._restarts = board.restarts

    def _ask_ticks(self, board: Board) -> tuple[int, int]:
        said = board.execute(snippets.ask("ticks_read"), timeout=REQUEST_TIMEOUT)
        try:
            value = literal(said.strip(), 100)
        except ValueError:
            value = None
        if isinstance(value, tuple) and len(value) == 2 and all(type(one) is int for one in value):
            return value[0], value[1]
        raise NoRow(f"The board on {board.address} does not tell its ticks.")

    def _lose(self, error: BaseException) -> None:
        """Free the line of a board that does not answer as it should, and note since when."""
        if self._lost_at is None:
            self._lost_at = time.monotonic()
            self.state.state = "lost"
            self.state.losses += 1
            self._note(f"{self.state.name} is lost: {error}")
        if self._session.board is not None and not self._ended.is_set():
            self._restarts = -1
            self._session.lose(LineLost(str(error)))

    def _returned(self) -> None:
        assert self._lost_at is not None
        gap = time.monotonic() - self._lost_at
        self._lost_at = None
        self.state.gap += gap
        self.state.state = "collecting"
        self._note(f"{self.state.name} is back after {gap:.1f} s")

    # -- its clock -----------------------------------------------------------------------------------------------

    def _keep_clock(self, board: Board, stop: threading.Event, due: float) -> None:
        """Measure the clock again where it is time.

        Args:
            board: the board.
            stop: ends the wait for its turn.
            due: when the next row is, in the host's monotonic seconds.
        """
        now = time.monotonic()
        free, late = due - now, now - self._probe_at
        if late < 0 or (free < 2 * self._probe_time and late < BURST_PATIENCE):
            return
        # Rows of all boards are due at one moment. Measured right behind theirs, they would all wait for each other.
        self._turn = (self._turn + GOLDEN) % 1
        if free > 0:
            stop.wait(self._turn * min(free / 2, LONGEST_TURN))
        self._measure(board, BURST, until=due)

    def _measure(self, board: Board, count: int, *, most: int = 0, until: float = math.inf) -> None:
        """Measure the clock by a burst of round trips, of one at least.

        Args:
            board: the board.
            count: how many there are.
            most: as many while one of the last ``count`` was the shortest.
            until: when there is no time for more, in the host's monotonic seconds.
        """
        began = HOST_CLOCK.ticks()
        trips: list[RoundTrip] = []
        done, shortest, shortest_at = 0, math.inf, 0
        while done < count or (done < most and done < shortest_at + count):
            if done and time.monotonic() + shortest > until:
                break
            done += 1
            trip = self._round_trip(board, self._ticks_source)
            if trip is not None:
                trips.append(trip)
                if trip.seconds < shortest:
                    shortest, shortest_at = trip.seconds, done
        if trips:
            self._clock.add(trips)
        self._probe_time = (HOST_CLOCK.ticks() - began) / done
        self._probe_at = time.monotonic() + self._interval
        self._bursts += 1
        if self._clock.accuracy <= WELL_KNOWN or self._bursts > EARLY_BURSTS:
            self._interval = min(2 * self._interval, BURST_INTERVAL)

    def _round_trip(self, board: Board, source: str) -> RoundTrip | None:
        """Ask for the board's ticks; return None where something else was printed into the answer."""
        late = BoardTimeout(f"The board on {board.address} did not tell its ticks within {REQUEST_TIMEOUT:g} s.")
        said, received = "", 0.0
        sent = HOST_CLOCK.ticks()
        with board.start(source) as execution:
            for text in execution.stream(limit=REQUEST_TIMEOUT, late=late):
                received = received or (HOST_CLOCK.ticks() if text else 0.0)
                said = (said + text)[:MAX_OUTPUT]
            execution.check()
        said = said.strip()
        if not said.removeprefix("-").isdecimal() or len(said) > 30:
            return None
        began = min(sent + self._byte_time * len(source), received)  # the board reads its ticks when it has all of it
        return RoundTrip(began, received, self._ticks.unwrapped(int(said)))

    def _measure_line(self, board: Board) -> None:
        """Learn how long a byte of a source takes to a board without flow control, which gets pieces with pauses."""
        self._byte_time = 0.0
        if not board.capabilities.no_flow_control:
            return
        source = self._ticks_source
        short, long = (
            min((trip.seconds for _ in range(BURST) if (trip := self._round_trip(board, one)) is not None), default=0.0)
            for one in (source, source + "#" * PADDING)
        )
        self._byte_time = max(0.0, long - short) / PADDING

    # -- a row ---------------------------------------------------------------------------------------------------

    def _row(self, board: Board) -> None:
        """Run the code, and give away the rows that it brings.

        What was answered before the line was lost counts.

        Raises:
            NoRow: it brought none.
            MicroPythonError: it failed, or the line is lost.
        """
        limit = max(CODE_TIMEOUT, self._every)
        late = BoardTimeout(f"The code ran longer than {limit:g} s, and was stopped.")
        output = ""
        answer: Answer | None = None
        sent = received = HOST_CLOCK.ticks()
        try:
            with board.start(self._program.source) as execution:
                for text in execution.stream(limit=limit, late=late):
                    output += text
                    if text and answer is None:
                        received = HOST_CLOCK.ticks()
                        answer = self._program.read(output)
                    if len(output) > MAX_OUTPUT:
                        raise NoRow(f"The code prints more than {MAX_OUTPUT} characters for a row, and was stopped.")
                execution.check()
        finally:
            if answer is not None:
                self._give(answer, sent, received)
        if answer is None:
            raise NoRow("The board did not tell what came of the code: something else was printed into it.")

    def _give(self, answer: Answer, sent: float, received: float) -> None:
        rows = self._reader.rows(answer.value, answer.printed)
        ticks = self._ticks.unwrapped(answer.ticks)
        when = self._clock.when(ticks)
        if not sent - BELIEVED <= when <= received + BELIEVED:
            # It slept, or began anew without telling: what is known of it now is this row's own round trip.
            self._clock = BoardClock()
            self._clock.add([RoundTrip(sent, received, ticks)])
            self._probe_at = 0.0
            self._interval, self._bursts = FIRST_INTERVAL, 0
            when = self._clock.when(ticks)
        when = min(max(when, sent), received)
        utc = HOST_CLOCK.zero()
        offset = utc + self._clock.offset(ticks)
        state = self.state
        state.offset, state.drift, state.accuracy = offset, -self._clock.drift * 1e6, self._clock.accuracy
        fixed = (
            _iso(utc + received),
            state.name,
            _iso(utc + when),
            str(ticks),
            f"{offset:.4f}",
            f"{state.drift:.1f}",
        )
        for values in rows:
            self._take(state, Row(fixed, values))
        state.last = {name: _short(value) for name, value in [*rows[-1].items()][:MAX_LAST]}
        state.last_at = time.time()

    def _failed(self, error: MicroPythonError) -> None:
        self.state.failed += 1
        text = f"{error.name}: {error.message}" if isinstance(error, DeviceError) else str(error)
        if text != self.state.last_error:
            self._note(f"{self.state.name} gave no row: {text}")
        self.state.last_error = text


def _short(value: Value) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)[:40]


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
