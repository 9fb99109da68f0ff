"""A sync asks for its room before it changes anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.board.files.entries import Space
from metakernel_micropython.board.files.folder_sync import carry_out, collect, prepare
from metakernel_micropython.board.files.sync_room import LARGEST_BLOCK
from metakernel_micropython.errors import NoSpace

if TYPE_CHECKING:
    from pathlib import Path

    from metakernel_micropython.board import Board

TOTAL = 1_000_000


def has_free(board: Board, free: int, patch: pytest.MonkeyPatch) -> None:
    """The board's own answer, but for the numbers: a real file system of this size would take minutes to fill."""
    patch.setattr(board.files, "space", lambda _path="/": Space(TOTAL, free))


def make(folder: Path, sizes: dict[str, int]) -> None:
    for name, size in sizes.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"n" * size)


def test_files_that_fit_one_by_one_and_not_together_are_refused_before_the_first(
    virtual_board: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, {"a": 3000, "b/c": 3000})
    plan = prepare(virtual_board.files, collect(tmp_path), "/there")
    has_free(virtual_board, 5000, monkeypatch)
    with pytest.raises(NoSpace, match=r"6000 bytes more .* has 5000 of 1000000 free: .*Nothing was changed"):
        carry_out(virtual_board.files, plan)
    assert virtual_board.files.stat("/there") is None


def test_what_an_old_file_gives_back_counts_when_the_new_one_is_whole(
    virtual_board: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = LARGEST_BLOCK
    make(tmp_path, {"a": size, "b": size})
    for name in ("/there/a", "/there/b"):
        virtual_board.files.write(name, b"o" * size, parents=True)
    plan = prepare(virtual_board.files, collect(tmp_path), "/there")
    has_free(virtual_board, size - 1, monkeypatch)
    with pytest.raises(NoSpace, match=rf"need {size} bytes more"):
        carry_out(virtual_board.files, plan)
    assert virtual_board.files.read("/there/a") == b"o" * size
    has_free(virtual_board, size, monkeypatch)
    assert carry_out(virtual_board.files, plan).sent == 2


def test_files_of_another_file_system_need_no_room_in_this_one(
    virtual_board: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, {"a": 100, "card/b": 3000})
    virtual_board.files.mkdir("/there/card", parents=True)
    plan = prepare(virtual_board.files, collect(tmp_path), "/there")
    monkeypatch.setattr(
        virtual_board.files, "space", lambda path="/": Space(TOTAL, 9000) if "card" in path else Space(TOTAL, 200)
    )
    assert carry_out(virtual_board.files, plan).sent == 2
