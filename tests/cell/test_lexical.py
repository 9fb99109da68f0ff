"""Where strings, brackets and comments lie in a cell."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metakernel_micropython.cell.lexical import code_only, statements, with_plain_indentation
from metakernel_micropython.cell.parser import lines_above, misplaced_help, misplaced_magic


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("x = 'a#b'  # c'd", "x = _____       "),
        ("'''\n%x\n'''\ny", "___\n__\n___\ny"),
        ("'it\\'s' + y", "_______ + y"),
        ("x = 'open\ny", "x = _____\ny"),
        ("r'\\' + 'b'", "r_______b_"),
        ("# it's\ny", "      \ny"),
    ],
)
def test_strings_and_comments_are_blanked_out_in_their_place(code: str, expected: str) -> None:
    assert code_only(code) == expected


@given(st.text(alphabet="'\"\\#\n x(%", max_size=40))
def test_no_place_moves(code: str) -> None:
    assert [len(line) for line in code_only(code).split("\n")] == [len(line) for line in code.split("\n")]
    assert all(line == code.split("\n")[number - 1] for number, line in statements(code))


@pytest.mark.parametrize(
    ("code", "typed"),
    [
        ("x = 1\n%ls", "%ls"),
        ("x = 1\n!ls -l", "!ls"),
        ("'''\n%header\n'''\n%%time\nx", "%%time"),
        ("'''\n%header\n!important\n'''\nx x", ""),
        ("x = '''\n%ls", ""),
        ("x = (7\n%d)", ""),
        ("x = 7 \\\n%d", ""),
        ("x = 'it\\'s\n%ls", "%ls"),
        ("'%d'\n% 4", ""),
    ],
)
def test_a_magic_below_code_is_one_outside_of_strings_and_brackets(code: str, typed: str) -> None:
    told = misplaced_magic(code)
    assert told.startswith(f"{typed} stands below code") if typed else not told


@pytest.mark.parametrize(
    ("code", "asked"), [("x\ny?", "y?"), ("x\n?y  # what", "?y"), ("'''\nx?\n'''", ""), ("x = 1 ?", ""), ("x\n?", "")]
)
def test_a_request_for_help_beside_code_is_named(code: str, asked: str) -> None:
    told = misplaced_help(code)
    assert told.startswith(f"{asked} stands beside code") if asked else not told


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("if x:\n\u00a0\u00a0y", "if x:\n  y"),
        ("if x:\n \u00a0\ty", "if x:\n  \ty"),
        ("'''\n\u00a0y'''", "'''\n\u00a0y'''"),
        ("x =\u00a01", "x =\u00a01"),
    ],
)
def test_non_breaking_spaces_of_the_indentation_become_blanks(code: str, expected: str) -> None:
    assert with_plain_indentation(code) == expected


@pytest.mark.parametrize(
    ("cell", "code", "expected"),
    [
        ("%%time\n\n1/0", "1/0", (2, True)),
        ("%time 1/0", "1/0", (0, True)),
        ("# c\n%time 1/0\nprint(2)", "1/0", (1, True)),
        ("%run x.py", "other", (0, False)),
    ],
)
def test_the_lines_above_code_are_counted_in_its_cell(cell: str, code: str, expected: tuple[int, bool]) -> None:
    assert lines_above(cell, code) == expected
