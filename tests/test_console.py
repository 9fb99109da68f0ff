"""The terminal: jupyter console, as a person types."""

from __future__ import annotations

import os
import re
import sys
import time
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.install import install

from .boards import needs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pexpect = pytest.importorskip("pexpect")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")

TIMEOUT = 25
ATTEMPTS = 3
COLOURS = r"(?:\x1b\[[\d;]*m)*"


class Console:
    def __init__(self, folder: Path, board: str) -> None:
        import importlib.util

        needs(importlib.util.find_spec("jupyter_console"), "jupyter-console")
        environment = {
            **os.environ,
            "JUPYTER_PATH": str(folder / "share" / "jupyter"),
            "MICROPYTHON_BOARD": board,
            "MICROPYTHON_HISTORY": str(folder / "history.sqlite"),
            "PROMPT_TOOLKIT_NO_CPR": "1",
            "TERM": "xterm",
            "NO_COLOR": "1",
        }
        for _ in range(3):
            self.child = pexpect.spawn(
                sys.executable,
                ["-m", "jupyter_console", "--kernel", "micropython"],
                env=environment,
                cwd=str(folder),
                encoding="utf-8",
                timeout=TIMEOUT,
                dimensions=(40, 100),
            )
            # The ports are chosen before the kernel opens them: now and then somebody else has taken one meanwhile.
            if self.child.expect([f"In \\[{COLOURS}1{COLOURS}\\]: ", "Address already in use"]) == 0:
                return
            self.child.close(force=True)
        raise AssertionError("the console's ports were taken each time")

    def prompt(self, number: int | str) -> str:
        return self.wait(rf"In \[{COLOURS}{number}{COLOURS}\]: ")

    def wait(self, pattern: str) -> str:
        """Wait for a pattern and return what came with it, without control sequences."""
        self.child.expect(pattern)
        return re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", self.child.before + self.child.after)

    def ask(self, line: str, question: str) -> None:
        """Enter a line that asks, and wait for its question.

        jupyter console takes the kernel's "idle" for whatever request as the end of the cell; on a busy machine that is
        now and then an earlier one's, and it looks for no questions, and shows no errors, until the cell has ended.
        """
        for _ in range(ATTEMPTS):
            self.enter(line)
            if self.child.expect([question, pexpect.TIMEOUT], timeout=10) == 0:
                return
            self.child.sendintr()
            self.prompt(r"\d+")
        raise AssertionError(f"{line} never asked")

    def end(self, line: str, question: str, press: Callable[[], object], error: str) -> None:
        """Enter a line that asks, press keys at its question, and see the error that ends it; as often as ``ask``."""
        for _ in range(ATTEMPTS):
            self.ask(line, question)
            # Python's own input() sleeps through a signal that comes in the instant between its prompt and its wait.
            time.sleep(0.5)
            press()
            if self.child.expect([error, rf"In \[{COLOURS}\d+{COLOURS}\]: "]) == 0:
                self.prompt(r"\d+")
                return
        raise AssertionError(f"{line} never ended in {error}")

    def leave(self) -> None:
        self.child.sendeof()
        self.wait("really want to exit")
        self.child.send("y\r")
        self.child.expect(pexpect.EOF)
        self.child.close()

    def enter(self, line: str) -> None:
        # Enter comes apart from the text: typed within an instant, it would be part of a paste.
        self.child.send(line)
        self.child.expect_exact(line[-1])
        self.child.send("\r")


@pytest.fixture
def console(tmp_path: Path, board_address: str) -> Iterator[Console]:
    install(prefix=str(tmp_path))
    made = Console(tmp_path, board_address)
    yield made
    made.child.close(force=True)


def test_a_session_in_the_terminal(console: Console) -> None:
    console.enter("6*7000+1")
    console.wait(r"Connected to ")
    console.wait(rf"Out\[{COLOURS}1{COLOURS}\]: {COLOURS}42001")
    console.prompt(2)

    # Tab completes what the board knows.
    console.child.send("import mach\t")
    console.wait("ine")
    console.child.send("\r")
    console.prompt(3)

    # An error shows its line.
    console.enter("1/0")
    told = console.wait(r"ZeroDivisionError")
    assert "Cell In[3], line 1" in told
    console.prompt(4)

    # Ctrl-C ends the loop and not the console; the variables are kept.
    console.enter("x = 40; print('gone ' * 2); import time; time.sleep(60)")
    console.wait("gone gone")
    console.child.sendintr()
    console.wait("KeyboardInterrupt")
    console.prompt(5)
    console.enter("x + 2")
    console.wait(rf"Out\[{COLOURS}5{COLOURS}\]: {COLOURS}42")
    console.prompt(6)

    # The end.
    console.leave()
    assert console.child.exitstatus == 0


@pytest.mark.parametrize("line", ["exit", "quit()"])
def test_the_word_of_ipython_ends_the_console(tmp_path: Path, line: str) -> None:
    install(prefix=str(tmp_path))
    console = Console(tmp_path, "")
    console.enter(line)
    console.child.expect(pexpect.EOF)
    console.child.close()
    assert console.child.exitstatus == 0


def test_a_question_is_asked_in_the_terminal(console: Console) -> None:
    console.ask('name = input("wh" + "o? ")', r"who\? ")  # what is typed is echoed, and is not the prompt
    console.child.send("Bob\r")
    console.prompt(r"\d+")
    console.enter("'hello ' + name")
    console.wait(rf"Out\[{COLOURS}\d+{COLOURS}\]: {COLOURS}'hello Bob'")
    console.prompt(r"\d+")

    # Ctrl-C and Ctrl-D at the question.
    console.end('input("once mo" + "re? ")', r"more\? ", console.child.sendintr, "KeyboardInterrupt")
    console.end('input("aga" + "in? ")', r"again\? ", console.child.sendeof, "EOFError")
    console.enter("'hello ' + name")
    console.wait("'hello Bob'")


def test_cells_of_earlier_sessions_are_found_in_the_terminal(tmp_path: Path, virtual_address: str) -> None:
    install(prefix=str(tmp_path))
    console = Console(tmp_path, virtual_address)
    console.enter("first = 20 + 1")
    console.prompt(2)
    console.enter("first + 100")
    console.prompt(3)
    console.leave()

    console = Console(tmp_path, virtual_address)
    try:
        console.child.send("\x1b[A")  # Up
        console.wait(rf"first \+ {COLOURS}100")
        console.child.send("\x1b[B")  # Down
        console.child.send("\x12")  # Ctrl-R
        console.wait("search")
        console.child.send("20")
        console.wait(rf"first = {COLOURS}20{COLOURS} \+ {COLOURS}1")
        console.child.send("\r")  # takes it
        console.child.send("\r")  # runs it
        console.prompt(2)
        console.enter("first")
        console.wait(rf"Out\[{COLOURS}2{COLOURS}\]: {COLOURS}21")
    finally:
        console.child.close(force=True)


def test_a_file_is_typed_below_its_magic(console: Console) -> None:
    console.enter("open('main.py', 'w').write('old')")
    console.prompt(2)
    console.enter("%sendtofile main.py")
    console.enter("new = 1")
    for _ in range(2):
        time.sleep(0.5)  # as a person: an Enter in the same instant would be part of a paste
        console.child.send("\r")
    console.wait("Sent main.py: 8 bytes")
    console.prompt(3)
    console.enter("%sendtofile main.py")
    for _ in range(2):
        time.sleep(0.5)
        console.child.send("\r")
    console.wait("has content, which stays")
    console.prompt(4)
    console.enter("open('main.py').read()")
    console.wait("new = 1")
    console.prompt(5)
    console.leave()
