"""A cell's work on several boards: a thread for each, which says what comes of it to a report.

A slow or a dead board holds up no other. The report may be a notebook's page, or what sends it from another computer.
"""

from __future__ import annotations

import contextlib
import contextvars
import re
import threading
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Protocol

from ..board.display_filter import DisplayFilter
from ..cell.failure import failure
from ..cell.output import Stage
from ..cell.parser import is_magic, leading_lines
from ..cell.program import ValueFilter
from ..display.board_display import NOT_SHOWN, as_data
from ..errors import DeviceError, LineLost
from ..front_end import one_of_several, thread_output
from ..magic import ExceptionWrapper
from . import unattended
from .board_part import BoardPart, MadeOnce
from .magic_on_top import magic_on_top
from .registry import acting_on, gathered, in_parallel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..board.display_filter import Display, InvalidDisplay
    from ..cell.program import Program
    from ..cell.runner import CellRunner
    from ..cell.timing import Stopwatch
    from ..front_end import MagicsFrontEnd
    from ..magic import MagicRun
    from .session import BoardSession

STOP_TIMEOUT = 8.0
"""Seconds that the boards have to stop, before the cell ends without them."""


class Report(Protocol):
    """What takes what boards say. Any thread may call it."""

    def write(self, name: str, stream: str, text: str) -> None:
        """Take what a board printed, on ``stdout`` or ``stderr``."""
        ...

    def display(self, name: str, data: dict[str, Any]) -> None:
        """Take data that a board gave to be shown, by MIME types."""
        ...

    def hold(self, name: str, stream: str, text: str) -> None:
        """Take what a board ends with: the value of its cell, or its error."""
        ...

    def end(self, name: str) -> None:
        """A board says no more."""
        ...


@dataclass
class Outcome:
    """What became of the cell on one board.

    Attributes:
        name: the board's name.
        failed: why it failed; None while it has not.
        done: whether it is over.
        values: what was brought from it to this computer, by name.
        results: what the magics on top of the cell have told, by their number among these: plain data, which they
            sum up at the notebook (see ``several_magics``).
    """

    name: str
    failed: ExceptionWrapper | None = None
    done: bool = False
    values: dict[str, Any] = field(default_factory=dict)
    results: dict[int, list[Any]] = field(default_factory=dict)


class Job(Outcome):
    """The cell on one board of this computer."""

    def __init__(self, name: str, connection: BoardSession) -> None:
        super().__init__(name)
        self.connection = connection
        self.part: BoardPart | None = None  # once it runs
        self._ending = threading.Lock()  # a Stop that comes at the end must not hit the next cell

    def stop(self) -> None:
        """Interrupt what the board or the host does for it, until it is over."""
        with self._ending:
            if self.done:
                return
            if self.part is not None:
                self.part.stop()
            self.connection.stop()
            if self.connection.board is not None:
                self.connection.board.stop()

    def end(self) -> None:
        """It is over, and so is a Stop that met nothing."""
        with self._ending:
            self.connection.go_on()
            if self.connection.board is not None:
                self.connection.board.go_on()
            self.done = True


