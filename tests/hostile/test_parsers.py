"""Every parser of what a board sends, with anything that a board may send: data, never an exception, never lost.

A seed that once was read wrongly belongs into ``corpus``.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from metakernel_micropython.board import board_info, importable, value_reader
from metakernel_micropython.board.files import helper_programs, text_transfer
from metakernel_micropython.board.files.helper_programs import Helpers
from metakernel_micropython.board.protocol.capabilities import Capabilities, FileSupport
from metakernel_micropython.board.protocol.diagnosis import device_error
from metakernel_micropython.board.protocol.events import Done, LateEnd, Output, State
from metakernel_micropython.board.protocol.firmware_output import MAX_TRACEBACK
from metakernel_micropython.board.protocol.questions import QuestionFilter
from metakernel_micropython.board.protocol.repl import Repl
from metakernel_micropython.board.protocol.text import TextDecoder, decode
from metakernel_micropython.board.value_reader import ValueProblem
from metakernel_micropython.cell import hints
from metakernel_micropython.cell.program import ValueFilter
from metakernel_micropython.cell.timing import Stopwatch
from metakernel_micropython.cell.tracebacks import CellSources, render
from metakernel_micropython.display.html import html_table, text_table
from metakernel_micropython.errors import MicroPythonError, TransferFailed
from metakernel_micropython.host.paths import drawn, shown
from metakernel_micropython.transports.tap import describe

from .corpus import (
    BANNER,
    BYTES,
    TEXTS,
    TUPLES,
    board_bytes,
    board_lines,
    board_text,
    cuts,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from metakernel_micropython.board import Board


def pieces(data: Any, at: list[int]) -> list[Any]:
    edges = sorted({cut % (len(data) + 1) for cut in at})
    return [data[a:b] for a, b in zip([0, *edges], [*edges, len(data)], strict=True)]


# -- the protocol --------------------------------------------------------------------------------------------------


def unknown() -> Repl:
    repl = Repl()
    repl.send_attach()
    return repl


def ready() -> Repl:
    repl = unknown()
    repl.receive(BANNER)
    assert repl.state is State.READY
    return repl


def rebooting() -> Repl:
    repl = ready()
    repl.send_soft_reset()
    return repl


def requested() -> Repl:
    repl = ready()
    repl.send_source(b"#" * 300)
    return repl


def pasting() -> Repl:
    repl = requested()
    repl.receive(b"R\x01\x20\x00\x01")
    return repl


def sending() -> Repl:
    repl = ready()
    repl.capabilities.raw_paste = False
    repl.send_source(b"pass")
    return repl


def running() -> Repl:
    repl = sending()
    repl.receive(b"OK")
    assert repl.state is State.RUNNING
    return repl


STATES = (unknown, ready, rebooting, requested, pasting, sending, running)


def flat(events: list[Any]) -> list[object]:
    """The events with what was printed byte by byte, which no split of the input may change."""
    found: list[object] = []
    for event in events:
        found += list(event.data) if isinstance(event, Output) else [event]
    return found


FRIENDLY = b"MicroPython v1.27.0 on 2025-12-09; a board with a chip\r\n>>> "


def sent(events: list[Any]) -> bytes:
    """The bytes that a running program and its ends were."""
    found = b""
    for event in events:
        match event:
            case int():
                found += bytes([event])
            case Output(data):
                found += data
            case LateEnd(reboots=True):
                pass  # as in front of every restart, what follows tells of it
            case Done(traceback) | LateEnd(traceback):
                found += b"\x04" + traceback + b"\x04>"
    return found


@pytest.mark.parametrize("make", STATES)
@given(data=board_bytes, at=cuts)
@example(data=FRIENDLY + FRIENDLY, at=[60])
@example(data=b"\x01" + FRIENDLY, at=[1])
@example(data=FRIENDLY + b"\r\nMPY: soft reboot\r\n" + BANNER, at=[60])
@example(data=b"\nrst:0xc (SW),boot:0x" + BANNER, at=[47])
@example(data=b"\x04\x04>\x04\x04>", at=[3])
@example(data=b"\x04\x04PYB: soft reboot\r\n" + BANNER + FRIENDLY, at=[47])
@example(data=b"\x04\x04PYB: soft reboot\r\n" + BANNER + b"\x04\x04>", at=[20])
@example(data=b"\x04\x04>\x04\x04\r\nMPY: soft reboot\r\n", at=[3])
def test_the_protocol_takes_anything_however_it_is_split(make: Callable[[], Repl], data: bytes, at: list[int]) -> None:
    whole, split = make(), make()
    expected = flat(whole.receive(data))
    told = [event for piece in pieces(data, at) for event in split.receive(piece)]
    if any(isinstance(event, LateEnd) for event in told):
        # A program has printed what looks like its end: only the split tells when that can be known. No byte is lost.
        assert sent(told) == sent(expected)
    else:
        assert flat(told) == expected
    assert split.state is whole.state
    assert split.release() == whole.release()


@pytest.mark.parametrize("make", STATES)
@pytest.mark.parametrize("seed", [b"x", b"\x04", b"\x04E", b"\x04Traceback (most", b"R", b"\x01", b"\r\n>>> ", b"O"])
def test_no_flood_makes_it_hoard_or_take_ever_longer(make: Callable[[], Repl], seed: bytes) -> None:
    repl = make()
    for _ in range(64):
        repl.receive(seed * (4096 // len(seed)))
    assert len(repl.release()) <= MAX_TRACEBACK + 8192


# -- text ----------------------------------------------------------------------------------------------------------


@given(data=board_bytes, at=cuts)
def test_text_is_the_same_however_it_is_split(data: bytes, at: list[int]) -> None:
    decoder = TextDecoder()
    assert "".join([*map(decoder.feed, pieces(data, at)), decoder.flush()]) == decode(data)


def questions(parts: list[str]) -> list[object]:
    filter_ = QuestionFilter()
    found: list[object] = []
    for piece in [found for part in parts for found in filter_.feed(part)] + [filter_.flush()]:
        found += list(piece) if isinstance(piece, str) else [piece if type(piece).__eq__ is not object.__eq__ else "."]
    return found


@given(data=board_bytes, at=cuts)
def test_questions_are_the_same_however_the_output_is_split(data: bytes, at: list[int]) -> None:
    text = decode(data)
    assert questions(pieces(text, at)) == questions([text])


@given(data=board_bytes, at=cuts)
@example(data=b"\x1eabcd [\x1eabcd", at=[])
def test_a_value_is_the_same_however_the_output_is_split(data: bytes, at: list[int]) -> None:
    text = decode(data)

    def told(parts: list[str]) -> tuple[str, str | None]:
        filter_ = ValueFilter("\x1eabcd")
        shown_ = "".join([*map(filter_.feed, parts), filter_.flush()])
        return shown_, filter_.value

    assert told(pieces(text, at)) == told([text])


def test_many_questions_in_one_piece_take_no_quadratic_time() -> None:
    assert len(QuestionFilter().feed("\x1e?mk." * 200_000)) == 200_000


def test_many_values_in_one_piece_take_no_quadratic_time() -> None:
    reader = value_reader.Reader("x")
    reader.feed("[500000\n" + "N\n" * 500_000 + ".500001\n")
    assert reader.value() == [None] * 500_000


@given(text=board_text, at=cuts)
def test_a_stopwatch_takes_anything(text: str, at: list[int]) -> None:
    watch = Stopwatch()
    watch.around("pass")
    watch.start()
    assert isinstance("".join(map(watch.feed, pieces(text, at))) + watch.flush(), str)


# -- errors --------------------------------------------------------------------------------------------------------


class Saying:
    """A stand-in for a board that answers everything with the same text."""

    address = "nowhere"
    banner = "MicroPython"
    idle = True
    raw = False

    def __init__(self, text: str) -> None:
        self._text = text
        self.capabilities = Capabilities()
        self.files = SimpleNamespace(space=self._refuse, list=self._refuse)

    def execute(self, source: str, on_output: object = None, *, timeout: float | None = None) -> str:
        return self._text

    def evaluate(self, expression: str, *, timeout: float = 0, own: bool = False) -> object:
        raise ValueError(self._text)

    def _refuse(self, *args: object, **kwargs: object) -> object:
        raise TransferFailed(self._text)


@given(text=board_text, said=board_lines)
@example(text='  File "<stdin>", line ' + "9" * 5000 + "\nE: x\n", said="")
@example(text='  File "a.py", line 1\nE: x\n', said="9" * 5000 + " x")
@example(text="OSError: " + "9" * 5000, said="")
def test_a_traceback_is_told_whatever_it_says(text: str, said: str) -> None:
    error = device_error(text)
    sources = CellSources()
    sources.add(1, "def f():\n    1/0", "def f():\n    1/0")
    assert all(isinstance(line, str) for line in render(error.traceback, sources, 1))
    assert all(isinstance(hint, str) for hint in hints.hints(error, cast("Board", Saying(said)), {}, []))


@pytest.mark.parametrize("text", TEXTS)
def test_every_seed_of_the_corpus_is_told(text: str) -> None:
    assert render(device_error(text).traceback, CellSources(), 1)


# -- data ----------------------------------------------------------------------------------------------------------


@given(said=board_lines)
@example(said="\n".join(TUPLES))
def test_what_a_board_tells_of_itself_is_data(said: str) -> None:
    found = board_info.info(cast("Board", Saying(said)))
    page = html_table(found.facts)
    for text in (text_table(found.facts), page):
        assert all(c.isprintable() or c == "\n" for c in text)
    assert "<b>" not in page and "<script" not in page


@given(said=board_lines | board_text)
def test_what_a_board_tells_of_its_modules_is_data(said: str) -> None:
    found = importable.modules(cast("Board", Saying(said)))
    assert all(name.isprintable() and not set(name) & set(" <>&/") for name in found.built_in)


@given(text=board_text | board_lines)
@example(text="9" * 5000)
def test_an_answer_about_files_is_data_or_refused(text: str) -> None:
    for line in [text, *text.splitlines()]:
        for kinds in ((str, bool, int), (int, int, int, int), (object, object)):
            try:
                assert len(helper_programs.parse_tuple(line, kinds)) == len(kinds)
            except TransferFailed as error:
                assert len(str(error)) < 2000
        assert isinstance(text_transfer._from_base64(line), bytes | None)
        assert isinstance(text_transfer._from_literal(line), bytes | None)


@given(text=board_text)
def test_what_an_error_of_a_helper_means_can_always_be_told(text: str) -> None:
    board = Saying("")
    board.capabilities.files = FileSupport("", "", True, True, 0, False, ("", ""))
    made = Helpers(cast("Board", board))
    for error in (device_error(text), device_error("OSError: " + text)):
        assert isinstance(made.meaning(error, "name"), (MicroPythonError, KeyboardInterrupt))


@given(text=board_lines | board_text, at=cuts)
def test_a_value_is_data_or_refused(text: str, at: list[int]) -> None:
    reader = value_reader.Reader("x")
    try:
        for piece in pieces(text, at):
            reader.feed(piece)
        reader.value()
    except (ValueProblem, value_reader.DisturbedValue):
        pass


# -- what is shown -------------------------------------------------------------------------------------------------


@given(data=board_bytes)
def test_a_line_of_the_log_is_one_line_of_plain_text(data: bytes) -> None:
    for size in (None, 5):
        line = describe(1.5, "<", data, size)
        assert line.isprintable() and line.isascii()


@given(names=st.lists(st.tuples(board_text, st.booleans()), max_size=6))
def test_names_of_files_are_shown_without_what_moves_a_cursor(names: list[tuple[str, bool]]) -> None:
    for line in [*drawn(names), *(shown(name) for name, _ in names)]:
        assert line.isprintable()


def test_the_corpus_reaches_the_ends_of_executions() -> None:
    # Seeds that no parser takes notice of would be no seeds.
    noticed = [
        seed for seed in BYTES if any(not isinstance(e, Output) for make in STATES for e in make().receive(seed))
    ]
    assert len(noticed) >= 8
