"""What goes over the line: %trace shows it, %connect --log keeps it."""

from __future__ import annotations

import ast
import os
import re
import socket
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.transports import recording
from metakernel_micropython.transports.recording import RecordingProblem

if TYPE_CHECKING:
    from pathlib import Path

    from ..conftest import Start
    from ..front_end import Jupyter

LINE = re.compile(r" *\d+\.\d{6} ([<>]) (b(?:'.*'|\".*\"))(?:\.\.\. \d+ bytes)?")


def pieces(text: str, direction: str) -> bytes:
    lines = [LINE.fullmatch(line) for line in text.splitlines() if not line.startswith("#")]
    assert all(lines), text
    return b"".join(ast.literal_eval(found[2]) for found in lines if found and found[1] == direction)


def test_the_trace_shows_both_directions_in_the_cell(jupyter: Jupyter) -> None:
    assert jupyter.do("%trace").stdout == "The trace is off.\n"
    assert jupyter.do("print(0)").trace == ""
    assert jupyter.do("%trace on").stdout == "The trace is on.\n"
    try:
        reply = jupyter.do("print('héllo')\n1/1")
        assert reply.stdout == "héllo\n"
        assert reply.value == "1.0"
        assert "print('héllo')".encode() in pieces(reply.trace, ">")
        assert b"OKh\xc3\xa9llo\r\n" in pieces(reply.trace, "<")
        assert pieces(reply.trace, "<").endswith(b"\x04\x04>")
        assert "1/0" in jupyter.run("1/0").trace
        assert jupyter.do("%trace").stdout == "The trace is on.\n"
    finally:
        reply = jupyter.do("%trace off")
    assert reply.stdout == "The trace is off.\n"
    assert jupyter.do("print(0)").trace == ""


def test_the_trace_shows_it_while_it_happens(virtual: Jupyter) -> None:
    reply = virtual.do("%trace on\nimport time\nprint('go')\ntime.sleep(2)")
    first = reply.messages[0][0]
    assert first < reply.seconds - 1
    virtual.do("%trace off")


def test_the_trace_is_bounded_and_cuts_long_pieces(virtual: Jupyter) -> None:
    virtual.do("%trace on")
    reply = virtual.do("for i in range(200): print('x' * 1000)")
    virtual.do("%trace off")
    assert reply.stdout == ("x" * 1000 + "\n") * 200
    assert max(map(len, reply.trace.splitlines())) < 128 * 4 + 60
    assert re.search(r"'\.\.\. \d+ bytes", reply.trace)


def test_the_trace_shows_the_connecting_and_what_went_wrong_there(plain: Jupyter, virtual_address: str) -> None:
    reply = plain.do(f"%trace on\n%connect {virtual_address}")
    assert f"# {virtual_address}" in reply.trace
    assert pieces(reply.trace, ">").startswith(b"\r\x03\x01")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"socket://127.0.0.1:{silent.getsockname()[1]}"
        reply = plain.run(f"%connect {address} --timeout 0.5")
    assert reply.error.name == "ConnectError"
    assert pieces(reply.trace.partition(address)[2].partition("\n")[2], ">").startswith(b"\r\x03\x01")
    plain.do("%trace off")


def test_silent_requests_are_shown_with_the_next_cell(virtual: Jupyter) -> None:
    virtual.do("%trace on\nimport sys")
    virtual.complete("sys.ver")
    reply = virtual.do("%comment x")
    assert b"OK" in pieces(reply.trace, "<") or b"R\x01" in pieces(reply.trace, "<")
    virtual.do("%trace off")


def test_a_wrong_state_is_refused_and_both_are_completed(plain: Jupyter) -> None:
    assert "choose from" in plain.fail("%trace maybe").value
    assert plain.complete("%trace ") == ["%trace off", "%trace on"]


@pytest.mark.parametrize("kind", ["virtual", "microbit"])
def test_the_log_keeps_everything_until_the_board_is_disconnected(
    plain: Jupyter, kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    board_address = (
        request.getfixturevalue(f"{kind}_address") if kind == "virtual" else request.getfixturevalue(kind).address
    )
    path = tmp_path / "the wire.log"
    plain.do(f"%connect {board_address} --log '{path}'")
    program = "print('x' * 3000)\n" + "# y\n" * 100
    reply = plain.do(program)
    assert reply.trace == ""
    with pytest.raises(RecordingProblem):
        recording.load(path)
    assert b"x" * 3000 in moved(recording.load(path, partial=True), recording.RECEIVED)
    plain.do("%disconnect")
    events = recording.load(path)
    assert [event.text for event in events if event.kind == recording.OPEN] == [board_address]
    assert moved(events, recording.SENT).startswith(b"\r\x03\x01")
    assert moved(events, recording.SENT).endswith(b"\r\x02")
    assert events[-1].kind == recording.CLOSED
    logged = path.read_bytes()
    plain.do(f"%connect {board_address}\n%disconnect")
    assert path.read_bytes() == logged


def moved(events: list[recording.Event], kind: str) -> bytes:
    return b"".join(event.data for event in events if event.kind == kind)


def test_log_and_trace_say_the_same(start: Start, virtual_address: str, tmp_path: Path) -> None:
    kernel = start()
    kernel.do(f"%connect {virtual_address} --log wire.jsonl")
    reply = kernel.do("%trace on\nprint(6*7)")
    events = recording.load(tmp_path / "wire.jsonl", partial=True)
    assert moved(events, recording.SENT).endswith(pieces(reply.trace, ">"))
    assert moved(events, recording.RECEIVED).endswith(pieces(reply.trace, "<"))


def test_a_log_that_cannot_be_written_keeps_the_connection_that_is_there(virtual: Jupyter, tmp_path: Path) -> None:
    virtual.do("x = 1")
    error = virtual.fail(f"%connect virtual --log {tmp_path / 'none' / 'wire.log'}")
    assert error.name == "ConnectError"
    assert "wire.log" in error.value
    assert virtual.do("x").value == "1"


def test_a_failed_connect_closes_its_log(plain: Jupyter, virtual_address: str, tmp_path: Path) -> None:
    path = tmp_path / "wire.log"
    plain.fail(f"%connect socket://127.0.0.1:1 --log {path}")
    before = path.read_text()
    assert [event.kind for event in recording.load(path)] == [recording.CELL]
    plain.do(f"%connect {virtual_address}\nprint(1)\n")
    assert path.read_text() == before
    plain.do("%disconnect")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")  # noqa: PTH110
def test_a_full_disk_is_told_once_and_disturbs_nothing(plain: Jupyter, virtual_address: str) -> None:
    reply = plain.do(f"%connect {virtual_address} --log /dev/full\n6*7")
    assert reply.value == "42"
    assert reply.stderr.count("/dev/full") == 1
    reply = plain.do("6*7")
    assert (reply.value, reply.trace) == ("42", "")
    plain.do("%disconnect")
