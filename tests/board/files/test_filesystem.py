"""Files on the boards, from a script: whole or not at all, to the byte, and errors that say what is wrong."""

from __future__ import annotations

import os
import random
import threading
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.board import Board, Entry
from metakernel_micropython.board.files.filesystem import UNFINISHED
from metakernel_micropython.errors import (
    BadName,
    BoardTimeout,
    DeviceError,
    FileProblem,
    LineLost,
    MicroPythonError,
    NoSpace,
    NoSuchFile,
    ReadOnly,
    TransferFailed,
)

from ...boards import BrittleLine, Microbit, needs_virtual
from ...virtual.boards import TcpBoard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONTENTS = {
    "nothing": b"",
    "text": b"print('h\xc3\xa9llo')\n",
    "line ends": b"a\r\nb\rc\n\n",
    "no last line end": b"a\nb",
    "every byte": bytes(range(256)),
    "the protocol's own bytes": b"\x01\x02\x03\x04\x05A\x01raw REPL; CTRL-B to exit\r\n>\x04\x04>",
    "quotes and backslashes": rb"""'"\'\"\\n'''\x00""" + b'"""',
}

VFS = """
import vfs
class Broken:
    def mount(self, readonly, mkfs): pass
    def umount(self): pass
    def stat(self, path):
        if path not in ('', '/'): raise OSError(2)
        return (0x4000,) + (0,) * 9
    def statvfs(self, path): return (512, 512, 100, {free}, {free}, 0, 0, 0, 0, 255)
    def open(self, path, mode): raise OSError({error})
    def mkdir(self, path): raise OSError({error})
vfs.mount(Broken(), '/broken')
"""


@pytest.fixture
def board(board: Board) -> Board:
    """A board without a file of an earlier test."""
    for entry in board.files.list():
        board.files.remove(entry.path, recurse=True)
    return board


on_virtual = pytest.mark.parametrize("board_address", ["virtual"], indirect=True, scope="module")
on_microbit = pytest.mark.parametrize("board_address", ["microbit"], indirect=True, scope="module")


@pytest.fixture
def virtual(board: Board) -> Board:
    """For what takes folders, or sizes that the micro:bit has no room for."""
    return board


@pytest.mark.parametrize("what", CONTENTS)
def test_what_is_written_is_read_again_to_the_byte(board: Board, what: str) -> None:
    written = board.files.write("a.bin", CONTENTS[what])
    assert written.size == len(CONTENTS[what])
    assert "verified" in written.method
    assert board.files.read("a.bin") == CONTENTS[what]
    assert board.files.list() == [Entry("a.bin", len(CONTENTS[what]), False)]


def test_the_board_itself_reads_what_was_written(board: Board) -> None:
    board.files.write("hello.py", b"greeting = 'hello'\n")
    assert board.execute("from hello import greeting\nprint(greeting)") == "hello\n"


def test_a_new_file_takes_the_place_of_the_old_one(board: Board) -> None:
    board.files.write("a.txt", b"a long old content")
    board.files.write("a.txt", b"new")
    assert board.files.read("a.txt") == b"new"
    assert [entry.path for entry in board.files.list()] == ["a.txt"]


def test_appending_keeps_what_is_there(board: Board) -> None:
    board.files.write("log.txt", b"one\n", append=True)
    board.files.write("log.txt", b"two\n" * 40, append=True)
    assert board.files.read("log.txt") == b"one\n" + b"two\n" * 40


SICK_CARD = """
import vfs
class Sick:
    def mount(self, readonly, mkfs): pass
    def umount(self): pass
    def stat(self, path):
        if path in ('', '/'): return (0x4000,) + (0,) * 9
        raise OSError({number})
    def ilistdir(self, path): return iter([('log.txt', 0x8000, 0, 5)])
    def open(self, path, mode):
        touched.append(path)
        raise OSError(30)
touched = []
vfs.mount(Sick(), '/sick')
"""


