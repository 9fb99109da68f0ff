"""Functions and objects of a board, called from the host's Python."""

from __future__ import annotations

import asyncio
import gc
import math
import threading
import traceback
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings

from metakernel_micropython.board import Board
from metakernel_micropython.board.remote_calls.answers import Answers, Opaque, Printed, Raised, Undefined, Value
from metakernel_micropython.board.value_reader import ValueProblem
from metakernel_micropython.errors import BoardBusy, BoardTimeout, DeviceError, HostFileProblem, LineLost, SourceError

from .test_value_transfer import VALUES, exactly

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def shared(virtual_address: str) -> Iterator[Board]:
    with Board.connect(virtual_address) as made:
        yield made


@pytest.fixture
def virtual(shared: Board) -> Board:
    shared.soft_reset()
    return shared


def same(*args: Any, **kwargs: Any) -> Any:
    return args, kwargs


def count(number: int) -> Iterator[Any]:
    for index in range(number):
        yield index, "x" * 3


def fail(kind: str) -> Any:
    if kind == "OSError":
        open("/nope")  # noqa: PTH123, SIM115 - it runs on the board
    if kind == "KeyError":
        raise KeyError("a", (1, b"b"))
    if kind == "Own":

        class OwnError(Exception):
            pass

        raise OwnError("mine")

    def inner() -> float:
        return 1 / 0

    return inner()


def spin() -> None:
    while True:
        pass


# -- values ----------------------------------------------------------------------------------------------------------


@example(value=-0j, other=complex(0.0, -0.0))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=VALUES, other=VALUES)
def test_whatever_is_handed_over_and_returned_is_the_same(shared: Board, value: Any, other: Any) -> None:
    assert exactly(shared.remote(same)(value, other, named=value)) == exactly(((value, other), {"named": value}))


@pytest.mark.parametrize(
    "value", [list(range(3000)), "x\u20ac\0" * 3000, b"\xff" * 9000, {str(n): 1.5 * n for n in range(500)}]
)
def test_large_arguments_go_before_the_call(virtual: Board, value: Any) -> None:
    assert virtual.remote(same)(value, more=[value]) == ((value,), {"more": [value]})
    assert virtual.execute("print([name for name in globals() if '__' in name])") == "['__name__']\n"


def test_small_boards_can_be_called_as_well(board: Board) -> None:
    remote = board.remote(same)
    assert remote(1, "a", b=[0.5, None]) == ((1, "a"), {"b": [0.5, None]})
    board.execute("same = None\ndel same")
    assert remote(b"\0\xff") == ((b"\0\xff",), {})
    with pytest.raises(ZeroDivisionError):
        board.remote(lambda_free)(0)
    board.calls.clear()
    assert "lambda_free" not in board.execute("print(list(globals()))")


def lambda_free(number: int) -> float:
    return 1 / number


def test_what_cannot_cross_is_named(virtual: Board) -> None:
    with pytest.raises(ValueProblem, match=r"Argument 2 of same\(\) is of type object"):
        virtual.remote(same)(1, object())
    with pytest.raises(ValueProblem, match=r"Argument b of same\(\)\[0\] is of type object"):
        virtual.remote(same)(1, b=[object()])
    virtual.execute("same = lambda: print")
    virtual.calls.sources["same"] = virtual.remote(same).source
    with pytest.raises(ValueProblem, match=r"same\(\) on the board is of type function"):
        virtual.remote(same)()


def test_wrong_arguments_are_told_before_anything_is_sent(virtual: Board) -> None:
    with pytest.raises(TypeError, match=r"fail\(\): missing a required argument: 'kind'"):
        virtual.remote(fail)()  # type: ignore[call-arg]
    assert "fail" not in virtual.calls.sources


# -- the function on the board ---------------------------------------------------------------------------------------


