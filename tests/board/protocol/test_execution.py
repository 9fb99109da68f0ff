"""Reading a program to its end, with deadlines; a scripted line plays the board."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.board import Board
from metakernel_micropython.board.protocol import patience
from metakernel_micropython.board.protocol.prompt_session import PromptSession
from metakernel_micropython.errors import BoardBusy, BoardReset, BoardTimeout

from .scripted import FRIENDLY, Line, prompt

if TYPE_CHECKING:
    from collections.abc import Iterator

STOPPED = b"\x04KeyboardInterrupt: \r\n\x04>"


def running(data: bytes) -> bytes | None:
    """A board on which programs run until they are interrupted; one Ctrl-C stands before each source."""
    if data.endswith(b"\x04"):
        return b"OK"
    return STOPPED if data == b"\x03" else None


@pytest.fixture
def line() -> Iterator[Line]:
    made = Line(prompt)
    yield made
    made.close()


@pytest.fixture
def board(line: Line) -> Iterator[Board]:
    with Board._attach(PromptSession(line), 5) as made:
        line.answer = running
        yield made


def later(seconds: float, line: Line, data: bytes) -> None:
    threading.Timer(seconds, line.say, (data,)).start()


def test_a_program_is_read_to_its_end_as_its_output_comes(line: Line, board: Board) -> None:
    with board.start("1") as execution:
        line.say(b"one\r\n")
        pieces = execution.stream()
        assert next(pieces) == "one\n"
        line.say(b"tw\xc3")
        later(0.1, line, b"\xb6\x04\x04>")
        assert "".join(pieces) == "tw\xf6"
        assert execution.done
        execution.check()


def test_a_program_that_says_nothing_for_too_long_is_late_and_is_stopped(line: Line, board: Board) -> None:
    with pytest.raises(BoardTimeout, match="It said nothing"), board.start("1") as execution:
        for _ in execution.stream(idle=0.3, late=BoardTimeout("It said nothing.")):
            pass
    assert execution.done
    assert line.written.endswith(b"\x03")


def test_what_a_program_says_moves_the_idle_deadline_and_not_the_limit(line: Line, board: Board) -> None:
    over = threading.Event()

    def chatter() -> None:
        while not over.wait(0.05):
            line.say(b".")

    thread = threading.Thread(target=chatter)
    thread.start()
    said = ""
    begun = time.monotonic()
    try:
        with pytest.raises(BoardTimeout, match="too long"), board.start("1") as execution:
            for text in execution.stream(idle=1.0, limit=1.5, late=BoardTimeout("It took too long.")):
                said += text
    finally:
        over.set()
        thread.join()
    assert time.monotonic() - begun >= 1.5
    assert len(said) > 3


def test_the_time_that_somebody_takes_to_show_output_is_not_the_programs(line: Line, board: Board) -> None:
    with board.start("1") as execution:
        line.say(b"one")
        pieces = execution.stream(idle=0.3)
        assert next(pieces) == "one"
        time.sleep(0.5)
        later(0.15, line, b"two\x04\x04>")
        assert "".join(pieces) == "two"


def test_a_program_that_somebody_interrupts_has_its_own_time_to_end(line: Line, board: Board) -> None:
    line.answer = lambda data: b"OK" if data.endswith(b"\x04") else None
    with board.start("1") as execution:
        threading.Timer(0.1, board.interrupt).start()
        later(0.6, line, b"cleaned up" + STOPPED)
        assert "".join(execution.stream(idle=0.3, limit=0.3)) == "cleaned up"


def test_a_program_that_does_not_stop_is_given_up_while_it_is_read(
    line: Line, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "INTERRUPT_GRACE", 0.3)
    line.answer = lambda data: b"OK" if data.endswith(b"\x04") else None
    with board.start("1") as execution:
        board.interrupt()
        assert list(execution.stream())[-1] == ""
        with pytest.raises(BoardBusy, match="did not stop"):
            execution.check()
    line.answer = prompt
    assert board.execute("1") == "hi\n"


def test_an_empty_text_is_given_as_often_as_somebody_wants_to_look(line: Line, board: Board) -> None:
    with board.start("1") as execution:
        pieces = execution.stream(tick=lambda: 0.01)
        assert [next(pieces) for _ in range(3)] == ["", "", ""]


def test_functions_that_the_host_has_put_there_are_gone_when_the_board_was_reset(line: Line, board: Board) -> None:
    board.capabilities.tells_questions = board.capabilities.shows = board.capabilities.awaits = True
    board.capabilities.raw_paste = False
    execution = board.start("1")
    line.say(b"\r\n" + FRIENDLY)
    assert execution.wait(5)
    with pytest.raises(BoardReset):
        execution.check()
    assert not board.capabilities.tells_questions
    assert not board.capabilities.shows
    assert not board.capabilities.awaits
    assert board.capabilities.no_flow_control
    line.answer = prompt
    board.capabilities.shows = True
    board._session.forget()  # a reset of which nothing was heard
    assert not board.capabilities.shows


def test_the_end_of_one_program_does_not_take_the_interrupt_of_the_next(line: Line, board: Board) -> None:
    line.answer = prompt
    first = board.start("1")
    assert first.wait(5)
    line.answer = running
    second = board.start("2")
    assert not first.interrupt()
    assert second.interrupts == 0
    assert board.interrupt()
    assert second.wait(5)
    assert second.interrupts == 1
