"""A board behind its WebREPL: long sources, much output, interrupts, resets."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from metakernel_micropython.board import Board
from metakernel_micropython.errors import BoardReset, ConnectError, DeviceError, LineLost
from metakernel_micropython.transports import webrepl
from metakernel_micropython.transports.recorder import Recorder
from metakernel_micropython.transports.tap import Tap

from ..boards import in_background
from ..webrepl_server import PASSWORD, WebReplServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def keep() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def board(server: WebReplServer, keep: ExitStack) -> Board:
    return keep.enter_context(connect(server))


def connect(server: WebReplServer, **options: Any) -> Board:
    return Board.connect(server.address, password=PASSWORD, **options)


def test_it_is_a_board_like_any_other(server: WebReplServer, board: Board) -> None:
    assert board.address == server.address
    assert board.banner.startswith("MicroPython v")
    assert "WebREPL connected" in board.greeting
    assert board.evaluate("6 * 7") == 42
    with pytest.raises(DeviceError, match="ZeroDivisionError"):
        board.execute("1/0")
    assert board.execute("print('before')") == "before\n"


@pytest.mark.parametrize("size", [130, 255, 256, 257, 20_000])
def test_a_long_source_arrives_whole(board: Board, size: int) -> None:
    source = "total = 0\n" + "total += 1\n" * (size // 11)
    source += "#" * max(0, size - len(source) - 13) + "\nprint(total)"
    assert board.execute(source) == f"{size // 11}\n"
    assert not board.capabilities.no_flow_control


def test_a_long_source_arrives_whole_without_raw_paste(board: Board) -> None:
    board.capabilities.raw_paste = False
    count = 300
    assert board.execute("total = 0\n" + "total += 1\n" * count + "print(total)") == f"{count}\n"


def test_much_output_arrives_whole(server: WebReplServer, board: Board) -> None:
    server.quirks.frame = 1024
    text = board.execute("for n in range(16384): print('%063d' % n)")
    assert text == "".join(f"{n:063d}\n" for n in range(16384))


def test_characters_that_frames_cut_in_two_are_whole(server: WebReplServer, board: Board) -> None:
    server.quirks.frame = 1
    assert board.execute("print('äöü€😀' * 20)") == "äöü€😀" * 20 + "\n"


def test_output_that_is_no_text_disturbs_nothing(board: Board) -> None:
    text = board.execute("import sys\nsys.stdout.buffer.write(bytes(range(5, 256)))")
    assert text.startswith("\x05\x06")
    assert board.evaluate("6 * 7") == 42


def test_a_program_is_interrupted_and_the_variables_stay(board: Board) -> None:
    board.execute("x = 5")
    execution = board.start("print('runs')\nwhile True: pass")
    assert "runs" in execution.read(10)
    board.interrupt()
    assert execution.wait(10)
    with pytest.raises(DeviceError, match="KeyboardInterrupt"):
        execution.check()
    assert board.evaluate("x") == 5


def test_files_pass_through_the_prompt(board: Board) -> None:
    data = bytes(range(256)) * 40
    board.files.write("over-webrepl.bin", data)
    assert board.files.read("over-webrepl.bin") == data
    board.files.remove("over-webrepl.bin")


def test_a_raw_prompt_survives_a_lost_connection(server: WebReplServer, board: Board) -> None:
    board.execute("y = 9")
    server.drop()
    deadline = time.monotonic() + 10
    while board.lost is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    with pytest.raises(LineLost, match=server.address):
        board.execute("pass")
    with connect(server) as again:  # the greeting ends with >>>, the board is at its raw prompt
        assert again.evaluate("y") == 9


def test_a_program_that_runs_when_the_connection_is_lost_ends_at_once(server: WebReplServer, board: Board) -> None:
    execution = board.start("print('runs')\nwhile True: pass")
    assert "runs" in execution.read(10)
    server.drop()
    assert execution.wait(10)
    with pytest.raises(LineLost):
        execution.check()


def test_another_client_that_is_turned_away_disturbs_no_program(server: WebReplServer, board: Board) -> None:
    execution = board.start("import time\nfor n in range(10):\n    print(n)\n    time.sleep(0.05)")
    with pytest.raises(ConnectError, match="one client at a time"):
        connect(server)
    assert execution.wait(10)
    execution.check()
    assert board.evaluate("6 * 7") == 42


# -- resets ------------------------------------------------------------------------------------------------------------


def test_a_soft_reset_comes_back_with_the_same_password(server: WebReplServer, board: Board) -> None:
    board.execute("z = 1")
    assert "soft reboot" in board.soft_reset()
    assert board.lost is None
    with pytest.raises(DeviceError, match="NameError"):
        board.execute("z")
    assert server.sessions == 2


def test_resets_may_follow_each_other(server: WebReplServer, board: Board) -> None:
    server.quirks.away = 0.1
    for _ in range(3):
        board.soft_reset()
    assert board.evaluate("6 * 7") == 42


@pytest.mark.parametrize("frame", [1, 32])
@pytest.mark.parametrize("source", ["raise SystemExit", "print('last')\nimport sys\nsys.exit()"])
def test_a_program_that_resets_the_board_ends_and_the_next_one_finds_it_again(
    server: WebReplServer, board: Board, source: str, frame: int
) -> None:
    server.quirks.frame = frame
    board.execute("z = 1")
    heard: list[str] = []
    start = time.monotonic()
    with pytest.raises(BoardReset, match="variables are gone"):
        board.execute(source, heard.append)
    assert time.monotonic() - start < 5
    assert ("last" in "".join(heard)) is ("last" in source)
    assert board.lost is None
    assert not board.idle
    assert board.execute("print('z' in globals())") == "False\n"
    assert board.idle


def test_bytes_by_hand_that_reset_the_board_do_not_lose_it(server: WebReplServer, board: Board) -> None:
    board.write_bytes(b"\x03\x04")
    deadline = time.monotonic() + 10
    while board._session.line.lost is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert b"soft reboot" in board.read_bytes()[0]
    board.write_bytes(b"\x02")
    assert board.evaluate("6 * 7") == 42


def test_the_lack_of_raw_paste_is_remembered_over_a_reset(board: Board) -> None:
    board.capabilities.raw_paste = False
    board.soft_reset()
    assert board.capabilities.no_flow_control


def test_a_board_whose_webrepl_survives_its_reset_is_not_connected_anew(server: WebReplServer, board: Board) -> None:
    server.quirks.ends_with_reset = False
    assert "soft reboot" in board.soft_reset()
    assert board.evaluate("6 * 7") == 42
    assert server.sessions == 1


def test_a_board_that_does_not_come_back_is_lost_and_says_why(
    server: WebReplServer, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webrepl.WebReplLine.reopen, "__defaults__", (1.0,))
    server.quirks.away = None
    with pytest.raises(LineLost, match=r"did not come back within 1 s of .* boot\.py"):
        board.soft_reset()
    assert board.lost is not None
    with pytest.raises(LineLost):
        board.execute("pass")


def test_a_board_that_is_closed_while_it_is_away_stays_closed(server: WebReplServer, board: Board) -> None:
    with pytest.raises(BoardReset):
        board.execute("raise SystemExit")
    board.close()
    assert board.lost is not None
    with pytest.raises(LineLost):
        board.execute("pass")


def test_a_connection_that_breaks_without_a_reset_is_not_taken_for_one(server: WebReplServer, board: Board) -> None:
    execution = board.start("print('soft reboot is not this')\nwhile True: pass")
    assert execution.read(10)
    server.drop()
    execution.wait(10)
    with pytest.raises(LineLost):
        execution.check()
    assert board.lost is not None


# -- raw, secrets ------------------------------------------------------------------------------------------------------


def test_a_raw_line_is_logged_in_and_nothing_more(server: WebReplServer, keep: ExitStack) -> None:
    board = keep.enter_context(connect(server, raw=True))
    assert server.seen == b""
    board.write_bytes(b"\x03")
    board.write_bytes(b"\r\x02")
    assert b">>> " in board.read_bytes(0.3, 5)[0]


def test_a_log_of_the_line_has_no_password_in_it(server: WebReplServer, keep: ExitStack, tmp_path: Path) -> None:
    tap, log = Tap(), Recorder(tmp_path / "wire.log")
    tap.add(log)
    board = keep.enter_context(connect(server, tap=tap))
    board.execute(f"secret = {PASSWORD!r}\nprint(secret)")
    board.soft_reset()
    board.close()
    log.close()
    text = (tmp_path / "wire.log").read_text(encoding="utf-8")
    assert sum('"open"' in line and server.address in line for line in text.splitlines()) == 2
    assert "print(secret)" in text
    assert PASSWORD not in text


def test_closing_while_the_board_comes_back_ends_the_wait(server: WebReplServer, board: Board) -> None:
    server.quirks.away = 5.0
    with pytest.raises(BoardReset):
        board.execute("raise SystemExit")
    waiting = in_background(lambda: board.execute("pass"))
    time.sleep(0.3)
    start = time.monotonic()
    board.close()
    assert isinstance(waiting(), LineLost)
    assert time.monotonic() - start < 3
    assert board.lost is not None
