"""input() on the board: the front end asks, the program goes on with the answer."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from ..boards import Microbit, Relay
    from ..conftest import Start
    from ..front_end import Jupyter, Reply

END = "\x04"  # what a console sends for Ctrl-D


class Person:
    """Somebody at the front end, who answers one question after the other, and the last ones not at all.

    Args:
        kernel: who asks.
        answers: the answers.
        stop_at: the question that is answered by Stop.
    """

    def __init__(self, kernel: Jupyter, *answers: str, stop_at: str | None = None) -> None:
        self.asked: list[tuple[str, bool]] = []
        self._stop_at = stop_at
        self._kernel = kernel
        self._answers = list(answers)

    def __call__(self, message: dict[str, Any]) -> None:
        assert message["header"]["msg_type"] == "input_request"
        self.asked.append((message["content"]["prompt"], message["content"]["password"]))
        if self.asked[-1][0] == self._stop_at:
            threading.Timer(0.1, self._kernel.manager.interrupt_kernel).start()
        elif self._answers:
            self._kernel.client.input(self._answers.pop(0))

    def run(self, code: str, **options: Any) -> Reply:
        return self._kernel.run(code, allow_stdin=True, stdin_hook=self, **options)


def test_a_name_is_asked_for(jupyter: Jupyter) -> None:
    person = Person(jupyter, "Bob")
    reply = person.run('name = input("who? ")\nname')
    assert reply.value == "'Bob'"
    assert person.asked == [("who? ", False)]
    assert reply.stdout == reply.stderr == ""
    assert jupyter.do("name").value == "'Bob'"


def test_many_questions_in_a_row_among_output(jupyter: Jupyter) -> None:
    person = Person(jupyter, "1", "", "3 4")
    reply = person.run("for i in range(3):\n    print('got', [input(i)])\nprint('end')")
    assert reply.ok
    assert person.asked == [("0", False), ("1", False), ("2", False)]
    assert reply.stdout == "got ['1']\ngot ['']\ngot ['3 4']\nend\n"


def test_an_earlier_cells_function_may_ask_again_after_a_reboot(jupyter: Jupyter) -> None:
    ask = "def ask():\n    return int(input('n? '))"
    for answer in ("6", "7"):
        jupyter.do(ask)
        assert Person(jupyter, answer).run("x = ask()\nx").value == answer
        jupyter.do("%reboot")


def test_letters_of_the_world(jupyter: Jupyter) -> None:
    reply = Person(jupyter, "Zoë €").run('print(input("náme? "))')
    assert reply.ok
    if "input() does not know" in reply.told:  # the line editor of old firmware
        assert reply.stdout == "Zo \n"
    else:
        assert reply.stdout == "Zoë €\n"


def test_the_end_of_input_is_an_eoferror(jupyter: Jupyter) -> None:
    reply = Person(jupyter, END).run('input("more? ")')
    assert reply.error.name == "EOFError"
    assert f"Cell In[{reply.number}], line 1" in reply.error.text
    assert "__mk" not in reply.error.text


def test_stop_while_the_box_is_open_ends_the_cell(jupyter: Jupyter) -> None:
    jupyter.do("x = 7")
    person = Person(jupyter, stop_at="who? ")
    reply = person.run('x = 8\ninput("who? ")')
    assert person.asked == [("who? ", False)]
    assert reply.error.name == "KeyboardInterrupt"
    assert f"Cell In[{reply.number}], line 2" in reply.error.text
    assert "__mk" not in reply.error.text
    # What is answered now answers nothing.
    jupyter.client.input("too late")
    assert Person(jupyter, "Bob").run('input("who? "), x').value == "('Bob', 8)"


def test_a_program_that_handles_stop_may_ask_again(jupyter: Jupyter) -> None:
    code = "try:\n    input('a? ')\nexcept KeyboardInterrupt:\n    print('caught', input('b? '))"
    person = Person(jupyter, "x", stop_at="a? ")
    reply = person.run(code)
    assert reply.ok
    assert [prompt for prompt, _ in person.asked] == ["a? ", "b? "]
    assert reply.stdout == "caught x\n"
    # On a busy machine the micro:bit's next question may come after the second in which a stopped program should end.
    assert reply.stderr == "" or "has not ended yet" in reply.stderr


def test_a_front_end_that_cannot_ask_gets_an_error_and_no_hang(jupyter: Jupyter) -> None:
    jupyter.do("x = 7")
    reply = jupyter.run('print("go")\nx = 8\ninput("who? ")\nx = 9')
    assert reply.error.name == "CannotAsk"
    assert "'who?'" in reply.error.value
    assert reply.stdout == "go\n"
    assert jupyter.do("x").value == "8"
    # A program that goes on as if nothing had happened has failed all the same.
    assert jupyter.fail("try: input('a')\nexcept KeyboardInterrupt: pass").name == "CannotAsk"


def test_a_password_is_seen_nowhere(jupyter: Jupyter, tmp_path: Path) -> None:
    jupyter.do("%trace on")
    person = Person(jupyter, "s3cret-s3cret-s3cret")
    try:
        reply = person.run('secret = input("Password: ")\nprint(len(secret))')
    finally:
        jupyter.do("%trace off")
    assert person.asked == [("Password: ", True)]
    assert "20\n" in reply.stdout
    assert "***" in reply.trace
    assert "s3cr" not in str(reply.messages)
    assert "s3cr" not in str(jupyter.client.history(reply=True, hist_access_type="tail", n=20, timeout=10)["content"])
    # What follows is shown again.
    assert jupyter.do("secret[:2]").value == "'s3'"


def test_the_users_own_input_stays_theirs(jupyter: Jupyter) -> None:
    jupyter.do("def input(prompt=''):\n    return prompt + '!'")
    assert jupyter.do("input('mine')").value == "'mine!'"
    jupyter.do("del input")
    assert Person(jupyter, "x").run("input()").value == "'x'"


def test_a_cell_that_asks_nothing_costs_nothing_more(jupyter: Jupyter) -> None:
    jupyter.do("%trace on")
    try:
        sent = [jupyter.do(code).trace for code in ("print(1)", "import time\nprint(1)", "input")]
    finally:
        jupyter.do("%trace off")
    assert "__mk" not in sent[0] + sent[1]
    assert "__mk" in sent[2]


def test_a_captured_cell_asks_as_well(jupyter: Jupyter, tmp_path: Path) -> None:
    file = tmp_path / "kept.txt"
    assert Person(jupyter, "x").run(f"%capture {file}\nprint('a', input('who? '))").ok
    assert file.read_text() == "a x\n"


def test_a_module_on_the_board_asks(start: Start, virtual_address: str) -> None:
    kernel = start({"MICROPYTHON_BOARD": virtual_address})
    kernel.do("%sendtofile asks.py\nname = input('who? ')")
    assert Person(kernel, "Bob").run("import asks\nasks.name").value == "'Bob'"


def test_a_kernel_that_was_killed_leaves_a_board_that_still_asks(start: Start, microbit: Microbit) -> None:
    first = start()
    first.do(f"%connect {microbit.address}")
    first.do("def ask():\n    return input('n? ')")
    first.manager.shutdown_kernel(now=True)
    second = start()
    second.do(f"%connect {microbit.address}")
    assert Person(second, "1").run("ask()").value == "'1'"  # nothing in this cell tells that it asks


def test_disconnecting_gives_the_board_its_own_input_back(start: Start, microbit: Microbit) -> None:
    kernel = start()
    kernel.do(f"%connect {microbit.address}")
    assert Person(kernel, "1").run("input()").ok
    kernel.do("%disconnect")
    kernel.do(f"%connect {microbit.address}")
    assert kernel.fail("__mk_input").name == "NameError"


def test_a_line_that_is_lost_while_the_box_is_open_ends_the_cell(start: Start, relay: Relay) -> None:
    kernel = start()
    kernel.do(f"%connect {relay.address}")

    class Puller(Person):
        def __call__(self, message: dict[str, Any]) -> None:
            super().__call__(message)
            relay.close()

    reply = Puller(kernel).run("input('who? ')")
    assert reply.error.name == "LineLost"


# -- programs that read sys.stdin, which tell nothing ------------------------------------------------------------------

READ = "import sys\nprint('go? ', end='')\n"


@pytest.fixture(scope="module")
def reader(virtual_address: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    from ..front_end import Jupyter

    kernel = Jupyter(tmp_path_factory.mktemp("reader"), {"MICROPYTHON_BOARD": virtual_address})
    kernel.do("1")
    yield kernel
    kernel.close(now=True)


def test_a_loop_that_reads_stdin_is_given_lines(reader: Jupyter) -> None:
    person = Person(reader, "one", "two", "stop")
    code = READ + "while True:\n    line = sys.stdin.readline().strip()\n    if line == 'stop': break\n    print(line)"
    reply = person.run(code)
    assert reply.ok
    assert person.asked == [("go? ", False), ("", False), ("", False)]
    assert reply.stdout == "one\ntwo\n"


def test_an_earlier_cells_function_that_reads_stdin_is_given_a_line(reader: Jupyter) -> None:
    reader.do("import sys\ndef ask():\n    return sys.stdin.readline()")
    person = Person(reader, "x")
    assert person.run("ask()").value == "'x\\n'"


def test_a_program_that_was_only_silent_ends_with_its_box_open(reader: Jupyter) -> None:
    person = Person(reader)
    reply = person.run(
        "import time, sys\nprint('wait', end='')\ntime.sleep(0.8)\nprint(' over')\nif 0: sys.stdin.read()"
    )
    assert reply.ok
    assert person.asked == [("wait", False)]
    assert reply.stdout == "wait over\n"


def test_a_front_end_that_cannot_ask_is_told_how_to_end_it(reader: Jupyter) -> None:
    began = time.monotonic()
    reply = reader.run(READ + "sys.stdin.readline()", stop_after=1.2)
    assert reply.error.name == "KeyboardInterrupt"
    assert reply.stdout == "go? "
    assert reply.stderr.count("Stop ends it") == 1
    assert time.monotonic() - began < 10
