"""What real boards do not do when a test wants it: a scripted line plays a board that answers late, wrongly or never.

These are the only tests of this folder whose board is not real.
"""

from __future__ import annotations

import itertools
import threading
import time
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.board import board as board_module
from metakernel_micropython.board.board import Board
from metakernel_micropython.board.protocol import farewell, patience
from metakernel_micropython.board.protocol.events import State
from metakernel_micropython.board.protocol.execution import PENDING_LIMIT
from metakernel_micropython.board.protocol.prompt_session import PromptSession
from metakernel_micropython.board.protocol.unsolicited import UNSOLICITED_LIMIT
from metakernel_micropython.errors import BoardBusy, BoardReset, ConnectError, DeviceError, LineLost

from .scripted import BANNER, FRIENDLY, Line, prompt, until

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def line() -> Iterator[Line]:
    made = Line(prompt)
    yield made
    made.close()


@pytest.fixture
def board(line: Line) -> Iterator[Board]:
    with Board(_attached(line)) as made:
        yield made


def _attached(line: Line) -> PromptSession:
    made = PromptSession(line)
    made.attach(2)
    return made


def test_output_between_executions_is_kept_apart(line: Line, board: Board) -> None:
    line.say(b"tick\r\ntack\r\n")
    until(lambda: board._session.unsolicited.data)
    assert board.execute("1") == "hi\n"
    unsolicited = board.take_unsolicited()
    assert (unsolicited.text, unsolicited.dropped, unsolicited.restarted) == ("tick\ntack\n", 0, False)
    assert board.take_unsolicited().text == ""


def test_what_is_printed_between_executions_takes_bounded_memory(line: Line, board: Board) -> None:
    for _ in range(20):
        line.say(b"x" * 65536)
    line.say(b"the end")
    until(lambda: board._session.unsolicited.data.endswith(b"the end"))
    unsolicited = board.take_unsolicited()
    assert len(unsolicited.text) == UNSOLICITED_LIMIT
    assert unsolicited.dropped == 20 * 65536 + 7 - UNSOLICITED_LIMIT


def test_a_reset_between_executions_is_told_once_and_the_prompt_is_found_again(line: Line, board: Board) -> None:
    line.say(b"\r\n" + FRIENDLY)
    until(lambda: board._session.restarted)
    assert not board.idle
    assert board.execute("1") == "hi\n"
    line.say(b"\r\n" + FRIENDLY)
    until(lambda: board._session.restarted)
    assert board.take_unsolicited().restarted
    assert not board.take_unsolicited().restarted


def test_a_reset_in_the_middle_of_a_source_is_told(line: Line, board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "ANSWER_TIMEOUT", 0.5)
    line.answer = lambda data: b"\r\n" + FRIENDLY if b"print" in data else prompt(data)
    with pytest.raises(BoardReset):
        board.execute("print(1)")
    assert board.execute("1") == "hi\n"


def test_a_flood_that_nobody_reads_stops_the_reader_at_its_limit(line: Line, board: Board) -> None:
    line.answer = lambda data: b"OK" if data.endswith(b"\x04") else prompt(data)
    execution = board.start("1")
    for _ in range(1024):
        line.say(b"x" * 65536)
    until(lambda: execution.full)
    time.sleep(0.1)
    assert len(execution._pending) < PENDING_LIMIT + 65536
    taken = 0
    while taken < 1024 * 65536:
        taken += len(execution.read(5))
    line.say(b"\x04\x04>")
    assert execution.wait(5)


def test_a_board_that_does_not_take_code_is_given_up(line: Line, board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "ANSWER_TIMEOUT", 0.3)
    line.answer = lambda data: None
    with pytest.raises(BoardBusy, match="does not take code"):
        board.execute("1")
    line.answer = prompt
    assert board.execute("1") == "hi\n"


def test_a_board_that_stops_in_the_middle_of_raw_paste_is_given_up(
    line: Line, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "ANSWER_TIMEOUT", 0.3)
    line.answer = lambda data: b"R\x01\x20\x00\x01" if data.endswith(b"\x05A\x01") else None
    with pytest.raises(BoardBusy, match="does not take code"):
        board.execute("x" * 1000)
    line.answer = prompt
    assert board.execute("1") == "hi\n"


ROM_TEXT = (
    b"ets Jul 29 2019 12:21:46\r\n\r\nrst:0x7 (TG0WDT_SYS_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n"
    b"configsip: 0, SPIWP:0xee\r\nclk_drv:0x00,q_drv:0x00,d_drv:0x00,cs0_drv:0x00,hd_drv:0x00,wp_drv:0x00\r\n"
    b"mode:DIO, clock div:2\r\nload:0x3fff0030,len:4892\r\nentry 0x400805ac\r\n"
)


