"""The debugger of one kernel: whether it is on, where programs stop, and what happens while one is paused."""

from __future__ import annotations

import ast
import contextlib
import queue
import re
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar
from weakref import WeakKeyDictionary

from ..cell.tracebacks import functions
from ..errors import DeviceError, LineLost, MicroPythonError
from ..instrument.verify import parsed
from .board_side import BoardSide, NoRoom, set_stops
from .channel import PAUSE_REQUEST, POLL, IdleBoard, PausedProgram, PauseEnded
from .follower import PauseFollower
from .frame_values import frames
from .sites import Sites
from .stop import RUN, STEP_IN, Stop

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..board import Board, Execution
    from ..front_end import FrontEnd
    from ..instrument.request import Rewritten
    from .channel import Asker
    from .frame_values import Frame
    from .prompt import Prompt
    from .stop import Listener

Value = TypeVar("Value")

REASONS = {"b": "breakpoint", "c": "breakpoint", "d": "breakpoint", "s": "step", "p": "pause"}
"""Why a program has paused, by the letter that the board tells; ``d`` is a call of ``breakpoint()``."""

_FRAME = re.compile(r'^  File "[^"\n]*", line \d+, in (\S+)', re.MULTILINE)
_BREAKPOINT = re.compile(r"\bbreakpoint\s*\(")


class NotNow(MicroPythonError):
    """The board runs a cell that is not paused."""


