"""Whom Stop stops, at each moment of a cell."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from metakernel_micropython.cell.interrupt_state import InterruptState

Hits = list[str]


@pytest.fixture
def hits() -> Hits:
    """What Stop has hit."""
    return []


def stop(state: InterruptState, hits: Hits, *, runs: bool = False, in_background: bool = False) -> None:
    """Press Stop, while the board runs a program or not."""

    def interrupt() -> bool:
        hits.append("board")
        return runs

    background = SimpleNamespace(running=in_background, interrupt=lambda: hits.append("background"))
    state.stop(SimpleNamespace(interrupt=interrupt, background=background), lambda: hits.append("hurry"))  # type: ignore[arg-type]


def begins(state: InterruptState) -> bool:
    """Whether a cell begins: a KeyboardInterrupt that is not expected would end all tests."""
    try:
        state.cell_begins()
    except KeyboardInterrupt:
        return False
    return True


def test_stop_before_the_cell_has_begun_ends_it_as_it_begins_and_not_the_next_one(hits: Hits) -> None:
    state = InterruptState(lambda: hits.append("host"))
    state.request_begins()
    stop(state, hits)
    assert "host" not in hits
    assert not begins(state)
    state.cell_ends()
    state.request_ends()
    state.request_begins()
    assert begins(state)


def test_stop_without_a_cell_stops_nothing_that_comes_later(hits: Hits) -> None:
    state = InterruptState(lambda: hits.append("host"))
    stop(state, hits)
    assert "host" not in hits
    assert begins(state)  # as in an engine of a cluster, where nobody sends a request


def test_stop_hits_the_host_while_the_host_works_and_not_after_the_cell(hits: Hits) -> None:
    state = InterruptState(lambda: hits.append("host"))
    state.request_begins()
    state.cell_begins()
    stop(state, hits)
    assert hits == ["hurry", "board", "host"]
    hits.clear()
    state.cell_ends()
    stop(state, hits)
    assert hits == ["hurry", "board"]


def test_a_board_that_runs_a_program_takes_stop_in_place_of_the_host(hits: Hits) -> None:
    state = InterruptState(lambda: hits.append("host"))
    state.cell_begins()
    stop(state, hits, runs=True)
    assert hits == ["hurry", "board"]


def test_a_cell_on_several_boards_takes_stop_alone_until_it_is_over(hits: Hits) -> None:
    state = InterruptState(lambda: hits.append("host"))
    state.cell_begins()
    state.give_to(SimpleNamespace(stop=lambda: hits.append("several")))
    stop(state, hits)
    assert hits == ["several"]
    state.give_to(None)
    stop(state, hits)
    assert hits == ["several", "hurry", "board", "host"]


def test_stop_reaches_a_program_that_nobody_waits_for_only_where_no_cell_runs(hits: Hits) -> None:
    state = InterruptState(lambda: hits.append("host"))
    state.request_begins()
    assert begins(state)
    stop(state, hits, in_background=True)
    assert hits == ["hurry", "host"]
    state.cell_ends()
    state.request_ends()
    hits.clear()
    stop(state, hits, in_background=True)
    assert hits == ["hurry", "background"]


def test_stop_before_a_cell_has_begun_leaves_a_program_that_nobody_waits_for_alone(hits: Hits) -> None:
    state = InterruptState(lambda: hits.append("host"))
    state.request_begins()
    stop(state, hits, in_background=True)
    assert "background" not in hits
    assert not begins(state)
