"""A long day: many cells, much output, many interrupts, many connects; nothing grows, and every result is right.

The short form runs with the other tests, the long one with ``make soak`` (``pytest -m soak``).
"""

from __future__ import annotations

import random
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..conftest import Start
    from ..front_end import Jupyter

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="descriptors are counted as POSIX counts them")

MEGABYTE = 1_000_000

STOP_LIMIT = 3.0
"""Seconds: half a second is promised, the rest is for slow machines."""


def sizes(short: int, long: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a test the argument ``count`` in its short and its long form."""
    marks = [pytest.mark.soak, pytest.mark.timeout(1800)]
    return pytest.mark.parametrize("count", [short, pytest.param(long, marks=marks)])


@dataclass(frozen=True)
class Level:
    """What the kernel's process holds."""

    memory: int
    descriptors: int
    threads: int
    children: int

    @classmethod
    def of(cls, kernel: Jupyter) -> Level:
        assert kernel.manager.provisioner is not None
        process = psutil.Process(kernel.manager.provisioner.pid)
        return cls(process.memory_info().rss, process.num_fds(), process.num_threads(), len(process.children()))

    def check(self, kernel: Jupyter, memory: float) -> None:
        """Fail where the kernel holds more than this and ``memory`` megabytes."""
        now = Level.of(kernel)
        print(f"{self} -> {now}")
        assert now.memory - self.memory < memory * MEGABYTE
        assert now.descriptors <= self.descriptors + 2  # one or two are open for an instant
        assert now.threads <= self.threads
        assert now.children <= self.children


@pytest.fixture
def kernel(start: Start, virtual_address: str) -> Iterator[Jupyter]:
    made = start({"MICROPYTHON_BOARD": virtual_address})
    # The first large message makes ZeroMQ start what it needs for such ones, which stays.
    made.do("for _ in range(20): print('x' * 50_000)")
    made.do("print(1)\n1")
    yield made
    made.close(now=True)


@sizes(200, 10_000)
def test_many_cells(kernel: Jupyter, count: int) -> None:
    kernel.do("import gc\nn = 0")
    free = "gc.collect()\ngc.mem_free()"
    warm = count // 4
    level, before = None, 0
    for number in range(1, count + 1):
        reply = kernel.do(f"n += 1  # {number}\nprint(n)\nn")
        assert reply.stdout == f"{number}\n"
        assert reply.value == str(number)
        if number == warm:
            level, before = Level.of(kernel), int(str(kernel.do(free).value))
    assert level is not None
    level.check(kernel, 10)
    # Nor does the board's heap fill up.
    assert before - int(str(kernel.do(free).value)) < 500


@sizes(4, 100)
def test_megabytes_of_output(kernel: Jupyter, count: int) -> None:
    line = "x" * 91
    kernel.do(f"for i in range(10_000): print('%08d' % i, {line!r})")
    level = Level.of(kernel)
    reply = kernel.do(f"for i in range({count * 10_000}): print('%08d' % i, {line!r})", timeout=60 + count * 3)
    assert reply.stdout == "".join(f"{i:08d} {line}\n" for i in range(count * 10_000))
    assert not reply.stderr
    level.check(kernel, 15)


@sizes(1, 10)
def test_a_long_line(kernel: Jupyter, count: int) -> None:
    kernel.do("for i in range(200): print('%04d' % i * 250, end='')")
    level = Level.of(kernel)
    reply = kernel.do(f"for i in range({count * 1000}): print('%04d' % (i % 10000) * 250, end='')", timeout=60)
    assert reply.stdout == "".join(f"{i % 10000:04d}" * 250 for i in range(count * 1000))
    level.check(kernel, 15)


@sizes(2_000, 20_000)
def test_a_cell_of_many_lines(kernel: Jupyter, virtual_address: str, count: int) -> None:
    kernel.do(f"%connect {virtual_address} --heap 33554432\nx = 0")  # the compiler needs its room
    reply = kernel.do("x += 1\n" * (count - 1) + "x", timeout=120)
    assert reply.value == str(count - 1)
    # Its last line is where an error is told.
    error = kernel.fail("x += 1\n" * (count - 1) + "1/0", timeout=120)
    assert f"line {count}" in error.text


@sizes(30, 1_000)
def test_interrupts_at_random_moments(kernel: Jupyter, count: int) -> None:
    chance = random.Random(count)
    programs = (
        "while True: pass",
        "while True: print('x' * 20)",
        "import time\nwhile True: time.sleep(0.01)",
        "x = 1\n" * 200 + "while True: pass",
        "while True:\n    try: 1/0\n    except ZeroDivisionError: pass",
    )
    kernel.do("y = 7")
    level = None
    for number in range(count):
        moment = chance.choice((0.0, 0.02, 0.1)) * chance.random()
        reply = kernel.run(chance.choice(programs), stop_at_start=moment)
        assert reply.error.name == "KeyboardInterrupt", f"interrupt {number}, after {moment} s: {reply.content}"
        assert reply.seconds - reply.interrupted_at[0] < STOP_LIMIT, f"interrupt {number}, after {moment} s"
        if number % 10 == 0:
            assert kernel.do("y").value == "7"
        if number == count // 4:
            level = Level.of(kernel)
    assert kernel.do("y").value == "7"
    assert level is not None
    level.check(kernel, 10)


@sizes(12, 500)
def test_many_connects(kernel: Jupyter, virtual_address: str, count: int) -> None:
    level = None
    for number in range(count):
        reply = kernel.do(f"%connect {virtual_address}\nprint({number})")
        assert reply.stdout.endswith(f"{number}\n")
        if number == count // 4:
            level = Level.of(kernel)
    assert level is not None
    level.check(kernel, 10)
    kernel.do("%disconnect")
    deadline = time.monotonic() + 5
    while Level.of(kernel).children and time.monotonic() < deadline:
        time.sleep(0.05)
    assert Level.of(kernel).children == 0
