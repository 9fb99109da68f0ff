"""What ends or disturbs a pause: Stop, a lost line, another board, a debugger that goes, other requests."""

from __future__ import annotations

import re
import time
from typing import Any

import psutil
import pytest

from .client import DebugClient

CODE = "def work(n):\n    m = n + 1\n    return m\n"
CALL = "print(work(4))"


@pytest.fixture
def paused(client: DebugClient) -> DebugClient:
    """A program that is paused in ``work``."""
    client.run(CODE)
    client.break_at(CODE, 3)
    assert client.run(CALL).status == "stopped"
    return client


def test_stop_ends_a_paused_program(paused: DebugClient) -> None:
    ended = paused.stop()
    assert ended.content["ename"] == "KeyboardInterrupt"
    assert "__mk" not in "".join(ended.content["traceback"])
    assert "No program is paused" in paused.refused("stackTrace", threadId=1)
    assert "No program is paused" in paused.refused("continue", threadId=1)
    assert paused.run("1 + 1").text == "2\n"


def test_stop_ends_an_expression_that_never_ends(paused: DebugClient) -> None:
    asked = paused.send("evaluate", expression="[1 for i in iter(int, 1)]", frameId=paused.frame())
    time.sleep(0.3)
    assert paused.stop().content["ename"] == "KeyboardInterrupt"
    assert not paused.reply(asked)["success"]
    assert paused.run("1 + 1").text == "2\n"


def test_a_program_that_handles_stop_pauses_again(paused: DebugClient) -> None:
    paused.stop()
    assert paused.run("try:\n    work(1)\nexcept KeyboardInterrupt:\n    print(work(2))").status == "stopped"
    time.sleep(0.4)  # until then Ctrl-C is sent again, as the board might still compile
    assert paused.stop().reason == "breakpoint"
    assert paused.evaluate("n") == "2"
    ended = paused.go()
    assert (ended.status, ended.text) == ("ok", "3\n")


def test_an_expression_may_end_the_program_or_the_board(paused: DebugClient) -> None:
    asked = paused.send("evaluate", expression="raise SystemExit", frameId=paused.frame())
    ended = paused.wait()
    assert ended.status == "error"
    assert not paused.reply(asked)["success"]
    assert paused.run(CODE).status == "ok"
    assert paused.run(CALL).status == "stopped"
    asked = paused.send("evaluate", expression="import machine; machine.reset()", frameId=paused.frame())
    assert paused.wait().status == "error"
    assert not paused.reply(asked)["success"]
    paused.run(CODE)
    paused.break_at(CODE)
    assert paused.run(CALL).text.endswith("5\n")


def test_an_expression_cannot_ask(paused: DebugClient) -> None:
    paused.stop()
    paused.run("x = input if False else None", allow_stdin=True)
    assert paused.run(CALL, allow_stdin=True).status == "stopped"
    assert "EOFError" in paused.refused("evaluate", expression="input('who? ')", frameId=paused.frame())
    assert paused.go().text == "5\n"


def test_a_cell_that_asks_and_pauses(client: DebugClient) -> None:
    client.run(CODE)
    client.break_at(CODE, 3)
    client.start("print(work(int(input('n? '))))", allow_stdin=True)
    message = client.kernel.client.get_stdin_msg(timeout=20)
    assert message["content"]["prompt"] == "n? "
    assert "waits for an answer" in client.refused("pause", threadId=1)
    client.kernel.client.input("7")
    assert client.wait().status == "stopped"
    assert client.evaluate("n") == "7"
    assert client.go().text == "8\n"


def test_a_line_that_is_lost_ends_a_pause(paused: DebugClient) -> None:
    pid = paused.kernel.manager.provisioner.pid  # type: ignore[attr-defined]
    for process in psutil.Process(pid).children():
        process.kill()
    assert paused.wait().content["ename"] == "LineLost"
    assert paused.run(CODE).status == "ok"
    assert paused.run(CALL).status == "stopped"  # the breakpoint is still there
    assert paused.go().text == "5\n"


