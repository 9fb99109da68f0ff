"""The conversation with a paused program, however its marks are split, and whoever prints them.

The program is a scripted one: no board can be made to split its output at each place, or to stop in the middle.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, cast

import pytest

from metakernel_micropython.debugger import channel
from metakernel_micropython.debugger.channel import PIECE, PausedProgram, PauseEnded
from metakernel_micropython.debugger.follower import PauseFollower
from metakernel_micropython.debugger.sites import Sites
from metakernel_micropython.errors import DeviceError

if TYPE_CHECKING:
    from metakernel_micropython.board import Board, Execution
    from metakernel_micropython.instrument.request import Rewritten

READY = "\x1e?mkd>"
ECHOES = "\x1e?mkd<"
PAUSED = "\x1e?mkd! 7 b \x1e?mkd."
ERROR = 'Traceback (most recent call last):\n  File "<string>", line 1, in <module>\nValueError: no\n'


class Script:
    """A program that prints what it is told to, and keeps what it reads."""

    def __init__(self, *answers: str) -> None:
        self.heard: list[bytes] = []
        self.answers = list(answers)  # to each whole request
        self.interrupts = 0
        self.done = False
        self._output: list[str] = []

    def feed(self, data: bytes, interrupts: int = 0) -> bool:
        if self.done or self.interrupts > interrupts:
            return False
        self.heard.append(data)
        if data[:1] == b"+":
            self._output.append(READY)
        elif self.answers:
            self._output.append(self.answers.pop(0))
        return True

    def read(self, timeout: float | None = None) -> str:
        if self._output:
            return self._output.pop(0)
        self.interrupts += 1  # nobody will say any more: as if Stop was pressed
        return ""

    def put_back(self, text: str) -> None:
        if text:
            self._output.insert(0, text)

    def interrupt(self) -> None:
        self.interrupts += 1

    @property
    def requests(self) -> list[str]:
        """The sources that were asked for."""
        found, text = [], ""
        for line in self.heard:
            assert len(line) <= PIECE + 2 < 64
            if line[:1] in b"+!":
                text += line[1:-1].decode("ascii")
            if line[:1] == b"!":
                found.append(ast.literal_eval(text))
                text = ""
        return found


def paused(script: Script) -> tuple[PausedProgram, list[str]]:
    shown: list[str] = []
    return PausedProgram(cast("Execution", script), shown.append), shown


def reply(text: str, error: str = "") -> str:
    failed = f"\x1e?mkd~{error}" if error else ""
    return f"\x1e?mkd({text}{failed}\x1e?mkd){READY}"


def test_a_source_goes_out_in_short_pieces_and_its_output_comes_back() -> None:
    source = "print('größer', \"it's\")\n" * 20
    script = Script(reply("out\n"))
    program, shown = paused(script)
    program.feed(READY)
    assert program.ask(source) == "out\n"
    assert script.requests == [source]
    assert not shown


@pytest.mark.parametrize("size", [1, 2, 5, 7])
def test_an_answer_may_come_in_any_pieces(size: int) -> None:
    text = f"before{reply('one two')}"
    program, shown = paused(Script())
    for at in range(0, len(READY), size):
        program.feed(READY[at : at + size])

    class Slow(Script):
        def feed(self, data: bytes, interrupts: int = 0) -> bool:
            self._output = [text[at : at + size] for at in range(0, len(text), size)]
            return True

    program, shown = paused(Slow())
    program.feed(READY)
    assert program.ask("x") == "one two"
    assert "".join(shown) == "before"


def test_an_error_is_raised_without_what_was_printed() -> None:
    program, shown = paused(Script(reply("some", ERROR), reply("2")))
    program.feed(READY)
    with pytest.raises(DeviceError, match="no"):
        program.ask("x")
    assert program.ask("y") == "2"
    assert not shown


def test_what_timers_print_meanwhile_is_shown() -> None:
    program, shown = paused(Script(f"tick\n{reply('1')}tock\n"))
    program.feed(f"first\n{READY}")
    assert program.ask("x") == "1"
    program.look(0)
    assert "".join(shown) == "first\ntick\ntock\n"


@pytest.mark.parametrize("size", [1, 3, 100])
def test_the_firmwares_own_input_echoes_what_it_reads(size: int) -> None:
    output = f"!'x'\r\n\x1e?mkd(1\x1e?mkd){ECHOES}"

    class Echo(Script):
        def feed(self, data: bytes, interrupts: int = 0) -> bool:
            assert data.endswith(b"\r")
            self._output = [output[at : at + size] for at in range(0, len(output), size)]
            return True

    program, shown = paused(Echo())
    program.feed(ECHOES)
    assert program.ask("x") == "1"
    assert not shown


@pytest.mark.parametrize(
    "said",
    [
        "\x1e?mkd)",
        "\x1e?mkd~",
        "\x1e?mkd~\x1e?mkd)",
        "\x1e?mk",
        "\x1e",
        "\x1e\x1e\x1e?mkd",
        "\x1e?mkd!\x1e?mkd!",
        "\x1e?mkv\x1e",
    ],
)
def test_forged_marks_before_a_reply_do_no_harm(said: str) -> None:
    program, _ = paused(Script(said + reply("1"), reply("2")))
    program.feed(READY)
    assert program.ask("x") == "1"
    assert program.ask("y") == "2"


def test_marks_within_a_reply_end_it_at_worst() -> None:
    program, shown = paused(Script(f"\x1e?mkd(1\x1e?mkd)2\x1e?mkd){READY}", reply("3")))
    program.feed(READY)
    assert program.ask("x") == "1"
    assert program.ask("y") == "3"
    program, shown = paused(Script("\x1e?mkd(1\x1e?mkd(" + reply("2"), reply("3")))
    program.feed(READY)
    assert program.ask("x") == "2"
    assert program.ask("y") == "3"
    assert "".join(shown) == ""


def test_a_flood_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel, "MAX_REPLY", 1000)

    class Flood(Script):
        def feed(self, data: bytes, interrupts: int = 0) -> bool:
            self._output = ["\x1e?mkd(", *["x" * 300] * 50, f"\x1e?mkd){READY}"]
            return True

    program, shown = paused(Flood())
    program.feed(READY)
    assert program.ask("x") == "x" * 1000
    assert not shown


def test_a_program_that_says_no_more_ends_the_wait() -> None:
    for start in ("", "\x1e?mkd", READY):
        script = Script()
        program, _ = paused(script)
        program.feed(start)
        with pytest.raises(PauseEnded):
            program.ask("x")
        assert program.over
    script = Script()
    script.done = True
    program, _ = paused(script)
    program.feed(READY)
    with pytest.raises(PauseEnded):
        program.go_on(0)


def test_a_program_that_has_outlived_stop_pauses_again() -> None:
    script = Script(reply("1"))
    script.interrupts = 1  # it has caught the KeyboardInterrupt
    program, _ = paused(script)
    program.feed(READY)
    assert program.ask("x") == "1"
    program.go_on(2)
    assert script.heard[-1] == b"=2\n"


def test_what_follows_a_pause_that_was_stopped_is_left_for_others() -> None:
    class Stopped(Script):
        def read(self, timeout: float | None = None) -> str:
            if self._output:
                self.interrupts = 1  # while it is read
            return super().read(timeout)

    script = Stopped(f"caught\n{PAUSED}")
    program, shown = paused(script)
    program.feed(READY)
    with pytest.raises(PauseEnded):
        program.ask("x")
    assert script.read() == f"caught\n{PAUSED}"
    assert not shown
    program, shown = paused(Script())
    program.feed(f"{READY}caught\n{PAUSED}{READY}more")
    assert program.over
    assert program.rest == f"{PAUSED}{READY}more"
    assert shown == ["caught\n"]


# -- what follows the program's output ------------------------------------------------------------------------------


class Shown:
    """The next sink."""

    def __init__(self) -> None:
        self.text = ""
        self.closed = False

    def feed(self, text: str) -> None:
        self.text += text

    def close(self) -> None:
        self.closed = True


class Debugger:
    """Keeps what it is told; a paused program goes on at once."""

    def __init__(self) -> None:
        self.sites = Sites()
        self.told: list[str] = []
        self.pauses: list[tuple[int, str, str]] = []
        self.shown = Shown()

    def tell(self, text: str) -> None:
        self.told.append(text)

    def get_ready(self, board: Board, result: Rewritten, path: str, *, stop_at_once: bool = False) -> bool:
        return True

    def paused(self, program: PausedProgram, number: int, why: str) -> None:
        self.pauses.append((number, why, self.shown.text))

    def program_ended(self, board: Board) -> None:
        raise AssertionError

    def uncaught(self, board: Board, error: DeviceError) -> None:
        raise AssertionError


def followed(pieces: list[str]) -> Debugger:
    debugger = Debugger()
    follower = PauseFollower(debugger, "", "", lambda _: None)
    follower.running(cast("Execution", Script()))
    sink = follower.open(debugger.shown)
    for piece in pieces:
        sink.feed(piece)
    sink.close()
    assert debugger.shown.closed
    return debugger


@pytest.mark.parametrize("cut", range(1, 21))
def test_a_pause_is_seen_wherever_its_mark_is_torn(cut: int) -> None:
    text = f"one\n{PAUSED}"
    found = followed([text[:cut], text[cut:]])
    assert found.pauses == [(7, "b", "one\n")]
    assert found.shown.text == "one\n"


def test_what_was_printed_before_a_pause_is_shown_before_it() -> None:
    found = followed([f"one\n{PAUSED}", f"two\n{PAUSED}", "three\n"])
    assert [shown for *_, shown in found.pauses] == ["one\n", "one\ntwo\n"]
    assert found.shown.text == "one\ntwo\nthree\n"


@pytest.mark.parametrize(
    "text",
    [
        "\x1e",
        "\x1e?mkd!",
        "\x1e?mkd! 7 b",
        "\x1e?mkd! 7 b \x1e?mkd",
        "\x1e?mkd!\x1e?mkd.",
        "\x1e?mkd! x b \x1e?mkd.",
        "\x1e?mkd! 7 \x1e?mkd.",
        "\x1e?mkd! 7 bb \x1e?mkd.",
        "\x1e?mkd! 12345678901234567890 b \x1e?mkd.",
        "\x1e?mkd!" + "7" * 100,
        "\x1e?mkd!\n 7 b \x1e?mkd.\n",
        "\x1e?mkd.\x1e?mkd>\x1e?mkd)",
        "\x1e\x1e\x1e",
        "\x1e?mkd!\x1e?mkd!\x1e?mkd!",
    ],
)
def test_what_only_looks_like_a_pause_is_output(text: str) -> None:
    for pieces in ([text, "x\n"], [*text, "x\n"]):
        found = followed(pieces)
        assert not found.pauses
        assert found.shown.text == f"{text}x\n"


def test_a_forged_beginning_does_not_hide_a_pause() -> None:
    found = followed([f"\x1e?mkd!\x1e?mkd!{PAUSED}"])
    assert [number for number, *_ in found.pauses] == [7]
    assert found.shown.text == "\x1e?mkd!\x1e?mkd!"


@pytest.mark.parametrize("cut", range(0, 200, 7))
def test_a_condition_that_cannot_be_evaluated_is_told_once(cut: int) -> None:
    text = f"one\n\x1e?mkd~{ERROR}{PAUSED}"
    found = followed([text[:cut], text[cut:]])
    assert len(found.told) == 1
    assert "ValueError: no" in found.told[0]
    assert [(number, why) for number, why, _ in found.pauses] == [(7, "b")]
    assert found.shown.text == "one\n"


def test_a_forged_error_of_a_condition_is_let_go_in_the_end() -> None:
    found = followed(["\x1e?mkd~", "x" * 5000, "more\n"])
    assert "more\n" in found.shown.text
    found = followed(["a\x1e?mkd~", "rest"])
    assert found.shown.text.startswith("a")
    assert found.shown.text.endswith("rest")


def test_numbers_of_probes_in_output_are_not_taken_for_more_than_they_are() -> None:
    found = followed(["\x1e?mkd! -1 b \x1e?mkd.", "\x1e?mkd! 999999999 s \x1e?mkd."])
    assert [number for number, *_ in found.pauses] == [-1, 999999999]
