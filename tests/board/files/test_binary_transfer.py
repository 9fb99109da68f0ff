"""Files in binary blocks: on a line that does them harm, beside what prints meanwhile, and with little memory."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.board import Board
from metakernel_micropython.board.files.binary_transfer import Service
from metakernel_micropython.board.files.file_server import FileServer
from metakernel_micropython.errors import BoardBusy, BoardTimeout, MicroPythonError

from ...boards import ChangingLine, needs_virtual
from ...virtual.boards import TcpBoard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from metakernel_micropython.board import Execution

RANDOM = random.Random(5).randbytes(30_000)
TEXT = b"".join(b"def function_%d(value):\n    return value * %d\n" % (n, n * n) for n in range(1500))


@pytest.fixture(scope="module")
def served() -> Iterator[TcpBoard]:
    needs_virtual()
    made = TcpBoard()
    yield made
    made.end()


@pytest.fixture
def board(served: TcpBoard) -> Iterator[Board]:
    with Board.connect(served.address) as board:
        for entry in board.files.list():
            board.files.remove(entry.path)
        yield board


class Accident:
    """Something that happens to the bytes of a line, each time so many have passed."""

    def __init__(self, change: Callable[[bytes, int], bytes], every: int, times: int) -> None:
        self.happened = 0
        self.armed = False
        self._change, self._every, self._times = change, every, times
        self._passed = 0

    def __call__(self, data: bytes) -> bytes:
        if not self.armed or self.happened == self._times:
            return data
        at = self._every - self._passed
        self._passed += len(data)
        if at >= len(data):
            return data
        self._passed = 0
        self.happened += 1
        return self._change(data, at)


ACCIDENTS: dict[str, Callable[[bytes, int], bytes]] = {
    "lost": lambda data, at: data[:at] + data[at + 1 :],
    "damaged": lambda data, at: data[:at] + bytes((data[at] ^ 0x20,)) + data[at + 1 :],
    "doubled": lambda data, at: data[: at + 1] + data[at:],
    "many lost": lambda data, at: data[:at],
    "printed": lambda data, at: data[:at] + b"tick 42\r\n" + data[at:],
}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metakernel_micropython.board.files.file_server.PIECE_PATIENCE", 0.4)
    monkeypatch.setattr("metakernel_micropython.board.files.file_server.ANSWER_PATIENCE", 1.0)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("kind", ACCIDENTS)
@pytest.mark.parametrize("way", ["to the board", "from the board"])
@pytest.mark.parametrize("content", [RANDOM, TEXT], ids=["random", "text"])
def test_a_line_that_does_harm_costs_time_and_no_byte(served: TcpBoard, kind: str, way: str, content: bytes) -> None:
    upward = way == "to the board"
    writing, reading = Accident(ACCIDENTS[kind], 5003 if upward else 301, 2), Accident(ACCIDENTS[kind], 7001, 2)
    line = ChangingLine(
        served.port, writing if upward else bytes, bytes if upward else lambda data: reading(writing(data))
    )
    with Board.connect(line.address) as board:
        board.files.write("harmed", b"old")
        writing.armed = True
        board.files.write("harmed", content)
        writing.armed = False
        reading.armed = True
        assert board.files.read("harmed") == content
        assert writing.happened or (content is TEXT and not upward)
        assert upward or reading.happened
        assert board.execute("print(dir())") == "['__name__']\n"
        board.files.remove("harmed")
    line.close()


def test_what_a_timer_prints_in_the_middle_is_shown_as_printed_between(board: Board) -> None:
    # A file system that prints while it is written to does so at the very moment.
    board.execute(
        "import vfs\n"
        "class Talks:\n"
        " def mount(self, *_): pass\n"
        " def umount(self): pass\n"
        " def stat(self, path): raise OSError(2)\n"
        " def open(self, path, mode):\n"
        "  print('tick')\n"
        "  raise OSError(30)\n"
        "vfs.mount(Talks(), '/talks')\n"
    )
    with pytest.raises(MicroPythonError, match="read-only"):
        board.files.write("/talks/a", b"x")
    assert "tick" in board.take_unsolicited().text
    board.execute("vfs.umount('/talks'); del Talks, vfs")


SLOW_FLASH = """
import time, vfs
DATA = {{}}
def erase():
    stopped = False
    end = time.ticks_add(time.ticks_ms(), {milliseconds})
    while time.ticks_diff(end, time.ticks_ms()) > 0:
        try: time.sleep_ms(20)
        except KeyboardInterrupt: stopped = True
    if stopped: raise KeyboardInterrupt
