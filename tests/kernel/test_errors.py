"""A failed cell: the board's exception, with the cells' own lines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ..front_end import Jupyter


def frames(text: str) -> list[tuple[int, str, str]]:
    """The frames that lie in cells: line, function, source line."""
    found = re.findall(r"Cell In\[\d+\], line (\d+)(?:, in (\S+))?\n    +(.*)", text)
    return [(int(line), function, source.strip()) for line, function, source in found]


def test_an_error_has_the_boards_name_message_and_the_cells_line(jupyter: Jupyter) -> None:
    reply = jupyter.run("x = 0\n\nprint('before')\n1/x")
    assert reply.error.name == "ZeroDivisionError"
    assert reply.error.value in ("divide by zero", "division by zero")
    assert frames(reply.error.text) == [(4, "<module>", "1/x")]
    assert f"Cell In[{reply.number}], line 4" in reply.error.text
    assert reply.error.text.startswith("Traceback (most recent call last):")
    assert reply.error.text.endswith(f"ZeroDivisionError: {reply.error.value}")
    assert reply.stdout == "before\n"


def test_a_function_of_an_earlier_cell_shows_that_cells_line(jupyter: Jupyter) -> None:
    defined = jupyter.do("# the reciprocal\ndef f(x):\n    return 1/x").number
    reply = jupyter.run("f(0)")
    assert frames(reply.error.text) == [(1, "<module>", "f(0)"), (3, "f", "return 1/x")]
    assert f"Cell In[{defined}], line 3, in f" in reply.error.text
    assert f"Cell In[{reply.number}], line 1" in reply.error.text


def test_the_latest_definition_of_a_function_is_shown(jupyter: Jupyter) -> None:
    jupyter.do("def f(x):\n    return 1/x")
    jupyter.do("def f(x):\n    return 2/x")
    assert frames(jupyter.fail("f(0)").text)[-1] == (2, "f", "return 2/x")


def test_methods_show_their_cells_line(jupyter: Jupyter) -> None:
    jupyter.do("class A:\n    def m(self):\n        raise OSError(5)")
    error = jupyter.fail("a = A()\na.m()")
    assert frames(error.text) == [(2, "<module>", "a.m()"), (3, "m", "raise OSError(5)")]
    assert error.name == "OSError"
    assert "5" in error.value


def test_lambdas_show_their_cells_line(jupyter: Jupyter) -> None:
    jupyter.do("\nh = lambda x: 1/x")
    assert frames(jupyter.fail("h(0)\n").text)[-1] == (2, "<lambda>", "h = lambda x: 1/x")


def test_calls_between_cells_are_all_shown_in_order(jupyter: Jupyter) -> None:
    jupyter.do("def inner(x):\n    return [][x]")
    jupyter.do("\n\ndef outer(x):\n    return inner(x)")
    error = jupyter.fail("outer(3)")
    assert [name for _, name, _ in frames(error.text)] == ["<module>", "outer", "inner"]
    assert error.name == "IndexError"


def test_lines_are_true_below_a_magic(jupyter: Jupyter) -> None:
    assert frames(jupyter.fail("%%time\n\nx = 0\n1/x").text) == [(4, "<module>", "1/x")]
    assert frames(jupyter.fail("# note\n\n%boards\n\n1/0").text) == [(5, "<module>", "1/0")]


def test_lines_are_true_in_a_function_that_was_defined_below_a_magic(jupyter: Jupyter) -> None:
    jupyter.do("%%time\ndef f():\n    1/0\n    return 1")
    assert frames(jupyter.fail("f()").text)[-1] == (3, "f", "1/0")


def test_lines_are_true_in_an_expression_over_several_lines(jupyter: Jupyter) -> None:
    error = jupyter.fail("x = 0\n(1 +\n 2 +\n nothing)")
    assert error.name == "NameError"
    assert frames(error.text)[0][0] in (2, 3, 4)


@pytest.mark.parametrize(
    ("code", "name", "line"), [("x = = 1", "SyntaxError", 1), ("a = 1\nb = 2\nif:\n  1", "SyntaxError", 3)]
)
def test_a_syntax_error_shows_its_line(jupyter: Jupyter, code: str, name: str, line: int) -> None:
    error = jupyter.fail(code)
    assert error.name == name
    assert f"line {line}" in error.text
    assert code.split("\n")[line - 1] in error.text


def test_an_error_of_the_users_own_class_keeps_its_name(jupyter: Jupyter) -> None:
    error = jupyter.fail("class Broken(Exception): pass\nraise Broken('wire: cut')")
    assert (error.name, error.value) == ("Broken", "wire: cut")


def test_an_error_without_a_message_is_an_error(jupyter: Jupyter) -> None:
    error = jupyter.fail("raise ValueError")
    assert (error.name, error.value) == ("ValueError", "")


def test_a_message_with_line_ends_and_unicode_is_kept(jupyter: Jupyter) -> None:
    assert jupyter.fail("raise ValueError('é\\n  b: c\\nd')").value == "é\n  b: c\nd"


def test_the_cell_after_a_failed_one_works(jupyter: Jupyter) -> None:
    jupyter.do("x = 3")
    jupyter.fail("1/0")
    assert jupyter.do("x").value == "3"


def test_a_board_that_runs_out_of_memory_fails_the_cell_and_lives_on(jupyter: Jupyter) -> None:
    assert jupyter.fail("x = bytearray(10000000)").name == "MemoryError"
    assert jupyter.do("1").value == "1"


def test_recursion_without_end_fails_the_cell_and_the_board_lives_on(jupyter: Jupyter) -> None:
    assert jupyter.fail("def f(): return f()\nf()").name == "RuntimeError"
    assert jupyter.do("1").value == "1"


@pytest.mark.parametrize(
    ("cell", "line"),
    [
        ("%time 1/0", 1),
        ("# note\n%time 1/0", 2),
        ("# note\n\n%time 1/0\nprint(2)", 3),
        ("%time for i in range(2): 1/0", 1),
        ("%%time\n1/0", 2),
    ],
)
def test_lines_are_true_under_a_stopwatch(jupyter: Jupyter, cell: str, line: int) -> None:
    text = jupyter.fail(cell).text
    assert [at for at, _, _ in frames(text)] == [line]
    assert "1/0" in frames(text)[0][2]


def test_methods_that_two_cells_define_on_one_line_name_both(jupyter: Jupyter) -> None:
    one = jupyter.do("class A:\n    def go(self):\n        return 1/0").number
    two = jupyter.do("class B:\n    def go(self):\n        return [][1]").number
    text = jupyter.fail("A().go()").text
    assert f"Cell In[{one}] or Cell In[{two}], line 3, in go" in text
    assert "[][1]" not in text


def test_a_function_that_was_kept_shows_its_own_line(jupyter: Jupyter) -> None:
    jupyter.do("def f(x):\n    return 1/x")
    jupyter.do("g = f")
    jupyter.do("def f(x):\n    return 2/x")
    assert frames(jupyter.fail("g(0)").text)[-1] == (2, "f", "return 1/x")
    assert frames(jupyter.fail("f(0)").text)[-1] == (2, "f", "return 2/x")


def test_escapes_in_an_exception_are_shown_as_text(jupyter: Jupyter) -> None:
    error = jupyter.fail("raise ValueError('\\x1b[2Jred')")
    assert error.value == "\\x1b[2Jred"
    assert not any("\x1b[2J" in line for line in error.traceback)
