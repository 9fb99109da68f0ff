"""A mounted folder on a real interpreter: what programs do with it, a line with faults, Stop, restarts."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

import pytest

from benchmarks.device import VirtualBoard
from benchmarks.line import ThrottledLine
from benchmarks.mount import ANSWER, CODE, write_package
from metakernel_micropython.board import Board
from metakernel_micropython.errors import DeviceError
from metakernel_micropython.remote import answering
from metakernel_micropython.remote.mount import CannotMount, Mount

from ..webrepl_server import PASSWORD
from .file_operations import PROGRAM, operations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ..boards import Microbit
    from ..webrepl_server import WebReplServer

READ_ALL = "with open('/remote/data', 'rb') as file:\n    print(sum(file.read()))"
DATA = bytes(range(256)) * 40
SUM = f"{sum(DATA)}\n"

_CLEAN = """\
import os
def clean(folder):
    for name, kind, *_ in os.ilistdir(folder):
        if name == 'remote':
            continue
        if kind == 0x4000:
            clean(folder + '/' + name)
            os.rmdir(folder + '/' + name)
        else:
            os.remove(folder + '/' + name)
"""


@pytest.fixture(scope="module")
def shared(virtual_address: str) -> Iterator[Board]:
    with Board.connect(virtual_address) as connected:
        yield connected


@pytest.fixture
def mounted(shared: Board, tmp_path: Path) -> Iterator[Mount]:
    """A folder with some data, which the board may change."""
    (tmp_path / "data").write_bytes(DATA)
    made = Mount(tmp_path, write=True)
    shared.soft_reset()
    made.give(shared)
    yield made
    made.take_away(shared)


def compare(board: Board, seed: int, count: int) -> None:
    """Do the same operations on the board's own files and on the mounted ones."""
    found = operations(seed, count)
    board.execute(PROGRAM + _CLEAN + "clean('/')\nclean('/remote')\nos.mkdir('/plain')")
    told = [
        "".join(
            [
                *(board.execute(f"run({root!r}, {found[at : at + 50]!r})") for at in range(0, count, 50)),
                board.execute(f"end({root!r})"),
            ]
        ).splitlines()
        for root in ("/plain", "/remote")
    ]
    for number, (plain, remote) in enumerate(zip(*told, strict=True)):
        assert plain == remote, (seed, number, found[number : number + 1])


@pytest.mark.parametrize("seed", [1, 15, 22])
def test_random_operations_come_to_the_same_as_on_plain_files(shared: Board, mounted: Mount, seed: int) -> None:
    compare(shared, seed, 100)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 110))
def test_a_thousand_random_operations_come_to_the_same(shared: Board, mounted: Mount, seed: int) -> None:
    compare(shared, seed, 1000)


@pytest.mark.skipif(os.name != "posix", reason="there are no pseudo terminals here")
def test_a_package_of_20_modules_comes_over_a_line_of_115200_baud(tmp_path: Path, virtual_address: str) -> None:
    write_package(tmp_path)
    with (
        VirtualBoard() as board,
        ThrottledLine(board.device.address, 115200) as line,
        Board.connect(line.address) as connected,
    ):
        mount = Mount(tmp_path)
        mount.give(connected)
        assert ANSWER.search(connected.execute(CODE))
        mount.take_away(connected)


