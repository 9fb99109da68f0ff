"""The distances between many Ctrl-C."""

from __future__ import annotations

from itertools import pairwise
from math import log10

from metakernel_micropython.board.protocol import ctrl_c_stream
from metakernel_micropython.board.protocol.line_reader import LineReader

from .scripted import Line


def test_the_pauses_of_a_stream_have_every_length() -> None:
    pauses = list(ctrl_c_stream.pauses(0))
    assert pauses.count(0.0) == ctrl_c_stream.DENSE
    spread = sorted(pause for pause in pauses if pause)
    assert ctrl_c_stream.SHORTEST <= spread[0] < spread[-1] <= ctrl_c_stream.LONGEST
    assert max(log10(longer / shorter) for shorter, longer in pairwise(spread)) < 0.1


def test_no_two_streams_have_the_same_pauses() -> None:
    seen = [pause for stream in range(50) for pause in ctrl_c_stream.pauses(stream) if pause]
    assert len(set(seen)) == len(seen)


def test_patient_requests_have_no_stream_and_a_stream_ends_when_it_is_no_longer_needed() -> None:
    scripted = Line()
    line = LineReader(scripted)
    ctrl_c_stream.send_before(ctrl_c_stream.PATIENT_REQUESTS - 1, line, lambda: False)
    assert scripted.written == b""
    ctrl_c_stream.send_before(ctrl_c_stream.PATIENT_REQUESTS, line, lambda: len(scripted.written) == 40)
    assert scripted.written == b"\x03" * 40