class Debugger:
    """What a kernel knows of debugging.

    Args:
        front_end: where messages go, and whose board it is.
        path_of: returns what front ends call a cell, for its text.
        busy: whether a cell runs.
        between_cells: has something done on the main thread.

    Attributes:
        sites: where programs can stop, and are to.
        client: the front end's debugger, while it is on.
        on_uncaught: whether exceptions that nobody catches stop a program.
        stop: where a program is paused; None while none is.
        failed: the board, the error and the frames of the last program that could pause and that an exception ended.
        looked_back: whether the last program that ``watch_once`` had looked back at was ended by an exception.
    """

    def __init__(
        self,
        front_end: FrontEnd,
        path_of: Callable[[str], str],
        busy: Callable[[], bool],
        between_cells: Callable[[Callable[[], None]], None],
    ) -> None:
        self.sites = Sites()
        self.client: Listener | None = None
        self.on_uncaught = False
        self.stop: Stop | None = None
        self.failed: tuple[Board, DeviceError, list[Frame]] | None = None
        self.looked_back = False
        self._front_end = front_end
        self._path_of = path_of
        self._busy = busy
        self._between_cells = between_cells
        self._side: BoardSide | None = None
        self._sides: WeakKeyDictionary[Board, BoardSide] = WeakKeyDictionary()  # of all boards that have one
        self._told: set[str] = set()  # the addresses of boards of which it was said how much the debugger takes
        self._execution: Execution | None = None
        self._next: tuple[str, bool, bool] | None = None  # in this cell a program stops at once, is looked back at
        self._looks_back = False
        self._watched = False  # the program that runs began while somebody debugged
        self._asks = False  # cells have called breakpoint()
        self._changed = False  # the breakpoints, since the board was told
        self._wanted = False  # somebody wants the program that runs to pause, whoever debugs
        self._if_there = False  # it pauses only where the board has what it needs
        self._refusal = ""  # why a board cannot be debugged, as it was said
        self._prompt: Prompt | None = None  # of the program that runs
        self._lock = threading.Lock()  # guards stop

    def tell(self, text: str) -> None:
        """Say something below the cell."""
        self._front_end.Error(text)

    # -- programs ------------------------------------------------------------------------------------------------

    def follower(self, cell: str, code: str, file: str = "") -> PauseFollower | None:
        """Return what has a program pause; None for one that needs none.

        Args:
            cell: the text of the cell.
            code: the program.
            file: the file of this computer that the program is; ``""`` for a cell.
        """
        self._execution = None
        once, self._next = self._next, None
        at_once, self._looks_back = once[1:] if once is not None and once[0] == cell else (False, False)
        asks = _asks(code)
        self._asks |= asks
        self._watched = self.client is not None
        pauses = self._watched or at_once or self._looks_back or asks
        if not pauses and (self._side is None or not self._asks):
            return None
        self._wanted = asks or at_once or self._looks_back
        self._if_there = not pauses  # functions of earlier cells may pause, where the board still has them
        self._prompt = None
        self.failed = None
        text = code if file or self._looks_back else cell
        path = self._path_of(text)
        if file and path not in self.sites.breakpoints:  # an editor names a file by its text, as a cell
            path = file
        return PauseFollower(self, path, text, self._note_running, stop_at_once=at_once)

    def watch_once(self, cell: str, *, stop_at_once: bool = False, look_back: bool = False) -> None:
        """Have the next program pause although nobody debugs.

        Args:
            cell: the text of the cell that runs it.
            stop_at_once: before its first statement.
            look_back: when an exception has ended it.
        """
        self._next = cell, stop_at_once, look_back
        self.looked_back = False

    def _note_running(self, execution: Execution) -> None:
        self._execution = execution

    def get_ready(self, board: Board, result: Rewritten, path: str, *, stop_at_once: bool = False) -> bool:
        """Get the board ready for a program; return whether it can pause.

        Args:
            board: the board.
            result: the program.
            path: of its source.
            stop_at_once: whether it stops at its first statement.

        Raises:
            MicroPythonError: the board does not answer.
        """
        wanted = [one.line for one in self.sites.breakpoints.get(path, ())]
        for left in result.left_alone:
            if stop_at_once or any(left.first <= line <= left.last for line in wanted):
                self.tell(f"[the debugger leaves lines {left.first} to {left.last} alone: {left.reason}]")
        try:
            if self._if_there:
                if not self._side_of(board).begin():
                    self._side, self._asks = None, False
                    return False
            else:
                taken = self._side_of(board).prepare(self.sites.stops(), STEP_IN if stop_at_once else RUN)
                if taken and board.address not in self._told:
                    self._told.add(board.address)
                    self.tell(f"[the debugger takes {taken} bytes of the memory of the board on {board.address}]")
        except NoRoom as error:
            if str(error) != self._refusal or wanted or self._wanted:
                self.tell(f"[{error} The cell runs without pauses.]")
            self._refusal = str(error)
            return False
        self._changed = False
        return bool(result.probes)

    def _side_of(self, board: Board) -> BoardSide:
        if self._side is None or self._side.board is not board:
            self._side = self._sides.setdefault(board, BoardSide(board))
        return self._side

    def paused(self, program: PausedProgram, number: int, why: str) -> None:
        """Wait while a program is paused; called on the main thread, returns when it goes on or was stopped."""
        try:
            if self._watched and self.client is None:  # nobody debugs any more
                set_stops(program, {})
                program.go_on(RUN)
                return
            found: list[Frame] = []
            with contextlib.suppress(DeviceError):
                found = frames(program, self.sites)
            if not found and (site := self.sites[number]) is not None:
                self.tell(f"[paused at line {site.probe.line}, and the board does not tell its frames]")
            stop = Stop(program, REASONS.get(why, "pause"), found)
            self._wait(stop)
            if program.over:
                return
            if self._changed:
                self._changed = False
                try:
                    set_stops(program, self.sites.stops())
                except DeviceError as error:
                    self.tell(f"[the board keeps the breakpoints that it had: {error}]")
            program.go_on(stop.resume or RUN)
        except PauseEnded:
            pass  # what ended it is told as the cell's own end

    def program_ended(self, board: Board) -> None:
        """A program that could pause has ended, however it did."""
        side = self._side
        if side is not None and side.board is board and board.lost is None and board.idle:
            with contextlib.suppress(MicroPythonError):  # the program has its own end to tell
                side.program_ended()

    def uncaught(self, board: Board, error: DeviceError) -> None:
        """An exception has ended a program that could pause; where somebody wants that, wait until they have seen it.

        Args:
            board: the board, at its prompt again.
            error: the exception.
        """
        self.failed = None
        if error.name in ("KeyboardInterrupt", "SystemExit"):
            return
        asker = IdleBoard(board)
        try:
            found = _raised(frames(asker, self.sites), error)
            if functions(error) <= {one.name.rpartition(".")[2] for one in found}:  # else there is more to be seen
                self.failed = board, error, found
            self.looked_back = self._looks_back
            if self._looks_back or (self.client is not None and self.on_uncaught):
                self._wait(Stop(asker, "exception", found, str(error), error.traceback))
        except KeyboardInterrupt:
            pass  # Stop: the cell ends with its own error
        except MicroPythonError:
            if board.lost is not None:
                raise

    def look_back(self) -> bool:
        """Let a person look at the frames of the last error; return whether there are any."""
        if self.failed is None:
            return False
        board, error, found = self.failed
        self._wait(Stop(IdleBoard(board), "exception", found, str(error), error.traceback))
        return True

    def define_again(self, board: Board, code: str, names: set[str]) -> set[str]:
        """Define functions of an earlier cell once more, so that they can pause; return those that were found.

        Functions at the top level without decorators alone: nothing else of the cell runs.

        Args:
            board: the board.
            code: of the cell.
            names: the functions.

        Raises:
            NoRoom: the board cannot be debugged; the functions are what they were.
            MicroPythonError: the board does not answer.
        """
        self._side_of(board).prepare(self.sites.stops())  # else they would call what the board does not have
        tree = parsed(code)
        found: set[str] = set()
        for node in tree.body if isinstance(tree, ast.Module) else []:
            if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or node.name not in names:
                continue
            if node.decorator_list:
                continue
            lines = code.split("\n")[: node.end_lineno]
            source = "\n" * (node.lineno - 1) + "\n".join(lines[node.lineno - 1 :])
            result = self.sites.add(self._path_of(code), source, code, part=True)
            board.execute(result.source)
            found.add(node.name)
        return found

    def _wait(self, stop: Stop) -> None:
        """Wait until a program is to go on."""
        listener = self.client
        if listener is None:
            from .prompt import Prompt

            listener = self._prompt = self._prompt or Prompt(self._front_end, self.sites)
        with self._lock:
            self.stop = stop
        try:
            listener.stopped(stop)
            while not stop.over:
                try:
                    job = stop.jobs.get(timeout=POLL)
                except queue.Empty:
                    if isinstance(stop.asker, PausedProgram):
                        stop.asker.look(0)
                    continue
                job(stop.asker)
        finally:
            with self._lock:
                self.stop = None
            while not stop.jobs.empty():
                stop.jobs.get()(None)
            listener.went_on()

    # -- from other threads --------------------------------------------------------------------------------------

    def submit(self, action: Callable[[Asker], Value]) -> Future[Value]:
        """Have something done that needs the board, on the main thread: where it is paused, or between cells.

        Args:
            action: gets what runs sources on the board.

        Returns:
            What it returns. Fails with ``NotNow`` where a cell runs that is not paused, or where no board is connected.
        """
        future: Future[Value] = Future()

        def run(asker: Asker | None) -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                if asker is None:
                    raise PauseEnded("The program is no longer paused.")
                future.set_result(action(asker))
            except BaseException as error:
                future.set_exception(error)
                if isinstance(error, (PauseEnded, LineLost)):
                    return
                if not isinstance(error, Exception):
                    raise

        with self._lock:
            if self.stop is not None:
                self.stop.jobs.put(run)
                return future
        if self._busy():
            future.set_exception(NotNow("A cell runs on the board."))
        else:
            self._between_cells(lambda: run(self._idle_board()))
        return future

    def _idle_board(self) -> Asker | None:
        board = self._front_end.device
        return IdleBoard(board) if board is not None and _is_idle(board) else None

    def note_breakpoints(self) -> None:
        """Breakpoints have changed: a paused program gets them as it goes on, others as they begin."""
        self._changed = True

    def request_pause(self) -> str:
        """Have the program pause that runs; return why it cannot, ``""`` where it was asked to."""
        execution = self._execution
        if self.stop is not None or execution is None or execution.done:
            return "No program runs."
        if execution.asks:
            return "The program waits for an answer: it can pause once it has it."
        if self._side is None or not self._side.can_pause:
            return "This board's firmware cannot look for a wish to pause: set a breakpoint, or stop the cell."
        execution.feed(PAUSE_REQUEST)
        return ""

    def turn_off(self) -> None:
        """Nobody debugs any more: a paused program goes on, and the boards get their memory back when they can."""
        self.client = None
        self._changed = True
        with self._lock:
            if self.stop is not None:
                self.stop.go_on(RUN)
        if self._asks or self._side is None:
            return
        self._side = None
        sides = list(self._sides.values())
        self._sides.clear()

        def take_away() -> None:
            for side in sides:
                with contextlib.suppress(MicroPythonError):  # that board is lost
                    if _is_idle(side.board):
                        side.take_away()

        self._between_cells(take_away)


def _is_idle(board: Board) -> bool:
    """Whether a board waits for a program."""
    return board.lost is None and board.idle and not board.raw and not board.background.running


def _asks(code: str) -> bool:
    """Whether a program calls ``breakpoint()``: not in a text or a comment, and not one of its own."""
    if _BREAKPOINT.search(code) is None:
        return False
    tree = parsed(code)
    if isinstance(tree, str):
        return True  # it may be a cell of another language version
    called = False
    for node in ast.walk(tree):
        match node:
            case ast.Call(ast.Name("breakpoint")):
                called = True
            case ast.FunctionDef("breakpoint") | ast.ClassDef("breakpoint") | ast.Name("breakpoint", ast.Store()):
                return False
    return called


def _raised(found: list[Frame], error: DeviceError) -> list[Frame]:
    """Return the frames that an exception came through, and no others that had ended before.

    The statement of the last frame of each function is where the traceback says.

    Args:
        found: the innermost first.
        error: the exception.
    """
    left = _FRAME.findall(error.traceback)
    kept = []
    for frame in reversed(found):
        name = frame.name.rpartition(".")[2]
        if name in left:
            del left[: left.index(name) + 1]
            kept.append(frame)
    return kept[::-1] or found