class BoardJobs:
    """One cell on several boards of this computer.

    Args:
        front_end: whose cell it is.
        runner: runs its cells.
        boards: names and boards.
        code: magics that work with a board, and code below them.
        report: gets what the boards say.
        way_out: what a person can do whose program asks for input, as a sentence.

    Attributes:
        jobs: one for each board.
        changed: set whenever one is done.
        ran: the code below the magics as it was typed; ``""`` where it did not run.
    """

    def __init__(
        self,
        front_end: MagicsFrontEnd,
        runner: CellRunner,
        boards: list[tuple[str, BoardSession]],
        code: str,
        report: Report,
        way_out: str = "%use a board and run the cell there.",
    ) -> None:
        self.jobs = [Job(name, connection) for name, connection in boards]
        self.changed = threading.Event()
        self.ran = ""
        self._front_end = front_end
        self._runner = runner
        self._code = code[len(leading_lines(code)) :]
        self._report = report
        self._way_out = way_out
        self._preparing = threading.Lock()
        self._prepared: Program | None = None  # the code, which is the same for all
        self._shared = MadeOnce()
        self._stops = 0

    @property
    def done(self) -> bool:
        """Whether all are done."""
        return all(job.done for job in self.jobs)

    def start(self) -> None:
        """Let it begin on all boards."""
        for job in self.jobs:
            context = contextvars.copy_context()  # with the cell whose output it is
            threading.Thread(
                target=context.run, args=(self._work, job), name=f"cell on {job.name}", daemon=True
            ).start()

    def stop(self) -> None:
        """Interrupt all boards that are not done; may come from any thread, and again."""
        self._stops += 1
        # At the same time: the line of a board that takes nothing holds its Stop up for seconds.
        in_parallel([job.stop for job in self.jobs if not job.done], STOP_TIMEOUT)

    # -- in the board's own thread -------------------------------------------------------------------------------

    def _work(self, job: Job) -> None:
        acting_on.set(job.connection)
        gathered.set(job.values)

        def say(stream: str, text: str) -> None:
            self._report.write(job.name, stream, text)

        job.part = BoardPart(
            job.name, self._shared, lambda code, program, watch: self._run_program(job, code, program, say, watch)
        )
        job.part.reports = job.results
        one_of_several.set(job.part)
        thread_output.set(say)
        try:
            job.failed = self._run_on(job, say)
        except BaseException as error:
            job.failed = self._failure(error)
        if job.failed is not None:
            job.failed = without_address(job.failed, job.connection.address)
            stopped = self._stops and job.failed.ename == "KeyboardInterrupt"
            self._report.end(job.name)
            self._report.hold(job.name, "stderr", "stopped" if stopped else "\n".join(job.failed.traceback))
        self._report.end(job.name)
        self._runner.executed.ran_on(self._runner.number, job.name)
        job.end()
        self.changed.set()

    def _run_on(self, job: Job, say: Callable[[str, str], None]) -> ExceptionWrapper | None:
        code = self._code
        runs: list[MagicRun] = []
        failed: ExceptionWrapper | None = None
        assert job.part is not None
        try:
            while is_magic(code.partition("\n")[0]):
                magic, kind, name, arguments = magic_on_top(self._front_end, code)
                with self._held(job):
                    run = magic.call_magic(kind, name, code.partition("\n")[2], arguments)
                runs.append(run)
                code = run.get_code() if run.failure is None and run.evaluate else ""
                job.part.magic += 1
            if code.strip() and (value := self._run_code(job, code, say)) is not None:
                self._report.end(job.name)
                self._report.hold(job.name, "stdout", value)
        except BaseException as error:
            failed = self._failure(error)
        finally:
            # As for a cell on one board, the last one ends first.
            for number, run in reversed(list(enumerate(runs))):
                job.part.magic = number
                with self._held(job):
                    failed = run.post_process(failed)
        return failed

    @contextlib.contextmanager
    def _held(self, job: Job) -> Iterator[None]:
        """Take what a magic says for one answer, which may be the same on several boards."""
        said: list[tuple[str, str]] = []
        token = thread_output.set(lambda stream, text: said.append((stream, text)))

        def give() -> None:
            for stream, group in groupby(said, key=itemgetter(0)):
                text = "".join(text for _, text in group)
                self._report.hold(job.name, stream, _without_address(text, job.connection.address))
            said.clear()

        assert job.part is not None
        job.part.give = give
        try:
            yield
        finally:
            thread_output.reset(token)
            give()

    def _program(self, code: str) -> Program:
        with self._preparing:
            if self._prepared is None:
                self.ran = code
                self._prepared = self._runner.program(code)
            return self._prepared

    def _run_code(self, job: Job, code: str, say: Callable[[str, str], None]) -> str | None:
        program = self._program(code)
        assert job.part is not None
        return self._run_program(job, code, program, say, job.part.stopwatch)

    def _run_program(
        self, job: Job, code: str, program: Program, say: Callable[[str, str], None], stopwatch: Stopwatch | None
    ) -> str | None:
        assert job.part is not None
        job.part.flush()  # what it prints comes as it is printed
        board = job.connection.ready(lambda text, **_: say("stderr", text + "\n"))
        unsolicited = board.take_unsolicited()
        if unsolicited.restarted:
            say("stderr", "[the board restarted since its last cell: its variables are gone]\n")
        if unsolicited.text.strip():
            say("stderr", unsolicited.title + "\n" + unsolicited.text.strip("\n") + "\n")
        displays = DisplayFilter()

        def tell(text: str) -> None:
            self._tell(job, displays.feed(text), say)

        try:
            for follower in self._runner.followers.active():
                if follower.stage is Stage.DISPLAY:
                    follower.prepare(board)
            values = ValueFilter(program.mark)
            return unattended.run(board, code, program, values, tell, self._way_out, stopwatch=stopwatch)
        except LineLost as error:
            raise job.connection.lose(error) from error
        finally:
            self._tell(job, displays.flush(), say)

    def _tell(self, job: Job, pieces: list[str | Display | InvalidDisplay], say: Callable[[str, str], None]) -> None:
        for piece in pieces:
            if isinstance(piece, str):
                say("stdout", piece)
                continue
            try:
                data = as_data(piece, allow=self._front_end.allow_html)
            except ValueError as error:
                say("stderr", NOT_SHOWN.format(error) + "\n")
                continue
            if len(data) == 1:
                say("stdout", str(data["text/plain"]) + "\n")
            else:
                self._report.display(job.name, data)

    def _failure(self, error: BaseException) -> ExceptionWrapper:
        if isinstance(error, DeviceError):
            return self._runner.board_failure(error, own=False)
        return failure(error)


def without_address(failed: ExceptionWrapper, address: str) -> ExceptionWrapper:
    """Return an error in the words of any board: its name stands in front, and the errors of others may be the same."""
    traceback = _without_address("\n".join(failed.traceback), address)
    return ExceptionWrapper(failed.ename, _without_address(failed.evalue, address), traceback.split("\n"))


def _without_address(text: str, address: str) -> str:
    return re.sub(rf"([Tt]he board)\s+on\s+{re.escape(address)}(?=[\s,:;.)]|$)", r"\1", text)
