"""The parts know a front end by its protocol: a class of a few lines is one, and the kernel is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from metakernel import ExceptionWrapper

from metakernel_micropython.board import Board
from metakernel_micropython.cell.followers import StopwatchFollower
from metakernel_micropython.cell.interrupt_state import InterruptState
from metakernel_micropython.cell.iopub import BoundedOutput
from metakernel_micropython.cell.output import Follower, Sink, Stage
from metakernel_micropython.cell.runner import CellRunner
from metakernel_micropython.errors import MagicError
from metakernel_micropython.front_end import FrontEnd, Messages
from metakernel_micropython.kernel import MicroPythonKernel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class OneBoard(dict[str, Any]):
    """The connected boards, of which the tests need no more than this."""

    current_name = ""


class Notebook:
    """A front end of a test: it keeps what it is to show, and knows one board."""

    can_ask = in_console = allow_html = stop_needs_ticks = False
    port, connection, connections = "", None, OneBoard()

    def __init__(self, board: Board) -> None:
        self.device, self.said, self.host_variables = board, [], {}
        self.Print = self.Error = self.Write = self.show_data = self.ask = self.said.append
        self.sender = lambda: lambda kind, content: self.said.append((kind, content))
        self.answer = lambda: None
        self.require_board = lambda: board


class Names:
    def note_cell(self) -> None:
        pass

    def modules(self, board: Board) -> list[str]:
        return ["nowhere2"]


@pytest.fixture
def notebook() -> Iterator[Notebook]:
    with Board.connect("virtual") as board:
        yield Notebook(board)


@pytest.fixture
def runner(notebook: Notebook) -> CellRunner:
    output = BoundedOutput(None, notebook.said.append, notebook.said.append)
    return CellRunner(notebook, output, InterruptState(), Names)  # type: ignore[arg-type]


def run(runner: CellRunner, code: str) -> Any:
    runner.begin_cell(code, 1)
    try:
        return runner.run_code(code)
    finally:
        runner.end_cell()


def test_a_cell_runs_for_a_front_end_of_ten_lines(runner: CellRunner, notebook: Notebook) -> None:
    assert run(runner, "print('hello')\n6 * 7") == {"text/plain": "42"}
    assert "".join(notebook.said) == "hello\n"


def test_a_failed_cell_and_its_hint_are_told_to_it(runner: CellRunner, notebook: Notebook) -> None:
    failed = run(runner, "import nowhere")
    assert isinstance(failed, ExceptionWrapper) and failed.ename == "ImportError"
    runner.tell_hints({}, failed.ename)
    assert "nowhere2" in notebook.said[-1]


def test_a_question_that_nobody_can_be_asked_ends_the_cell(runner: CellRunner) -> None:
    failed = run(runner, "input('who? ')")
    assert isinstance(failed, ExceptionWrapper) and failed.ename == "CannotAsk"


class Loud(Follower):
    """A new follower of output: a class, and the place in the chain that it takes."""

    stage = Stage.CAPTURE

    def open(self, following: Sink) -> Sink:
        return LoudSink(following)


class LoudSink:
    def __init__(self, following: Sink) -> None:
        self.feed: Callable[[str], None] = lambda text: following.feed(text.upper())
        self.close = following.close


def test_a_follower_is_a_class_and_is_gone_with_its_cell(runner: CellRunner, notebook: Notebook) -> None:
    runner.followers.of_cell[Stage.CAPTURE] = Loud()
    assert run(runner, "print('hello')\n'value'") == {"text/plain": "'value'"}
    assert "".join(notebook.said) == "HELLO\n"
    run(runner, "print('hello')")
    assert "".join(notebook.said) == "HELLO\nhello\n"


def test_followers_stand_in_the_order_of_the_chain(runner: CellRunner, notebook: Notebook) -> None:
    watch = StopwatchFollower()
    runner.followers.of_all[Stage.CAPTURE] = Loud()
    runner.followers.of_cell[Stage.STOPWATCH] = watch
    assert runner.followers.magic == "%%time"
    run(runner, "print('hello')")
    assert "".join(notebook.said) == "HELLO\n"  # without the clock, which the stopwatch took before
    assert "board time" in watch.stopwatch.told() and "tells its time only" not in watch.stopwatch.told()


def test_a_follower_that_cannot_begin_fails_the_cell_and_nothing_runs(runner: CellRunner, notebook: Notebook) -> None:
    class Refusing(Loud):
        def open(self, following: Sink) -> Sink:
            raise MagicError("no room for it")

    runner.followers.of_cell[Stage.CAPTURE] = Refusing()
    failed = run(runner, "print('hello')")
    assert isinstance(failed, ExceptionWrapper) and "no room" in failed.evalue
    assert notebook.said == []


def members(protocol: type) -> set[str]:
    return {name for kind in protocol.__mro__ for name in vars(kind) if not name.startswith("_")}


@pytest.mark.parametrize("protocol", [Messages, FrontEnd])
def test_the_kernel_is_such_a_front_end(protocol: type) -> None:
    assert {name for name in members(protocol) if not hasattr(MicroPythonKernel, name)} <= {"connections"}