def test_the_source_goes_once_and_again_when_it_has_gone_or_changed(
    virtual: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    execute = virtual.execute
    monkeypatch.setattr(
        virtual, "execute", lambda source, *rest, **more: sent.append(source) or execute(source, *rest, **more)
    )
    remote = virtual.remote(same)
    for _ in range(3):
        remote()
    assert sum(source.startswith("def same") for source in sent) == 1
    execute("del same")
    assert remote(5) == ((5,), {})
    assert sum(source.startswith("def same") for source in sent) == 2
    virtual.soft_reset()
    virtual.execute("def same(*rest): return 'an old one, of main.py'")
    assert remote(6) == ((6,), {})
    namespace: dict[str, Any] = {}
    exec(compile("def same():\n    return 'other'\n", __file__, "exec"), namespace)
    # A function of the same name with another source, as a cell that runs again defines it.
    other = virtual.remote(same)
    object.__setattr__(other.source, "text", "def same():\n return 'other'\n")
    assert other() == "other"
    assert virtual.remote(same)(7) == ((7,), {})


def test_names_that_programs_shadow_change_nothing(virtual: Board) -> None:
    virtual.execute("list = set = print = eval = setattr = sum = len = bytes = type = str = 5")
    assert virtual.remote(same)([1.5], {2}, complex(1, 2)) == (([1.5], {2}, complex(1, 2)), {})


def test_what_it_prints_is_printed_here(virtual: Board, capsys: pytest.CaptureFixture[str]) -> None:
    virtual.remote(chatty)()
    assert capsys.readouterr().out == "a\n~b~\nN\n"
    took: list[str] = []
    assert virtual.remote(output=took.append)(chatty)() == 7
    assert "".join(took) == "a\n~b~\nN\n"


def chatty() -> int:
    print("a")
    print("~b~")
    print("N")
    return 7


def test_functions_call_each_other_by_their_names(virtual: Board) -> None:
    virtual.remote(lambda_free)(1)
    assert virtual.remote(calls_another)(4) == 0.25


def calls_another(number: int) -> float:
    return lambda_free(number)


def test_what_cannot_go_alone_is_refused_with_a_reason(virtual: Board) -> None:
    outer = 5

    def closure() -> int:
        return outer

    async def coroutine() -> None: ...

    for function, said in (
        (closure, "closure uses outer of the function"),
        (coroutine, "coroutine is async"),
        (lambda: 1, "this is a lambda"),
        (print, "this is of type builtin"),
        (twice, "twice has other decorators"),
    ):
        with pytest.raises(SourceError, match=said):
            virtual.remote(function)  # type: ignore[arg-type]
    namespace: dict[str, Any] = {}
    exec("def made(): return 1", namespace)
    with pytest.raises(SourceError, match="source of made is not known"):
        virtual.remote(namespace["made"])


def _decorator(function: Callable[..., Any]) -> Callable[..., Any]:
    return function


@_decorator
@_decorator
def twice() -> None: ...


# -- exceptions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "error", "arguments", "line"),
    [
        ("OSError", FileNotFoundError, (2, "No such file or directory"), 'open("/nope")'),
        ("KeyError", KeyError, ("a", (1, b"b")), 'raise KeyError("a", (1, b"b"))'),
        ("Own", DeviceError, ("OwnError: mine",), 'raise OwnError("mine")'),
        ("", ZeroDivisionError, ("divide by zero",), "return 1 / 0"),
    ],
)
def test_an_exception_keeps_its_type_and_shows_the_hosts_lines(
    virtual: Board, kind: str, error: type[Exception], arguments: tuple[Any, ...], line: str
) -> None:
    with pytest.raises(error) as caught:
        virtual.remote(fail)(kind)
    assert type(caught.value) is error
    assert caught.value.args == arguments
    frames = traceback.extract_tb(caught.value.__traceback__)
    assert frames[-1].filename == __file__
    assert (frames[-1].line or "").partition("  #")[0] == line
    assert [frame.name for frame in frames[-2:]] in (["fail", "inner"], ["__call__", "fail"])
    assert "raised on the board on virtual" in "".join(traceback.format_exception(caught.value))


