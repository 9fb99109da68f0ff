"""The run of a cell on the board: its program, the chain that takes its output, the error that ends it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from metakernel import ExceptionWrapper

from ..board.display_filter import BEGIN
from ..display.error_text import error_text
from ..errors import BoardReset, DeviceError, LineLost, MicroPythonError
from ..front_end import one_of_several
from ..host.paths import visible
from .executed_cells import ExecutedCells
from .failure import failure
from .following import follow
from .lexical import with_plain_indentation
from .monitor import Monitor
from .output import FilterSink, Followers, Stage, chain
from .program import Program, ValueFilter, prepare
from .top_level_await import source_for, without_helper
from .tracebacks import functions

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from ..board import Board
    from ..front_end import FrontEnd, OneOfSeveral
    from .interrupt_state import InterruptState
    from .iopub import BoundedOutput
    from .output import Follower, Sink
    from .stdin import ProgramInput, StdinBridge

FIRST_MOMENT = 0.3
"""Seconds in which a small board finds a syntax error, and most programs that fail at once have failed."""

_EXITS = re.compile(r"\bSystemExit\b|\bexit\(")
"""What is in a program that ends itself."""

_ABOUT_NAMES = ("ImportError", "ModuleNotFoundError", "NameError")

Result = dict[str, str] | ExceptionWrapper | None
"""What a cell came to: its last value as ``text/plain``, the error that ended it, or neither."""


class Names(Protocol):
    """What is kept of the names that cells use (see ``assist.inspection``)."""

    def note_cell(self) -> None:
        """A cell goes to the board: names may come and go."""
        ...

    def modules(self, board: Board) -> list[str]:
        """Return the modules that a board has; none where it does not tell."""
        ...


class CellRunner:
    """Runs cells for one kernel.

    Args:
        front_end: where what is said goes, and whose board it is.
        output: the last sink of every chain.
        interrupts: is told whether the board or this computer is at work.
        names: gives what is told that a cell goes to the board; called when it is first wanted.

    Attributes:
        executed: the cells that went to boards.
        followers: what cells' output goes through on its way.
        text: the cell that runs, as it was typed.
        number: its number.
        only_type: whether its code is typed to the board, which is not told to run it.
        at_next_program: is called once, as the next program of a cell begins on the board (%%script).
        pauses: returns what has a program pause (see ``debugger``), for the cell, the code, and the path of its file;
            None where nobody debugs it.
        failed_code: the last program that an exception has ended; ``""`` where there was none.
        failed_in: the functions that the exception came through.
    """

    def __init__(
        self, front_end: FrontEnd, output: BoundedOutput, interrupts: InterruptState, names: Callable[[], Names]
    ) -> None:
        self.followers = Followers()
        self.text = ""
        self.number = 0
        self.only_type = False
        self.at_next_program: Callable[[], object] | None = None
        self.pauses: Callable[[str, str, str], Follower | None] = lambda _cell, _code, _file: None
        self.failed_code, self.failed_in = "", frozenset[str]()
        self._front_end = front_end
        self._output = output
        self._interrupts = interrupts
        self._names = names
        self.executed = ExecutedCells(front_end.connections, lambda: names().note_cell())
        self._device_error: tuple[DeviceError, str] | None = None  # what ended the cell, and the code
        self._stdin: StdinBridge | None = None

    # -- the cell as a whole -------------------------------------------------------------------------------------

    def begin_cell(self, text: str, number: int) -> None:
        """A cell begins, with its magics."""
        self.text, self.number = text, number
        self._device_error = None

    def end_cell(self) -> None:
        """The cell has ended, however it did."""
        self.only_type = False
        self.followers.end_cell()
        self._output.catch_up()

    def show_unsolicited(self) -> None:
        """Show what the board printed since the last cell, marked as such and apart from this cell's output."""
        board = self._front_end.device
        if board is None or board.raw:
            return
        unsolicited = board.take_unsolicited()
        tell = self._front_end.Error
        if unsolicited.restarted:
            tell("[the board restarted since the last cell: its variables are gone]")
        if unsolicited.dropped:
            tell(f"[{unsolicited.dropped} older bytes that the board printed between cells had no room]")
        if (text := unsolicited.text.strip("\n")).strip():
            shows = BEGIN in text and any(one.stage is Stage.DISPLAY for one in self.followers.active())
            tell(unsolicited.title if shows else f"{unsolicited.title}\n{text}", end="\n")
            if shows:
                out = self.output(Stage.DISPLAY)
                out.feed(text + "\n")
                out.close()
        self._tell_ended(board)

    # -- programs ------------------------------------------------------------------------------------------------

    def run_code(self, code: str) -> Result:
        """Run code of the cell on the board; return its last value, or the error that ended it."""
        try:
            if part := one_of_several.get():
                program = part.once(("code", code), lambda: self.program(code))
                return self._run_part(part, code, program, self.number)
            board = self._front_end.require_board()
            if self.only_type:
                self.show_unsolicited()
                board.type_source(code)
                return None
            return self._run(board, code, self.program(code), self.number)
        except (MicroPythonError, KeyboardInterrupt) as error:
            return failure(error)

    def run_file(self, name: str, code: str, path: str = "") -> ExceptionWrapper | None:
        """Run a file of this computer on the board, as a cell runs; return the error that ended it.

        Args:
            name: what errors call it.
            code: its content.
            path: where it lies on this computer.

        Raises:
            MicroPythonError: as for ``FrontEnd.require_board``, and what ends a program from outside.
        """
        program = Program(re.sub("\r\n?", "\n", code), "")
        if part := one_of_several.get():
            number = part.once(("file", name, code), lambda: self.executed.note_file(name, program.source))
            result = self._run_part(part, code, program, number)
        else:
            board = self._front_end.require_board()
            result = self._run(board, code, program, self.executed.note_file(name, program.source), path)
        return result if isinstance(result, ExceptionWrapper) else None

    def _run_part(self, part: OneOfSeveral, code: str, program: Program, number: int) -> Result:
        """Run a program on one of several boards: nobody answers what it asks, and what it prints gets a name."""
        self.executed.ran_on(number, part.name)
        try:
            value = part.run(code, program, part.stopwatch)
        except DeviceError as error:
            return self.board_failure(error, own=False, number=number)
        return None if value is None else {"text/plain": value}

    def program(self, code: str) -> Program:
        """Return the code of this cell as a program for a board, and remember it for tracebacks and completion."""
        return prepare(with_plain_indentation(code), self.note_code(code))

    def note_code(self, code: str) -> int:
        """Remember the code of this cell for tracebacks and completion; return the number of lines above it."""
        return self.executed.note(self.number, self.text, code)

    # -- programs that nobody waits for --------------------------------------------------------------------------

    def start(self, code: str) -> ExceptionWrapper | None:
        """Start code of the cell and leave it running; what it prints at once is shown.

        Args:
            code: MicroPython.

        Returns:
            The error that has ended it at once.

        Raises:
            MicroPythonError: as for ``FrontEnd.require_board`` and ``Board.start``.
        """
        board = self._front_end.require_board()
        tell = self._front_end.Error
        source = "\n" * self.note_code(code) + with_plain_indentation(re.sub("\r\n?", "\n", code))
        from .stdin import may_ask

        if may_ask(code) and not board.hear_questions() and re.search(r"\binput\b", code):
            tell("[this board does not tell when input() asks: a started program that does so waits for ever]")
        for follower in self.followers.active():
            follower.prepare(board)
        self._program_begins()
        program = board.background.start(source, self.number, f"the program that In[{self.number}] started")
        try:
            program.wait(FIRST_MOMENT)
        except BaseException:
            program.interrupt()
            raise
        out = self.output(Stage.DISPLAY, Stage.CAPTURE)
        try:
            out.feed(program.take()[0])
        finally:
            out.close()
        if program.ended:
            return self._take_ended(board)
        tell(
            "[the program runs on: %monitor shows what it prints, Stop interrupts it, and so does the next cell that "
            "needs the board]"
        )
        return None

    def watch(self, board: Board, seconds: float) -> ExceptionWrapper | None:
        """Show what a board prints on its own, until Stop, for a time, or until a program ends that was started.

        Args:
            board: the board; nothing goes to it.
            seconds: how long; infinite for no limit.

        Returns:
            The error that has ended the program.

        Raises:
            LineLost: the board was lost.
        """
        monitor = Monitor(board, self.output(Stage.DISPLAY, Stage.CAPTURE, Stage.PLOT), self._output.hurry)
        try:
            monitor.run(self._interrupts, seconds)
        except LineLost as error:
            session = self._front_end.connection
            raise error if session is None or session.board is not board else session.lose(error) from error
        ended = board.background.program is not None and board.background.program.ended
        if not ended and monitor.stopped:
            runs = board.background.running and not board.background.at_prompt
            then = "; the program runs on, and another Stop sends it Ctrl-C" if runs else ""
            self._front_end.Error(f"[no longer watched{then}]")
        return self._take_ended(board)

    def _take_ended(self, board: Board) -> ExceptionWrapper | None:
        """Return the error that has ended a started program; None where it has ended well, or has not."""
        program = board.background.take_ended()
        if program is None or program.failure is None:
            if program is not None:
                self._front_end.Error(f"[{program.name} has ended]")
            return None
        if isinstance(program.failure, DeviceError):
            return self.board_failure(program.failure, number=program.number)
        if isinstance(program.failure, LineLost):
            session = self._front_end.connection
            if session is not None and session.board is board:
                return failure(session.lose(program.failure))
        return failure(program.failure)

    def _tell_ended(self, board: Board) -> None:
        """Say how a program has ended that an earlier cell started."""
        program = board.background.take_ended()
        if program is None:
            return
        tell, failed = self._front_end.Error, program.failure
        if (rest := program.take()[0]).strip():
            tell(rest.strip("\n"), end="\n")
        if failed is None:
            tell(f"[{program.name} has ended]")
        elif isinstance(failed, DeviceError):
            lines = self.board_failure(failed, own=False, number=program.number).traceback
            how = "was stopped" if failed.name == "KeyboardInterrupt" else "has ended with an error"
            tell(f"[{program.name} {how}]\n" + "\n".join(lines), end="\n")
        else:
            tell(f"[{program.name} has ended: {error_text(failed)}]")

    # -- on the board --------------------------------------------------------------------------------------------

    def output(self, *stages: Stage) -> Sink:
        """Return the chain for text that no program of the board that cells run on has printed.

        Args:
            stages: the followers that take it on its way, where they are there.
        """
        return chain([one for one in self.followers.active() if one.stage in stages], self._output)

    def _program_begins(self) -> None:
        waiting, self.at_next_program = self.at_next_program, None
        if waiting is not None:
            waiting()

    def _run(self, board: Board, code: str, program: Program, number: int, file: str = "") -> Result:
        values = ValueFilter(program.mark)
        followers = self.followers.active()
        if not any(one.stage is Stage.PROBES for one in followers) and (one := self.pauses(self.text, code, file)):
            followers.insert(0, one)
        asked: ProgramInput | None = None
        try:
            for follower in followers:
                follower.prepare(board)
            open_input = self._questions().prepare(board, code)
            source = source_for(board, program.source, program.awaiting)
            for follower in followers:
                source = follower.around(source)
            head: Sink = FilterSink(values, chain(followers, self._output))
            self._program_begins()
            try:
                with board.start(source) as execution:
                    self._interrupts.on_host = False
                    for follower in followers:
                        follower.running(execution)
                    head = asked = open_input(execution, head)
                    follow(execution, asked, self._front_end.Error)
                    execution.check()
            finally:
                head.close()
            if asked.refused:
                raise asked.refused
        except DeviceError as error:
            if asked is not None and asked.refused:
                raise asked.refused from None
            self._interrupts.on_host, self.failed_code, self.failed_in = True, code, functions(error)
            for follower in followers:
                follower.failed(error)
            for follower in followers:
                error = follower.retold(error)
            error = without_helper(error)
            return self.board_failure(error, number=number)
        except BoardReset as error:
            if _EXITS.search(code):
                raise BoardReset(
                    f"The program ended itself with SystemExit, which soft-resets the board on {board.address}: its "
                    "variables are gone."
                ) from error
            raise
        except LineLost as error:
            session = self._front_end.connection
            if session is None or session.board is not board:  # the kernel was shut down meanwhile
                raise
            self.executed.lost(number)
            raise session.lose(error) from error
        finally:
            self._interrupts.on_host = True  # for what follows in this cell
        return None if values.value is None else {"text/plain": values.value}

    def _questions(self) -> StdinBridge:
        if self._stdin is None:
            from .stdin import StdinBridge

            self._stdin = StdinBridge(self._front_end)
        return self._stdin

    # -- errors --------------------------------------------------------------------------------------------------

    def board_failure(self, error: DeviceError, *, own: bool = True, number: int | None = None) -> ExceptionWrapper:
        """Return an exception of the board as the error of this cell, with the cells that its frames lie in.

        Args:
            error: the exception.
            own: it is that of the board that cells run on, so that hints may be asked of it.
            number: the cell that ran, where that is not the one that runs now.
        """
        current = self.number if number is None else number
        if own and one_of_several.get() is None:
            self._device_error = error, self.executed.code(current)
        lines = self.executed.told(error, current)
        return ExceptionWrapper(visible(error.name), visible(error.message), lines)

    def tell_hints(self, magics: Container[str], name: str) -> None:
        """Say what helps with the board's error, which the front end has by now.

        Args:
            magics: the names of the line magics.
            name: the error's, also of one that a magic's helper met.
        """
        if self._device_error is None and name == "MemoryError":
            self._device_error = DeviceError("MemoryError", "", ""), ""
        board = self._front_end.device
        if self._device_error is None or board is None or board.raw:
            return
        (error, code), self._device_error = self._device_error, None
        from .hints import hints

        try:
            known = self._names().modules(board) if error.name in _ABOUT_NAMES else []
            said = "\n".join(hints(error, board, magics, known, code))
        except (MicroPythonError, KeyboardInterrupt):
            return  # the error is told; nothing that follows may take its place
        if said:
            self._front_end.Error(said)