@on_virtual
@pytest.mark.parametrize("number", [5, 19, 110])
def test_a_file_that_the_card_cannot_tell_of_is_not_taken_for_missing(virtual: Board, number: int) -> None:
    virtual.execute(SICK_CARD.format(number=number))
    files = virtual.files
    for action in (
        lambda: files.write("/sick/log.txt", b"x", append=True),
        lambda: files.write("/sick/log.txt", b"x"),
        lambda: files.stat("/sick/log.txt"),
        lambda: files.list("/sick"),
        lambda: files.compare("/sick", {"log.txt": b"12345"}),
        lambda: files.compare("/sick", {}, others=True),
    ):
        with pytest.raises(FileProblem) as caught:
            action()
        assert not isinstance(caught.value, NoSuchFile)
    assert virtual.evaluate("touched") == []
    virtual.execute("vfs.umount('/sick'); del Sick, touched, vfs")


@on_virtual
@pytest.mark.parametrize("number", [2, 20])
def test_a_file_that_is_missing_is_missing_however_the_system_numbers_that(virtual: Board, number: int) -> None:
    virtual.execute(SICK_CARD.format(number=number))
    assert virtual.files.stat("/sick/log.txt") is None
    assert virtual.files.compare("/sick", {"log.txt": b"12345"}).missing == {"log.txt"}
    virtual.execute("vfs.umount('/sick'); del Sick, touched, vfs")


@on_virtual
@pytest.mark.parametrize("name", ["ä ö.txt", "a'b\"c.txt", "日本.txt", "a\\b", "two\nlines", "%x.py", "#.txt"])
def test_names_of_every_kind(virtual: Board, name: str) -> None:
    use_name(virtual, name)


@on_microbit
@pytest.mark.parametrize("name", ["ä ö.txt", "two\nlines"])
def test_names_on_a_small_board(board: Board, name: str) -> None:
    use_name(board, name)


def use_name(board: Board, name: str) -> None:
    board.files.write(name, b"x")
    assert board.files.list() == [Entry(name, 1, False)]
    assert board.files.read(name) == b"x"
    assert board.files.remove(name) == 1
    assert board.files.stat(name) is None


@pytest.mark.parametrize("name", ["", "/", ".", "..", "a/", "a/..", "x\0y", "half \ud800"])
def test_what_no_file_can_be_called(board: Board, name: str) -> None:
    with pytest.raises(BadName):
        board.files.write(name, b"x")
    assert board.files.list() == []


def test_a_name_that_is_too_long(board: Board) -> None:
    with pytest.raises(BadName, match="too long"):
        board.files.write("x" * 300, b"x")


def test_copying_moving_and_removing(board: Board) -> None:
    board.files.write("a", b"one")
    board.files.write("b", b"two")
    board.files.copy("a", "b")
    assert board.files.read("b") == b"one"
    board.files.write("b", b"two")
    board.files.move("b", "a")
    assert board.files.read("a") == b"two"
    board.files.move("a", "a")
    board.files.move("a", "./a")
    board.files.copy("a", "a")
    assert board.files.list() == [Entry("a", 3, False)]
    assert board.files.remove("a") == 1
    assert board.files.list() == []


@pytest.mark.parametrize("action", ["read", "remove"])
def test_what_is_not_there(board: Board, action: str) -> None:
    with pytest.raises(NoSuchFile, match=r"nowhere\.py"):
        getattr(board.files, action)("nowhere.py")
    for both in (board.files.copy, board.files.move):
        with pytest.raises(NoSuchFile, match=r"nowhere\.py"):
            both("nowhere.py", "x")
    with pytest.raises(NoSuchFile):
        board.files.list("nowhere")


