"""The flash of a board with a name is as large as that board's, and can be full; this computer's disk is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.board import Board
from metakernel_micropython.errors import DeviceError, NoSpace
from metakernel_micropython.virtual import disk

from ..boards import needs_virtual

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BLOCK = 4096
PICO = 2 * 1024 * 1024
FILL = """
import os
def fill(name, mode="wb", size=1000):
    with open(name, mode) as file:
        try:
            while True: file.write(bytes(size))
        except OSError as error:
            return error.errno
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("flash")


@pytest.fixture(scope="module")
def shared(folder: Path) -> Iterator[Board]:
    needs_virtual()
    with Board.connect(f"virtual:{folder}", board="pico") as board:
        yield board


@pytest.fixture
def board(shared: Board, folder: Path) -> Board:
    for path in folder.iterdir():
        path.unlink() if path.is_file() else path.rmdir()
    shared.soft_reset()
    shared.execute(FILL)
    return shared


def free(board: Board) -> int:
    space = board.files.space("")
    assert space is not None
    assert space.total == PICO
    return space.free


def test_it_has_two_megabytes_and_files_take_whole_blocks(board: Board) -> None:
    empty = free(board)
    assert empty == PICO - 2 * BLOCK  # the root
    board.execute("with open('a', 'w') as file: file.write('x')\nwith open('b', 'w') as file: file.write('x' * 4097)")
    assert free(board) == empty - 3 * BLOCK
    board.execute("os.mkdir('lib')")
    assert free(board) == empty - 5 * BLOCK
    board.execute("os.remove('a')\nos.remove('b')\nos.rmdir('lib')")
    assert free(board) == empty


def test_a_full_one_says_so_and_keeps_what_is_there(board: Board, folder: Path) -> None:
    assert board.evaluate("fill('large')") == 28
    assert free(board) == 0
    size = (folder / "large").stat().st_size
    assert PICO - 4 * BLOCK < size <= PICO - 2 * BLOCK
    for source in ("open('new', 'w')", "os.mkdir('new')", "open('large', 'a').write('x')"):
        with pytest.raises(DeviceError, match=r"^OSError: 28$"):
            board.execute(source)
    assert (folder / "large").stat().st_size == size
    assert board.evaluate("len(open('large', 'rb').read(10))") == 10
    assert board.evaluate("os.listdir()") == ["large"]


def test_what_is_removed_makes_room_at_once(board: Board) -> None:
    assert board.evaluate("fill('large')") == 28
    board.execute("os.rename('large', 'renamed')\nos.remove('renamed')")
    assert board.execute("with open('new', 'wb') as file: print(file.write(bytes(100_000)))") == "100000\n"


def test_many_small_files_fill_it_as_well(board: Board) -> None:
    board.execute("with open('a', 'wb') as file:\n for _ in range(125): file.write(bytes(16_000))")
    left = free(board) // BLOCK
    assert 0 < left < 30
    made = board.execute(
        "count = 0\ntry:\n while True:\n  with open('f%d' % count, 'w') as file: file.write('x')\n  count += 1\n"
        "except OSError as error: print(error.errno, count)"
    )
    assert made == f"28 {left}\n"


def test_what_somebody_else_puts_into_the_folder_counts(board: Board, folder: Path) -> None:
    (folder / "mine").write_bytes(bytes(PICO - 2 * BLOCK))
    assert free(board) == 0
    with pytest.raises(DeviceError, match="OSError: 28"):
        board.execute("open('new', 'w')")
    (folder / "more").write_bytes(bytes(PICO))
    assert free(board) == 0


def test_an_upload_that_does_not_fit_leaves_the_old_file(board: Board) -> None:
    board.files.write("old", b"old")
    with pytest.raises(NoSpace, match=r"needs 2097153 bytes.* free"):
        board.files.write("old", bytes(PICO + 1))
    assert board.evaluate("fill('large')") == 28
    with pytest.raises(NoSpace):
        board.files.write("old", b"new")
    assert board.files.read("old") == b"old"
    assert sorted(entry.path for entry in board.files.list()) == ["large", "old"]


def test_without_a_name_only_the_disk_is_the_limit(tmp_path: Path) -> None:
    needs_virtual()
    (tmp_path / "large").write_bytes(bytes(3 * PICO))
    with Board.connect(f"virtual:{tmp_path}") as board:
        board.execute("with open('more', 'wb') as file:\n for _ in range(200): file.write(bytes(15_000))")
        space = board.files.space("")
        assert space is not None
        assert space.total > 4 * PICO
    assert (tmp_path / "more").stat().st_size == 3_000_000


def test_a_link_and_what_vanishes_meanwhile_are_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    try:
        (tmp_path / "folder" / "round").symlink_to(tmp_path)
        (tmp_path / "nowhere").symlink_to(tmp_path / "nothing")
    except OSError:
        pytest.skip("links are not allowed here")
    assert 4 * BLOCK <= disk.used(tmp_path) <= 6 * BLOCK
    assert disk.used(tmp_path / "nothing") == 2 * BLOCK
