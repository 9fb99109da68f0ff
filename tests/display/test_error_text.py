"""What an error says in a script, and what in a notebook."""

from __future__ import annotations

import ast
import pickle
import string

import pytest

from metakernel_micropython.display.error_text import WORDS, error_text
from metakernel_micropython.errors import (
    Advice,
    BoardBusy,
    ConnectError,
    DeviceError,
    LineLost,
    NotConnected,
    PortInUse,
)
from tests.house import PACKAGE


def facts(words: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(words) if name}


BUSY = BoardBusy("The board on COM3 did not stop.", Advice.PRESS_RESET, address="COM3")


def test_a_script_and_a_notebook_read_what_they_can_do() -> None:
    assert str(BUSY) == (
        "The board on COM3 did not stop. Try again, or press the board's reset button and connect again with "
        "Board.connect('COM3')."
    )
    assert error_text(BUSY) == (
        "The board on COM3 did not stop. Try again, or press the board's reset button and connect again with %connect."
    )


@pytest.mark.parametrize("error", [PortInUse("It is in use."), DeviceError("OSError", "5", "..."), ValueError("five")])
def test_an_error_without_advice_reads_the_same_everywhere(error: Exception) -> None:
    assert error_text(error) == str(error)


def test_reasons_are_in_the_same_words_a_line_each() -> None:
    error = ConnectError("No board answered:", reasons=[("COM3", BUSY), ("COM4", "not tried")])
    assert str(error).splitlines() == ["No board answered:", f"  COM3: {BUSY}", "  COM4: not tried"]
    assert error_text(error).splitlines() == ["No board answered:", f"  COM3: {error_text(BUSY)}", "  COM4: not tried"]


def test_an_error_that_is_turned_into_another_kind_keeps_its_words() -> None:
    error = BUSY.turned_into(LineLost)
    assert type(error) is LineLost
    assert (str(error), error_text(error)) == (str(BUSY), error_text(BUSY))


def test_an_error_keeps_its_data_where_it_is_pickled() -> None:
    error = pickle.loads(pickle.dumps(BUSY))
    assert (type(error), error_text(error), error.facts) == (BoardBusy, error_text(BUSY), {"address": "COM3"})


def test_what_is_in_braces_is_a_fact_and_not_a_format_of_the_message() -> None:
    error = NotConnected("{odd} is a raw line.", Advice.WITHOUT_RAW, wish="{reset} it")
    assert str(error) == "{odd} is a raw line. Connect without raw=True to {reset} it."


def test_a_notebook_has_words_for_every_advice_made_of_the_same_facts() -> None:
    assert set(WORDS) == set(Advice)
    for advice, words in WORDS.items():
        assert facts(words) <= facts(advice.value), advice


def test_every_error_with_advice_has_the_facts_that_its_words_need() -> None:
    used = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            for argument in node.args:
                for part in ast.walk(argument) if not isinstance(argument, ast.Call) else ():
                    if isinstance(part, ast.Attribute) and ast.unparse(part.value) == "Advice":
                        advice = Advice[part.attr]
                        used.add(advice)
                        assert facts(advice.value) <= {keyword.arg for keyword in node.keywords}, (path, node.lineno)
    assert used == set(Advice), "an advice that nobody gives"
