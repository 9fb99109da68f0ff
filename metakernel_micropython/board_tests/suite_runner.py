"""Runs tests on a board: each suite is brought there once, each case is one execution."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from ..board import snippets
from ..cell.program import new_mark
from ..cell.stdin import may_ask
from ..errors import BoardReset, DeviceError, MicroPythonError
from . import asserts, preparation
from .frames import FileTracebacks, bare
from .results import Outcome, Problem, Result, TestsStopped
from .single_run import Ran, run
from .suite import Case

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..board import Board
    from .suite import Suite

TIMEOUT = 60.0
"""Seconds that a test may take where nobody says otherwise."""

HELPER_TIMEOUT = 15.0
"""Seconds for what is ours."""

PIECE = 200
"""Characters of a piece of a source for a small board, which compiles one after the other."""

_WHERE = {"s": "before the test", "t": "", "e": "after the test"}


class Tracebacks(Protocol):
    """Shows tracebacks of the board as people read them."""

    def shown(self, suite: Suite, error: DeviceError) -> str:
        """Return the lines of a traceback of a suite's source."""
        ...


class Listener:
    """Is told of what happens around a suite; this one does nothing.

    Coverage is one: it puts probes into what is sent.
    """

    def before_load(self, board: Board) -> None:
        """A suite goes to the board, which may have restarted since the last one."""

    def source(self, suite: Suite, source: str) -> str:
        """Return the source that is sent in place of a suite's."""
        return source


