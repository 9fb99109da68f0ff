"""How a magic's arguments are read: words, quotes, and the comment behind them."""

from __future__ import annotations

import pytest

from metakernel_micropython.host.value_arguments import split_expressions
from metakernel_micropython.magic_arguments import argument, arguments, completions, last_word, without_comment


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        ("", ""),
        ("# comment", ""),
        ("a b # don't", "a b"),
        ("a#b", "a#b"),
        ("'a # b' c", "'a # b' c"),
        ('"a # b" # c', '"a # b"'),
        ("x' # y' # z", "x' # y'"),
        ("ws://host/#x", "ws://host/#x"),
        ("'not closed # x", "'not closed # x"),
    ],
)
def test_a_comment_behind_a_magic_is_one(arguments: str, left: str) -> None:
    assert without_comment(arguments) == left


@pytest.mark.parametrize(
    ("text", "word"), [("", ""), ("a b", "b"), ("a ", ""), ("a 'b c", "'b c"), ("'a b' c", "c"), ('x="y z', 'x="y z')]
)
def test_the_word_at_the_cursor_may_hold_blanks_in_quotes(text: str, word: str) -> None:
    assert last_word(text) == word


def test_values_are_offered_as_one_argument_or_not_at_all() -> None:
    @arguments(argument("value", complete=lambda _: ["plain", "two words", "a#b", 'a"b', "a\nb", "\u202eb"]))
    def line_x(args: object) -> None:
        """%x VALUE - do nothing."""

    assert completions(line_x, None, "") == ['"a#b"', '"two words"', "plain"]
    assert completions(line_x, None, '"two w') == ['"two words"']


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x # comment", ["x"]),
        ("a=1 b # don't", ["a=1", "b"]),
        (r"x='it\'s # 1' # y", [r"x='it\'s # 1'"]),
        ("x=['#'] y", ["x=['#']", "y"]),
        ("# all", []),
    ],
)
def test_a_comment_behind_expressions_is_one(text: str, words: list[str]) -> None:
    assert split_expressions(text) == words
