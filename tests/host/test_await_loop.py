"""An event loop inside another one's task, which goes on as if nothing had been."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.host.await_loop import AwaitLoop
from metakernel_micropython.interrupts import interrupt_main_thread

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def awaits() -> Iterator[AwaitLoop]:
    made = AwaitLoop()
    yield made
    made.close()


async def double(n: int) -> int:
    await asyncio.sleep(0)
    return 2 * n


def test_it_runs_inside_a_running_loop(awaits: AwaitLoop) -> None:
    async def kernel() -> list[int]:
        outer, task = asyncio.get_running_loop(), asyncio.current_task()
        with awaits.entered():
            found = [awaits.run(double(1)), asyncio.run(double(2)), awaits.run(double(3))]
        assert asyncio.get_running_loop() is outer and asyncio.current_task() is task
        await asyncio.sleep(0)
        return [*found, await double(4)]

    assert asyncio.run(kernel()) == [2, 4, 6, 8]


def test_it_runs_where_no_loop_is(awaits: AwaitLoop) -> None:
    with awaits.entered():
        assert awaits.run(double(1)) == 2


def test_an_error_leaves_the_outer_loop_as_it_was(awaits: AwaitLoop) -> None:
    async def fail() -> None:
        raise LookupError

    async def kernel() -> int:
        for _ in range(2):
            with pytest.raises(LookupError), awaits.entered():
                awaits.run(fail())
        return await double(2)

    assert asyncio.run(kernel()) == 4


def test_a_loop_that_was_closed_is_made_anew(awaits: AwaitLoop) -> None:
    with awaits.entered():
        asyncio.get_event_loop().close()
        assert awaits.run(double(1)) == 2


def test_stop_cancels_and_cancels_again(awaits: AwaitLoop) -> None:
    told = []

    async def stubborn() -> int:
        for n in range(2):
            with contextlib.suppress(asyncio.CancelledError):
                asyncio.get_running_loop().call_later(0.05, interrupt_main_thread)
                await asyncio.sleep(30)
            told.append(n)
        return 5

    with awaits.entered():
        assert awaits.run(stubborn()) == 5
    assert told == [0, 1] and awaits.stopped
