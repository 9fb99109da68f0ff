"""``await`` at the top of a cell, on the virtual board, which has asyncio."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.board import snippets

from ..boards import needs_virtual
from ..front_end import Jupyter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metakernel_micropython.board import Board

    from ..conftest import Start

FUNCTIONS = """
import asyncio
async def twice(x):
    await asyncio.sleep_ms(1)
    return 2 * x
async def bad():
    await asyncio.sleep_ms(1)
    1 / 0
async def forever(name, step=10000):
    try:
        while True:
            print(name)
            await asyncio.sleep_ms(step)
    finally:
        print(name, "ends")
"""

LEFT = "asyncio._task_queue.peek()"


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    needs_virtual()
    made = Jupyter(tmp_path_factory.mktemp("notebooks"))
    made.do("%connect virtual")
    yield made
    made.close(now=True)


@pytest.fixture
def board(kernel: Jupyter) -> Jupyter:
    kernel.do("%reboot")
    kernel.do(FUNCTIONS)
    return kernel


def test_the_last_line_may_await_and_shows_its_value(board: Jupyter) -> None:
    assert board.do("await twice(4)").value == "8"
    assert board.do("await twice(4);").value is None
    assert board.do("_ + await twice(1)").value == "10"


def test_names_are_those_of_the_notebook(board: Jupyter) -> None:
    board.do("x = await twice(1)\nfor i in range(3):\n    y = await twice(i)\nimport sys as s\ndef f(): return x + y")
    assert board.do("x, y, i, f(), s.__name__").value == "(2, 4, 2, 6, 'sys')"
    assert board.do("[n for n in dir() if 'mk' in n or n in ('__eq__', '__lt__')]").value == "[]"


def test_for_with_and_comprehensions_may_be_asynchronous(board: Jupyter) -> None:
    board.do(
        "class Count:\n"
        "    def __init__(self): self.at = 0\n"
        "    def __aiter__(self): return self\n"
        "    async def __anext__(self):\n"
        "        self.at += 1\n"
        "        if self.at > 3: raise StopAsyncIteration\n"
        "        return await twice(self.at)\n"
        "    async def __aenter__(self): return await twice(5)\n"
        "    async def __aexit__(self, *error): print('left', error[0])\n"
    )
    assert board.do("async for v in Count():\n    print(v)\nelse:\n    print('end')").stdout == "2\n4\n6\nend\n"
    assert board.do("[v async for v in Count()], [await twice(v) for v in (1, 2)]").value == "([2, 4, 6], [2, 4])"
    assert board.do("async with Count() as c:\n    print(c)").stdout == "10\nleft None\n"
    reply = board.run("async with Count() as c:\n    await bad()")
    assert reply.stdout == "left <class 'ZeroDivisionError'>\n"
    assert "Cell In" in reply.error.text


def test_an_error_shows_the_lines_of_the_cells_and_nothing_between(board: Jupyter) -> None:
    text = board.fail("q = 1\n\nawait bad()\nq = 2").text
    lines = [line.strip() for line in text.split("\n")]
    assert lines[0] == "Traceback (most recent call last):"
    assert (lines[1].partition(", ")[2], lines[2]) == ("line 3, in <module>", "await bad()")
    assert (lines[3].partition(", ")[2], lines[4]) == ("line 8, in bad", "1 / 0")
    assert lines[5:] == ["ZeroDivisionError: divide by zero"]
    assert board.do("q").value == "1"


def test_output_comes_while_the_cell_awaits(board: Jupyter) -> None:
    reply = board.do("print('a')\nawait asyncio.sleep(0.6)\nprint('b')")
    (first, a), (second, b) = reply.streams()
    assert (a, b) == ("a\n", "b\n")
    assert second - first > 0.3


def test_a_task_rests_between_cells_and_goes_on_while_a_later_one_awaits(board: Jupyter) -> None:
    assert board.do("t = asyncio.create_task(forever('tick', 20))\nawait asyncio.sleep_ms(1)").stdout == "tick\n"
    assert "tick" not in board.do("1").stdout
    assert "tick\ntick\n" in board.do("await asyncio.sleep_ms(300)").stdout


@pytest.mark.parametrize(
    "code",
    [
        "await asyncio.sleep(100)",
        "await forever('main')",
        "await asyncio.create_task(forever('other'))",
        "async def spin():\n    while True: pass\nawait asyncio.create_task(spin())",
    ],
)
def test_stop_ends_the_cell_and_all_tasks(board: Jupyter, code: str) -> None:
    above = "t = asyncio.create_task(forever('task'))\nawait asyncio.sleep_ms(1)\nw = 7\nprint('go')\n"
    reply = board.run(above + code, stop_at="go")
    assert reply.error.name == "KeyboardInterrupt"
    assert "task ends\n" in reply.stdout
    assert "__mk" not in reply.error.text
    assert board.do(f"w, {LEFT}, t.done()").value == "(7, None, True)"
    assert board.do("await twice(1)").value == "2"


def test_a_cell_that_handles_stop_goes_on_awaiting(board: Jupyter) -> None:
    reply = board.do(
        "try:\n    print('go')\n    await asyncio.sleep(100)\nexcept KeyboardInterrupt:\n    print(await twice(1))",
        stop_at="go",
    )
    assert reply.stdout == "go\n2\n"
    assert board.do(LEFT).value is None


def test_a_task_that_swallows_its_end_is_left_by_a_second_stop(board: Jupyter) -> None:
    board.do(
        "async def tough():\n    while True:\n        try:\n            await asyncio.sleep(100)\n"
        "        except asyncio.CancelledError: print('no')"
    )
    reply = board.run("print('go')\nawait tough()", once=("no", board.manager.interrupt_kernel), stop_at="go")
    assert reply.error.name == "KeyboardInterrupt"
    assert board.do(LEFT).value is None


def test_what_is_awaited_may_ask(board: Jupyter) -> None:
    code = "async def ask():\n    answer = input('who? ')\n    return await twice(answer)\nawait ask()"
    reply = board.run(code, allow_stdin=True, stdin_hook=lambda _message: board.client.input("me"))
    assert reply.value == "'meme'"
    assert board.fail(code).name == "CannotAsk"
    assert board.do(LEFT).value is None


def test_a_module_that_was_loaded_anew_is_the_one_that_runs(board: Jupyter) -> None:
    board.do("await twice(1)")
    code = "import sys\ndel sys.modules['asyncio']\nimport asyncio\nt = asyncio.create_task(twice(3))\nawait t"
    assert board.do(code).value == "6"


def test_times_are_taken_of_cells_that_await(board: Jupyter) -> None:
    reply = board.do("%%time\nx = await twice(3)\nx")
    assert (reply.value, "board time:" in reply.stdout) == ("6", True)
    assert "board time:" in board.do("%time await twice(3)").stdout
    assert "per loop" in board.do("%timeit -n 2 -r 2 await twice(3)").stdout
    assert "line 3, in <module>" in board.fail("%%timeit -n 1 -r 1\nx = 1\nawait bad()").text


def test_several_boards_await_each_by_itself(board: Jupyter) -> None:
    assert "| 18" in board.do("%%on all\nawait twice(9)").stdout
    assert "__mk" not in board.fail("%%on all\nawait bad()").text


def test_a_cell_awaits_after_the_board_has_restarted(board: Jupyter) -> None:
    board.do("await twice(1)")
    board.run("import sys; sys.exit()")
    board.do("import asyncio\nawait asyncio.sleep_ms(1)")


def test_what_the_board_needs_for_it_is_known_until_it_restarts(board: Jupyter) -> None:
    told = "%python board.capabilities.awaits, 'top_level_await_end' in board.capabilities.removals()"
    assert board.do(told).value == "(False, False)"
    board.do("await twice(1)")
    assert board.do(told).value == "(True, True)"
    board.do("%reboot")
    assert board.do(told).value == "(False, False)"


def test_a_board_without_asyncio_says_so_and_runs_nothing(start: Start, virtual_address: str) -> None:
    kernel = start({"MICROPYTHON_BOARD": virtual_address})
    kernel.do("%sendtofile asyncio.py\nraise ImportError('not in this firmware')")
    error = kernel.fail("x = 1\nawait x")
    assert error.name == "NoAsyncio"
    assert "neither asyncio nor uasyncio" in error.value
    assert kernel.fail("x").name == "NameError"
    kernel.do("async def f():\n    await g()")


def test_what_the_board_lacks_in_its_functions_is_named(start: Start, virtual_address: str) -> None:
    kernel = start({"MICROPYTHON_BOARD": virtual_address})
    for code in ("[await f(i) for i in x]", "[i async for i in x]"):
        reply = kernel.run(f"async def g():\n    return {code}")
        assert reply.error.name == "SyntaxError"
        assert "MicroPython on this board has not: write a loop" in reply.told


def test_a_firmware_without_await_says_so_itself(start: Start, microbit_address: str) -> None:
    kernel = start({"MICROPYTHON_BOARD": microbit_address})
    reply = kernel.run("x = 1\nawait x")
    assert reply.error.name == "SyntaxError"
    assert "line 2" in reply.error.text
    assert "async and await, MicroPython on this board has not: it was built without them" in reply.told
    assert kernel.do("1 + 1").value == "2"


def test_what_stays_on_the_board_for_it_is_small_and_goes_again(virtual_board: Board) -> None:
    virtual_board.execute("import asyncio, gc")
    free = "gc.collect(); print(gc.mem_free())"
    virtual_board.execute(free)
    before = int(virtual_board.execute(free))
    assert virtual_board.give_await()
    assert before - int(virtual_board.execute(free)) < 3000
    assert virtual_board.execute("print(type(__mk_await(1)))") == "<class 'await'>\n"
    for _ in range(2):  # a second time is no matter
        virtual_board.execute(snippets.call("top_level_await_end"))
    assert virtual_board.execute("print('__mk_await' in dir(__import__('builtins')))") == "False\n"
