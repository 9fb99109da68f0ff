"""A program that prints without end: bounded memory, and Stop is answered before what was printed is played out."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
import zmq

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..conftest import Start
    from ..front_end import Jupyter

FLOOD = "while True: print('x' * 70)"

MEBIBYTE = 1024 * 1024


class SlowReader:
    """A front end with hardly any buffer, which reads a message only now and then, or none at all."""

    def __init__(self, kernel: Jupyter, pause: float | None) -> None:
        self.session = kernel.client.session
        self.messages: list[dict[str, Any]] = []
        self.hurry = threading.Event()
        self._pause = pause
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.SUB)
        self._socket.rcvhwm = 1
        self._socket.setsockopt(zmq.RCVBUF, 8192)
        self._socket.setsockopt(zmq.SUBSCRIBE, b"")
        self._socket.connect(f"tcp://127.0.0.1:{kernel.client.iopub_port}")
        self._socket.poll(5000)  # the welcome
        self._ended = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while not self._ended:
            if self._pause is None and not self.hurry.wait(0.1):
                continue
            self.hurry.wait(self._pause)
            if self._socket.poll(50):
                _, parts = self.session.feed_identities(self._socket.recv_multipart())
                self.messages.append(self.session.deserialize(parts))

    def wait_for_idle(self, request: str, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            for message in list(self.messages):
                ended = message["content"].get("execution_state") == "idle"
                if ended and message["parent_header"].get("msg_id") == request:
                    return
            time.sleep(0.02)
        raise AssertionError("the front end never heard that the cell has ended")

    def text(self, name: str) -> str:
        streams = [m["content"] for m in self.messages if m["msg_type"] == "stream"]
        return "".join(content["text"] for content in streams if content["name"] == name)

    def close(self) -> None:
        self._ended = True
        self._thread.join(5)
        self._context.destroy(linger=0)


def resident(kernel: Jupyter) -> int:
    """The kernel's resident memory, in bytes."""
    import psutil

    assert kernel.manager.provisioner is not None
    return int(psutil.Process(kernel.manager.provisioner.pid).memory_info().rss)


def plateau(kernel: Jupyter) -> int:
    """The kernel's resident memory once it has stopped to grow, in bytes; after 20 s whatever it is."""
    deadline = time.monotonic() + 20
    after = 0
    while time.monotonic() < deadline:
        before, after = after, resident(kernel)
        if before and after - before < MEBIBYTE / 4:
            break
        time.sleep(1)
    return after


@pytest.fixture
def kernel(start: Start, virtual_address: str) -> Iterator[Jupyter]:
    made = start({"MICROPYTHON_BOARD": virtual_address})
    made.do("print(1)")
    yield made
    made.close(now=True)


@pytest.mark.parametrize("pause", [0.3, None], ids=["slow", "stopped"])
def test_a_flood_takes_bounded_memory_and_stop_is_answered_at_once(kernel: Jupyter, pause: float | None) -> None:
    kernel.client.iopub_channel.stop()
    reader = SlowReader(kernel, pause)
    try:
        before = resident(kernel)
        request = kernel.client.execute(FLOOD)
        middle = plateau(kernel)
        time.sleep(3)
        assert resident(kernel) - before < 40 * MEBIBYTE
        assert resident(kernel) - middle < 8 * MEBIBYTE
        stopped = time.monotonic()
        kernel.manager.interrupt_kernel()
        reply = kernel.client.get_shell_msg(timeout=3)
        assert time.monotonic() - stopped < 3
        assert reply["content"]["ename"] == "KeyboardInterrupt"
        reader.hurry.set()
        reader.wait_for_idle(request, 10)
        # What was printed up to Stop is there, and what is missing is named: one that is only slow may have it all.
        if pause is None or reader.text("stderr"):
            assert "characters of output left out here" in reader.text("stderr")
        assert reader.text("stdout").endswith("x" * 70 + "\n")
    finally:
        reader.close()


def test_a_front_end_that_keeps_up_gets_everything(kernel: Jupyter) -> None:
    reply = kernel.do("for i in range(50_000):\n    print(i, 'x' * 70)", timeout=60)
    assert reply.stdout == "".join(f"{i} {'x' * 70}\n" for i in range(50_000))
    assert not reply.stderr


def test_stop_ends_a_flood_that_is_shown(kernel: Jupyter) -> None:
    reply = kernel.run(FLOOD, stop_after=1.0, timeout=20)
    assert reply.error.name == "KeyboardInterrupt"
    assert reply.seconds - reply.interrupted_at[0] < 3
    assert not reply.stderr
    assert kernel.do("6*7").value == "42"


@pytest.mark.soak
def test_a_slow_front_end_loses_nothing_when_nobody_stops_the_cell(kernel: Jupyter) -> None:
    kernel.client.iopub_channel.stop()
    reader = SlowReader(kernel, None)
    try:
        request = kernel.client.execute("for i in range(400_000): print(i)\nprint('end')")
        time.sleep(4)
        reader.hurry.set()
        reader.wait_for_idle(request, 60)
        assert reader.text("stdout") == "".join(f"{i}\n" for i in range(400_000)) + "end\n"
        assert not reader.text("stderr")
    finally:
        reader.close()


def test_one_long_line_takes_no_longer_than_many_short_ones(kernel: Jupyter) -> None:
    reply = kernel.do("for i in range(2048): print('x' * 1024, end='')", timeout=60)
    assert reply.stdout == "x" * 2 * MEBIBYTE
    assert len(reply.streams()) <= 30 * reply.seconds + 12
