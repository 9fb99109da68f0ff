"""Cells that await at their top level. The host's asyncio stands in for the board's: the replacing is the same."""

from __future__ import annotations

import ast
import asyncio
import inspect
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from metakernel_micropython.cell.program import prepare
from metakernel_micropython.cell.top_level_await import without_await, without_helper
from metakernel_micropython.errors import DeviceError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


class Helper:
    """What ``board/snippets/top_level_await.py`` puts on a board."""

    def __init__(self, of: Any) -> None:
        self.of = of

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        async def main() -> Any:
            return await (self.of(*arguments, **named) if self.of else arguments[0])

        return asyncio.run(main())

    def __iter__(self) -> Iterator[Any]:
        values = aiter(self.of)
        while True:
            try:
                value = asyncio.run(values.__anext__())
            except StopAsyncIteration:
                return
            yield value

    def __enter__(self) -> Any:
        return asyncio.run(self.of.__aenter__())

    def __exit__(self, *error: Any) -> Any:
        return asyncio.run(self.of.__aexit__(*error))


async def twice(number: int = 1) -> int:
    await asyncio.sleep(0)
    return 2 * number


async def giver() -> Any:
    return twice


class Count:
    def __init__(self, end: int) -> None:
        self.at, self.end = 0, end

    def __aiter__(self) -> AsyncIterator[int]:
        return self

    async def __anext__(self) -> int:
        if self.at == self.end:
            raise StopAsyncIteration
        self.at += 1
        return await twice(self.at)


@asynccontextmanager
async def opened(name: str) -> AsyncIterator[str]:
    await asyncio.sleep(0)
    yield name


def names() -> dict[str, Any]:
    return {"twice": twice, "giver": giver, "Count": Count, "opened": opened, "asyncio": asyncio}


AWAITING = [
    "x = await twice(3)",
    "x = await (twice(3))",
    "x = await(twice)(3)",
    "x = (await\n  # why\n  twice(3))",
    "x = await \\\n twice(3)",
    "await \\\n twice(3)\nx = 1",
    "t = twice(4)\nx = await t",
    "t = [twice(4)]; x = await t[0] + 1; del t",
    "x = await (None or twice(5))",
    "x = await twice(await twice(await twice(1)))",
    "x = await (await giver())(2)",
    "x = not await twice(0), -await twice(2) ** 2",
    "x = [await twice(i) for i in range(3) if await twice(i)]",
    "x = {await twice(i): await twice(i + 1) for i in range(3)}",
    "x = [i async for i in Count(3)], {i async for (i) in Count(2) if i > 2}",
    "x = [(i, j) async for i in Count(2) async for j in Count(2)]",
    "x = list(i for i in [await twice(1)])",
    "x = 0\nasync for i in Count(3):\n    x += i\nelse:\n    y = await twice(x)",
    "async for a in Count(2): x = a",
    "async with opened('ä') as x, opened('b') as y: z = x + y",
    "async with (opened('a')) as x:\n\tasync with opened('b') as y:\n\t\tz = await twice(2)",
    "if await twice(0):\n    x = 1\nelif await twice(1):\n    x = 2",
    "x = 3\nwhile x > 0: x -= await twice(1)",
    "try:\n    x = await twice('a') / 2\nexcept TypeError as error:\n    y = 1\nfinally:\n    z = await twice(1)",
    "x = '''\n  await\n''' + str(await twice(1)); y = 'ü' * await twice(1)",
    "from os.path import *\nimport os as y\nx = await twice(2)",
    "await twice(x := 4)",
    "def f(x=await twice(1)):\n    return x\nx = f()",
    "x = lambda y=await twice(1): y\nx = x()",
    "class C:\n    x = 1\nawait twice(1)\ndel C",
    "x = await twice(1) if await twice(1) else await twice(3)",
    "x = 5 if(0)else await(twice(3))",
    "x = await asyncio.gather(twice(1), *[twice(2)], **{})",
]


@pytest.mark.parametrize("code", AWAITING)
def test_a_cell_makes_the_names_that_ipython_makes(code: str) -> None:
    expected, got = names(), names()
    made = eval(compile(code, "", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), expected)
    assert inspect.iscoroutine(made)
    asyncio.run(made)
    changed = without_await(code)
    assert changed is not None
    exec(changed, got | {"__mk_await": Helper}, shown := {})
    new = {name: value for name, value in expected.items() if name not in names() and name != "__builtins__"}
    assert {name: _plain(value) for name, value in shown.items()} == {name: _plain(new[name]) for name in new}


def _plain(value: object) -> object:
    return value if not callable(value) and not inspect.iscoroutine(value) else type(value)


@pytest.mark.parametrize("code", AWAITING)
def test_every_line_stays_on_its_line(code: str) -> None:
    changed = without_await(code)
    assert changed is not None
    assert len(changed.split("\n")) == len(code.split("\n"))
    before = [node.lineno for node in ast.walk(ast.parse(code)) if isinstance(node, ast.stmt)]
    assert before == [node.lineno for node in ast.walk(ast.parse(changed)) if isinstance(node, ast.stmt)]
    for own, sent in zip(code.split("\n"), changed.split("\n"), strict=True):
        if "await" not in own and "async" not in own and "twice" not in own:
            assert sent == own


@pytest.mark.parametrize(
    "code",
    [
        "",
        "x = 1",
        "'await x'  # async for",
        "async def f():\n    await g()\n    async with a: pass",
        "def f():\n    return await g()",
        "lambda: await g()",
        "class A:\n    x = await g()",
        "sum(await f(i) for i in range(3))",
        "x = (i async for i in g())",
        "awaited = await_ = 1",
        "await f(1)\nx = = 1",  # the board says what is wrong
        "await",
        "import async",
    ],
)
def test_a_cell_that_does_not_await_at_its_top_level_goes_as_it_is(code: str) -> None:
    assert without_await(code) is None
    assert prepare(code).awaiting == ""


def test_the_value_of_a_last_expression_that_awaits_is_shown() -> None:
    program = prepare("x = 1\nawait twice(x)", 2)
    assert program.mark
    lines = program.awaiting.split("\n")
    assert lines[:4] == ["", "", "x = 1", "__eq__=(__mk_await( twice)(x))"]
    assert program.source.split("\n")[3] == "__eq__=(await twice(x))"
    assert prepare("await twice(1);").mark == ""


def test_f_strings_are_changed_inside_or_not_at_all() -> None:
    for code in ("f'{await twice(1)}'", "x = f'{1:{await twice(2)}} {await twice(3)!r}'", "f'''\n{ await twice(4)}'''"):
        changed = without_await(code)
        assert changed is None or eval(compile(changed, "", "exec"), names() | {"__mk_await": Helper}) is None


def test_an_error_has_no_frames_between_the_cell_and_what_it_awaits() -> None:
    above = 'Traceback (most recent call last):\n  File "<stdin>", line 3, in <module>\n'
    helper = (
        '  File "<stdin>", line 48, in __mk_call\n  File "<stdin>", line 15, in __mk_run\n'
        '  File "asyncio/core.py", line 123, in run_until_complete\n  File "asyncio/core.py", line 112, in '
        'run_until_complete\n  File "<stdin>", line 12, in __mk_main\n'
    )
    below = '  File "<stdin>", line 3, in bad\n  File "asyncio/core.py", line 1, in sleep\nValueError: __mk_run\n'
    error = without_helper(DeviceError("ValueError", "__mk_run", above + helper + below))
    assert error.traceback == above + below
    plain = DeviceError("ValueError", "", above + below.replace("__mk_run", "x"))
    assert without_helper(plain) is plain