def test_what_does_not_compile_shows_the_hosts_line(virtual: Board) -> None:
    with pytest.raises(SyntaxError) as caught:
        virtual.remote(modern)([1])
    frames = traceback.extract_tb(caught.value.__traceback__)
    assert (frames[-1].filename, frames[-1].line) == (__file__, "match value:")
    assert virtual.remote(same)(1) == ((1,), {})


def modern(value: Any) -> Any:
    match value:
        case [one]:
            return one


# -- generators ------------------------------------------------------------------------------------------------------


def test_a_generator_streams_and_keeps_nothing(virtual: Board) -> None:
    items = virtual.remote(count)(300)
    for index, item in enumerate(items):
        assert item == (index, "xxx")
    assert index == 299


@pytest.mark.soak
def test_ten_thousand_items_take_bounded_memory(virtual: Board) -> None:
    import tracemalloc

    items = virtual.remote(count)(10_000)
    next(items)
    tracemalloc.start()
    try:
        assert sum(1 for _ in items) == 9_999
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * 1024 * 1024


def test_a_generator_that_is_left_ends_on_the_board(virtual: Board) -> None:
    for _ in virtual.remote(count)(10_000_000):
        break
    gc.collect()
    assert virtual.remote(same)() == ((), {})
    items = virtual.remote(count)(10_000_000)
    next(items)
    with pytest.raises(BoardBusy, match=r"generator count\(\) still runs"):
        virtual.remote(same)()
    items.close()  # type: ignore[attr-defined]
    assert virtual.remote(same)() == ((), {})


def test_a_generator_that_fails_gives_what_came_before(virtual: Board) -> None:
    items = virtual.remote(fails_at_two)()
    assert [next(items), next(items)] == [0, 1]
    with pytest.raises(ValueError, match="two"):
        next(items)


def fails_at_two() -> Iterator[int]:
    for number in range(3):
        if number == 2:
            raise ValueError("two")
        yield number


def test_a_line_that_is_lost_in_the_middle_is_told_as_such(virtual_board: Board) -> None:
    items = virtual_board.remote(count)(10_000_000)
    next(items)
    virtual_board.close()
    with pytest.raises(LineLost):
        list(items)
    with pytest.raises(LineLost):
        virtual_board.remote(same)()


# -- time, threads, Stop ---------------------------------------------------------------------------------------------


def test_one_that_takes_too_long_is_stopped(virtual: Board) -> None:
    with pytest.raises(BoardTimeout, match=r"spin\(\) took more than 0\.3 s"):
        virtual.remote(timeout=0.3)(spin)()
    with pytest.raises(BoardTimeout):
        virtual.remote(spin).within(0.3)()
    assert virtual.remote(same)(1) == ((1,), {})


def test_stop_is_a_keyboard_interrupt_here(virtual: Board) -> None:
    def stop(text: str) -> None:
        virtual.interrupt()

    with pytest.raises(KeyboardInterrupt):
        virtual.remote(output=stop)(says_and_spins)()
    assert virtual.remote(same)(1) == ((1,), {})


def says_and_spins() -> None:
    print(".", end="")  # one piece, on any line: a second Ctrl-C would hit what follows
    while True:
        pass


