"""breakpoint(), %%debug and %debug in the input box of a notebook: pdb's commands."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from ..boards import needs_virtual
from ..front_end import Jupyter, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator

FUNCTIONS = """\
def inner(n):
    m = n * 2
    breakpoint()
    return m

def outer(k):
    '''doc'''
    own = [k]
    r = inner(k + 1)
    return r + 1
"""


class Person:
    """Somebody who types commands; keeps what was shown before each."""

    def __init__(self, kernel: Jupyter, *commands: str) -> None:
        self.prompts = 0
        self._kernel = kernel
        self._commands = list(commands)

    def __call__(self, message: dict[str, Any]) -> None:
        assert message["content"]["prompt"].endswith("(debug) ")
        assert not message["content"]["password"]
        self.prompts += 1
        assert self._commands, "asked once more than expected"
        self._kernel.client.input(self._commands.pop(0))

    def run(self, code: str, **options: Any) -> Reply:
        reply = self._kernel.run(code, allow_stdin=True, stdin_hook=self, **options)
        assert not self._commands, f"not asked for: {self._commands}"
        return reply


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    needs_virtual()
    made = Jupyter(tmp_path_factory.mktemp("notebooks"))
    made.do("%connect virtual")
    made.do(FUNCTIONS)
    yield made
    made.close(now=True)


def test_breakpoint_stops_there_and_names_are_looked_at(kernel: Jupyter) -> None:
    commands = ["p m + n", "pp n", "a", "w", "u", "p own", "w", "d", "l", "c"]
    reply = Person(kernel, *commands).run("print(outer(3))")
    lines = reply.stdout.splitlines()
    assert lines[:2] == ["> line 3, in inner", "-> breakpoint()"]
    assert lines[2:6] == ["12", "4", "m = 8", "n = 4"]
    where = ["  line 1, in <module>: print(outer(3))", "  line 9, in outer: r = inner(k + 1)"]
    assert lines[6:9] == [*where, "> line 3, in inner: breakpoint()"]
    assert lines[9:12] == ["> line 9, in outer", "-> r = inner(k + 1)", "[3]"]
    assert lines[12:15] == [where[0], f"> {where[1].strip()}", "  line 3, in inner: breakpoint()"]
    assert lines[15:17] == ["> line 3, in inner", "-> breakpoint()"]
    assert "   3 ->     breakpoint()" in lines
    assert lines[-1] == "9"


def test_steps_and_enter(kernel: Jupyter) -> None:
    reply = Person(kernel, "n", "", "r", "n", "c").run("x = outer(1)\ny = x + 1\nprint(y)")
    places = [line for line in reply.stdout.splitlines() if line.startswith("> ")]
    assert places == [
        "> line 3, in inner",
        "> line 4, in inner",
        "> line 10, in outer",  # Enter: n again
        "> line 2, in <module>",
        "> line 3, in <module>",
    ]
    assert reply.stdout.endswith("6\n")


def test_expressions_statements_and_mistakes(kernel: Jupyter) -> None:
    mistakes = ["m = 3", "nonsense", "1/0", "p", "p 1 +", "x y", "u u", "("]
    commands = ["m", "!n", "made = m * 10", "made", *mistakes, "h", "c"]
    reply = Person(kernel, *commands).run("outer(2)")
    lines = reply.stdout.splitlines()
    assert lines[2:5] == ["6", "3", "60"]
    told = " ".join(lines)
    assert "m is a local name of inner, and MicroPython cannot change it" in told
    assert "*** NameError: name 'nonsense' isn't defined" in told
    assert "*** ZeroDivisionError" in told
    assert told.count("***") >= 6
    assert "q  quit: end the program" in told
    assert reply.value == "7"


def test_the_frames_end(kernel: Jupyter) -> None:
    reply = Person(kernel, "d", "u", "u", "u", "u", "c").run("outer(2)")
    assert "*** Newest frame" in reply.stdout
    assert "*** Oldest frame" in reply.stdout


@pytest.mark.parametrize("command", ["q", "\x04", "quit"])
def test_quit_ends_the_program(kernel: Jupyter, command: str) -> None:
    reply = Person(kernel, command).run("outer(2)\nprint('never')")
    assert reply.error.name == "KeyboardInterrupt"
    assert "never" not in reply.stdout
    assert kernel.do("1 + 1").value == "2"


def test_stop_ends_the_question(kernel: Jupyter) -> None:
    asked = threading.Event()

    def hook(_message: dict[str, Any]) -> None:
        asked.set()
        threading.Timer(0.2, kernel.manager.interrupt_kernel).start()

    reply = kernel.run("outer(2)", allow_stdin=True, stdin_hook=hook)
    assert asked.is_set()
    assert reply.error.name == "KeyboardInterrupt"
    assert kernel.do("1 + 1").value == "2"


def test_a_front_end_that_cannot_ask_is_told_once_and_the_program_goes_on(kernel: Jupyter) -> None:
    reply = kernel.do("for i in range(3):\n    inner(i)\nprint('done')")
    assert reply.told.count("this front end cannot ask for a command") == 1
    assert "m = 4" in reply.stdout
    assert reply.stdout.endswith("done\n")


def test_a_cell_of_ones_own_with_that_word_pays_nothing(kernel: Jupyter) -> None:
    kernel.do("%reboot")
    kernel.do("# breakpoint() is not called\ntext = 'breakpoint()'")
    assert kernel.do("def breakpoint(): return 5\nbreakpoint()").value == "5"
    check = "try:\n    __mk_e\nexcept NameError:\n    print('not there')"
    assert kernel.do(check).stdout == "not there\n"
    kernel.do("del breakpoint")
    kernel.do(FUNCTIONS)


def test_a_cell_is_run_line_by_line(kernel: Jupyter) -> None:
    code = "%%debug\ntotal = 0\nfor i in range(2):\n    total += i\nprint(total)"
    reply = Person(kernel, "n", "n", "p total", "n", "c").run(code)
    places = [line for line in reply.stdout.splitlines() if line.startswith("> ")]
    assert places == [f"> line {line}, in <module>" for line in (2, 3, 4, 4)]
    assert reply.stdout.endswith("1\n")
    # What was asked for one cell is not meant for the next one.
    kernel.run("%%debug\nx = (")
    assert Person(kernel).run("y = 1\ny").value == "1"


def test_the_last_error_is_looked_at(kernel: Jupyter) -> None:
    kernel.do("%reboot")
    kernel.do("def divide(a, b):\n    c = a + 1\n    return c / b")
    kernel.fail("divide(3, 0)")
    reply = Person(kernel, "w", "a", "p c + 1", "n", "c").run("%debug")
    assert "runs once more" in reply.told
    assert "ZeroDivisionError" in reply.stdout
    assert "> line 3, in divide: return c / b" in reply.stdout
    assert "c = 4" in reply.stdout
    assert "The program has ended: c or q leaves" in reply.stdout
    # Once its frames are there, nothing runs again.
    reply = Person(kernel, "p a", "q").run("%debug")
    assert "runs once more" not in reply.told
    assert "3" in reply.stdout
    without = kernel.run("%debug")
    assert "c = 4" in without.stdout


def test_without_an_error_that_is_said(kernel: Jupyter) -> None:
    kernel.do("%reboot")
    said = kernel.run("%debug")
    assert said.status in ("ok", "error")
