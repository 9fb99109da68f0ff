"""Programs and people that mean it ill, or do everything at once: the kernel stays usable."""

from __future__ import annotations

import random
import threading
import time
from typing import TYPE_CHECKING

import pytest

from .client import DebugClient, Failed

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE = "def work(n):\n    m = n + 1\n    return m\n"


@pytest.fixture
def usable(client: DebugClient) -> Iterator[DebugClient]:
    """Whatever a test has done, cells run and pause afterwards."""
    client.run(CODE)
    yield client
    if client._runs:
        client.stop()
    client.run("%reboot")
    client.break_at(CODE, 3)
    assert client.run(CODE + "").status == "ok"
    found = client.run("print(work(4))")
    assert (found.status, client.frames) == ("stopped", [("work", 3), ("<module>", 1)])
    client.break_at(CODE)
    assert client.go().text == "5\n"


CELLS = {
    "names of ours": "__mk_e = __mk_b = 3\nx = 1\nprint(x)",
    "names of ours in functions": "def f():\n    __mk_f = 3\n    return __mk_f\nprint(f())",
    "builtins shadowed": "list = dict = str = int = len = eval = exec = globals = repr = 3\nx = 1",
    "builtins replaced": "import builtins\nbuiltins.print = None\nbuiltins.eval = builtins.globals = 5\nx = 1",
    "builtins deleted": "import builtins\nfor name in '__mk_e', '__mk_b', 'breakpoint':\n"
    "    try:\n        delattr(builtins, name)\n    except Exception:\n        pass\nx = 1",
    "the state emptied": "__mk_e.clear()\nx = 1",
    "the stack emptied": "__mk_e[0].clear()\nx = 1\ny = 2",
    "marks": "print('\\x1e?mkd! 0 b \\x1e?mkd.')\nprint('\\x1e?mkd> \\x1e?mkd( \\x1e?mkd) \\x1e?mkd~')\nx = 1",
    "half a mark": "print('\\x1e?mkd! 0', end='')\nx = 1",
    "a mark that is ready": "print('\\x1e?mkd! 1 b \\x1e?mkd.\\x1e?mkd>', end='')\nx = 1",
    "an error of no condition": "print('\\x1e?mkd~' + 'x' * 3000)\nx = 1",
    "separators": "print('\\x1e' * 500)\nx = 1",
    "global names that are none": "globals()[3] = 4\nglobals()['a b'] = 5\nx = 1",
    "stdin taken": "import sys\nsys.stdin.read\nx = 1",
}


@pytest.mark.parametrize("kind", CELLS)
def test_a_cell_that_means_it_ill(usable: DebugClient, kind: str) -> None:
    code = CELLS[kind]
    usable.break_at(code, code.count("\n") + 1)
    found = usable.run(code)
    for _ in range(3):
        if found.status == "stopped":
            try:
                usable.names("Globals", 0)
                usable.evaluate("x")
            except (Failed, IndexError):
                pass
            found = usable.go()
    assert found.status in ("ok", "error")
    usable.break_at(code)
    usable.panel()


def test_a_breakpoint_that_is_set_while_the_cell_runs_stops_after_the_next_pause(usable: DebugClient) -> None:
    usable.break_at(CODE, 2)
    assert usable.run("for i in range(3):\n    work(i)").status == "stopped"
    usable.break_at(CODE, 3)
    assert usable.go().status == "stopped"
    assert usable.frames[0] == ("work", 3)
    assert usable.go().status == "stopped"
    usable.break_at(CODE)
    assert usable.go().status == "ok"


def test_a_thousand_breakpoints(usable: DebugClient) -> None:
    code = "def many():\n" + "".join(f"    x = {n}\n" for n in range(300)) + "    return x\nprint(many())"
    begun = time.monotonic()
    shown = usable.break_at(code, *range(1, 1001))
    assert time.monotonic() - begun < 10
    assert len(shown) == 1000
    assert [one["verified"] for one in shown] == [True] * 303 + [False] * 697
    assert usable.run(code).status == "stopped"
    usable.break_at(code)
    assert usable.go().text == "299\n"


def test_a_storm_of_pauses_and_steps(usable: DebugClient) -> None:
    usable.break_at(CODE, 2, 3)
    found = usable.run("total = 0\nfor i in range(15):\n    total += work(i)\nprint(total)")
    pauses = 0
    while found.status == "stopped":
        pauses += 1
        for _ in range(3):  # an impatient person
            usable.send("next", threadId=1)
        found = usable.wait()
        if pauses == 20:
            usable.break_at(CODE)
            usable.ask("continue", threadId=1)
            found = usable.wait()
    assert found.status == "ok"
    while True:
        try:
            usable.kernel.client.get_control_msg(timeout=0.3)
        except Exception:
            break


def test_many_local_names_and_a_deep_recursion(usable: DebugClient) -> None:
    code = "def many():\n" + "".join(f"    name{n} = {n}\n" for n in range(120)) + "    return name119\nmany()"
    usable.break_at(code, 122)
    assert usable.run(code).status == "stopped"
    assert len(usable.names()) == 120
    assert usable.evaluate("name0 + name119") == "119"
    assert usable.go().status == "ok"
    deep = "def deep(n):\n    if n:\n        return deep(n - 1) + 1\n    return 0\nprint(deep(20))"
    usable.break_at(deep, 4)
    assert usable.run(deep).status == "stopped"
    assert len(usable.frames) == 22
    assert usable.go().text == "20\n"
    endless = "def endless(n):\n    return endless(n + 1)\nendless(0)"
    assert usable.run(endless).content["ename"] == "RuntimeError"


def presses(usable: DebugClient, count: int, seed: int) -> None:
    """Stop at any moment of pauses, steps and expressions."""
    choose = random.Random(seed)
    usable.break_at(CODE, 2, 3)
    for _ in range(count):
        timer = threading.Timer(choose.random() * 0.25, usable.kernel.manager.interrupt_kernel)
        usable.start("for i in range(100000):\n    try:\n        work(i)\n    finally:\n        x = 1")
        timer.start()
        found = usable.wait()
        while found.status == "stopped":
            usable.send(choose.choice(["next", "stepIn", "stepOut", "continue", "pause", "stackTrace"]), threadId=1)
            usable.send("evaluate", expression="n + m")
            try:
                found = usable.wait(3)
            except AssertionError:
                assert not timer.is_alive()
                usable.kernel.manager.interrupt_kernel()
                found = usable.wait()
        timer.join()
        assert found.status == "error"
        assert found.content["ename"] in ("KeyboardInterrupt", "BoardBusy"), found.content
    usable.kernel.control("kernel_info_request", {})


def test_stop_at_any_moment(usable: DebugClient) -> None:
    presses(usable, 12, 1)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_stop_at_a_hundred_moments(usable: DebugClient) -> None:
    presses(usable, 100, 2)