def test_no_name_stays_on_the_board_and_its_memory_comes_back(board: Board) -> None:
    names = board.execute("print(dir())")

    def free() -> int:
        board.files.write("a", bytes(range(256)))
        board.files.read("a")
        board.files.list()
        board.files.remove("a")
        return int(board.execute("def f():\n import gc\n gc.collect()\n print(gc.mem_free())\nf()\ndel f"))

    rounds = 2 if board.files.flat else 8
    for _ in range(rounds // 2):  # the names that snippets use are kept by the interpreter, once
        free()
    first = max(free() for _ in range(rounds))
    assert max(free() for _ in range(rounds)) > first - 400
    assert board.execute("print(dir())") == names


def test_variables_of_the_user_stay(board: Board) -> None:
    board.execute("file = data = os = path = 7")
    board.files.write("a", b"x")
    assert board.execute("print(file, data, os, path)") == "7 7 7 7\n"


@on_microbit
def test_a_small_board_says_what_it_cannot(board: Board) -> None:
    assert "cannot rename" in board.files.write("a", b"x").note
    assert board.files.space() is None
    with pytest.raises(FileProblem, match="no folders"):
        board.files.mkdir("lib")


@on_virtual
def test_the_virtual_board_has_the_room_of_its_folder(virtual: Board) -> None:
    space = virtual.files.space()
    assert space is not None
    assert 0 < space.free <= space.total
    with pytest.raises(NoSpace, match="free"):
        virtual.files.write("a", FakeSize(space.free + (1 << 40)))
    with pytest.raises(DeviceError, match="ENOENT"):
        virtual.execute("import os; os.statvfs('/nowhere')")


@on_virtual
def test_a_board_that_can_rename_has_nothing_to_say(virtual: Board) -> None:
    assert virtual.files.write("a", b"x").note == ""
    assert not virtual.files.flat


@on_virtual
def test_a_mebibyte_with_progress(virtual: Board) -> None:
    data = random.Random(1).randbytes(1 << 20)
    steps: list[tuple[int, int]] = []
    virtual.files.write("big", data, progress=lambda done, size: steps.append((done, size)))
    assert steps[-1] == (len(data), len(data))
    assert steps == sorted(steps)
    assert len(steps) > 20
    steps.clear()
    assert virtual.files.read("big", lambda done, size: steps.append((done, size))) == data
    assert steps[-1] == (len(data), len(data))


@on_virtual
def test_folders(virtual: Board) -> None:
    files = virtual.files
    with pytest.raises(NoSuchFile, match="no folder lib/sub"):
        files.write("lib/sub/a.py", b"1")
    files.write("lib/sub/a.py", b"1", parents=True)
    files.mkdir("empty")
    everything = ["empty", "lib", "lib/sub", "lib/sub/a.py"]
    assert [entry.path for entry in files.list(recurse=True)] == everything
    assert [entry.path for entry in files.list("/", recurse=True)] == ["/" + path for path in everything]
    assert files.list() == [Entry("empty", 0, True), Entry("lib", 0, True)]
    assert files.list("lib/sub/") == [Entry("lib/sub/a.py", 1, False)]
    assert files.list("lib/sub/a.py") == [Entry("lib/sub/a.py", 1, False)]
    files.move("lib", "moved")
    with pytest.raises(FileProblem, match="not empty"):
        files.remove("moved")
    assert files.remove("moved", recurse=True) == 3
    assert files.remove("empty") == 1
    assert files.list() == []


@on_virtual
def test_a_folder_is_no_file(virtual: Board) -> None:
    virtual.files.mkdir("lib")
    for action in (lambda: virtual.files.write("lib", b"x"), lambda: virtual.files.read("lib")):
        with pytest.raises(FileProblem, match="is a folder"):
            action()
    with pytest.raises(FileProblem, match="there already"):
        virtual.files.mkdir("lib")
    virtual.files.mkdir("lib", parents=True)
    with pytest.raises(FileProblem, match="is a folder"):
        virtual.files.copy("lib", "other")
    with pytest.raises(FileProblem, match="keeps everything"):
        virtual.files.remove("/", recurse=True)


@on_virtual
def test_paths_follow_the_current_folder(virtual: Board) -> None:
    virtual.files.mkdir("lib")
    virtual.execute("import os; os.chdir('lib')")
    virtual.files.write("a", b"x")
    virtual.execute("os.chdir('/')")
    assert virtual.files.read("/lib/a") == b"x"


@on_virtual
def test_a_read_only_file_system(virtual: Board) -> None:
    virtual.execute(VFS.format(free=100, error=30))
    with pytest.raises(ReadOnly, match="read-only"):
        virtual.files.write("/broken/a", b"x")
    with pytest.raises(ReadOnly):
        virtual.files.mkdir("/broken/lib")


@on_virtual
def test_free_space_is_looked_at_first(virtual: Board) -> None:
    virtual.execute(VFS.format(free=2, error=30))
    space = virtual.files.space("/broken")
    assert space is not None
    assert (space.free, space.total) == (1024, 51200)
    with pytest.raises(NoSpace, match=r"needs 1025 bytes.*1024 free"):
        virtual.files.write("/broken/a", bytes(1025))


@on_virtual
def test_a_file_system_that_is_full_meanwhile(virtual: Board) -> None:
    virtual.execute(VFS.format(free=100, error=28))
    with pytest.raises(NoSpace, match="no room"):
        virtual.files.write("/broken/a", b"x")


def test_a_board_that_is_full_keeps_the_old_file(microbit: Microbit) -> None:
    with Board.connect(microbit.address) as board:
        board.files.write("a", b"old")
        board.execute("with open('filler', 'wb') as file:\n for _ in range(12 * 16): file.write(bytes(64))")
        with pytest.raises(NoSpace):
            board.files.write("a", bytes(3000))
        assert board.files.read("a") == b"old"
        assert [entry.path for entry in board.files.list()] == ["a", "filler"]


@on_virtual
def test_stopping_in_the_middle_leaves_the_old_file(virtual: Board) -> None:
    virtual.files.write("a", b"old")

    def stop(done: int, size: int) -> None:
        if done > size // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        virtual.files.write("a", bytes(100_000), progress=stop)
    assert virtual.files.read("a") == b"old"
    assert virtual.files.list() == [Entry("a", 3, False)]
    assert virtual.execute("print(dir())") == "['__name__']\n"


@on_virtual
def test_ctrl_c_on_the_board_stops_a_transfer(virtual: Board) -> None:
    virtual.files.write("a", b"old")
    began = threading.Event()
    stopper = threading.Thread(target=lambda: (began.wait(10), [virtual.interrupt() or None for _ in range(2000)]))
    stopper.start()
    with pytest.raises(KeyboardInterrupt):
        while True:
            virtual.files.write("a", bytes(200_000), progress=lambda done, size: began.set())
    stopper.join()
    assert virtual.files.read("a") in (b"old", bytes(200_000))
    assert [entry.path for entry in virtual.files.list()] == ["a"]


@on_virtual
def test_little_memory_means_smaller_pieces(virtual: Board) -> None:
    needs_virtual()
    with Board.connect("virtual", heap=64 * 1024) as board:
        assert board.files.write("a", b"x").size == 1
        board.execute("import gc\ngc.collect()\nkept = [bytearray(1024) for _ in range(gc.mem_free() * 3 // 4096)]")
        data = os.urandom(30_000)
        board.files.write("a", data)
        assert board.files.read("a") == data


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[tuple[Board, Path]]:
    """A board whose disk the host can change behind its back."""
    needs_virtual()
    with Board.connect(f"virtual:{tmp_path}") as board:
        yield board, tmp_path


def damage(folder: Path) -> None:
    with (folder / f"a{UNFINISHED}").open("ab") as file:
        file.write(b"!")


def test_a_file_that_changes_while_it_is_sent_is_sent_again(disk: tuple[Board, Path]) -> None:
    board, folder = disk
    first = True

    def progress(done: int, size: int) -> None:
        nonlocal first
        if done == size and first:
            first = False
            damage(folder)

    board.files.write("a", bytes(1000), progress=progress)
    assert board.files.read("a") == bytes(1000)


def test_a_file_that_is_damaged_each_time_is_given_up(disk: tuple[Board, Path]) -> None:
    board, folder = disk
    board.files.write("a", b"old")
    with pytest.raises(TransferFailed, match="damaged 3 times"):
        board.files.write("a", bytes(1000), progress=lambda done, size: damage(folder) if done == size else None)
    assert board.files.read("a") == b"old"
    assert [entry.path for entry in board.files.list()] == ["a"]


@pytest.fixture(scope="module")
def served() -> Iterator[TcpBoard]:
    needs_virtual()
    made = TcpBoard()
    yield made
    made.end()


def test_a_line_that_is_cut_anywhere_leaves_the_old_file_or_the_new_one(served: TcpBoard) -> None:
    old, new = os.urandom(3000), os.urandom(40_000)
    outcomes = overwrite_on_a_line_that_breaks(served.port, old, new, cuts=20)
    assert len(outcomes) == 20


def test_the_same_on_a_board_that_cannot_rename(microbit: Microbit) -> None:
    outcomes = overwrite_on_a_line_that_breaks(microbit.port, b"old" * 20, b"new!" * 40, cuts=2)
    assert len(outcomes) == 2


class FakeSize(bytes):
    """Content that says that it is longer than any disk."""

    def __new__(cls, size: int) -> FakeSize:
        made = super().__new__(cls)
        made.size = size
        return made

    size: int

    def __len__(self) -> int:
        return self.size


def overwrite_on_a_line_that_breaks(port: int, old: bytes, new: bytes, cuts: int) -> list[str]:
    """Overwrite a file, each time with the line cut somewhere else; return which content was there afterwards."""
    line = BrittleLine(port)
    with Board.connect(line.address) as board:
        board.files.write("a", old)
        before = line.carried
        board.files.write("a", new)
        needed = line.carried - before
        board.files.write("a", old)
    line.close()
    points = [round(needed * (number + random.Random(number).random()) / cuts) for number in range(cuts)]
    outcomes = []
    for point in points:
        line = BrittleLine(port)
        board = Board.connect(line.address)
        _ = board.files.flat  # what is asked once per connection is not part of the transfer
        line.break_after(point)
        with pytest.raises(MicroPythonError) as caught:
            board.files.write("a", new)
            raise LineLost("only the farewell was cut")
        assert isinstance(caught.value, LineLost), caught.value
        board.close(exit_raw_repl=False)
        line.close()
        line = BrittleLine(port)
        with Board.connect(line.address) as board:
            content = board.files.read("a")
            assert content in (old, new), f"cut after {point} of {needed} bytes: a mix of {len(content)} bytes"
            outcomes.append("old" if content == old else "new")
            board.files.write("a", old)
            assert board.execute("print([name for name in dir() if 'mk' in name])") == "[]\n"
        line.close()
    return outcomes


@pytest.mark.parametrize("failing", [1, 2])
def test_no_unfinished_file_stays_where_a_helper_fails(
    board: Board, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    files = board.files
    files.write("a.py", b"old")
    ask = files._ask
    asked = 0

    def fail_at_first(*arguments: object) -> str:
        nonlocal asked
        asked += 1
        if asked <= failing:
            raise DeviceError("MemoryError", "memory allocation failed", "")
        return ask(*arguments)  # type: ignore[arg-type]

    def broken(*_: object) -> bool:
        monkeypatch.setattr(files, "_ask", fail_at_first)
        raise DeviceError("MemoryError", "memory allocation failed", "")

    monkeypatch.setattr(files, "_is_whole", broken)
    with pytest.raises(DeviceError, match="MemoryError"):
        files.write("a.py", b"new!")
    monkeypatch.undo()
    assert [entry.path for entry in files.list()] == ["a.py"]
    assert files.read("a.py") == b"old"


@on_virtual
def test_a_board_that_stops_answering_ends_the_transfer(virtual: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metakernel_micropython.board.files.helper_programs.PATIENCE", 0.5)
    with pytest.raises(BoardTimeout, match="did not answer"):
        virtual.files._ask("while True: pass\n", "a")
    assert virtual.execute("print(1)") == "1\n"
