"""A board that is replayed answers as the recorded one did, and says so where it cannot."""

from __future__ import annotations

import random
import threading
import time
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.board import Board, clock
from metakernel_micropython.errors import AddressError, ConnectError, DeviceError, LineLost, RecordingDiffers
from metakernel_micropython.transports import parse, recording
from metakernel_micropython.transports.recorded_programs import HostBytes, Said, read
from metakernel_micropython.transports.recorder import Recorder
from metakernel_micropython.transports.recording import Event, RecordingProblem
from metakernel_micropython.transports.replay import Player
from metakernel_micropython.transports.tap import Tap

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import tzinfo
    from pathlib import Path

    from metakernel_micropython.board import Execution

LONG = "#" * 2000 + "\nprint('long')\n"

Result = tuple[str, object]


def results(board: Board, programs: list[str]) -> list[str]:
    """What each program printed, or how it failed."""
    found = []
    for program in programs:
        try:
            found.append(board.execute(program))
        except DeviceError as error:
            found.append(error.traceback)
    return found


def until(execution: Execution, mark: str) -> str:
    """What a program prints up to a mark."""
    seen = ""
    for text in execution.stream(limit=20):
        seen += text
        if mark in seen:
            return seen
    raise AssertionError(seen)


def record(address: str, path: Path, act: Callable[[Board], object]) -> None:
    """Record what is done with a board."""
    tap, recorder = Tap(), Recorder(path)
    tap.add(recorder)
    try:
        with Board.connect(address, tap=tap) as board:
            act(board)
    finally:
        recorder.close()
    assert not recorder.problem


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "board.jsonl"


PROGRAMS = ["print(6 * 7)", "1/0", LONG, "print('h\xe9llo')", "for i in range(300): print(i)", "def (", "x = 1", "y"]


def test_the_same_programs_say_the_same(board_address: str, path: Path) -> None:
    before: list[str] = []
    banner: list[str] = []

    def act(board: Board) -> None:
        before.extend(results(board, PROGRAMS))
        banner.append(board.banner)

    record(board_address, path, act)
    for _ in range(2):
        with Board.connect(f"replay:{path}") as board:
            assert board.banner == banner[0]
            assert board.address == f"replay:{path}"
            assert results(board, PROGRAMS) == before
    assert before[0] == "42\n"
    assert "ZeroDivisionError" in before[1]


def test_files_cross_as_they_did(virtual_address: str, path: Path) -> None:
    content = bytes(range(256)) * 40

    def write(board: Board, data: bytes = content) -> None:
        board.files.write("data.bin", data)

    def look(board: Board) -> None:
        assert board.files.read("data.bin") == content
        assert [entry.path for entry in board.files.list("")] == ["data.bin", "other.bin"]
        assert board.files.read("other.bin") == b"other"

    def act(board: Board) -> None:
        write(board)
        board.files.write("other.bin", b"other")
        look(board)

    record(virtual_address, path, act)
    with Board.connect(f"replay:{path}") as board:
        act(board)
        look(board)  # what the host asks for itself may come again, in another order
        assert board.files.read("data.bin") == content
        with pytest.raises(RecordingDiffers, match="got other input than now"):
            board.files.read("none.bin")
    with Board.connect(f"replay:{path}") as board:
        with pytest.raises(RecordingDiffers, match="got other input than now"):
            write(board, content[::-1])
        act(board)


def test_a_program_that_differs_fails_with_its_first_line_that_does(virtual_address: str, path: Path) -> None:
    record(virtual_address, path, lambda board: results(board, ["a = 1\nprint(a)\n", "print(2)"]))
    with Board.connect(f"replay:{path}") as board:
        with pytest.raises(DeviceError) as error:
            board.execute("a = 1\nprint(a + 1)\n")
        assert error.value.name == "RecordingDiffers"
        assert 'program 1 of the recording board.jsonl was another one: its line 2 is "print(a)"' in error.value.message
        assert 'now it is "print(a + 1)"' in error.value.message
        with pytest.raises(DeviceError, match='line 1 is "a = 1", and now it is "print\\(2\\)"'):
            board.execute("print(2)")
        assert board.execute("a = 1\nprint(a)\n") == "1\n"  # the place is kept
        assert board.execute("print(2)") == "2\n"
        with pytest.raises(DeviceError, match='has no more programs, and "print\\(2\\)" is none of it'):
            board.execute("print(2)")


