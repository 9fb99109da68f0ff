"""How a measurement goes, in words: a sentence, and a table with a row for each board."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ..host.paths import counted

if TYPE_CHECKING:
    from pathlib import Path

    from .collection_state import CollectionState

HEAD = ("board", "state", "rows", "failed", "missed", "gaps", "clock", "last row")
"""The titles of the columns."""


def summary(csv: Path, state: CollectionState) -> str:
    """Return what a measurement does or did, in a line or some more."""
    begun = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(state.begun))
    every = state.measurement["every"]
    what = f"{counted(state.rows, 'row')} in {csv}, one every {every:g} s from each board since {begun}"
    if state.interrupted:
        return f"{what}. The process that collected was ended from outside; it can go on."
    if state.state == "failed":
        return f"{what}. It failed: {state.problem}"
    if state.alive:
        until = (
            f"until {time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(state.ends))}"
            if state.ends is not None
            else "until it is stopped"
        )
        problem = f" {state.problem}" if state.problem else ""
        return f"{what}, {until} (process {state.pid}).{problem}"
    return f"{what}. It has ended."


def rows_of(state: CollectionState) -> list[tuple[str, ...]]:
    """Return a row for each board, as texts."""
    rows: list[tuple[str, ...]] = []
    for board in state.boards:
        clock = f"{board.drift:+.0f} ppm ±{board.accuracy * 1000:.1f} ms" if board.offset else ""
        last = ", ".join(f"{name} {value}" for name, value in board.last.items())
        gaps = f"{board.losses}, {board.gap:.0f} s" if board.losses else "0"
        state_text = board.state or ("ended" if board.rows else "")
        failed = f"{board.failed}: {board.last_error[:80]}" if board.failed else "0"
        rows.append((board.name, state_text, str(board.rows), failed, str(board.missed), gaps, clock, last))
    return rows
