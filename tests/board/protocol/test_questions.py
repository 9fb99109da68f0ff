"""Questions in a program's output, and answers on their way to the board."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metakernel_micropython.board import Board, snippets
from metakernel_micropython.board.protocol.questions import MAX_PROMPT, Over, Question, QuestionFilter, answer_line

SESSION = "a\x1e?mkrwho? \x1e?mk=tick\x1e?mk.b\x1e?mkipin? \x1e?mk=17\n\x1e?mk.c\n\x1e12"


def found(pieces: list[str]) -> tuple[str, list[Question | type[Over]]]:
    filter_ = QuestionFilter()
    shown, events = "", []
    for piece in pieces:
        for one in filter_.feed(piece):
            if isinstance(one, str):
                shown += one
            else:
                events.append(one if isinstance(one, Question) else Over)
    return shown + filter_.flush(), events


@given(st.lists(st.integers(0, len(SESSION)), max_size=12))
def test_questions_are_found_however_the_output_is_split(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(SESSION)]
    shown, events = found([SESSION[start:end] for start, end in itertools.pairwise(edges)])
    assert shown == "atickbc\n\x1e12"
    assert events == [Question("who? "), Over, Question("pin? ", echoes=True), Over]


@given(st.text(alphabet="\x1e?mkri=.x\n"))
def test_no_output_breaks_it(text: str) -> None:
    assert found([text]) == found(list(text))
    if "\x1e?mk" not in text:
        assert found([text]) == (text, [])


def test_a_prompt_that_does_not_end_is_output() -> None:
    assert found(["\x1e?mkrwho"]) == ("who", [])
    shown, events = found(["\x1e?mkr" + "x" * MAX_PROMPT, "yyy", "\x1e?mk="])
    assert (shown, events) == ("x" * MAX_PROMPT + "yyy", [])


@pytest.mark.parametrize(
    ("text", "echoes", "sent", "left_out"),
    [
        ("Zoë\t€", False, "Zoë\t€\n".encode(), False),
        ("", False, b"\n", False),
        ("", True, b"\r", False),
        ("a\x03b\x04c\x1b[A", False, b"abc[A\n", True),
        ("one\ntwo", False, b"one\n", True),
        ("Zoë\t1", True, b"Zo1\r", True),
        (None, False, b"\x04\n", False),
        (None, True, b"\x04", False),
        ("\ud800", False, b"?\n", False),
    ],
)
def test_an_answer_is_one_line_without_control_characters(
    text: str | None, echoes: bool, sent: bytes, left_out: bool
) -> None:
    data, told = answer_line(text, echoes=echoes)
    assert data == sent
    assert bool(told) == left_out


def answered(board: Board, source: str, *answers: str | None) -> str:
    """Run a program that asks; return what it printed besides."""
    execution = board.start(source)
    filter_ = QuestionFilter()
    left = list(answers)
    shown = ""
    while not execution.done or execution.printed:
        for piece in filter_.feed(execution.read(10)):
            if isinstance(piece, Question):
                execution.answer(left.pop(0), echoes=piece.echoes)
            elif isinstance(piece, str):
                shown += piece
    execution.check()
    assert not left
    return shown


def test_a_script_answers_a_board(board: Board) -> None:
    assert board.hear_questions()
    assert answered(board, "print(input('a? ') + input(1))", "x y", "") == "x y\n"
    # Longer than any receive buffer.
    assert answered(board, "print(len(input()))", "z" * 400) == "400\n"
    source = "try: input('who? ')\nexcept EOFError: print('the end')"
    assert answered(board, source, None) == "the end\n"


def test_what_asks_is_there_once_per_start_of_the_board_and_leaves_no_names(board: Board) -> None:
    names = "print(sorted(dir()), input.__class__ if 0 else 0)"
    before = board.execute(names)
    assert board.hear_questions()
    assert board.hear_questions()
    assert board.execute(names) == before
    assert answered(board, "print(input('?'))", "1") == "1\n"
    board.soft_reset()
    assert board.hear_questions()
    assert answered(board, "print(input('?'))", "2") == "2\n"


def test_the_firmwares_own_function_comes_back(board: Board) -> None:
    shown = "print(eval('input', {}))"
    before = board.execute(shown)
    board.execute(snippets.call("input"))
    assert board.execute("print(type(__mk_input))") == "<class 'tuple'>\n"
    board.execute(snippets.call("input_end"))
    assert board.execute(shown) == before
    board.execute(snippets.call("input_end"))  # a second time is no matter
    # A function that somebody put there meanwhile stays.
    board.execute(snippets.call("input"))
    board.execute("import builtins\nbuiltins.input = len")
    board.execute(snippets.call("input_end"))
    assert board.execute("print(input('four'))") == "4\n"
    board.soft_reset()
