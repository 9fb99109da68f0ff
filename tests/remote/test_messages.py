"""Requests in a program's output, however it is split; what is none stays output."""

from __future__ import annotations

import zlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metakernel_micropython.remote.messages import AGAIN, PACKED, Request, RequestReader, Sign, answer

TOKEN = "0123abcd"
MARK = b"\x1e?" + TOKEN.encode()


def request(kind: str, number: int, body: bytes) -> bytes:
    """A request as ``snippets/mount.py`` sends it."""
    for byte in b"\x10\x04\n\r\x1e":
        body = body.replace(bytes((byte,)), bytes((0x10, byte + 64)))
    head = b"%s%02x" % (kind.encode(), number)
    return MARK + head + b"%04x%08x" % (len(body), zlib.crc32(head + body)) + body


def read(pieces: list[bytes]) -> tuple[bytes, list[Request | Sign]]:
    reader = RequestReader(TOKEN)
    output, found = b"", []
    for piece in pieces:
        shown, came = reader.feed(piece)
        output += shown
        found += came
    return output + reader.flush(), found


@given(
    st.lists(st.tuples(st.binary(max_size=12), st.binary(max_size=40)), max_size=4),
    st.lists(st.integers(0, 400), max_size=12),
)
def test_requests_are_found_however_the_output_is_split(parts: list[tuple[bytes, bytes]], cuts: list[int]) -> None:
    data = b"".join(output + request("r", number, body) + MARK + b"+" for number, (output, body) in enumerate(parts))
    ends = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    output, found = read([data[start:end] for start, end in pairwise(ends)])
    assert output == b"".join(output for output, _ in parts)
    wanted: list[Request | Sign] = []
    for number, (_, body) in enumerate(parts):
        wanted += [Request("r", number, body), Sign("+")]
    assert found == wanted


@pytest.mark.parametrize(
    "text", [b"\x1e", b"\x1e?", MARK[:-1], b"\x1e?00000000r00000400000000data", b"\x1e\x1e?mkr", b"a\x1eb\x1e?c"]
)
def test_what_only_looks_like_a_request_is_output(text: bytes) -> None:
    assert read([text]) == (text, [])
    assert read([text[at : at + 1] for at in range(len(text))]) == (text, [])


def test_one_that_was_cut_off_gives_way_to_the_next() -> None:
    cut = request("w", 1, b"content" * 10)[:40]
    assert read([b"a", cut, MARK + b"!", b"b", request("r", 2, b"x")]) == (b"ab", [Sign("!"), Request("r", 2, b"x")])
    assert read([b"a", cut]) == (b"a", [])


@pytest.mark.parametrize("at", [10, 12, 15, 20, 26])
def test_a_byte_that_was_changed_is_noticed(at: int) -> None:
    data = request("r", 3, b"path\0" + b"y" * 20)
    data = data[:at] + bytes((data[at] ^ 2,)) + data[at + 1 :]
    assert all(one.damaged for one in read([data, b"z" * 80, MARK + b"!"])[1] if isinstance(one, Request))


@given(st.binary(max_size=300), st.sampled_from([0, 10, 12]))
def test_an_answer_holds_no_byte_that_means_something_to_a_prompt(body: bytes, window_bits: int) -> None:
    head, sent = answer(7, 0, body, window_bits)
    assert not set(sent) & set(b"\x01\x02\x03\x04\r\x16")
    assert head[:3] == b"\x1607"
    assert (int(head[6:12], 16), int(head[12:], 16)) == (len(sent), zlib.crc32(head[1:6] + sent))
    for byte in b"\x01\x02\x03\x04\r\x16\x10":
        sent = sent.replace(bytes((0x10, byte + 64)), bytes((byte,)))
    assert (zlib.decompress(sent, -15) if int(head[3:6]) == PACKED else sent) == body


def test_what_is_long_and_plain_is_deflated_and_an_error_is_not() -> None:
    head, sent = answer(255, 0, b"text " * 100, 10)
    assert int(head[3:6]) == PACKED
    assert len(sent) < 100
    assert answer(1, AGAIN)[0][3:6] == b"999"
    assert answer(1, 2, b"text " * 100, 10)[0][3:6] == b"002"
