"""One cell on several boards at the same time: a thread for each, their output line by line with their names.

A slow or a dead board holds up no other. The cell ends when all are done; it fails when one did, and says which.
"""

from __future__ import annotations

import contextvars
import threading
import time
from typing import TYPE_CHECKING, Any

from ..board.display_filter import DisplayFilter
from ..cell.failure import failure
from ..cell.output import Stage
from ..cell.parser import is_magic, leading_lines, misplaced_magic
from ..cell.program import ValueFilter
from ..display.board_display import NOT_SHOWN, as_data, show_data
from ..errors import DeviceError, LineLost, MagicError, MicroPythonError
from ..front_end import thread_output
from ..magic import BoardMagic, ExceptionWrapper
from . import unattended
from .labelled_output import LabelledOutput, grouped
from .registry import acting_on, gathered, in_parallel

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..board.display_filter import Display, InvalidDisplay
    from ..cell.interrupt_state import InterruptState
    from ..cell.program import Program
    from ..cell.runner import CellRunner
    from ..front_end import MagicsFrontEnd
    from .session import BoardSession

INTERVAL = 0.05
"""Seconds between two messages of output."""

STOP_TIMEOUT = 8.0
"""Seconds that the boards have to stop, before the cell ends without them."""


class BoardsFailed(MicroPythonError):
    """A cell failed on some of the boards that it ran on."""


class Job:
    """The cell on one board.

    Attributes:
        name: the board's name.
        connection: the board.
        failed: why it failed; None while it has not.
        done: whether it is over.
        values: what was brought from it to this computer, by name.
    """

    def __init__(self, name: str, connection: BoardSession) -> None:
        self.name = name
        self.connection = connection
        self.failed: ExceptionWrapper | None = None
        self.done = False
        self.values: dict[str, Any] = {}
        self._ending = threading.Lock()  # a Stop that comes at the end must not hit the next cell

    def stop(self) -> None:
        """Interrupt what the board or the host does for it, until it is over."""
        with self._ending:
            if self.done:
                return
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


