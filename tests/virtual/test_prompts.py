"""What the board says at its prompts, byte for byte as the firmware."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.virtual.pyexec import continues

from .boards import RAW_BANNER, Client, write

if TYPE_CHECKING:
    from pathlib import Path

Start = Callable[..., Client]
BANNER = re.compile(
    rb"MicroPython v1\.27\.0\S* on \d{4}-\d\d-\d\d; virtual board with WebAssembly\r\n"
    rb'Type "help\(\)" for more information\.\r\n>>> $'
)


def test_a_board_that_is_switched_on_shows_the_friendly_banner(child: Start) -> None:
    assert BANNER.fullmatch(child().until(b">>> "))


def test_the_raw_repl_answers_ok_output_and_error(board: Client) -> None:
    board.send(b"print(1)\x04")
    assert board.until(b"\x04>") == b"OK1\r\n\x04\x04>"
    board.send(b"print(1)\n1/0\x04")
    assert board.until(b"\x04>") == (
        b'OK1\r\n\x04Traceback (most recent call last):\r\n  File "<stdin>", line 2, in <module>\r\n'
        b"ZeroDivisionError: divide by zero\r\n\x04>"
    )


def test_control_characters_of_the_raw_repl(board: Client) -> None:
    board.send(b"print(1)\x03")
    assert board.silent(0.1) == b"", "Ctrl-C clears the line silently"
    board.send(b"\x01")
    assert board.until(b">") == RAW_BANNER
    board.send(b"\x02")
    assert BANNER.fullmatch(board.until(b">>> ")[2:])
    board.send(b"\x01")
    assert board.until(b">") == b"\r\n" + RAW_BANNER


def test_raw_repl_and_variables_survive_a_change_of_mode(board: Client) -> None:
    board.say("x = 5")
    board.friendly()
    assert board.type("x") == "5\r\n"
    board.raw()
    assert board.say("print(x)") == "5\r\n"


def test_a_soft_reset_in_the_raw_repl_clears_everything(board: Client) -> None:
    board.say("import json, sys\nx = 1\nsys.modules['mine'] = 3")
    board.send(b"\x04")
    assert board.until(b">") == b"OK\r\nMPY: soft reboot\r\n" + RAW_BANNER
    assert board.say("print(dir())") == "['__name__']\r\n"
    assert board.say("import sys; print(sys.modules)") == "{}\r\n"


@pytest.mark.parametrize(
    "source", ["import sys; sys.exit()", "raise SystemExit", "import machine; machine.soft_reset()"]
)
def test_an_exit_is_a_soft_reset(board: Client, source: str) -> None:
    board.say("x = 1")
    board.send(source.encode() + b"\x04")
    assert board.until(RAW_BANNER) == b"OK\x04\x04MPY: soft reboot\r\n" + RAW_BANNER
    assert "NameError" in board.run("x")[1]


def test_a_hard_reset_shows_the_friendly_banner(board: Client) -> None:
    board.send(b"import machine; machine.reset()\x04")
    assert BANNER.fullmatch(board.until(b">>> ")[2:])


def raw_paste(board: Client, source: bytes) -> tuple[bytes, bytes]:
    """Sends within the windows that the board grants: what comes before the end, and after it."""
    board.send(b"\x05A\x01")
    assert board.until(b"\x80\x00\x01") == b"R\x01\x80\x00\x01"
    credit = 256
    while source:
        if not credit:
            assert board.until(b"\x01") == b"\x01"
            credit += 128
        board.send(source[:credit])
        source, credit = source[credit:], max(0, credit - len(source))
    board.send(b"\x04")
    acknowledged = board.until(b"\x04")
    assert set(acknowledged[:-1]) <= {1}
    return board.until(b"\x04"), board.until(b"\x04>")


@pytest.mark.parametrize("size", [1, 100, 127, 128, 129, 255, 256, 257, 384, 20_000])
def test_raw_paste_takes_sources_of_any_size(board: Client, size: int) -> None:
    assert raw_paste(board, b"#" * size + b"\nprint(42)") == (b"42\r\n\x04", b"\x04>")


def test_raw_paste_reports_errors_like_the_raw_repl(board: Client) -> None:
    output, error = raw_paste(board, b"\n\n1/0")
    assert output == b"\x04"
    assert b'File "<stdin>", line 3, in <module>\r\nZeroDivisionError' in error


def test_a_syntax_error_ends_raw_paste_before_the_source_does(board: Client) -> None:
    board.send(b"\x05A\x01")
    board.until(b"\x80\x00\x01")
    board.send(b"x = = 1\nprint(2)\n")
    assert board.until(b"\x04") == b"\x04"
    board.send(b"y = 3\n" * 10)
    assert board.silent(0.1) == b"", "the rest is dropped"
    board.send(b"\x04")
    assert board.until(b"\x04>").startswith(b"\x04Traceback")
    assert "NameError" in board.run("y")[1]


def test_ctrl_c_cancels_raw_paste(board: Client) -> None:
    board.send(b"\x05A\x01")
    board.until(b"\x80\x00\x01")
    board.send(b"print('never')\n\x03")
    assert board.until(b"\x04>") == b"\x04\x04KeyboardInterrupt: \r\n\x04>"
    assert board.say("print(1)") == "1\r\n"


def test_an_unknown_command_is_refused_like_raw_paste_of_an_old_board(board: Client) -> None:
    board.send(b"\x05X\x01")
    assert board.until(b">") == b"R\x00>"


def test_the_friendly_prompt_echoes_and_shows_values(board: Client) -> None:
    board.friendly()
    board.send(b"1 + 1\r")
    assert board.until(b">>> ") == b"1 + 1\r\n2\r\n>>> "
    assert board.type("_ * 10") == "20\r\n"
    assert board.type("None") == ""
    assert board.type("x = 3") == ""
    assert board.type("print('é€😀')") == "é€😀\r\n"
    assert board.type("1/0").endswith('File "<stdin>", line 1, in <module>\r\nZeroDivisionError: divide by zero\r\n')


def test_the_friendly_prompt_goes_on_with_compound_statements(board: Client) -> None:
    board.friendly()
    board.send(b"for i in range(2):\r")
    assert board.until(b"...     ") == b"for i in range(2):\r\n...     "
    board.send(b"print(i)\r\x7f\r")
    assert board.until(b">>> ").endswith(b"\r\n0\r\n1\r\n>>> ")
    board.send(b"a = [1,\r")
    board.until(b"... ")
    board.send(b"2]\r")
    board.until(b">>> ")
    assert board.type("a") == "[1, 2]\r\n"
    board.send(b"if 1:\r")
    board.until(b"...     ")
    board.send(b"\x03")
    assert board.until(b">>> ") == b"\r\n>>> "


def test_pasted_indentation_is_not_added_to_the_offered_one(board: Client) -> None:
    board.friendly()
    board.send(b"def f():\r    x = 1\r    return x\r\r\r\r")
    for _ in range(4):
        board.until(b"... ")
    board.until(b">>> ")
    assert board.type("f()") == "1\r\n"


def test_the_friendly_prompt_edits_its_line(board: Client) -> None:
    board.friendly()
    keys = {
        "12\x7f3": "13",
        "13\x1b[D2": "123",
        "23\x01" + "1": "123",
        "13\x1b[D\x1b[D\x05" + "4": "134",
        "13\x1b[H\x1b[3~": "3",
        "'é'\x1b[D\x7f" + "e": "'e'",
        "1\x1b[F2": "12",
    }
    for typed, value in keys.items():
        board.send(typed.encode() + b"\r")
        assert board.until(b">>> ").endswith(f"\r\n{value}\r\n>>> ".encode()), typed
    board.send(b"\x1b[A\x1b[A\x1b[B\r")
    assert board.until(b">>> ").endswith(b"\r\n12\r\n>>> ")


def test_control_characters_of_the_friendly_prompt(board: Client) -> None:
    board.friendly()
    board.send(b"abc\x03")
    assert board.until(b">>> ") == b"abc\r\n>>> "
    board.send(b"\x02")
    assert BANNER.fullmatch(board.until(b">>> ")[2:])
    board.send(b"x=1\r")
    board.until(b">>> ")
    board.send(b"\x04")
    answer = board.until(b">>> ")
    assert answer.startswith(b"\r\nMPY: soft reboot\r\nMicroPython v")
    assert "NameError" in board.type("x")


def test_paste_mode(board: Client) -> None:
    board.friendly()
    board.send(b"\x05if 1:\r    print(33)\r\x04")
    assert board.until(b">>> ") == (
        b"\r\npaste mode; Ctrl-C to cancel, Ctrl-D to finish\r\n=== if 1:\r\n===     print(33)\r\n=== \r\n33\r\n>>> "
    )
    board.send(b"\x05print(1)\x03")
    assert board.until(b">>> ").endswith(b"=== print(1)\r\n>>> ")


def test_boot_and_main_run_as_on_a_board(child: Start, tmp_path: Path) -> None:
    write(tmp_path, "boot.py", "print('boot', dir())\nfrom_boot = 1")
    write(tmp_path, "main.py", "print('main', from_boot)\n1/0")
    board = child()
    shown = board.until(b">>> ").decode()
    assert shown.startswith(
        "boot ['__name__']\r\nmain 1\r\nTraceback (most recent call last):\r\n"
        '  File "main.py", line 2, in <module>\r\nZeroDivisionError: divide by zero\r\nMicroPython v'
    )
    assert board.type("from_boot") == "1\r\n"
    board.raw()
    board.send(b"\x04")
    assert board.until(RAW_BANNER) == b"OK\r\nMPY: soft reboot\r\nboot ['__name__']\r\n" + RAW_BANNER


def test_ctrl_c_leads_from_main_to_the_prompt(child: Start, tmp_path: Path) -> None:
    write(tmp_path, "main.py", "x = 1\nprint('go')\nwhile True:\n    pass")
    board = child()
    board.until(b"go\r\n")
    board.send(b"\x03")
    shown = board.until(b">>> ")
    assert shown.startswith(b'Traceback (most recent call last):\r\n  File "main.py", line ')
    assert b"KeyboardInterrupt: \r\nMicroPython v" in shown
    assert board.type("x") == "1\r\n"


def test_a_connecting_client_gets_out_of_main(child: Start, tmp_path: Path) -> None:
    write(tmp_path, "main.py", "import time\nprint('go')\ntry:\n    time.sleep(100)\nfinally:\n    print('end')")
    board = child()
    board.until(b"go\r\n")
    board.send(b"\r\x03\x01")
    assert b"end\r\n" in board.until(RAW_BANNER)


def test_exit_in_boot_is_a_soft_reset(child: Start, tmp_path: Path) -> None:
    write(
        tmp_path,
        "boot.py",
        "import os, sys\nif 'flag' not in os.listdir():\n    open('flag', 'w').close()\n    sys.exit()",
    )
    assert child().until(b">>> ").startswith(b"MPY: soft reboot\r\nMicroPython v")


def test_no_input_ends_the_board(child: Start) -> None:
    """Anything may be typed: control characters, half a statement, bytes that are no text, resets."""
    words = (
        b"\x01 \x02 \x03 \x04 \x05 \x05A\x01 \r \n \x1b[A \x1b[D \x1b \x7f \x08 \t ( \\ \xff\xc3 '\x00' if_1:\r "
        b"def_f():\r "
        b"print(1)\r while_True:_pass\r\r 1/0\r input()\r import_sys;sys.stdin.buffer.read(5)\r raise_SystemExit\r "
        b"import_machine;machine.reset()\r"
    ).split(b" ")
    choose = random.Random(42)
    board = child()
    deadline = time.monotonic() + 3
    shown = b""
    while time.monotonic() < deadline:
        board.send(b"".join(choose.choices(words, k=5)).replace(b"_", b" "))
        shown += board.silent(choose.choice((0.0001, 0.002)))
    for _ in range(100):  # what still waits in the board's input may hold programs that run for ever
        board.send(b"\r\x03\x03\x02\x01")
        answer = board.silent(0.1)
        shown += answer
        if answer.endswith(RAW_BANNER):
            break
    assert b"crash" not in shown
    assert b"firmware" not in shown
    assert board.say("print(1)") == "1\r\n"


@pytest.mark.parametrize(
    ("text", "more"),
    [
        (b"", False), (b"x", False), (b"if x:", True), (b"if x:\n  y", True), (b"if x:\n  y\n", False),
        (b"iffy", False), (b"@f", True), (b"f(", True), (b"f('(')", False), (b"'''", True), (b"'''a'''", False),
        (b"x = \\", True), (b"'\\'(", False), (b'"""\n"', True), (b"async def f():", True), (b"class_ = 1", False),
        (b"{1: [2, (3", True), (b")", False),
    ],
)  # fmt: skip
def test_when_the_friendly_prompt_asks_for_more(text: bytes, more: bool) -> None:
    assert continues(text) is more
