"""The virtual board's asyncio: what programs use, as MicroPython documents it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.board import Board
from metakernel_micropython.errors import DeviceError

from ..boards import needs_virtual

if TYPE_CHECKING:
    from collections.abc import Iterator

TOOLS = """
import asyncio, time
async def after(ms, value=None, error=None):
    try:
        await asyncio.sleep_ms(ms)
    except asyncio.CancelledError:
        print(value, "cancelled")
        raise
    if error: raise error
    print(value)
    return value
def run(function):
    try:
        print("->", asyncio.run(function()))
    except BaseException as error:
        print("!", type(error).__name__, *error.args)
    finally:
        asyncio.new_event_loop()
"""


@pytest.fixture(scope="module")
def shared() -> Iterator[Board]:
    needs_virtual()
    with Board.connect("virtual") as board:
        yield board


@pytest.fixture
def board(shared: Board) -> Board:
    shared.soft_reset()
    shared.execute(TOOLS)
    return shared


def main(board: Board, *lines: str) -> list[str]:
    body = "".join(f"    {line}\n" for line in lines)
    return board.execute(f"async def main():\n{body}run(main)", timeout=10).splitlines()


def test_run_gives_the_value_and_the_error(board: Board) -> None:
    assert main(board, "return await after(1, 5)") == ["5", "-> 5"]
    assert main(board, "await after(1, error=ValueError('no'))") == ["! ValueError no"]


def test_tasks_run_side_by_side_in_the_order_of_their_time(board: Board) -> None:
    said = main(
        board,
        "tasks = [asyncio.create_task(after(ms, ms)) for ms in (30, 10, 20)]",
        "for task in tasks: await task",
        "return [task.done() for task in tasks]",
    )
    assert said == ["10", "20", "30", "-> [True, True, True]"]


def test_a_task_that_has_ended_is_awaited_for_its_value(board: Board) -> None:
    said = main(board, "task = asyncio.create_task(after(1, 7))", "await asyncio.sleep(0.02)", "return await task")
    assert said == ["7", "-> 7"]


def test_cancelling_raises_in_the_task_wherever_it_waits(board: Board) -> None:
    assert main(
        board, "task = asyncio.create_task(after(1000, 1))", "await asyncio.sleep_ms(5)", "print(task.cancel())",
        "try: await task", "except asyncio.CancelledError: print('seen')", "return task.cancel()",
    ) == ["True", "1 cancelled", "seen", "-> False"]  # fmt: skip
    for wait in (
        "await asyncio.Event().wait()",
        "await asyncio.gather(after(900, 2))",
        "await after(900, 2)",
    ):
        said = main(
            board, "async def inner():", f"    try: {wait}", "    finally: print('ends')",
            "task = asyncio.create_task(inner())", "await asyncio.sleep_ms(5)", "task.cancel()",
            "try: await task", "except asyncio.CancelledError: print('seen')",
        )  # fmt: skip
        assert said[-3:] == ["ends", "seen", "-> None"], (wait, said)


def test_gather_waits_for_all(board: Board) -> None:
    assert main(board, "return await asyncio.gather(after(20, 1), after(10, 2), after(1, 3))") == [
        "3", "2", "1", "-> [1, 2, 3]",
    ]  # fmt: skip
    assert main(board, "return await asyncio.gather()") == ["-> []"]


def test_gather_gives_the_first_error_or_all_of_them(board: Board) -> None:
    assert main(
        board, "t = asyncio.create_task(after(30, 'slow'))",
        "try: await asyncio.gather(t, after(1, error=OSError(5)))", "except OSError as e: print('error', e.args)",
        "await t",
    ) == ["error (5,)", "slow", "-> None"]  # fmt: skip
    said = main(
        board,
        "r = await asyncio.gather(after(2, 1), after(1, error=OSError(5)), return_exceptions=True)",
        "return r[0], type(r[1]).__name__",
    )
    assert said == ["1", "-> (1, 'OSError')"]


def test_wait_for_ends_in_time_or_raises(board: Board) -> None:
    assert main(board, "return await asyncio.wait_for(after(5, 1), 1)") == ["1", "-> 1"]
    assert main(board, "return await asyncio.wait_for(after(5, 1), None)") == ["1", "-> 1"]
    assert main(board, "await asyncio.wait_for_ms(after(500, 1), 10)") == ["1 cancelled", "! TimeoutError"]
    assert main(board, "await asyncio.wait_for(after(5, error=KeyError(3)), 1)") == ["! KeyError 3"]


def test_events_wake_all_who_wait_and_locks_one_by_one(board: Board) -> None:
    assert main(
        board, "e = asyncio.Event()", "async def w(n):", "    await e.wait()", "    print(n)",
        "tasks = [asyncio.create_task(w(n)) for n in 'ab']", "await asyncio.sleep_ms(5)",
        "print(e.is_set())", "e.set()",
        "for t in tasks: await t", "e.clear()", "return e.is_set()",
    ) == ["False", "a", "b", "-> False"]  # fmt: skip
    assert main(
        board, "lock = asyncio.Lock()", "async def w(n):", "    async with lock:", "        print(n, 'in')",
        "        await asyncio.sleep_ms(5)", "        print(n, 'out')", "await asyncio.gather(w(1), w(2))",
        "return lock.locked()",
    ) == ["1 in", "1 out", "2 in", "2 out", "-> False"]  # fmt: skip
    assert main(board, "asyncio.Lock().release()") == ["! RuntimeError Lock not acquired"]


def test_a_lock_goes_to_the_next_when_one_who_waits_is_cancelled(board: Board) -> None:
    assert main(
        board, "lock = asyncio.Lock()", "await lock.acquire()", "async def w(n):", "    async with lock: print(n)",
        "a, b = asyncio.create_task(w('a')), asyncio.create_task(w('b'))", "await asyncio.sleep_ms(2)", "a.cancel()",
        "await asyncio.sleep_ms(2)", "lock.release()", "await b", "return lock.locked()",
    ) == ["b", "-> False"]  # fmt: skip


def test_a_flag_is_set_by_an_interrupt(board: Board) -> None:
    assert main(
        board, "from machine import Timer", "flag = asyncio.ThreadSafeFlag()",
        "Timer(mode=Timer.ONE_SHOT, period=30, callback=lambda t: flag.set())", "await flag.wait()", "return 'set'",
    ) == ["-> set"]  # fmt: skip


def test_an_error_that_nobody_asks_for_is_told_once(board: Board) -> None:
    said = "\n".join(main(board, "asyncio.create_task(after(1, error=OSError(7)))", "await asyncio.sleep_ms(20)"))
    assert said.count("Task exception wasn't retrieved") == 1
    assert "OSError: " in said
    assert main(
        board, "loop = asyncio.get_event_loop()", "tell = lambda loop, told: print('h', told['exception'].args)",
        "loop.set_exception_handler(tell)", "asyncio.create_task(after(1, error=OSError(7)))",
        "await asyncio.sleep_ms(20)", "loop.set_exception_handler(None)",
    ) == ["h (7,)", "-> None"]  # fmt: skip


def test_the_loop_runs_for_ever_until_it_is_stopped(board: Board) -> None:
    assert board.execute(
        "loop = asyncio.get_event_loop()\nasync def stop():\n await after(5, 1)\n loop.stop()\n"
        "loop.create_task(stop())\nloop.run_forever()\nprint('over')", timeout=10,
    ).splitlines() == ["1", "over"]  # fmt: skip


def test_what_it_has_not_is_said(board: Board) -> None:
    assert main(board, "asyncio.open_connection") == [
        "! AttributeError asyncio on the virtual board has no streams: it has no network"
    ]
    assert main(board, "asyncio.create_task(5)") == ["! TypeError coroutine expected"]
    with pytest.raises(DeviceError, match="no running event loop"):
        board.execute("asyncio.current_task()")


def test_stop_ends_the_loop(board: Board) -> None:
    execution = board.start("async def ever():\n while True: await asyncio.sleep(1)\nasyncio.run(ever())")
    assert not execution.wait(0.5)
    execution.interrupt()
    assert execution.wait(5)
    with pytest.raises(DeviceError, match="KeyboardInterrupt"):
        execution.check()
