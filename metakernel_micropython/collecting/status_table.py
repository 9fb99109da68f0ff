"""How a measurement goes, in words: a sentence, and a table with a row for each board."""

from __future__ import annotations

import time
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from ..display.html import html_rows, text_rows
from ..host.paths import counted, shown

if TYPE_CHECKING:
    from .collection_state import BoardState, CollectionState

WHOLE = ("board", "rows", "gaps", "clock")
"""Columns whose texts stay in one piece in a narrow window."""


def summary(csv: Path, state: CollectionState) -> str:
    """Return what a measurement does or did, in a line or some more."""
    begun = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(state.begun))
    every = state.measurement["every"]
    what = f"{counted(state.rows, 'row')} in {_named(csv)}, one every {every:g} s from each board since {begun}"
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


def text_table(state: CollectionState) -> str:
    """Return a table with a row for each board."""
    return text_rows(*_table(state))


def html(csv: Path, state: CollectionState) -> str:
    """Return the sentence and the table as HTML."""
    head, rows = _table(state)
    return f"<p>{escape(shown(summary(csv, state)))}</p>{html_rows(head, rows, WHOLE)}"


def _table(state: CollectionState) -> tuple[list[str], list[list[str]]]:
    """Return the titles and the rows; what nothing is to be told of has no column."""
    columns = {
        "board": [board.name for board in state.boards],
        "state": [board.state or ("ended" if board.rows else "") for board in state.boards],
        "rows": [str(board.rows) for board in state.boards],
        "failed": [f"{board.failed}: {board.last_error[:80]}" * bool(board.failed) for board in state.boards],
        "missed": [str(board.missed or "") for board in state.boards],
        "gaps": [f"{board.losses}, {board.gap:.0f} s" * bool(board.losses) for board in state.boards],
        "clock": [
            f"{board.drift:+.0f} ppm ±{board.accuracy * 1000:.1f} ms" * bool(board.offset) for board in state.boards
        ],
        "last row": [_last(board) for board in state.boards],
    }
    told = {title: column for title, column in columns.items() if any(column)}
    return list(told), [list(row) for row in zip(*told.values(), strict=True)]


def _last(board: BoardState) -> str:
    return ", ".join(f"{name} {value}" for name, value in board.last.items())


def _named(csv: Path) -> str:
    """Return a file as people name it here: without the folders that they are in."""
    folder = Path.cwd()
    return str(csv.relative_to(folder) if csv.is_relative_to(folder) else csv)
