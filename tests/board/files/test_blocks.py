"""The blocks in which files cross, without a line."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metakernel_micropython.board.files import blocks
from metakernel_micropython.board.files.blocks import Answers, DamagedError
from metakernel_micropython.board.protocol.events import Output, State
from metakernel_micropython.board.protocol.repl import Repl


def block(body: bytes) -> bytes:
    """What the board sends for a body."""
    for byte in (0x10, 0x04, 0x0D):
        body = body.replace(bytes((byte,)), bytes((0x10, byte + 64)))
    return b"\x16%04x%08x" % (len(body), zlib.crc32(body)) + body


@given(st.lists(st.binary(max_size=300), max_size=5), st.data())
def test_answers_come_out_as_they_went_in_however_they_are_split(bodies: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(b"\x06" + block(body) for body in bodies)
    answers = Answers()
    found = []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        found += answers.feed(stream[:size])
        stream = stream[size:]
    assert found == bodies
    assert answers.taken == len(bodies)
    assert not answers.foreign


@given(st.binary(max_size=200))
def test_what_is_printed_between_blocks_is_kept_apart(body: bytes) -> None:
    answers = Answers()
    assert answers.feed(b"tick\r\n" + block(body) + b"tock \x16 not a head, long enough") == [body]
    assert bytes(answers.foreign) == b"tick\r\ntock \x16 not a head, long enough"


@given(st.binary(min_size=1, max_size=200), st.data())
def test_a_block_that_was_changed_is_never_taken_for_another(body: bytes, data: st.DataObject) -> None:
    sent = bytearray(block(body))
    at = data.draw(st.integers(0, len(sent) - 1))
    sent[at] ^= data.draw(st.integers(1, 255))
    answers = Answers()
    try:
        assert answers.feed(bytes(sent)) in ([], [body])
    except DamagedError:
        return


@given(st.binary())
def test_no_byte_to_the_board_means_something_to_a_prompt(data: bytes) -> None:
    escaped = blocks.escape(data)
    assert not set(escaped) & set(b"\x01\x02\x03\x04\r")
    for byte in b"\x01\x02\x03\x04\r\x10":  # as files_serve.py does
        escaped = escaped.replace(bytes((0x10, byte + 64)), bytes((byte,)))
    assert escaped == data


@pytest.mark.parametrize(
    "content",
    [
        b"raw REPL; CTRL-B to exit\r\n>soft reboot\r\nraw REPL; CTRL-B to exit\r\n>",
        b"MicroPython v1.27.0 on 2025-12-09; a board with a chip\r\nType help\r\n>>> ",
        b"\r\nrst:0x1 (POWERON_RESET),boot:0x13",
        b"\nrst:0x1 (POWERON_RESET),boot:0x13",
        b"\x04\x04>",
    ],
)
def test_a_file_that_looks_like_a_restart_is_none(content: bytes) -> None:
    repl = Repl()
    repl.receive(b"raw REPL; CTRL-B to exit\r\n>")
    repl.send_source(b"serve()")
    repl.receive(b"OK")
    events = repl.receive(block(content))
    assert all(isinstance(event, Output) for event in events)
    assert repl.state is State.RUNNING
    assert b"".join(event.data for event in events if isinstance(event, Output)) == block(content)


def test_deflated_data_stays_within_the_window_that_the_board_has() -> None:
    data = b"".join(b"line %d of a program\n" % number for number in range(3000))
    for bits in (10, 14):
        assert zlib.decompress(blocks.deflate(data, bits), wbits=-bits) == data
