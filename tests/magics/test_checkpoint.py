"""%%checkpoint and %assert_output: cells that check what a student has made, also for nbgrader."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from ..boards import Relay
    from ..conftest import Start
    from ..front_end import Jupyter


def test_a_cell_that_prints_the_lines_passes_and_shows_them(virtual: Jupyter) -> None:
    reply = virtual.do(
        "%assert_output 1 2 Fizz 'two words'\nprint(1)\nprint(2)\nprint('Fizz  ')\nprint('two words\\n')\n7"
    )
    assert reply.stdout.split() == ["1", "2", "Fizz", "two", "words"]
    assert reply.value == "7"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("one two", "Line 2 of the output is '2'; expected was 'two'."),
        ("one 2 3", "ends after 2 lines; expected was '3'"),
        ("one", "goes on after 1 line, where it was to end: '2'"),
        ("", "goes on after 0 lines"),
        ("--contains three", "was to contain 'three'"),
        (r"--regex one \d\d", "Line 2"),
        ("--regex (", "no regular expression"),
        ("--contains", "say what"),
        ("--contains --regex x", "not both"),
        ("--file nowhere.txt", "There is no nowhere.txt"),
    ],
)
def test_a_cell_that_prints_something_else_fails(virtual: Jupyter, line: str, words: str) -> None:
    assert words in virtual.fail(f"%assert_output {line}\nprint('one')\nprint(2)").value


def test_texts_patterns_and_files_are_looked_for(virtual: Jupyter, tmp_path: Path) -> None:
    (tmp_path / "expected file.txt").write_bytes("grün\r\nT = 3\r\n".encode())
    cell = "print('grün')\nprint('T = 3')"
    virtual.do(f"%assert_output --contains 'T =' ün\n%assert_output --regex gr.n \"T = \\d+\"\n{cell}")
    virtual.do(f"%assert_output --file '{tmp_path / 'expected file.txt'}'\n{cell}")


def test_an_error_of_the_board_stays_the_error_of_the_cell(virtual: Jupyter) -> None:
    assert virtual.fail("%assert_output 1\n1/0").name == "ZeroDivisionError"
    assert "no code" in virtual.fail("%assert_output 1").value


def test_a_checkpoint_passes_or_fails_with_the_reason_and_is_listed(virtual: Jupyter, tmp_path: Path) -> None:
    virtual.do("%reload_magics\ndef inverse(x):\n    return 1 / x")
    assert virtual.do("%checkpoint").stdout == "No checkpoint has run in this notebook.\n"
    passed = virtual.do("%%checkpoint inverse\nassert inverse(4) == 0.25")
    assert passed.stdout == "Checkpoint inverse: passed\n" and passed.value is None and not passed.stderr
    failed = virtual.fail("%%checkpoint zero\nassert inverse(1) == 0, 'inverse(1) is 1'")
    assert (failed.name, failed.value) == ("AssertionError", "inverse(1) is 1")
    virtual.fail("%%checkpoint output\n%assert_output 1\nprint(2)")
    virtual.do("%%checkpoint output\n%assert_output 2\nprint(2)")
    file = tmp_path / "results.json"
    listed = virtual.do(f"%checkpoint --json '{file}'").stdout
    assert [line.split() for line in listed.splitlines()] == [
        ["inverse", "passed"],
        ["zero", "not", "passed:", "AssertionError:", "inverse(1)", "is", "1"],
        ["output", "passed", "(2", "tries)"],
        ["2", "of", "3", "passed"],
    ]
    assert [one["passed"] for one in json.loads(file.read_text("utf-8"))] == [True, False, True]
    assert [path.name for path in tmp_path.iterdir()] == ["results.json"]
    assert "cannot be written" in virtual.fail(f"%checkpoint --json '{tmp_path / 'no' / 'where.json'}'").value


def test_a_program_without_end_is_stopped_and_the_board_goes_on(virtual: Jupyter) -> None:
    failed = virtual.fail("%%checkpoint endless --timeout 0.3\nkept = 3\nwhile True: pass")
    assert failed.name == "TookTooLong" and "endless" in failed.value
    assert virtual.do("kept").value == "3"
    assert "TookTooLong" in virtual.do("%checkpoint").stdout
    assert "time in seconds" in virtual.fail("%%checkpoint x --timeout never\n1").value
    assert "none below" in virtual.fail("%%checkpoint x").value


def test_what_the_board_printed_between_cells_is_no_error_of_a_checkpoint(start: Start, relay: Relay) -> None:
    kernel = start({"MICROPYTHON_BOARD": relay.address})
    kernel.do("x = 2.5")
    relay.say(b"tick 1\r\n")
    passed = kernel.do("%%checkpoint quiet\nx")
    assert not passed.stderr and passed.value == "2.5"  # nbgrader: so many points
    assert "tick 1" in kernel.do("x").stderr