class NotLoaded(Exception):
    """A suite's source cannot be loaded."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.summary)
        self.result = result


class Runner:
    """Runs the cases of suites on one board.

    Args:
        board: gives it; one that has restarted is given again.
        timeout: seconds for each test, and for loading a suite.
        tracebacks: shows them.
        listener: is told what happens.
        prepared_cell: returns the source of a cell as a board takes it; for suites without a path.

    Attributes:
        loaded_output: what the suite that is loaded has printed meanwhile.
    """

    def __init__(
        self,
        board: Callable[[], Board],
        *,
        timeout: float = TIMEOUT,
        tracebacks: Tracebacks | None = None,
        listener: Listener | None = None,
        prepared_cell: Callable[[Board, str], str] = lambda board, source: source,
    ) -> None:
        self._board = board
        self._timeout = timeout
        self._tracebacks = tracebacks or FileTracebacks()
        self._listener = listener or Listener()
        self._prepared_cell = prepared_cell
        self._mark = new_mark()
        self._suite: Suite | None = None  # the one on the board
        self._module_entered = False
        self._entered = ""  # the class whose setUpClass has run
        self._refused: dict[tuple[int, str], Result] = {}  # what failed for all tests of a suite, or of a class
        self._told: set[str] = set()  # those of these that were told
        self._first_lines: dict[int, int] = {}
        self._has_async = True
        self._restarts = 0
        self._left_there = False  # whether something of ours is on the board
        self._small_unittest = False
        self._live = False  # whether asserts of a cell are shown, whose functions live on
        self.loaded_output = ""

    # -- a case --------------------------------------------------------------------------------------------------

    def run(self, suite: Suite, case: Case) -> Result:
        """Run a case; what it needs around it is done first, where it is not done yet.

        Raises:
            TestsStopped: somebody has stopped it.
            MicroPythonError: the board was lost, or takes no code any more.
        """
        try:
            self._enter(suite, case)
        except NotLoaded as error:
            return self._not_run(suite, case, error.result)
        if case.is_async and not self._has_async:
            return self._result(suite, case, Outcome.SKIPPED, reason="this board's MicroPython has no async")
        kind = "a" if case.is_async else ""
        return self._judge(suite, case, self._call(case.owner, case.name, kind))

    def load(self, suite: Suite) -> Result:
        """Load a suite that no case can be told of; return what came of it.

        Raises:
            TestsStopped: somebody has stopped it.
            MicroPythonError: the board was lost, or takes no code any more.
        """
        try:
            self._load(suite)
        except NotLoaded as error:
            return error.result
        message = f"the board reads it, Python on this computer does not, so no test is found: {suite.unreadable}"
        problem = Problem("", "", message, "")
        return Result(suite.path, "loading", 0, Outcome.ERROR, problems=(problem,))

    def leave(self, suite: Suite | None, case: Case | None) -> list[Result]:
        """Do what follows the last test of a class or suite; return what went wrong.

        Args:
            suite: whose test comes next; None where none does.
            case: that test.
        """
        found = []
        if self._suite is None:
            return []
        same = suite is self._suite
        if self._entered and not (same and case is not None and case.owner == self._entered):
            owner, self._entered = self._entered, ""
            found.append(self._fixture(owner, "tearDownClass"))
        if self._module_entered and not same:
            self._module_entered = False
            found.append(self._fixture("", "tearDownModule"))
        return [one for one in found if one is not None and one.failed]

    def close(self) -> None:
        """Take from the board what is ours there; a board that is gone has nothing.

        Raises:
            MicroPythonError: it does not answer.
        """
        self._suite = None
        if not self._left_there:
            return
        self._left_there = False
        board = self._board()
        try:
            board.execute(snippets.COLLECT + snippets.call("tests_end", int(self._live)), timeout=HELPER_TIMEOUT)
        except DeviceError as error:
            if error.name != "MemoryError":
                raise
            for name in ("test", "unittest", "m"):  # there is room for that
                _has(board, f"import builtins as id\ndel id.__mk_{name}")

    # -- what is around it ---------------------------------------------------------------------------------------

    def _enter(self, suite: Suite, case: Case) -> None:
        if (id(suite), "") in self._refused:
            raise NotLoaded(self._refused[id(suite), ""])
        if self._suite is not suite or self._board().restarts != self._restarts:
            self._load(suite)
        if not self._module_entered:
            self._set_up(suite, "", "setUpModule")
            self._module_entered = True
        if (id(suite), case.owner) in self._refused and case.owner:
            raise NotLoaded(self._refused[id(suite), case.owner])
        if case.owner and case.owner != self._entered:
            self._set_up(suite, case.owner, "setUpClass")
            self._entered = case.owner

    def _set_up(self, suite: Suite, owner: str, name: str) -> None:
        result = self._fixture(owner, name)
        if result is not None and result.outcome is not Outcome.PASSED:
            self._refused[id(suite), owner] = result
            raise NotLoaded(result)

    def _fixture(self, owner: str, name: str) -> Result | None:
        suite = self._suite
        if suite is None or not suite.has(owner, name):
            return None
        return self._judge(suite, Case(name, owner), self._call(owner, name, "f"))

    def _load(self, suite: Suite) -> None:
        """Bring a suite to the board.

        Raises:
            NotLoaded: its source fails.
        """
        self._suite = None
        self._module_entered, self._entered = False, ""
        self._told = set()
        board = self._board()
        self._listener.before_load(board)
        if may_ask(suite.source):
            board.hear_questions()
        total = Ran()
        self._left_there = True
        try:
            if board.capabilities.no_flow_control:
                board.execute(snippets.COLLECT, timeout=HELPER_TIMEOUT)
            source = self._ready(board, suite)
            small = board.capabilities.no_flow_control
            parts = preparation.pieces(source, PIECE) if small else [(0, source)]
            name = board_name(suite.path) if suite.path else ""
            hold = snippets.call("tests_hold_small" if small else "tests_hold", self._mark, name)
            if suite.path:
                board.execute(hold, timeout=HELPER_TIMEOUT)
            for above, part in parts:
                if suite.path:
                    part = f"__mk_test({above},{part.encode()!r},0)"
                else:
                    part = self._prepared_cell(board, "\n" * above + part)
                self._take_load(suite, total, run(board, part, self._mark, self._timeout))
            if not suite.path:
                board.execute(hold, timeout=HELPER_TIMEOUT)
        except DeviceError as error:  # of a helper of ours, for which there was no room
            if error.name != "MemoryError":
                raise
            self._refuse(suite, Problem("", error.name, "the board has no room for what runs tests", ""), total)
        self.loaded_output = total.output.text
        self._suite = suite
        self._restarts = board.restarts

    def _ready(self, board: Board, suite: Suite) -> str:
        """Return the source as the board takes it, and give the board what it needs besides."""
        shown = asserts.show_sides(self._listener.source(suite, suite.source))
        source, self._first_lines = shown.source, shown.first_lines
        if preparation.imports_unittest(source) and not _has(board, "import unittest as id;del id"):
            board.execute(preparation.small_unittest(source), timeout=HELPER_TIMEOUT)
            self._small_unittest = True
            source = preparation.with_small_unittest(source)
        self._has_async = True
        if any(case.is_async for case in suite.cases) and not _has(board, "if 0:\n async def id():pass\n"):
            self._has_async = False
            source = preparation.without_async(source, suite.cases)
        if shown.count:
            small = board.capabilities.no_flow_control
            board.execute(snippets.call("tests_assert_small" if small else "tests_assert"), timeout=HELPER_TIMEOUT)
            self._live = self._live or not suite.path
        return source

    def _take_load(self, suite: Suite, total: Ran, ran: Ran) -> None:
        """Take what a piece of a suite's source has come to."""
        self._check_stopped(ran)
        total.output.feed(ran.output.text)
        total.seconds += ran.seconds
        if ran.error is not None or ran.asked is not None or ran.late:
            self._refuse(suite, self._problem(suite, ran, ran.error), total)

    def _refuse(self, suite: Suite, problem: Problem, total: Ran) -> None:
        what = "loading the file" if suite.path else "the cell's own code"
        result = Result(suite.path, what, 0, Outcome.ERROR, total.seconds, total.output.text, (problem,))
        self._refused[id(suite), ""] = result
        raise NotLoaded(result)

    # -- its result ----------------------------------------------------------------------------------------------

    def _call(self, owner: str, name: str, kind: str) -> Ran:
        ran = run(self._board(), f"__mk_test({owner!r},{name!r},{kind!r})", self._mark, self._timeout)
        self._check_stopped(ran)
        return ran

    def _check_stopped(self, ran: Ran) -> None:
        if ran.stopped:
            raise TestsStopped("The run of the tests was stopped.")

    def _judge(self, suite: Suite, case: Case, ran: Ran) -> Result:
        problems = []
        for letter, text in ran.told:
            if letter == "n":
                return self._result(suite, case, Outcome.SKIPPED, ran, reason="it is not defined on this board")
            if letter == "a":
                return self._result(suite, case, Outcome.SKIPPED, ran, reason="this board has no asyncio")
            error = _device_error(text)
            if error.name == "SkipTest":
                return self._result(suite, case, Outcome.SKIPPED, ran, reason=error.message)
            problem = self._problem(suite, ran, error)
            problems.append(Problem(_WHERE.get(letter, ""), problem.name, problem.message, problem.traceback))
        if ran.error is not None or ran.asked is not None or ran.late:
            problems.append(self._problem(suite, ran, ran.error))
        if not problems:
            return self._result(suite, case, Outcome.PASSED, ran)
        failed = len(problems) == 1 and problems[0].name == "AssertionError" and not problems[0].where
        outcome = Outcome.FAILED if failed else Outcome.ERROR
        return self._result(suite, case, outcome, ran, tuple(problems))

    def _problem(self, suite: Suite, ran: Ran, error: MicroPythonError | None) -> Problem:
        """Return what ended a program, or went wrong in it."""
        ended = error is ran.error
        name, message, traceback = "", str(error or ""), ""
        if isinstance(error, DeviceError):
            error = bare(error, self._first_lines, small_unittest=self._small_unittest)
            name, message, traceback = error.name, error.message, self._tracebacks.shown(suite, error)
            if name == "MemoryError" and ended and ", in " not in traceback:  # it did not begin
                message, traceback = f"the board has no memory left for this ({message})", ""
            elif name == "SystemExit":
                message = f"{message} (it would have restarted the board)".strip()
        elif isinstance(error, BoardReset):
            name, message = "BoardReset", "the board restarted"
        if ended and ran.asked is not None:
            name, message = "CannotAsk", f"it asks {ran.asked.strip()!r} with input(), and nobody answers in a test"
        elif ended and ran.late and name != "BoardReset":
            name, message = "Timeout", f"it did not end within {self._timeout:g} s, and was stopped"
        return Problem("", name, message, traceback)

    def _result(
        self,
        suite: Suite,
        case: Case,
        outcome: Outcome,
        ran: Ran | None = None,
        problems: tuple[Problem, ...] = (),
        reason: str = "",
    ) -> Result:
        output = ran.output.text if ran is not None else ""
        seconds = ran.seconds if ran is not None else 0
        return Result(suite.path, case.title, case.line, outcome, seconds, output, problems, reason)

    def _not_run(self, suite: Suite, case: Case, by: Result) -> Result:
        """Return the result of a case that could not be run because something around it went wrong, or skips it."""
        if by.outcome is Outcome.SKIPPED:
            return self._result(suite, case, Outcome.SKIPPED, reason=by.reason)
        again = by.title in self._told  # it is told in full once
        self._told.add(by.title)
        problems = tuple(
            Problem(by.title, one.name, one.message, "" if again else one.traceback) for one in by.problems
        )
        return Result(suite.path, case.title, case.line, Outcome.ERROR, 0, "" if again else by.output, problems)


def board_name(path: str) -> str:
    """Return what the board calls a file in tracebacks: plain characters, which ``frames`` finds again."""
    return "test:" + re.sub(r"[^\w.-]", "_", path, flags=re.ASCII)[-40:]


def _has(board: Board, source: str) -> bool:
    """Whether a short program works on a board."""
    try:
        board.execute(source, timeout=HELPER_TIMEOUT)
    except DeviceError as error:
        if error.name == "KeyboardInterrupt":
            raise
        return False
    return True


def _device_error(text: str) -> DeviceError:
    from ..board.protocol.diagnosis import device_error

    return device_error(text.strip("\n"))