def test_the_whole_of_a_webrepl_can_be_used(server: WebReplServer, tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(DATA)
    with Board.connect(server.address, password=PASSWORD) as board:
        mount = Mount(tmp_path, write=True)
        mount.give(board)
        assert board.execute(READ_ALL) == SUM
        board.execute("with open('/remote/data', 'rb') as file:\n    open('/remote/copy', 'wb').write(file.read())")
        assert (tmp_path / "copy").read_bytes() == DATA
        mount.take_away(board)


# -- what stands in the output -------------------------------------------------------------------------------------


def test_output_around_requests_stays_what_it_is(shared: Board, mounted: Mount) -> None:
    code = (
        "for i in range(5):\n    print('before', i, end='\\x1e')\n    open('/remote/data', 'rb').read(3)\n"
        "    print('\\x1e?')"
    )
    assert shared.execute(code) == "".join(f"before {number}\x1e\x1e?\n" for number in range(5))


def test_a_program_that_does_not_know_the_token_cannot_ask(shared: Board, mounted: Mount) -> None:
    forged = "\x1e?00000000u010004" + "0" * 8 + "data"
    assert shared.execute(f"print({forged!r}, end='')") == forged
    assert (mounted.folder / "data").exists()


def test_what_a_program_has_not_finished_does_not_meet_the_next(shared: Board, mounted: Mount) -> None:
    assert shared.execute("print('end\\x1e', end='')") == "end\x1e"
    assert shared.execute(READ_ALL) == SUM


def test_names_that_a_program_has_taken_do_not_disturb_it(shared: Board, mounted: Mount) -> None:
    taken = "open int len bytes bytearray isinstance range tuple list print OSError BaseException StopIteration".split()
    shared.execute("saved = open\n" + "\n".join(f"{name} = None" for name in taken))
    assert shared.execute("import sys\nsys.stdout.write(str(sum(saved('/remote/data', 'rb').read())) + '\\n')") == SUM


def test_files_that_nobody_closes_do_not_use_up_anything(shared: Board, mounted: Mount) -> None:
    (mounted.folder / "small").write_bytes(b"12345")
    shared.execute("files = [open('/remote/small', 'r+') for _ in range(80)]")
    shared.execute("files[0].seek(0, 2)\nfiles[0].write('6')")
    assert shared.execute("print(files[1].read(), files[79].read())") == "123456 123456\n"


# -- a line with faults --------------------------------------------------------------------------------------------


def drop(data: bytes) -> bytes:
    return data[:40] + data[41:]


def change(data: bytes) -> bytes:
    return data[:60] + bytes((data[60] ^ 1,)) + data[61:]


@pytest.mark.parametrize("damage", [drop, change])
def test_an_answer_that_was_damaged_is_sent_again(
    shared: Board, mounted: Mount, damage: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "PIECE_PATIENCE", 0.3)
    transport = shared._session.line.transport
    struck: list[bytes] = []

    def write(data: bytes, *, plain: Callable[[bytes], None] = transport.write) -> None:
        if data[:1] == b"\x16" and len(data) > 80 and len(struck) < 2:
            struck.append(data)
            data = damage(data)
        plain(data)

    monkeypatch.setattr(transport, "write", write)
    assert shared.execute(READ_ALL) == SUM
    assert len(struck) == 2


@pytest.mark.parametrize("damage", [drop, change])
def test_a_request_that_was_damaged_is_made_again(
    shared: Board, mounted: Mount, damage: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "REQUEST_PATIENCE", 0.3)
    requests = shared.capabilities.requests
    assert requests is not None
    struck: list[bytes] = []

    def take(program: object, data: bytes, *, plain: Callable[..., bytes] = requests.take) -> bytes:
        if b"w" in data and len(data) > 200 and len(struck) < 2:
            struck.append(data)
            data = damage(data)
        return plain(program, data)

    monkeypatch.setattr(requests, "take", take)
    shared.execute("with open('/remote/copy', 'wb') as file:\n    file.write(bytes(range(100, 110)) * 20)")
    assert (mounted.folder / "copy").read_bytes() == bytes(range(100, 110)) * 20
    assert len(struck) == 2


@pytest.mark.soak  # ten seconds of the board's clock
def test_a_host_that_does_not_answer_is_an_error_on_the_board(shared: Board, mounted: Mount) -> None:
    shared.capabilities.requests = None
    try:
        with pytest.raises(DeviceError, match=r"110|ETIMEDOUT"):
            shared.execute("open('/remote/data')")
    finally:
        shared.capabilities.requests = mounted._answering
    assert shared.execute(READ_ALL) == SUM


# -- Stop ----------------------------------------------------------------------------------------------------------


def test_stop_at_any_moment_leaves_the_line_in_step(shared: Board, mounted: Mount) -> None:
    for moment in range(12):
        with shared.start("while True:\n    open('/remote/data', 'rb').read()") as execution:
            execution.wait(0.01 + 0.007 * moment)
            assert not execution.done
            shared.interrupt()
            execution.discard()
            with pytest.raises(DeviceError, match="KeyboardInterrupt"):
                execution.check()
        assert shared.execute(READ_ALL) == SUM


def test_a_program_that_goes_on_after_stop_can_go_on_asking(shared: Board, mounted: Mount) -> None:
    code = (
        "stopped = 0\nprint('begin')\nwhile stopped < 3:\n    try:\n        while True:\n"
        "            open('/remote/data', 'rb').read()\n    except KeyboardInterrupt:\n        stopped += 1\n"
        f"        print(stopped)\n{READ_ALL}"
    )
    told = ""
    with shared.start(code) as execution:
        for text in execution.stream():
            told += text
            if text and "\n" in text and execution.interrupts < 3:
                threading.Timer(0.02, execution.interrupt, (30.0,)).start()
        execution.check()
    assert told == "begin\n1\n2\n3\n" + SUM


# -- timers --------------------------------------------------------------------------------------------------------


def test_a_timers_callback_gets_an_error_and_disturbs_nothing(shared: Board, mounted: Mount) -> None:
    code = (
        "import machine, time\nerrors = []\ndef tick(timer):\n    try:\n        open('/remote/data').read(1)\n"
        "        errors.append('read')\n    except OSError as error:\n        errors.append(error.errno)\n"
        "timer = machine.Timer(-1, period=5, callback=tick)\n"
        "while len(errors) < 10:\n    assert len(open('/remote/data', 'rb').read()) == 10240\n"
        "timer.deinit()\nprint(set(errors))"
    )
    assert shared.execute(code) == "{16}\n"


def test_between_programs_a_timers_callback_gets_an_error_as_well(shared: Board, mounted: Mount) -> None:
    shared.execute(
        "import machine\nerrors = []\ndef tick(timer):\n    try:\n        open('/remote/data').read(1)\n"
        "        errors.append('read')\n    except OSError as error:\n        errors.append(error.errno)\n"
        "timer = machine.Timer(-1, period=5, callback=tick)"
    )
    deadline = time.monotonic() + 20
    while shared.execute("print(len(errors) > 3)") != "True\n":
        assert time.monotonic() < deadline
    assert shared.execute("timer.deinit()\nprint(set(errors))") == "{16}\n"


# -- its life ------------------------------------------------------------------------------------------------------


def test_it_is_kept_over_a_soft_reset(shared: Board, mounted: Mount) -> None:
    told: list[str] = []
    mounted.keep(shared, told.append)
    assert told == []
    shared.soft_reset()
    mounted.keep(shared, told.append)
    assert "mounted at /remote again" in told[0]
    assert shared.execute(READ_ALL) == SUM


def test_one_that_an_earlier_kernel_left_behind_is_replaced(shared: Board, mounted: Mount) -> None:
    other = Mount(mounted.folder)
    other.give(shared)
    assert shared.execute(READ_ALL) == SUM
    assert shared.execute("import sys\nprint(sys.path.count('/remote'))") == "1\n"


def test_something_else_at_the_place_stays_there(shared: Board, mounted: Mount, tmp_path: Path) -> None:
    mounted.take_away(shared)
    shared.execute("import os\nos.mkdir('/remote')\nopen('/remote/mine', 'w').close()")
    try:
        with pytest.raises(CannotMount, match="has something at /remote already"):
            Mount(tmp_path).give(shared)
        assert shared.execute("import os\nprint(os.listdir('/remote'))") == "['mine']\n"
    finally:
        shared.execute("import os\nos.remove('/remote/mine')\nos.rmdir('/remote')")


def test_a_closed_line_leaves_nothing_on_the_board(tmp_path: Path, virtual_address: str) -> None:
    with Board.connect(virtual_address) as board:
        Mount(tmp_path).give(board)
        requests = board.capabilities.removals()
        board.capabilities.requests = None
        board.execute("import os, sys")
        assert "mount_end" in requests


def test_a_small_board_says_what_it_lacks(microbit: Microbit, tmp_path: Path) -> None:
    with Board.connect(microbit.address) as board, pytest.raises(CannotMount, match="its firmware has no vfs"):
        Mount(tmp_path).give(board)


def test_a_board_without_memory_says_how_much_is_missing(tmp_path: Path, virtual_address: str) -> None:
    with Board.connect(virtual_address, heap=64 * 1024) as board:
        board.execute("import gc\ngc.collect()\nkept = bytearray(gc.mem_free() - 12000)")
        with pytest.raises(CannotMount, match=r"a mounted folder needs \d+: \d+ are missing"):
            Mount(tmp_path).give(board)
