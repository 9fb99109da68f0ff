"""A cell's last value, as ``Out[n]:``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ..front_end import Jupyter


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("1+1", "2"),
        ("'a'", "'a'"),
        ("x = 5\nx", "5"),
        ("x = 5; x", "5"),
        ("1;", None),
        ("None", None),
        ("x = 1", None),
        ("[\n 1,\n 2]", "[1, 2]"),
        ("b'\\x00\\xff'", "b'\\x00\\xff'"),
        ("True", "True"),
        ("{'a': (1,)}", "{'a': (1,)}"),
        ("# nothing", None),
        ("for i in range(3): i", None),
    ],
)
def test_the_last_expression_is_the_cells_value(jupyter: Jupyter, code: str, value: str | None) -> None:
    reply = jupyter.do(code)
    assert reply.value == value
    assert reply.stdout == ""


def test_a_value_has_the_number_of_its_cell(jupyter: Jupyter) -> None:
    first, second = jupyter.do("1"), jupyter.do("2")
    assert second.number == first.number + 1
    assert second.of("execute_result")[0]["execution_count"] == second.number


def test_the_value_is_an_underscore_on_the_board(jupyter: Jupyter) -> None:
    jupyter.do("6*7")
    assert jupyter.do("print(_)").stdout == "42\n"
    jupyter.do("_ = 1;")
    assert jupyter.do("None\n_").value == "1"


def test_output_and_value_come_apart(jupyter: Jupyter) -> None:
    reply = jupyter.do("print('printed')\nprint('no end', end='')\n'value'")
    assert (reply.stdout, reply.value) == ("printed\nno end", "'value'")


def test_a_call_that_prints_has_its_value_too(jupyter: Jupyter) -> None:
    reply = jupyter.do("def f():\n    print('inside')\n    return 3\nf()")
    assert (reply.stdout, reply.value) == ("inside\n", "3")


def test_text_beyond_ascii_arrives_whole(jupyter: Jupyter) -> None:
    reply = jupyter.do("print('é€𝄞' * 50)")
    assert reply.stdout == "é€𝄞" * 50 + "\n"


def test_code_that_only_the_board_can_read_runs_as_it_is(jupyter: Jupyter) -> None:
    # MicroPython allows what Python's parser refuses: a "return" is checked later, if at all.
    error = jupyter.fail("x = 1\nprint 'old'")
    assert error.name == "SyntaxError"
    assert "line 2" in error.text


def test_values_of_the_users_classes_are_shown_by_their_repr(jupyter: Jupyter) -> None:
    jupyter.do("class A:\n    def __repr__(self):\n        return '<A>'")
    assert jupyter.do("A()").value == "<A>"
    assert jupyter.do("[A()]").value == "[<A>]"


def test_a_repr_that_fails_shows_its_error_and_nothing_else(jupyter: Jupyter) -> None:
    jupyter.do("class B:\n    def __repr__(self):\n        raise ValueError('no')")
    reply = jupyter.run("B()")
    assert (reply.error.name, reply.error.value) == ("ValueError", "no")
    assert reply.stdout == ""
    assert "<lambda>" not in reply.error.text


def test_no_names_are_left_on_the_board(jupyter: Jupyter) -> None:
    before = jupyter.do("sorted(globals())").value
    assert before is not None
    jupyter.do("1+1")
    jupyter.complete("pri")
    jupyter.inspect("print")
    after = jupyter.do("sorted(globals())").value
    assert after is not None
    assert set(eval(after)) <= set(eval(before))


def test_control_characters_in_a_cell_are_refused_with_their_line(jupyter: Jupyter) -> None:
    error = jupyter.fail("x = 1\ny = '\x04'")
    assert "Line 2" in error.value
    assert "\\x04" in error.value
    assert jupyter.do("1").value == "1"


def test_control_characters_in_output_are_data(jupyter: Jupyter) -> None:
    assert jupyter.do("print('a\\x04b\\x04>c\\x1e\\x01')").stdout == "a\x04b\x04>c\x1e\x01\n"


def test_a_silent_execution_shows_no_value(jupyter: Jupyter) -> None:
    reply = jupyter.run("7", silent=True)
    assert reply.ok
    assert reply.value is None