def test_another_board_and_back(client: DebugClient) -> None:
    client.run(CODE)
    client.break_at(CODE, 3)
    assert client.run("%connect virtual --name other").status == "ok"
    assert client.run(CODE).status == "ok"
    assert client.run(CALL).status == "stopped"
    assert client.go().text == "5\n"
    client.run("%use virtual")
    assert client.run(CALL).status == "stopped"
    assert client.go().text == "5\n"
    client.start("n = 0\nprint('go')\nwhile n >= 0:\n    n += 1")
    client.wait(until="go")
    client.ask("pause", threadId=1)  # what it can do is known again
    assert client.wait().reason == "pause"
    assert client.stop().status == "error"
    client.turn_off()
    look = "try:\n    __mk_e\nexcept NameError:\n    print('gone')"
    assert client.run(look).text == "gone\n"
    client.run("%use other")
    assert client.run(look).text == "gone\n"
    client.run("%use virtual")
    client.run("%disconnect other")
    client.turn_on()


def test_a_debugger_that_goes_lets_the_program_go_on(paused: DebugClient) -> None:
    paused.stop()
    assert paused.run("for i in range(3):\n    print(work(i))").status == "stopped"
    paused.turn_off()
    ended = paused.wait()
    assert (ended.status, ended.text) == ("ok", "1\n2\n3\n")
    paused.turn_on()
    # One that runs meets breakpoints of nobody.
    paused.break_at(CODE, 3)
    paused.start("import time\nprint('go')\ntime.sleep(0.5)\nprint(work(7))")
    paused.wait(until="go")
    paused.turn_off()
    assert paused.wait().text.endswith("8\n")
    paused.turn_on()


def test_cells_that_wait_run_when_the_program_goes_on(paused: DebugClient) -> None:
    client = paused.kernel.client
    second = client.execute("print('second')")
    completion = client.complete("wor", 3)
    inspection = client.inspect("work", 4)
    assert paused.evaluate("m") == "5"
    assert paused.go().text == "5\n"
    answered: dict[str, dict[str, Any]] = {}
    while len(answered) < 3:
        message = client.get_shell_msg(timeout=30)
        answered[message["parent_header"]["msg_id"]] = message["content"]
    assert answered[second]["status"] == "ok"
    assert "work" in answered[completion]["matches"]
    assert answered[inspection]["found"]
    # A cell that waits is not run where the one before it fails; and one that waits may pause itself.
    paused.start(CALL)
    assert paused.wait().status == "stopped"
    third = client.execute(CALL)
    assert paused.go().status == "ok"
    paused._cell = third
    assert paused.wait().status == "stopped"
    assert paused.go().status == "ok"


def test_a_program_that_was_started_does_not_pause(paused: DebugClient) -> None:
    paused.go()
    assert paused.run("%%start\nfor i in range(3):\n    print(work(i))").status == "ok"
    assert paused.run("1 + 1").text.endswith("2\n")
    assert paused.run(CALL).status == "stopped"
    assert paused.go().status == "ok"


def test_timers_print_while_a_program_is_paused(paused: DebugClient) -> None:
    paused.stop()
    code = (
        "import micropython\nticks = []\ndef tick(n):\n    ticks.append(n)\n    print('tick', n)\n"
        "micropython.schedule(tick, 1)\nprint(work(1))"
    )
    found = paused.run(code)
    while found.status == "stopped":
        paused.evaluate("micropython.schedule(tick, 2)")
        paused.evaluate("1")
        found = paused.go()
    assert found.status == "ok"
    assert paused.evaluate_idle("ticks") == "[1, 2]"


def test_nothing_pauses_without_a_program(paused: DebugClient) -> None:
    paused.go()
    # What magics and the panel run has nobody who would go on.
    assert paused.run("%get work").status == "error"
    assert paused.evaluate_idle("work(3)") == "4"
    assert paused.run("%timeit -n 1 -r 1 work(3)").status == "ok"
    assert paused.run(CALL).status == "stopped"
    assert paused.go().status == "ok"