def test_what_the_host_asks_for_itself_is_answered_or_told(virtual_address: str, path: Path) -> None:
    record(virtual_address, path, lambda board: (board.evaluate("1 + 1", own=True), board.execute("print(1)")))
    with Board.connect(f"replay:{path}") as board:
        assert board.execute("print(1)") == "1\n"
        assert board.evaluate("1 + 1", own=True) == 2
        with pytest.raises(DeviceError, match="has no answer to this"):
            board.evaluate("2 + 2", own=True)
        assert board.execute("") == ""


def test_this_computers_time_makes_no_difference(
    virtual_address: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Clock(datetime):
        hour_now = 1

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Clock:
            return cls(2026, 11, 28, cls.hour_now, 2, 3, tzinfo=tz)

    monkeypatch.setattr(clock, "datetime", Clock)
    record(virtual_address, path, clock.set_to_now)
    Clock.hour_now = 5
    with Board.connect(f"replay:{path}") as board:
        assert clock.set_to_now(board).hour == 5
        with pytest.raises(RecordingDiffers):  # where a person's program says the time, it is another program
            board.execute("import machine\nmachine.RTC().datetime((2026, 11, 28, 5, 5, 2, 3, 0))\n")


def test_a_program_that_was_stopped_waits_for_stop(virtual_address: str, path: Path) -> None:
    def act(board: Board) -> str:
        execution = board.start("print('go')\nwhile True: pass")
        assert until(execution, "\n") == "go\n"
        board.interrupt()
        execution.discard()
        with pytest.raises(DeviceError, match="KeyboardInterrupt") as error:
            execution.check()
        return error.value.traceback

    told = []
    record(virtual_address, path, lambda board: (told.append(act(board)), board.execute("print(1)")))
    with Board.connect(f"replay:{path}") as board:
        assert act(board) == told[0]
        assert board.execute("print(1)") == "1\n"
    with Board.connect(f"replay:{path}") as board:  # nobody presses Stop
        with pytest.raises(DeviceError, match="KeyboardInterrupt"):
            board.execute("print('go')\nwhile True: pass", timeout=60)
        assert board.execute("print(1)") == "1\n"


def test_stop_ends_a_program_that_waits_for_its_recorded_time(virtual_address: str, path: Path) -> None:
    slow = "import time\nprint('begin')\ntime.sleep(1)\nprint('end')"
    record(virtual_address, path, lambda board: board.execute(slow))
    with Board.connect(f"replay:{path}") as board:
        assert board.execute(slow) == "begin\nend\n"
    with Board.connect(f"replay:{path}?pace=1") as board:
        execution = board.start(slow)
        assert until(execution, "\n") == "begin\n"
        assert not execution.done
        board.interrupt()
        execution.discard()
        with pytest.raises(DeviceError, match="KeyboardInterrupt"):
            execution.check()
    with Board.connect(f"replay:{path}?pace=1") as board:
        before = time.monotonic()
        assert board.execute(slow) == "begin\nend\n"
        assert time.monotonic() - before > 0.9


def test_answers_are_compared(virtual_address: str, path: Path) -> None:
    ask = "print(input('name? '))"

    def act(board: Board, answer: str, *, secret: bool = False) -> str:
        board.hear_questions()
        execution = board.start(ask)
        seen = until(execution, "\x1e?mk=")
        execution.answer(answer, secret=secret)
        seen += "".join(execution.stream(limit=20))
        execution.check()
        return seen.rpartition("\x1e?mk.")[2]

    record(virtual_address, path, lambda board: act(board, "Ada"))
    with Board.connect(f"replay:{path}") as board:
        with pytest.raises(DeviceError, match="program 1 got other input than now"):
            act(board, "Eve")
        assert act(board, "Ada") == "Ada\n"
    record(virtual_address, path, lambda board: act(board, "correct horse", secret=True))
    assert b"horse" not in path.read_bytes()
    with Board.connect(f"replay:{path}") as board:
        assert act(board, "anything") == "***\n"
        assert board.files is not None


def saved(path: Path, events: list[Event]) -> None:
    lines = [event.encoded() for event in (*events, Event(9, recording.END))]
    path.write_text(recording.header("2026-11-28", "a test") + "".join(lines), encoding="utf-8")


def test_a_recording_that_ends_in_a_program_says_so(virtual_address: str, path: Path) -> None:
    record(virtual_address, path, lambda board: board.execute("for i in range(3): print(i)"))
    events = recording.load(path)
    at = next(number for number, event in enumerate(events) if event.data.endswith(b"print(i)\x04"))
    text = recording.header("2026-11-28", "a test") + "".join(event.encoded() for event in events[: at + 1])
    path.write_text(text + Event(9, recording.RECEIVED, b"OK0\r\n").encoded() + '{"t": 1', encoding="utf-8")
    with pytest.raises(ConnectError, match="was cut"):
        Board.connect(f"replay:{path}")
    with Board.connect(f"replay:{path}?partial=1") as board:
        seen: list[str] = []
        with pytest.raises(DeviceError, match=r"ends while .* runs"):
            board.execute("for i in range(3): print(i)", seen.append)
        assert "".join(seen) == "0\n"


def test_a_line_that_was_lost_is_lost_again(path: Path) -> None:
    events = [
        Event(0, recording.OPEN, text="/dev/ttyACM0"),
        Event(1, recording.SENT, b"\r\x03\x01"),
        Event(1, recording.RECEIVED, b"\r\nraw REPL; CTRL-B to exit\r\n>"),
        Event(1, recording.SENT, b"\x03x\x04"),
        Event(1, recording.RECEIVED, b"OKbefore\r\n"),
        Event(2, recording.LOST, text="The line to /dev/ttyACM0 is gone: unplugged."),
    ]
    saved(path, events)
    with Board.connect(f"replay:{path}") as board:
        seen: list[str] = []
        with pytest.raises(LineLost, match=r"unplugged\. \(So it was recorded\.\)"):
            board.execute("x", seen.append)
        assert "".join(seen) == "before\n"


def test_a_line_that_a_soft_reset_ended_is_opened_again(path: Path) -> None:
    prompt = [
        Event(1, recording.SENT, b"\r\x03\x01"),
        Event(1, recording.RECEIVED, b"\r\nraw REPL; CTRL-B to exit\r\n>"),
    ]
    events = [
        Event(0, recording.OPEN, text="ws://board"),
        *prompt,
        Event(1, recording.SENT, b"\x03\x04"),
        Event(1, recording.RECEIVED, b"OK\r\nMPY: soft reboot\r\n"),
        Event(1, recording.LOST, text="closed"),
        Event(1, recording.OPEN, text="ws://board"),
        *prompt,
        Event(1, recording.SENT, b"\x03print(1)\x04"),
        Event(1, recording.RECEIVED, b"OK1\r\n\x04\x04>"),
    ]
    saved(path, events)
    with Board.connect(f"replay:{path}") as board:
        board.soft_reset()
        assert board.execute("print(1)") == "1\n"
        with pytest.raises(DeviceError, match="no more programs"):
            board.execute("print(1)")


def test_closing_wakes_whoever_reads(virtual_address: str, path: Path) -> None:
    record(virtual_address, path, lambda _: None)
    line = recorded_line(path)
    line.write(b"\r\x03\x01")
    assert b"raw REPL" in line.read(10)
    assert line.read(0.01) == b""
    threading.Timer(0.1, line.close).start()
    with pytest.raises(LineLost, match="closed"):
        line.read()
    with pytest.raises(LineLost):
        line.write(b"x")
    line.close()


def recorded_line(path: Path):  # type: ignore[no-untyped-def]
    from metakernel_micropython.transports import open_transport

    return open_transport(f"replay:{path}")


# -- addresses ---------------------------------------------------------------------------------------------------------


def test_an_address_names_a_file_and_how_it_is_played(tmp_path: Path) -> None:
    assert parse("replay: a b.jsonl?pace=1&partial ").target == "a b.jsonl?pace=1&partial"
    for text, says in (
        ("replay:", "file is missing"),
        ("replay:?pace=1", "file is missing"),
        ("replay:a?pace=2", "1 or 0"),
    ):
        with pytest.raises(AddressError, match=says):
            parse(text)
    odd = tmp_path / "what?yes.jsonl"
    Recorder(odd).close()
    with pytest.raises(RecordingProblem, match="the recording is over"):
        Board.connect(f"replay:{odd}")


# -- how the host's bytes are read -------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_the_split_of_the_hosts_bytes_makes_no_difference(size: int) -> None:
    host = HostBytes()
    data = b"\r\x03\x01\x03first\nline\x04\x03\x04\x03\x05A\x01"
    found = [(said, text) for at in range(0, len(data), size) for said, text, _ in _all(host, data[at : at + size])]
    host.paste(granted=True)
    more = b"pasted\x04\x02"
    found += [(said, text) for at in range(0, len(more), size) for said, text, _ in _all(host, more[at : at + size])]
    assert found == [
        (Said.RAW, b""),
        (Said.PROGRAM, b"first\nline"),
        (Said.RESET, b""),
        (Said.PASTE, b"\x05A"),
        (Said.PROGRAM, b"pasted"),
        (Said.FRIENDLY, b""),
    ]


def _all(host: HostBytes, data: bytes) -> list[tuple[Said, bytes, bytes]]:
    return list(host.read(data))


def test_a_source_that_the_board_did_not_want_all_of_may_be_longer(path: Path) -> None:
    events = [
        Event(0, recording.OPEN, text="x"),
        Event(1, recording.SENT, b"\r\x03\x01"),
        Event(1, recording.RECEIVED, b"raw REPL; CTRL-B to exit\r\n>"),
        Event(1, recording.SENT, b"\x03\x05A\x01"),
        Event(1, recording.RECEIVED, b"R\x01\x80"),
        Event(1, recording.RECEIVED, b"\x00\x01"),
        Event(1, recording.SENT, b"def (" + b"#" * 100),
        Event(1, recording.RECEIVED, b"\x04"),
        Event(1, recording.SENT, b"\x04"),
        Event(1, recording.RECEIVED, b"\x04SyntaxError: invalid syntax\r\n\x04>"),
    ]
    (step,) = read(events).steps
    assert step.cut
    assert step.ended
    saved(path, events)
    with Board.connect(f"replay:{path}") as board, pytest.raises(DeviceError, match="invalid syntax"):
        board.execute("def (" + "#" * 3000)


_BITS = (
    *(
        b"\r\x03\x01",
        b"\x03",
        b"\x04",
        b"\x03\x05A\x01",
        b"R\x01",
        b"\x80\x00\x01",
        b"R\x00",
        b"\x02\x01",
        b"\x01",
        b"\r",
    ),
    *(b"raw REPL; CTRL-B to exit\r\n>", b"OK", b"\x04\x04>", b"x\x04", b"\n", b"soft reboot\r\n", b"\r\n>>> ", b"\xff"),
    *(b"def __repl_print__(", b"\\x1eabcd", b"***", b"MicroPython v1 on x; y\r\n>>> ", b"print(1)", b"\x1eabcd", b"\r"),
)
_KINDS = (*3 * (recording.SENT, recording.RECEIVED), recording.OPEN, recording.RESET, recording.LOST, recording.CLOSED)


@pytest.mark.parametrize("seed", range(5))
def test_whatever_was_recorded_and_whatever_is_asked_it_goes_on(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(50):
        events = [
            Event(at, chance.choice(_KINDS), b"".join(chance.choices(_BITS, k=3)), chance.random() < 0.05, "why")
            for at in range(chance.randrange(60))
        ]
        what = read(events)
        player = Player("a recording", what, pace=chance.random() < 0.3)
        line = 0
        while player.open_line(line):
            line += 1
            for now in range(0, 90, 3):
                source = chance.choice(what.steps).source if what.steps else b"print(1)"
                data = chance.choice((b"".join(chance.choices(_BITS, k=2)), b"\x03" + source + b"\x04"))
                player.give(data, now)
                assert (wait := player.due(now)) is None or wait > now
                player.pulse(now)
                player.take(65536)
        assert line == len(what.lines)