def test_threads_take_turns(virtual: Board) -> None:
    remote = virtual.remote(same)
    found: list[Any] = []
    threads = [threading.Thread(target=lambda n=n: found.append(remote(n)[0][0])) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(found) == [0, 1, 2, 3, 4]


# -- proxies ---------------------------------------------------------------------------------------------------------

SENSOR = """
class Sensor:
    def __init__(self):
        self.offset = 1.5
        self.table = {"a": 1}
    def read(self, times=1, *, scale=1):
        return [scale * self.offset] * times
    def broken(self):
        raise ValueError("no sensor")
sensor = Sensor()
"""


def test_an_object_is_used_as_one_of_the_host(virtual: Board) -> None:
    virtual.execute(SENSOR)
    sensor = virtual.proxy("sensor")
    assert sensor.offset == 1.5
    sensor.offset = 2
    assert sensor.read(2, scale=3) == [6, 6]
    table = virtual.proxy("sensor.table")
    table["b"] = [None]
    assert (table["a"], len(table), sensor.table) == (1, 2, {"a": 1, "b": [None]})
    assert repr(sensor.read) == "<proxy of sensor.read on a board>"
    assert virtual.proxy("math").sqrt.__class__ is type(sensor) if virtual.execute("import math") else True
    assert math.isclose(virtual.proxy("math").sqrt(2), math.sqrt(2))


def test_what_goes_wrong_with_an_object_is_told_as_python_does(virtual: Board) -> None:
    virtual.execute(SENSOR)
    sensor = virtual.proxy("sensor")
    with pytest.raises(ValueError, match="no sensor"):
        sensor.broken()
    with pytest.raises(AttributeError):
        sensor.nothing  # noqa: B018
    assert not hasattr(sensor, "nothing")
    assert not hasattr(sensor, "_repr_html_"), "what a notebook asks for is not asked of the board"
    with pytest.raises(KeyError):
        virtual.proxy("sensor.table")["q"]
    with pytest.raises(NameError, match="has no lost"):
        virtual.proxy("lost")()
    with pytest.raises(TypeError):
        iter(sensor)
    for name in ("", "a b", "a.", "1", "x()", "import", "a\nb", "__import__('os').x"):
        with pytest.raises(ValueError, match="no name of an object"):
            virtual.proxy(name)


# -- files and output ------------------------------------------------------------------------------------------------


def test_a_file_of_the_host_runs_with_its_own_lines(virtual: Board, tmp_path: Path) -> None:
    path = tmp_path / "blink é'.py"
    path.write_text("\ufeffx = 41\n\ndef f():\n    return 1 / 0\nprint(x + 1)\nif x < 41: f()\n", "utf-8")
    assert virtual.run(path) == "42\n"
    path.write_text("def f():\n    return 1 / 0\nf()\n", "utf-8")
    with pytest.raises(DeviceError) as caught:
        virtual.run(str(path))
    assert f'File "{path}", line 2, in f' in caught.value.traceback
    with pytest.raises(HostFileProblem, match="There is no"):
        virtual.run(tmp_path / "nothing.py")
    path.write_bytes(b"\xff")
    with pytest.raises(HostFileProblem, match="no text in UTF-8"):
        virtual.run(path)
    with pytest.raises(HostFileProblem, match="is compiled"):
        virtual.run("a.mpy")


def test_output_is_watched_as_it_comes(virtual: Board) -> None:
    assert "".join(virtual.watch("for n in range(3): print(n)")) == "0\n1\n2\n"
    with pytest.raises(DeviceError, match="ZeroDivisionError"):
        list(virtual.watch("print(1)\n1/0"))
    with pytest.raises(BoardTimeout):
        list(virtual.watch("while True: pass", timeout=0.3))
    for text in virtual.watch("while True: print('again')"):
        assert "again" in text
        break
    virtual.background.start("for n in range(3): print('b', n)")
    assert "".join(virtual.watch()) == "b 0\nb 1\nb 2\n"
    virtual.background.program = None
    assert list(virtual.watch(timeout=0.1)) == []
    virtual.keep_unsolicited(b"tick\r\n")
    assert next(virtual.watch()) == "tick\n"


# -- await -----------------------------------------------------------------------------------------------------------


def test_the_awaitable_forms_do_what_the_others_do(virtual_address: str, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("print('from a file')\n", "utf-8")

    async def work() -> list[Any]:
        async with await Board.aconnect(virtual_address) as board:
            await board.aput("x", [1, 2])
            got = [await board.aget("x"), await board.aexecute("print(sum(x))"), await board.arun(tmp_path / "a.py")]
            got += [await board.remote(same).acall(3), await board.remote(count).acall(2)]
            got += await asyncio.gather(*(board.aget(f"x[0]+{n}") for n in range(5)))
            got.append(await board.ado(lambda: board.evaluate("6 * 7")))
            with pytest.raises(DeviceError):
                await board.aexecute("1/0")
        assert board.lost is not None
        return got

    assert asyncio.run(work()) == [
        *([1, 2], "3\n", "from a file\n", ((3,), {}), [(0, "xxx"), (1, "xxx")]),
        *(1, 2, 3, 4, 5, 42),
    ]


def test_one_that_is_cancelled_is_stopped_on_the_board(virtual: Board) -> None:
    async def work() -> str:
        running = asyncio.ensure_future(virtual.aexecute("print('begun')\nwhile True: pass", begun.append))
        waiting = asyncio.ensure_future(virtual.aexecute("print('never')", begun.append))
        while not begun:
            await asyncio.sleep(0.01)
        waiting.cancel()
        running.cancel()
        await asyncio.wait({running}, timeout=30)
        if not running.done():
            virtual.interrupt()
        assert running.cancelled()
        return await virtual.aexecute("print('next')")

    begun: list[str] = []
    assert asyncio.run(work()) == "next\n"
    assert "".join(begun) == "begun\n"


def test_several_boards_work_at_the_same_time(virtual_address: str) -> None:
    """Each waits for the other's answer: one after the other, none would ever end."""

    async def work() -> list[str]:
        async with await Board.aconnect(virtual_address) as one, await Board.aconnect(virtual_address) as two:
            here = threading.Barrier(2, timeout=60)
            meet = "print('.', end='')"  # one piece, on any line
            return await asyncio.gather(
                *(board.ado(lambda b=board: b.execute(meet, lambda _: here.wait()) or "met") for board in (one, two))
            )

    assert asyncio.run(work()) == ["met", "met"]


# -- what a board tells, split anywhere ------------------------------------------------------------------------------

TOLD = "before~m~=\ni0x5\n.1\nbetween\n~m~=\n?Pin\n~~m~!\n(1\ns['a']\n.2\nTraceback ~m"
EVENTS = ["before", Value(5), "between\n", "Opaque", "~", Raised(("a",)), "Traceback ~m"]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 11, 1000])
def test_answers_are_the_same_however_they_are_split(size: int) -> None:
    answers = Answers("~m~", "f()")
    found: list[Any] = []
    for at in range(0, len(TOLD), size):
        found += answers.feed(TOLD[at : at + size])
    found += answers.rest()
    answers.close()
    joined: list[Any] = []
    for event in found:
        if isinstance(event, Printed):
            if joined and isinstance(joined[-1], str) and joined[-1] != "Opaque":
                joined[-1] += event.text
            else:
                joined.append(event.text)
        else:
            joined.append("Opaque" if isinstance(event, Opaque) else event)
    assert joined == EVENTS


@pytest.mark.parametrize("told", ["~m~=\ni0x5\n", "~m~=\nN\n.2\n", "~m~=\nN\nN\n", "~m~x\n", "~m~=\n[2\nN\n.2\n"])
def test_answers_that_are_none_are_refused(told: str) -> None:
    answers = Answers("~m~", "f()")
    with pytest.raises(ValueProblem, match=r"f\(\) is no value"):
        list(answers.feed(told))
        answers.close()


def test_an_exception_in_the_middle_of_a_value_is_told() -> None:
    assert list(Answers("~m~", "f()").feed("~m~=\n[5\nN\ns['ab~m~!\n(0\n.1\n")) == [Raised(())]
    assert list(Answers("~m~", "f()").feed("~m~?\n")) == [Undefined()]
