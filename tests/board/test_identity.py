"""What two readings of a board's clock tell of its variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.board.identity import BoardIdentity, Variables, ask, variables

if TYPE_CHECKING:
    from metakernel_micropython.board import Board

PERIOD = 1 << 30


def sign(ticks: int | None, at: float) -> BoardIdentity:
    return BoardIdentity("01", ticks, PERIOD, at)


@pytest.mark.parametrize(
    ("before", "now", "seen", "became"),
    [
        (sign(60_000, 100), sign(120_010, 160), 159, Variables.KEPT),
        (sign(60_000, 100), sign(300, 160), 159, Variables.GONE),
        (sign(60_000, 100), sign(40_000, 160), 110, Variables.GONE),  # it restarted a while ago
        (sign(60_000, 100), sign(90_000, 160), 159, Variables.UNKNOWN),  # a clock that stood still, as in light sleep
        (sign(20, 100), sign(1020, 101), 100.05, Variables.UNKNOWN),  # it had just begun, and may have begun anew
        (sign(PERIOD - 1000, 100), sign(2000, 103), 102, Variables.KEPT),  # the clock went round
        (sign(None, 100), sign(1000, 160), 159, Variables.UNKNOWN),
        (sign(60_000, 100), sign(None, 160), 159, Variables.UNKNOWN),
        (sign(0, 0), sign(86_400_000 + 90_000, 86_400), 86_399, Variables.KEPT),  # a clock that is 0.1 % fast
        (sign(0, 0), sign(5_000, 86_400), 86_390, Variables.GONE),
    ],
)
def test_the_clock_tells_what_became_of_the_variables(
    before: BoardIdentity, now: BoardIdentity, seen: float, became: Variables
) -> None:
    assert variables(before, now, seen) is became


def test_a_board_tells_its_number_and_its_clock(board: Board) -> None:
    first = ask(board)
    assert first.ticks is not None
    assert first.period == 1 << 30 or first.period == 1 << 29
    assert len(first.unique_id) == 16  # digits: 8 bytes
    assert ask(board, "known").unique_id == "known"
    assert board.execute("print([name for name in globals() if name != '__name__'])") == "[]\n"
