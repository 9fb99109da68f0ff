"""What the kernel concludes from a cell and from a prompt."""

from __future__ import annotations

import pytest

from metakernel_micropython.cell.stdin import Readers, is_secret, may_ask


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("print(1)", False),
        ("x.inputs = 3", False),
        ("name = input('who? ')", True),
        ("exec(open('ask.py').read())", True),
        ("import machine, time as t", False),
        ("from machine import Pin", False),
        ("import mymodule", True),
        ("import machine, mymodule as m  # mine", True),
        ("if x:\n    from lib.ask import name", True),
        ("# import mymodule", False),
    ],
)
def test_a_board_is_prepared_only_for_cells_that_may_ask(code: str, expected: bool) -> None:
    assert may_ask(code) == expected


@pytest.mark.parametrize("prompt", ["Password: ", "wifi PASSWORD", "Passphrase? ", "your passcode", "passwd:"])
def test_a_prompt_for_a_password_is_secret(prompt: str) -> None:
    assert is_secret(prompt)


@pytest.mark.parametrize("prompt", ["who? ", "Which pin? ", "pass the salt", ""])
def test_other_prompts_are_not(prompt: str) -> None:
    assert not is_secret(prompt)


def test_cells_that_read_stdin_are_known_with_the_functions_that_earlier_ones_defined() -> None:
    readers = Readers()
    assert not readers.reads("print(1)")
    assert not readers.reads("import sys\ndef ask():\n    return sys.stdin.readline()")
    assert not readers.reads("def twice():\n    return ask(), ask()")
    assert not readers.reads("asked = 1")
    assert readers.reads("x = ask()")
    assert readers.reads("twice()")
    assert readers.reads("for line in sys.stdin: print(line)")
    assert not readers.reads("from sys import stdin")


def test_input_counts_where_the_board_cannot_tell() -> None:
    assert not Readers().reads("input()")
    assert Readers().reads("input()", also=True)