@pytest.mark.parametrize("banner", [FRIENDLY, b""], ids=["to the prompt", "and silence"])
@pytest.mark.parametrize("size", [1, 50, 1000])
def test_a_chip_that_boots_between_cells_is_shown_and_the_next_cell_runs(banner: bytes, size: int) -> None:
    line = Line(prompt)
    board = Board._attach(PromptSession(line), 5)
    raw = False

    def booted(data: bytes) -> bytes | None:
        nonlocal raw
        if raw:
            return prompt(data)
        raw = data.endswith(b"\x01")
        return BANNER if raw else None

    line.answer = booted
    text = ROM_TEXT + banner
    before = board._session.line.received
    for at in range(0, len(text), size):
        line.say(text[at : at + size])
    until(lambda: board._session.line.received >= before + len(text))
    shown = board.take_unsolicited().text
    assert "rst:0x7 (TG0WDT_SYS_RESET)" in shown
    assert "mode:DIO" in shown  # what may be the beginning of a banner waits for what follows
    assert board.execute("print('hi')") == "hi\n"
    line.answer = prompt
    board.close()


def test_a_soft_reset_may_take_its_time_while_the_board_talks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metakernel_micropython.board.protocol.patience.RESET_SILENCE", 1.0)
    line = Line(prompt)
    board = Board._attach(PromptSession(line), 5)

    def slow(data: bytes) -> bytes | None:
        if data != b"\x03\x04":
            return prompt(data)
        said = [b"OK\r\nMPY: soft reboot\r\n", b"wifi", b".", b".", b".", b"\r\n" + BANNER]
        for number, piece in enumerate(said):
            threading.Timer(0.4 * number, line.say, (piece,)).start()
        return None

    line.answer = slow
    assert "wifi..." in board.soft_reset()
    line.answer = prompt
    board.close()