class Broadcast:
    """One run of a cell on several boards.

    Args:
        front_end: whose cell it is.
        runner: runs its cells.
        interrupts: is told whom Stop stops.
        boards: names and boards.
        code: line magics that work with a board, and code below them.
    """

    def __init__(
        self,
        front_end: MagicsFrontEnd,
        runner: CellRunner,
        interrupts: InterruptState,
        boards: list[tuple[str, BoardSession]],
        code: str,
    ) -> None:
        self._front_end = front_end
        self._runner = runner
        self._interrupts = interrupts
        self._output = runner.output(Stage.CAPTURE)
        self._code = code[len(leading_lines(code)) :]
        self._jobs = [Job(name, connection) for name, connection in boards]
        self._page = LabelledOutput([name for name, _ in boards], self._show, self._display)
        self._changed = threading.Event()
        self._preparing = threading.Lock()
        self._prepared: Program | None = None  # the code, which is the same for all
        self._ran = ""  # the same as it was typed
        self._stopped_at = 0.0
        self._stops = 0

    def run(self) -> None:
        """Run it, and show what the boards say until all are done.

        Raises:
            MagicError: the cell holds something that cannot run on several boards.
            BoardsFailed: it failed on some boards; the message says on which and why.
            KeyboardInterrupt: it was stopped.
        """
        if is_magic(self._code):
            self._magic(self._code)  # what is wrong with the first is wrong on all boards, and told once
        try:
            self._interrupts.give_to(self)  # before the first board runs: Stop must not leave one behind
            for job in self._jobs:
                context = contextvars.copy_context()  # with the cell whose output it is
                threading.Thread(
                    target=context.run, args=(self._work, job), name=f"cell on {job.name}", daemon=True
                ).start()
            self._wait()
        finally:
            self._interrupts.give_to(None)
            self._page.close()
            self._keep_values()
        self._sum_up()

    def stop(self) -> None:
        """Interrupt all boards that are not done; may come from any thread, and again."""
        self._stops += 1
        self._stopped_at = self._stopped_at or time.monotonic()
        # At the same time: the line of a board that takes nothing holds its Stop up for seconds.
        in_parallel([job.stop for job in self._jobs if not job.done], STOP_TIMEOUT)

    def _wait(self) -> None:
        while not all(job.done for job in self._jobs):
            try:
                self._changed.wait(INTERVAL)
                self._changed.clear()
                self._page.show()
            except KeyboardInterrupt:
                self.stop()
            if self._stopped_at and time.monotonic() - self._stopped_at > STOP_TIMEOUT:
                break
        self._page.release()
        self._page.show()

    def _magic(self, code: str) -> tuple[BoardMagic, str, str]:
        """Return the magic on the first line of ``code``, its name and its arguments."""
        info = self._front_end.parse_code(code)["magic"]
        typed = code.partition("\n")[0].split()[0]
        if problem := self._front_end.unknown_magic(info):
            raise MagicError(problem)
        magic = self._front_end.line_magics.get(info["name"])
        if info["type"] != "line" or not isinstance(magic, BoardMagic) or not magic.on_several:
            raise MagicError(
                f"{typed} does not work inside %%on: it is not about boards, or about one at a time (%use NAME chooses "
                "it). Those that send, list or ask work there, as %upload, %sync, %ls and %info."
            )
        return magic, info["name"], info["args"]

    # -- in the board's own thread -------------------------------------------------------------------------------

    def _work(self, job: Job) -> None:
        acting_on.set(job.connection)
        gathered.set(job.values)

        def say(stream: str, text: str) -> None:
            self._page.write(job.name, stream, text)

        thread_output.set(say)
        try:
            job.failed = self._run_on(job, say)
        except BaseException as error:
            job.failed = self._failure(error)
        if job.failed is not None:
            stopped = self._stops and job.failed.ename == "KeyboardInterrupt"
            self._page.end(job.name)
            self._page.hold(job.name, "stderr", "stopped" if stopped else "\n".join(job.failed.traceback))
        self._page.end(job.name)
        job.end()
        self._changed.set()

    def _run_on(self, job: Job, say: Callable[[str, str], None]) -> ExceptionWrapper | None:
        code = self._code
        while is_magic(code.partition("\n")[0]):
            magic, name, arguments = self._magic(code)
            run = magic.call_magic("line", name, code.partition("\n")[2], arguments)
            failed = run.post_process(None)
            if failed is not None:
                assert isinstance(failed, ExceptionWrapper)
                return failed
            if not run.evaluate:
                return None
            code = run.get_code()
        if code.strip() and (value := self._run_code(job, code, say)) is not None:
            self._page.end(job.name)
            self._page.hold(job.name, "stdout", value)
        return None

    def _program(self, code: str) -> Program:
        with self._preparing:
            if self._prepared is None:
                self._ran = code
                self._prepared = self._runner.program(code)
            return self._prepared

    def _run_code(self, job: Job, code: str, say: Callable[[str, str], None]) -> str | None:
        program = self._program(code)
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
            return unattended.run(
                board, code, program, ValueFilter(program.mark), tell, "%use a board and run the cell there."
            )
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
            if len(data) == 1 or self._front_end.in_console:
                say("stdout", str(data["text/plain"]) + "\n")
            else:
                self._page.display(job.name, data)

    def _failure(self, error: BaseException) -> ExceptionWrapper:
        if isinstance(error, DeviceError):
            return self._runner.board_failure(error, own=False)
        return failure(error)

    # -- the end -------------------------------------------------------------------------------------------------

    def _keep_values(self) -> None:
        """Make a dict, by the boards' names, of each name that %get has brought from some."""
        for name in {name for job in self._jobs if job.done for name in job.values}:
            values = {job.name: job.values[name] for job in self._jobs if job.done and name in job.values}
            self._front_end.host_variables[name] = values

    def _sum_up(self) -> None:
        late = [job for job in self._jobs if not job.done]
        failed = [job for job in self._jobs if job.failed is not None]
        others = [job for job in failed if job.failed is not None and job.failed.ename != "KeyboardInterrupt"]
        if self._stops and not late and not others:
            raise KeyboardInterrupt
        if not failed and not late:
            return
        same: dict[str, list[str]] = {}
        for job in failed:
            if job.failed is not None:
                same.setdefault(_in_a_line(job.failed), []).append(job.name)
        lines = [f"{grouped(names)}: {problem}" for problem, names in same.items()]
        lines += [f"{job.name}: it did not stop within {STOP_TIMEOUT:g} s, and may still be running" for job in late]
        refused = any(job.failed is not None and job.failed.ename == "SyntaxError" for job in failed)
        meant = f"\n{misplaced}" if refused and (misplaced := misplaced_magic(self._ran)) else ""
        raise BoardsFailed(
            f"{len(failed) + len(late)} of {len(self._jobs)} boards failed:"
            + "".join(f"\n  {line}" for line in lines)
            + meant
        )

    def _show(self, stream: str, text: str) -> None:
        if stream == "stdout":
            self._output.feed(text)
        else:
            self._front_end.Error(text, end="")

    def _display(self, data: dict[str, Any]) -> None:
        show_data(self._front_end, data)


def _in_a_line(failed: ExceptionWrapper) -> str:
    text = f"{failed.ename}: {failed.evalue}" if failed.evalue else failed.ename
    return text.partition("\n")[0]
