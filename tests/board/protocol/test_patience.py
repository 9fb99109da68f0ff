"""The deadlines of a program, on a clock of the test's own."""

from __future__ import annotations

from metakernel_micropython.board.protocol.patience import (
    ANSWER_TIMEOUT,
    INTERRUPT_GRACE,
    INTERRUPT_INTERVAL,
    NUDGE_DELAY,
    SECOND_INTERRUPT_GRACE,
    Due,
    Patience,
)


def started(at: float = 0.0, size: int = 0) -> Patience:
    made = Patience(size, at)
    made.note_started(at)
    return made


def test_a_board_that_does_not_take_the_source_is_given_up() -> None:
    waits = Patience(100, 0.0)
    assert waits.due(ANSWER_TIMEOUT - 0.01) is None
    assert waits.due(ANSWER_TIMEOUT) is Due.GIVE_UP


def test_a_board_that_takes_some_of_it_gets_the_time_for_the_rest_anew() -> None:
    waits = Patience(100, 0.0)
    waits.note_progress(5.0)
    assert waits.due(ANSWER_TIMEOUT) is None
    assert waits.next_at == 5.0 + ANSWER_TIMEOUT


def test_a_program_that_runs_may_run_for_ever() -> None:
    assert started().next_at == float("inf")


def test_an_interrupted_program_gets_a_return_once_and_then_its_grace() -> None:
    waits = started()
    waits.note_interrupt(60.0)
    assert waits.due(60.0) is None
    assert waits.due(60.0 + NUDGE_DELAY) is Due.NUDGE
    assert waits.due(61.0) is None
    assert waits.due(60.0 + INTERRUPT_GRACE) is Due.GIVE_UP


def test_a_second_interrupt_shortens_the_grace_and_never_lengthens_it() -> None:
    waits = started()
    waits.note_interrupt(60.0)
    waits.note_interrupt(61.0)
    assert waits.give_up_at == 61.0 + SECOND_INTERRUPT_GRACE
    waits.note_interrupt(61.5)
    assert waits.give_up_at == 61.0 + SECOND_INTERRUPT_GRACE


def test_ctrl_c_comes_again_only_while_the_board_may_still_compile() -> None:
    waits = started(size=10_000)  # a second and a quarter
    waits.note_interrupt(0.5)
    assert waits.due(0.5 + INTERRUPT_INTERVAL) is Due.INTERRUPT
    assert waits.due(0.5 + INTERRUPT_INTERVAL) is None
    assert waits.due(1.3) is Due.INTERRUPT
    assert waits.due(1.3) is Due.NUDGE
    assert waits.due(5.0) is None


def test_what_the_board_takes_does_not_lengthen_the_time_to_stop() -> None:
    waits = Patience(100, 0.0)
    waits.note_interrupt(1.0)
    waits.note_progress(2.0)
    waits.note_started(2.0)
    assert waits.give_up_at == 1.0 + INTERRUPT_GRACE