def test_a_reset_by_sys_exit_may_take_its_time(line: Line, board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    for deadline in ("ANSWER_TIMEOUT", "RESET_SILENCE"):
        monkeypatch.setattr(patience, deadline, 0.3)

    def slow(data: bytes) -> bytes | None:
        if b"exit" not in data:
            return prompt(data)
        for number, piece in enumerate([b"OKbye\r\n\x04", b"\x04\r\nMPY: soft reboot\r\n", b"wifi", b"\r\n" + BANNER]):
            threading.Timer(0.5 * number, line.say, (piece,)).start()
        return None

    line.answer = slow
    execution = board.start("import sys\nsys.exit()")
    assert execution.wait(10)
    with pytest.raises(BoardReset):
        execution.check()
    assert board.execute("1") == "hi\n"


def test_a_soft_reset_that_does_not_come_back_is_given_up(
    line: Line, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "ANSWER_TIMEOUT", 0.3)
    line.answer = lambda data: None
    with pytest.raises(BoardBusy, match="did not come back"):
        board.soft_reset()


def test_a_program_that_ignores_ctrl_c_is_given_up_after_the_grace(
    line: Line, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "INTERRUPT_GRACE", 0.3)
    line.answer = lambda data: b"OK" if data.endswith(b"\x04") else None
    execution = board.start("1")
    assert board.interrupt()
    assert line.written.endswith(b"\x03")
    execution.wait(5)
    with pytest.raises(BoardBusy, match="Ctrl-C got no answer"):
        execution.check()


def test_ctrl_c_is_sent_again_while_the_board_may_still_compile(line: Line, board: Board) -> None:
    begun = line.written
    line.answer = lambda data: b"OK" if data.endswith(b"\x04") else None
    execution = board.start("1")
    board.interrupt()
    execution.wait(0.45)
    assert 2 <= line.written[len(begun) :].count(b"\x03") - 1 <= 4  # one stands before the source
    line.say(b"\x04KeyboardInterrupt: \r\n\x04>")
    execution.wait(5)
    with pytest.raises(DeviceError, match="KeyboardInterrupt"):
        execution.check()


@pytest.mark.parametrize("line_number", ["1", "1, in <module>", ""])
def test_a_program_that_a_small_board_had_no_memory_to_compile_is_sent_again(
    line: Line, board: Board, line_number: str
) -> None:
    traceback = f'Traceback (most recent call last):\r\n  File "<stdin>", line {line_number}\r\n' if line_number else ""
    replies = [b"OK\x04%sMemoryError: parser\r\n\x04>" % traceback.encode(), b"OK\x04\x04>", b"OKhi\r\n\x04\x04>"]
    begun = len(line.written)
    line.answer = lambda data: replies.pop(0) if data.endswith(b"\x04") else None
    board.capabilities.raw_paste = False
    source = "print('hi') # a program"
    if line_number == "1":
        assert board.execute(source) == "hi\n"
        assert line.written[begun:].count(source.encode()) == 2
    else:  # it has run, or may have
        with pytest.raises(DeviceError, match="MemoryError"):
            board.execute(source)
        assert len(replies) == 2


def test_a_board_that_boots_slowly_is_asked_again_until_it_answers() -> None:
    asked: list[float] = []

    def slow(data: bytes) -> bytes | None:
        asked.append(time.monotonic())
        return b"ets Jun  8 2016\x04>\xff\r\n" if len(asked) < 3 else prompt(data)

    line = Line(slow)
    with Board._attach(PromptSession(line), 5) as board:
        assert board.banner == "MicroPython v1.20 on 2023-04-26; A board with A chip"
        assert board.greeting.startswith("ets Jun")
        assert board.execute("1") == "hi\n"


def test_old_firmware_that_does_not_answer_the_first_program_is_brought_to_its_prompt_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(board_module, "REQUEST_TIMEOUT", 0.2)
    programs = 0

    def slow(data: bytes) -> bytes | None:
        nonlocal programs
        programs += data.endswith(b"\n\x04")
        answer = prompt(data)
        return None if data.endswith(b"\n\x04") and programs == 1 else answer and answer.replace(b"v1.20", b"v1.9.2")

    with Board._attach(PromptSession(Line(slow)), 5) as board:
        assert board.capabilities.no_flow_control
        assert board.execute("1") == "hi\n"


def test_the_banner_of_a_board_that_has_just_restarted_is_not_taken_for_the_answer() -> None:
    late = [BANNER]
    line = Line()

    def restarted(data: bytes) -> bytes | None:
        if data == b"\r\x03\x01":
            return b"MPY: soft reboot\r\n" + BANNER
        if not late:
            return prompt(data)
        threading.Timer(0.1, line.say, (prompt(data),)).start()
        return late.pop()

    line.answer = restarted
    with Board._attach(PromptSession(line), 5) as board:
        assert board.banner == "MicroPython v1.20 on 2023-04-26; A board with A chip"
        assert board.execute("1") == "hi\n"
        assert board.take_unsolicited().text == ""


def test_an_answer_that_comes_in_the_instant_before_the_wait_is_noticed(
    line: Line, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "ANSWER_TIMEOUT", 1.0)
    repl, write = board._session.repl, board._session.line.write
    line.answer = lambda data: b"\x04hi\r\n\x04\x04>" if data.endswith(b"\x04") else None

    def write_and_lose_time(data: bytes, *, hidden: bool = False) -> None:
        write(data, hidden=hidden)
        if repl.state is State.PASTE_REQUESTED and not data:
            line.say(b"R\x01\x80\x00\x01")
            while repl.state is State.PASTE_REQUESTED:
                time.sleep(0.001)

    monkeypatch.setattr(board._session.line, "write", write_and_lose_time)
    assert board.execute("#" * 200) == "hi\n"


@pytest.mark.parametrize("stop", [False, True])
def test_a_board_that_prints_and_does_not_answer_is_given_up(
    line: Line, board: Board, monkeypatch: pytest.MonkeyPatch, stop: bool
) -> None:
    monkeypatch.setattr(patience, "INTERRUPT_GRACE" if stop else "ANSWER_TIMEOUT", 0.5)
    line.answer = lambda _: None
    over = threading.Event()

    def chatter() -> None:
        while not over.wait(0.02):
            line.say(b"tick\r\n")

    thread = threading.Thread(target=chatter)
    thread.start()
    if stop:
        threading.Timer(0.2, board.interrupt).start()
    begun = time.monotonic()
    try:
        with pytest.raises(BoardBusy, match="did not stop" if stop else "does not take code"):
            board.execute("#" * 200)
    finally:
        over.set()
        thread.join()
    assert time.monotonic() - begun < 5


def test_a_line_is_freed_when_somebody_stops_its_farewell(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    made = _attached(line)

    def stopped(_session: PromptSession) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(farewell, "exit_raw_repl", stopped)
    with pytest.raises(KeyboardInterrupt):
        made.close()
    assert line.closed
    made.line._thread.join(5)
    assert not made.line._thread.is_alive()


def test_what_a_board_prints_does_not_shorten_its_pauses(line: Line, board: Board) -> None:
    board.capabilities.raw_paste, board.capabilities.chunk_pause = False, 0.05
    times: list[float] = []

    def take(data: bytes) -> bytes | None:
        times.append(time.monotonic())
        return b"tick\r\n" if not data.endswith(b"\x04") else b"OK\x04\x04>"

    line.answer = take
    board.execute("#" * 70)
    gaps = [after - before for before, after in itertools.pairwise(times)]
    assert len(gaps) == 4
    assert min(gaps) >= 0.045


def test_a_stop_while_the_first_program_runs_is_not_lost(line: Line) -> None:
    made = _attached(line)
    line.answer = lambda _: None
    threading.Timer(0.2, made.interrupt).start()
    threading.Timer(0.3, line.say, (b"OK\x04KeyboardInterrupt: \r\n\x04>",)).start()
    with pytest.raises(DeviceError, match="KeyboardInterrupt"):
        made._run_aside(b"", 5)
    made.close(exit_raw_repl=False)


def test_an_end_that_comes_while_something_is_sent_is_noticed(line: Line, board: Board) -> None:
    line.answer = lambda data: b"OK" if data.endswith(b"\x04") else None
    execution = board.start("1")
    execution.wait(0.4)  # it is compiled by now, so that Ctrl-C is sent once
    board.interrupt()

    def end(data: bytes) -> None:
        if data == b"\r":
            line.say(b"\x04KeyboardInterrupt: \r\n\x04>")
            while not execution.done:
                time.sleep(0.001)

    line.answer = end
    begun = time.monotonic()
    assert execution.wait(10)
    assert time.monotonic() - begun < 3


def test_no_answer_ends_at_the_deadline_and_closes_the_line() -> None:
    line = Line()
    begin = time.monotonic()
    with pytest.raises(ConnectError, match="nothing came back"):
        Board._attach(PromptSession(line), 0.7)
    assert 0.6 < time.monotonic() - begin < 2
    assert line.closed


def test_a_line_that_ends_while_connecting_is_a_failed_connect() -> None:
    line = Line()
    line.pull()
    with pytest.raises(ConnectError, match="The line is gone"):
        Board._attach(PromptSession(line), 5)


@pytest.mark.parametrize("moment", ["attach", "send", "run", "reset"])
def test_closing_from_another_thread_ends_every_wait(moment: str) -> None:
    line = Line(None if moment == "attach" else prompt)  # type: ignore[arg-type]
    line.answer = (lambda data: None) if moment == "attach" else prompt
    made = PromptSession(line)
    ended: list[BaseException] = []

    def act() -> None:
        try:
            if moment == "attach":
                made.attach(30)
            made.attach(2)
            line.answer = lambda data: b"OK" if moment == "run" and data.endswith(b"\x04") else None
            if moment == "reset":
                made.soft_reset()
            execution = made.start(b"1")
            execution.wait()
            execution.check()
        except BaseException as error:
            ended.append(error)

    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    time.sleep(0.3)
    begin = time.monotonic()
    made.close(exit_raw_repl=moment == "run")
    thread.join(5)
    assert time.monotonic() - begin < 2
    assert [type(error) for error in ended] == [LineLost]


def test_text_that_is_split_anywhere_is_decoded(line: Line, board: Board) -> None:
    line.answer = lambda data: b"OK" if data.endswith(b"\x04") else prompt(data)
    execution = board.start("1")
    text = ""
    for byte in "é€𝄞\r\n".encode() + b"\xff\r" + b"x\r\r\n":
        line.say(bytes([byte]))
        text += execution.read(0.02)
    line.say(b"\x04\x04>")
    execution.wait(5)
    assert text + execution.read(0) == "é€𝄞\n\ufffd\rx\r\n"


def test_what_a_board_calls_itself_moves_no_cursor() -> None:
    def answer(data: bytes) -> bytes | None:
        name = (
            b"MicroPython v1.20\x1b[2J\x1b]0;title\x07 on 2023-04-26; A board\x00 with " + b"x" * 1000 + b"\r\n>>> \r\n"
        )
        return name + BANNER if data.endswith(b"\x02\x01") else prompt(data)

    line = Line(answer)
    try:
        told = _attached(line).identify()
        assert told.isprintable()
        assert told.startswith("MicroPython v1.20[2J]0;title on 2023-04-26; A board with xxx")
        assert len(told) == 300
    finally:
        line.close()
