"""Programs on the virtual board that pause: where, with which frames and names, and how they go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .client import DebugClient

MODULE = """\
'''A cell with functions and a class.'''
total = 0

def add(a, b=10):
    '''doc'''
    global total
    c = a + b
    total += c
    return c

class Point:
    size = 3

    def __init__(self, x):
        self.x = x
        self.inner = {'a': [1, (2, 3)], 5: self}

    @property
    def seen(self):
        raise RuntimeError('a property has run')

    def __getattr__(self, name):
        raise RuntimeError('__getattr__ has run')

    def __repr__(self):
        raise RuntimeError('__repr__ has run')

    def move(self, by):
        before = self.x
        self.x += by
        return before
"""


@pytest.fixture
def defined(client: DebugClient) -> DebugClient:
    assert client.run(MODULE).status == "ok"
    return client


def test_a_breakpoint_in_a_function_of_an_earlier_cell(defined: DebugClient) -> None:
    assert [one["verified"] for one in defined.break_at(MODULE, 7)] == [True]
    paused = defined.run("print('before')\nfor i in range(3):\n    add(i)\nprint(total)")
    assert (paused.status, paused.reason, paused.text) == ("stopped", "breakpoint", "before\n")
    assert defined.frames == [("add", 7), ("<module>", 3)]
    assert defined.plain() == {"a": "0", "b": "10"}  # c has no value yet
    assert defined.go("next").reason == "step"
    assert defined.frames[0] == ("add", 8)
    assert defined.plain() == {"a": "0", "b": "10", "c": "10"}
    assert defined.names()["c"].type == "int"
    assert set(defined.scopes(1)) == {"Globals"}
    assert defined.names("Globals", 1)["i"].value == "0"
    assert defined.go().status == "stopped"
    assert defined.evaluate("a") == "1"
    defined.break_at(MODULE)
    ended = defined.go()
    assert (ended.status, ended.text) == ("ok", "33\n")


def test_values_are_opened_level_by_level_and_nothing_of_the_users_runs(defined: DebugClient) -> None:
    defined.break_at(MODULE, 30)
    assert defined.run("p = Point(4)\np.move(2)").status == "stopped"
    assert defined.frames == [("Point.move", 30), ("<module>", 2)]
    names = defined.names()
    assert (names["by"].value, names["by"].reference) == ("2", 0)
    assert names["self"].type == "Point"
    me = defined.open(names["self"].reference)
    assert sorted(me) == ["inner", "x"]
    assert me["x"].value == "4"
    inner = defined.open(me["inner"].reference)
    assert list(inner) == ["'a'", "5"]
    again = defined.open(inner["5"].reference)  # it holds itself
    assert sorted(again) == ["inner", "x"]
    items = defined.open(inner["'a'"].reference)
    assert (items["0"].value, items["1"].value) == ("1", "(2, 3)")
    assert defined.open(items["1"].reference)["1"].value == "3"
    point = defined.names("Globals")["Point"]
    assert (point.value, defined.open(point.reference)["size"].value) == ("class", "3")
    assert defined.go().status == "ok"


def test_names_are_changed_where_micropython_can(defined: DebugClient) -> None:
    defined.run("def keep(item):\n    other = item\n    return item")
    code = "things = [1, {'k': 2}, (3,)]\ndef look(item, holder):\n    n = 5\n    return n\nbox = Point(1)"
    defined.run(code)
    defined.break_at(code, 4)
    assert defined.run("result = look(things, box)\nresult").status == "stopped"
    scopes = defined.scopes()

    def change(reference: int, name: str, value: str) -> str:
        return str(defined.ask("setVariable", variablesReference=reference, name=name, value=value)["value"])

    assert change(scopes["Globals"], "total", "total + 42 if n == 5 else 0".replace("n == 5", "True")) != "0"
    assert change(scopes["Globals"], "brand_new", "[1]") == "[1]"
    names = defined.open(scopes["Locals"])
    assert change(names["item"].reference, "0", "'one'") == "'one'"
    inner = defined.open(names["item"].reference)
    assert change(inner["1"].reference, "'k'", "n * 2") == "10"  # n is local
    assert change(names["holder"].reference, "x", "99") == "99"
    assert "TypeError" in defined.refused("setVariable", variablesReference=inner["2"].reference, name="0", value="1")
    for name in "n", "item", "missing":
        said = defined.refused("setVariable", variablesReference=scopes["Locals"], name=name, value="1")
        assert f"{name} is a local name of look, and MicroPython cannot change it from outside" in said
    assert "There is no zz" in defined.refused(
        "setVariable", variablesReference=names["item"].reference, name="zz", value="1"
    )
    assert "NameError" in defined.refused("setVariable", variablesReference=scopes["Globals"], name="x", value="nope")
    assert defined.evaluate("things[0], things[1]['k'], box.x, brand_new") == "('one', 10, 99, [1])"
    assert defined.go().text == "5\n"


def test_expressions_and_statements_run_in_a_frame(defined: DebugClient) -> None:
    defined.break_at(MODULE, 8)
    assert defined.run("def around(n):\n    return add(n * 2)\naround(4)").status == "stopped"
    assert defined.evaluate("a + b * c") == "188"
    assert defined.evaluate("n", 1) == "4"
    assert defined.evaluate("[i * b for i in range(3)]") == "[0, 10, 20]"
    assert "NameError" in defined.refused("evaluate", expression="n", frameId=defined.frame(0))
    assert "ZeroDivisionError" in defined.refused("evaluate", expression="1/0", frameId=defined.frame())
    assert "invalid syntax" in defined.refused("evaluate", expression="1 +", frameId=defined.frame())
    assert defined.evaluate("made = a * 3") == ""
    assert defined.evaluate("made") == "24"
    assert defined.evaluate("for i in range(2):\n    print(i, c)\n") == "0 18\n1 18"
    assert "local name of add" in defined.refused("evaluate", expression="c = 1", frameId=defined.frame())
    assert defined.evaluate("print('größer', chr(8364))") == "größer €\nNone"
    assert defined.evaluate("'\\x1e?mkd)'") == "'\\x1e?mkd)'"
    assert defined.evaluate("'x' * 300") == f"'{'x' * 300}'"
    # What it calls does not pause in it, and leaves no frames behind.
    defined.break_at(MODULE, 7, 8)
    assert defined.evaluate("add(100)") == "110"
    assert defined.evaluate("breakpoint()") == "None"
    assert defined.frames == [("add", 8), ("around", 2), ("<module>", 3)]
    defined.break_at(MODULE)
    assert defined.go("next").status == "stopped"
    assert defined.frames[0] == ("add", 9)
    assert defined.go().text == "18\n"


def test_steps_go_over_into_and_out_of_functions(defined: DebugClient) -> None:
    code = "def outer(n):\n    x = add(n)\n    y = add(x)\n    return y\nz = outer(1)\nz += 1\nprint(z)"
    defined.break_at(code, 5)
    assert defined.run(code).status == "stopped"
    seen = []
    for step in ("stepIn", "stepIn", "stepOut", "next", "stepOut", "next", "next"):
        seen.append(defined.frames[0])
        last = defined.go(step)
    assert seen == [
        ("<module>", 5),
        ("outer", 2),
        ("add", 7),
        ("outer", 3),
        ("outer", 4),
        ("<module>", 6),
        ("<module>", 7),
    ]
    assert (last.status, last.text) == ("ok", "22\n")


def test_a_running_loop_is_paused(defined: DebugClient) -> None:
    defined.start("n = 0\nprint('go')\nwhile True:\n    n += 1\n    if n < 0:\n        break")
    assert defined.wait(until="go").status == ""
    assert "A cell runs" not in defined.refused("stackTrace", threadId=1)
    assert defined.panel() == {}  # never while a cell runs
    defined.ask("pause", threadId=1)
    assert defined.wait().reason == "pause"
    assert defined.frames[0][0] == "<module>"
    assert int(defined.names("Globals")["n"].value) > 0
    assert defined.evaluate("n = -10") == ""
    assert defined.go().status == "ok"
    assert "No program runs" in defined.refused("pause", threadId=1)
    # One that comes as the program pauses by itself is too late.
    code = "import time\nprint('go')\ntime.sleep(0.5)\nx = 1"
    defined.break_at(code, 4)
    defined.start(code)
    defined.wait(until="go")
    defined.ask("pause", threadId=1)
    assert defined.wait().status == "stopped"
    assert defined.frames == [("<module>", 4)]
    assert defined.evaluate("1 + 1") == "2"
    assert defined.go().status == "ok"


def test_conditions_and_log_points(defined: DebugClient) -> None:
    defined.break_at(MODULE, 8, condition="c == 12 and total >= 0")
    assert defined.run("for i in range(4):\n    add(i)").status == "stopped"
    assert defined.evaluate("a") == "2"
    assert defined.go().status == "ok"
    defined.break_at(MODULE, 8, logMessage='c is {c} } "it\'s"', condition="a % 2")
    ended = defined.run("for i in range(4):\n    add(i)")
    assert (ended.status, ended.text) == ("ok", 'c is 11 } "it\'s"\nc is 13 } "it\'s"\n')
    (shown,) = defined.break_at(MODULE, 8, condition="c == “x”")
    assert not shown["verified"]
    assert "invalid character" in shown["message"]
    assert defined.run("add(1)").status == "ok"
    defined.break_at(MODULE, 8, condition="missing > 1")
    paused = defined.run("add(1)")
    assert (
        "[the condition of this breakpoint cannot be evaluated: NameError: name 'missing' isn't defined]" in paused.told
    )
    assert (paused.status, defined.frames[0]) == ("stopped", ("add", 8))
    # A condition that calls its own function does not stop in it.
    defined.break_at(MODULE, 8, condition="add(1) == 11")
    assert defined.go().status == "ok"
    assert defined.run("add(5)").status == "stopped"
    assert defined.frames == [("add", 8), ("<module>", 1)]
    assert defined.go().status == "ok"


def test_an_uncaught_exception_shows_the_frames_where_it_was_raised(defined: DebugClient) -> None:
    defined.ask("setExceptionBreakpoints", filters=["uncaught"])
    code = (
        "def inner(items, at):\n    size = len(items)\n    return items[at]\n"
        "def outer():\n    own = 7\n    return inner([1], own)"
    )
    defined.run(code)
    paused = defined.run("x = 1\nouter()")
    assert (paused.status, paused.reason) == ("stopped", "exception")
    assert "IndexError" in paused.content["text"]
    assert defined.frames == [("inner", 3), ("outer", 6), ("<module>", 2)]
    assert defined.plain() == {"items": "[1]", "at": "7", "size": "1"}
    assert defined.plain(1) == {"own": "7"}
    assert defined.evaluate("items[0] + at") == "8"
    told = defined.ask("exceptionInfo", threadId=1)
    assert told["exceptionId"] == "IndexError"
    assert "in inner" in told["details"]["stackTrace"]
    failed = defined.go()
    assert (failed.status, failed.content["ename"]) == ("error", "IndexError")
    # One that is caught stops nothing.
    assert defined.run("try:\n    outer()\nexcept IndexError:\n    print('caught')").text == "caught\n"
    assert defined.run("raise SystemExit if False else KeyboardInterrupt").status == "error"
    defined.ask("setExceptionBreakpoints", filters=[])
    assert defined.run("outer()").status == "error"


KINDS = {
    "recursion": (
        "def fact(n):\n    if n < 2:\n        return 1\n    return n * fact(n - 1)\nprint(fact(4))",
        3,
        [[("fact", 3), ("fact", 4), ("fact", 4), ("fact", 4), ("<module>", 5)]],
        "24\n",
    ),
    "generator": (
        "def squares(n):\n    for i in range(n):\n        j = i * i\n        yield j\nprint(list(squares(3)))",
        4,
        [[("squares", 4), ("<module>", 5)]] * 3,
        "[0, 1, 4]\n",
    ),
    "async": (
        "import asyncio\nasync def wait(n):\n    await asyncio.sleep_ms(1)\n    m = n + 1\n    return m\n"
        "async def main():\n    a = await wait(1)\n    print(a, await wait(5))\nasyncio.run(main())",
        5,
        [[("wait", 5)], [("wait", 5)]],
        "2 6\n",
    ),
    "with, try and finally": (
        "class C:\n    def __enter__(self):\n        return 1\n    def __exit__(self, *why):\n        print('left')\n"
        "def f():\n    with C() as c:\n        try:\n            1 / 0\n        except ZeroDivisionError as e:\n"
        "            text = str(e)\n        else:\n            pass\n        finally:\n            done = c\n"
        "    return done\nprint(f())",
        15,
        [[("f", 15), ("<module>", 17)]],
        "left\n1\n",
    ),
    "class body": (
        "def base(): return object\nclass A(base()):\n    x = 1\n    y = x + 1\nprint(A.y)",
        4,
        [[("<module>", 4)]],
        "2\n",
    ),
    "decorator": (
        "def twice(f):\n    def run(*args):\n        f(*args)\n        return f(*args)\n    return run\n"
        "@twice\ndef show(n):\n    print(n)\nshow(3)",
        6,
        [[("show", 8), ("twice.run", 3), ("<module>", 9)], [("show", 8), ("twice.run", 4), ("<module>", 9)]],
        "3\n3\n",
    ),
    "lambda and comprehension": (
        "def f(n):\n    g = lambda x: x + n\n    return [g(i) for i in range(n) if i]\nprint(f(3))",
        3,
        [[("f", 3), ("<module>", 4)]],
        "[4, 5]\n",
    ),
    "closure": (
        "def outer():\n    n = 1\n    def inner(by):\n        nonlocal n\n        n += by\n        return n\n"
        "    inner(2)\n    return inner(3)\nprint(outer())",
        6,
        [[("outer.inner", 6), ("outer", 7), ("<module>", 9)], [("outer.inner", 6), ("outer", 8), ("<module>", 9)]],
        "6\n",
    ),
    "loop with else": (
        "for i in range(2):\n    pass\nelse:\n    print('else', i)",
        4,
        [[("<module>", 4)]],
        "else 1\n",
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_statement_pauses(client: DebugClient, kind: str) -> None:
    code, line, stops, printed = KINDS[kind]
    client.break_at(code, line)
    found = client.run(code)
    text = found.text
    for frames in stops:
        assert (found.status, found.reason) == ("stopped", "breakpoint")
        seen = client.frames
        assert seen[: len(frames)] == frames
        if frames[-1][0] == "<module>":
            assert len(seen) == len(frames)
        if seen[0][0] != "<module>":
            assert client.plain()
        found = client.go()
        text += found.text
    assert (found.status, text) == ("ok", printed)
    client.break_at(code)


def test_functions_in_machine_code_are_left_alone_and_that_is_said(client: DebugClient) -> None:
    code = "import micropython\n@micropython.viper\ndef fast(n: int) -> int:\n    return n + 1\nx = 1\nprint(x)"
    shown = client.break_at(code, 4)
    assert shown[0]["line"] == 5
    client.break_at(code, 4, 6)
    found = client.run(code)
    if "[the debugger leaves lines 2 to 4 alone: function fast is compiled to machine code]" not in found.told:
        pytest.fail(found.told)
    while found.status == "stopped":
        found = client.go()
    client.break_at(code)


def test_lines_of_tracebacks_stay_true(client: DebugClient) -> None:
    code = "def f(a):\n    '''doc'''\n\n    if a: return [\n        1 /\n        a - 1, 1 / 0]\n\n\nx = 1; f(x)"
    client.break_at(code, 4)
    assert client.run(code).status == "stopped"
    on = client.go()
    client.turn_off()
    off = client.run(code)
    client.turn_on()
    lines = [[line for line in one.content["traceback"] if "line" in line] for one in (on, off)]
    assert on.content["ename"] == off.content["ename"] == "ZeroDivisionError"
    number = on.content["execution_count"]
    assert [line.replace(f"In[{number}]", f"In[{number + 1}]") for line in lines[0]] == lines[1]
    assert "__mk" not in "".join(on.content["traceback"])


def test_breakpoints_in_a_cell_with_magics(client: DebugClient) -> None:
    code = "%%time\n\nx = 1\nprint(x)"
    (shown,) = client.break_at(code, 2)
    assert shown["verified"]
    assert shown["line"] == 3
    assert client.run(code).status == "stopped"
    assert client.frames == [("<module>", 3)]
    assert client.go("next").status == "stopped"
    assert client.frames == [("<module>", 4)]
    assert client.go().status == "ok"
    client.break_at(code)


def test_breakpoints_in_a_file_that_is_run(client: DebugClient, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("files") / "program.py"
    path.write_text("import sys\ndef f(n):\n    m = n + 1\n    return m\nprint(f(3))\n")
    client.ask("setBreakpoints", source={"path": str(path)}, breakpoints=[{"line": 4}])
    assert client.run(f"%run {path}").status == "stopped"
    assert client.frames == [("f", 4), ("<module>", 5)]
    assert client.ask("stackTrace", threadId=1)["stackFrames"][0]["source"]["path"] == str(path)
    assert client.plain() == {"n": "3", "m": "4"}
    assert client.ask("source", source={"path": str(path)})["content"] == path.read_text()
    assert client.go().text == "4\n"
    client.ask("setBreakpoints", source={"path": str(path)}, breakpoints=[])
