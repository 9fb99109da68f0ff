"""What the kernel publishes waits for front ends that read slowly, and is not thrown away."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
import zmq
from ipykernel.iostream import IOPubThread

from metakernel_micropython.cell import iopub
from metakernel_micropython.cell.iopub import LAST_WORDS, MESSAGE_LIMIT, ROOM, BoundedOutput, IOPubThrottle

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZE = 256 * 1024
"""Bytes of a message: a few dozen fill all that ZeroMQ and the system keep."""


class Line:
    """A kernel's publishing socket with its thread, and a front end that reads when it is told to."""

    def __init__(self) -> None:
        self.context = zmq.Context()
        publisher = self.context.socket(zmq.XPUB)
        publisher.sndhwm = 4
        port = publisher.bind_to_random_port("tcp://127.0.0.1")
        self.thread = IOPubThread(publisher)
        self.thread.start()
        self.outlet = IOPubThrottle(self.thread.background_socket)
        self.front_end = self.context.socket(zmq.SUB)
        self.front_end.rcvhwm = 1
        self.front_end.setsockopt(zmq.SUBSCRIBE, b"")
        self.front_end.connect(f"tcp://127.0.0.1:{port}")
        while not self.front_end.poll(20):  # until the subscription has arrived
            self.outlet.send(b"")
        while self.front_end.poll(100):
            self.front_end.recv()

    def send(self, count: int) -> None:
        for number in range(count):
            self.outlet.send(number.to_bytes(2, "big") + b"x" * SIZE)

    def read(self) -> Iterator[int]:
        """The numbers of the messages, until none comes."""
        while self.front_end.poll(1000):
            yield int.from_bytes(self.front_end.recv()[:2], "big")

    def close(self) -> None:
        self.thread.stop()
        self.thread.close()
        self.context.destroy(linger=0)


@pytest.fixture
def line() -> Iterator[Line]:
    made = Line()
    yield made
    made.close()


def fill(line: Line) -> int:
    """Send until there is no room; return how many messages that took."""
    line.outlet.hurry()  # so that nothing here waits for long
    sent = 0
    while sent < 4000:
        if line.outlet._bytes >= ROOM:
            time.sleep(0.3)
            if line.outlet._bytes >= ROOM:
                return sent
        line.outlet.send(sent.to_bytes(2, "big") + b"x" * SIZE)
        sent += 1
    raise AssertionError("there is always room")


def test_nothing_is_lost_and_the_order_is_kept_for_a_front_end_that_is_behind(line: Line) -> None:
    sent = fill(line)
    line.outlet.send(sent.to_bytes(2, "big"))
    assert list(line.read()) == list(range(sent + 1))
    assert not line.outlet.take_missed()


def test_there_is_room_again_when_the_front_end_has_read(line: Line) -> None:
    fill(line)
    assert not line.outlet.wait_for_room()
    line.outlet.take_time()
    assert line.front_end.poll(1000)
    list(line.read())
    assert line.outlet.wait_for_room()


def test_a_front_end_that_does_not_read_at_all_is_given_up(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(line)
    monkeypatch.setattr(iopub, "PATIENCE", 0.3)
    line.outlet.take_time()
    began = time.monotonic()
    assert line.outlet.wait_for_room()
    assert time.monotonic() - began < 5
    assert line.outlet.take_missed()
    assert not line.outlet.take_missed()


def test_without_a_front_end_there_is_always_room(line: Line) -> None:
    line.front_end.close()
    time.sleep(0.3)
    line.send(2000)
    assert line.outlet.wait_for_room()
    deadline = time.monotonic() + 10
    while line.outlet._bytes and time.monotonic() < deadline:
        time.sleep(0.01)
    assert line.outlet._bytes == 0


# BoundedOutput asks an outlet for room; here the answers are given.


class Answers:
    def __init__(self, *answers: bool) -> None:
        self.answers = list(answers)

    def wait_for_room(self) -> bool:
        return self.answers.pop(0) if self.answers else True


def output(*answers: bool) -> tuple[BoundedOutput, list[str]]:
    said: list[str] = []
    return BoundedOutput(Answers(*answers), said.append, lambda text: said.append(f"<{text}>")), said  # type: ignore[arg-type]


def test_long_output_is_split_into_messages() -> None:
    made, said = output()
    made.feed("a" * MESSAGE_LIMIT + "bc")
    made.catch_up()
    assert said == ["a" * MESSAGE_LIMIT, "bc"]


def test_what_is_left_out_is_told_and_its_end_is_shown() -> None:
    made, said = output(True, False, False)
    made.feed("first")
    made.feed("x" * LAST_WORDS)
    made.feed("y" * LAST_WORDS)
    assert said == ["first"]
    made.feed("last")
    note = f"<[{LAST_WORDS:,} characters of output left out here: Stop came while the front end was behind]>"
    assert said == ["first", note, "y" * LAST_WORDS, "last"]
    made.catch_up()
    assert len(said) == 4


def test_little_that_had_no_room_is_shown_whole() -> None:
    made, said = output(False)
    made.feed("few words")
    assert said == []
    made.catch_up()
    assert said == ["few words"]