class File:
    def __init__(self, path, mode):
        self.path, self.at = path, 0
        if 'w' in mode:
            DATA[path] = b''
            erase()
    def read(self, size=-1):
        data = DATA[self.path][self.at:][:size if size >= 0 else None]
        self.at += len(data)
        return data
    def write(self, data):
        if not self.at: erase()
        DATA[self.path] = DATA[self.path][:self.at] + bytes(data)
        self.at += len(data)
        return len(data)
    def seek(self, at, whence=0): self.at = at
    def tell(self): return self.at
    def close(self): pass
class Slow:
    def mount(self, *_): pass
    def umount(self): pass
    def stat(self, path):
        if path in ('', '/'): return (0x4000,) + (0,) * 9
        if path not in DATA: raise OSError(2)
        return (0x8000, 0, 0, 0, 0, 0, len(DATA[path]), 0, 0, 0)
    def statvfs(self, path): return (512, 512, 1000, 1000, 1000, 0, 0, 0, 0, 255)
    def open(self, path, mode): return File(path, mode)
    def rename(self, old, new): DATA[new] = DATA.pop(old)
    def remove(self, path): del DATA[path]
vfs.mount(Slow(), '/slow')
"""


def test_a_board_that_is_only_slow_gets_its_file(virtual_board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metakernel_micropython.board.files.file_server.ANSWER_PATIENCE", 0.3)
    virtual_board.execute(SLOW_FLASH.format(milliseconds=900))
    virtual_board.files.write("/slow/a.bin", TEXT[:3000])
    assert virtual_board.files.read("/slow/a.bin") == TEXT[:3000]
    assert virtual_board.files._service.begin()  # and this way was not given up
    virtual_board.files._service.end()


def test_a_board_that_does_not_come_back_is_told_with_what_it_did(
    virtual_board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seconds in {"ANSWER_PATIENCE": 0.3, "SLOW_STEP": 0.5}.items():
        monkeypatch.setattr(f"metakernel_micropython.board.files.file_server.{name}", seconds)
    virtual_board.execute(SLOW_FLASH.format(milliseconds=4000))
    with pytest.raises(BoardTimeout, match=r"said nothing for .* s while it opened a file"):
        virtual_board.files.write("/slow/a.bin", b"x")


def test_flash_that_is_slow_has_its_time_where_files_cross_as_text(
    virtual_board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("metakernel_micropython.board.files.helper_programs.PATIENCE", 0.6)
    virtual_board.execute(SLOW_FLASH.format(milliseconds=1500))
    virtual_board.files.stat("/")
    found = virtual_board.capabilities.files
    assert found is not None
    virtual_board.capabilities.files = replace(found, binary=False)
    virtual_board.files.write("/slow/a.bin", b"x" * 100)
    assert virtual_board.files.read("/slow/a.bin") == b"x" * 100


def test_nothing_more_than_the_board_has_room_for_is_on_its_way(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = most = 0

    def put(server: FileServer, data: bytes, put: Callable[[FileServer, bytes], None] = FileServer._put) -> None:
        nonlocal sent, most
        sent += len(data)
        most = max(most, sent - server._answers.taken * server._piece)
        put(server, data)

    def send(server: FileServer, *arguments: object, send: Callable[..., None] = FileServer._send) -> None:
        nonlocal sent
        sent = 0
        send(server, *arguments)

    monkeypatch.setattr(FileServer, "_put", put)
    monkeypatch.setattr(FileServer, "_send", send)
    board.files.write("a", RANDOM)
    assert board.capabilities.window == 128
    assert board.capabilities.window < most <= 2 * board.capabilities.window


def test_several_files_take_one_execution(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    _ = board.files.flat  # asked once per connection
    started = 0

    def start(source: str, start: Callable[[str], object] = board.start) -> object:
        nonlocal started
        started += 1
        return start(source)

    monkeypatch.setattr(board, "start", start)
    with board.files.together() as files:
        for number in range(10):
            files.write(f"lib/part {number}", b"%d" % number, parents=True)
        assert [files.read(f"lib/part {number}") for number in range(10)] == [b"%d" % number for number in range(10)]
    assert started == 1
    board.files.remove("lib", recurse=True)


def test_a_file_that_is_there_already_is_not_written_again(board: Board) -> None:
    board.files.write("a", TEXT)
    board.execute("import os\nos.rename('a', 'b')")
    board.files.write("b", TEXT)
    assert board.files.write("b", TEXT).note == "it was the same already"
    assert board.files.write("b", TEXT[::-1]).note == ""
    assert board.files.read("b") == TEXT[::-1]


def test_while_files_are_on_their_way_nothing_else_runs(board: Board) -> None:
    with board.files.together() as files:
        files.write("a", b"x")
        with pytest.raises(BoardBusy, match="wait for the end"):
            board.execute("print(1)")
        assert files.read("a") == b"x"
    assert board.execute("print(1)") == "1\n"


def test_a_board_that_cannot_serve_is_written_to_as_text(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metakernel_micropython.board.files.binary_transfer._DEFLATE_RAW", "no number")
    monkeypatch.setattr(Service, "fetch", None)
    board.files.write("a", TEXT)
    assert board.files.read("a") == TEXT


@pytest.mark.parametrize("times", [1, 100])
def test_a_program_that_arrives_damaged_is_sent_again(
    board: Board, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    board.files.write("a", TEXT)
    start, left = board._session.start, times

    def damage(source: bytes) -> Execution:
        nonlocal left
        if left and (b" exec(" in source or b".readinto(" in source):
            left -= 1
            source = source.replace(b"(", b")", 1)
        return start(source)

    monkeypatch.setattr(board._session, "start", damage)
    assert board.files.read("a") == TEXT
    assert board.files.write("a", TEXT[:500]).size == 500
    # Where it never arrives, the file crosses as text.
    assert left == (0 if times == 1 else times - 3)


def test_stopping_while_blocks_are_on_their_way_leaves_a_board_that_answers(board: Board) -> None:
    """Whatever is left in the board's input must not become code: a program that resets the board, say."""
    trap = b"\x04\r\n\x03\x02import machine; machine.reset()\r\n\x04" * 3000
    board.execute("kept = 42")
    board.files.write("a", b"old")
    for number in range(12):
        begun = threading.Event()
        done = threading.Event()

        def stop(number: int = number, begun: threading.Event = begun, done: threading.Event = done) -> None:
            begun.wait(10)
            time.sleep(number / 2000)
            while not done.is_set() and not board.interrupt():
                pass

        stopper = threading.Thread(target=stop)
        stopper.start()
        try:
            board.files.write("a", bytes((number,)) + trap, progress=lambda *_, begun=begun: begun.set())
        except KeyboardInterrupt:
            pass
        finally:
            done.set()
            stopper.join()
        assert board.execute("print(kept)") == "42\n"
    assert not board.take_unsolicited().restarted


def test_after_transfers_memory_and_names_are_as_before(board: Board) -> None:
    ask = "import gc\ngc.collect()\nprint(gc.mem_free(), dir())\ndel gc"
    for _ in range(3):
        before = board.execute(ask).split(" ", 1)
    board.files.write("a name of some length.bin", RANDOM)
    board.files.write("short.py", TEXT)
    assert board.files.read("short.py") == TEXT
    after = board.execute(ask).split(" ", 1)
    assert int(before[0]) - int(after[0]) <= 200
    assert before[1] == after[1]


@pytest.mark.parametrize("free", [6, 12, 20, 40])
def test_any_amount_of_memory_will_do(free: int) -> None:
    needs_virtual()
    with Board.connect("virtual", heap=96 * 1024) as board:
        board.execute(
            f"import gc\nkept = []\ngc.collect()\nwhile gc.mem_free() > {free} * 1024: kept.append(bytearray(512))"
        )
        board.files.write("a", RANDOM)
        assert board.files.read("a") == RANDOM