MALFORMED: list[Any] = [
    {"command": "nonsense"},
    {"command": ""},
    {},
    {"command": None},
    {"command": ["a"]},
    {"command": "__class__"},
    {"command": "setBreakpoints"},
    {"command": "setBreakpoints", "arguments": []},
    {"command": "setBreakpoints", "arguments": "text"},
    {"command": "setBreakpoints", "arguments": {"source": None}},
    {"command": "setBreakpoints", "arguments": {"source": {"path": 3}, "breakpoints": 5}},
    {"command": "setBreakpoints", "arguments": {"source": {"path": "x"}, "breakpoints": [{"line": "a"}]}},
    {"command": "setBreakpoints", "arguments": {"source": {"path": "x"}, "breakpoints": [None]}},
    {"command": "dumpCell", "arguments": {}},
    {"command": "source", "arguments": {"source": {"path": "nowhere"}}},
    {"command": "variables", "arguments": {"variablesReference": "1"}},
    {"command": "variables", "arguments": {"variablesReference": -1}},
    {"command": "variables", "arguments": {"variablesReference": 10**30}},
    {"command": "scopes", "arguments": {}},
    {"command": "stackTrace"},
    {"command": "next", "arguments": 5},
    {"command": "evaluate", "arguments": {}},
    {"command": "evaluate", "arguments": {"expression": "("}},
    {"command": "evaluate", "arguments": {"expression": "(" * 3000}},
    {"command": "evaluate", "arguments": {"expression": "-" * 100000 + "1"}},
    {"command": "evaluate", "arguments": {"expression": "x\x00"}},
    {"command": "setVariable", "arguments": {"variablesReference": 1, "name": "a", "value": "1"}},
    {"command": "richInspectVariables", "arguments": {"variableName": "no such name"}},
    {"command": "richInspectVariables", "arguments": {}},
    {"command": "copyToGlobals", "arguments": {"srcVariableName": "a", "dstVariableName": "a b"}},
    {"command": "copyToGlobals", "arguments": {"srcVariableName": "a", "dstVariableName": "class"}},
    {"command": "copyToGlobals", "arguments": {"srcVariableName": "nothing", "dstVariableName": "a"}},
    {"command": "setExceptionBreakpoints", "arguments": {"filters": None}},
    {"command": "exceptionInfo"},
]


def test_requests_that_make_no_sense_are_answered(client: DebugClient) -> None:
    for content in MALFORMED:
        reply = client.kernel.control("debug_request", content)
        assert reply["success"] is False, content
        assert reply["message"], content
    assert client.run("1").status == "ok"


def test_off_changes_nothing_that_is_sent_and_leaves_nothing_behind(client: DebugClient) -> None:
    client.run("1")  # names that a board has met once it keeps for ever
    client.turn_off()
    cells = ["x = 1\nx", CODE + "work(2)", "for i in range(2):\n    print(i)"]
    look = (
        "import gc\ngc.collect()\nfound = []\nfor name in '__mk_e', 'breakpoint':\n"
        "    try: found.append(eval(name) is not None)\n    except NameError: found.append(False)\n"
        "print(gc.mem_free(), *found)"
    )

    def sent() -> list[list[str]]:
        client.kernel.do("%trace on")
        found = []
        for cell in cells:
            trace = client.kernel.do(cell).trace
            lines = [re.sub(r"^[ \d.]+", "", line) for line in trace.splitlines()]
            # The mark in front of a value is another one each time; how what the board says is split is the line's.
            found.append([re.sub(r"x1e[0-9a-f]{0,4}", "", line) for line in lines if line.startswith(">")])
        client.kernel.do("%trace off")
        return found

    def left() -> tuple[int, str]:
        # What lies on the stack by chance keeps now and then some objects more.
        told = [client.run(look).text.strip().split(" ", 1) for _ in range(10)]
        return max(int(free) for free, _ in told), told[-1][1]

    before, memory = sent(), left()
    client.turn_on()
    client.break_at(cells[1], 2)
    assert client.run(cells[1]).status == "stopped"
    client.break_at(cells[1])
    client.go()
    assert sent() != before
    with_debugger = left()
    assert with_debugger[1] == "True True"
    client.turn_off()
    client.run("1")
    client.run(CODE)
    after = left()
    assert sent() == before
    assert memory[1] == after[1] == "False False"
    assert memory[0] - after[0] < 300
    client.turn_on()


def test_the_last_kernel_request_while_paused_is_shutdown(tmp_path_factory: pytest.TempPathFactory) -> None:
    other = DebugClient(tmp_path_factory.mktemp("notebooks"))
    try:
        other.turn_on()
        other.run(CODE)
        other.break_at(CODE, 3)
        assert other.run(CALL).status == "stopped"
        begun = time.monotonic()
        other.kernel.close()
        assert time.monotonic() - begun < 4
    finally:
        other.kernel.close(now=True)
