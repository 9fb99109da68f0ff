"""Marks in a program's output: found however the text is split, and nothing else is lost or changed."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from metakernel_micropython.board.protocol.marks import MarkTokenizer

MARKS = ("\x1e!a[", "\x1e!a]", "\x1ebc")

texts = st.lists(st.sampled_from([*MARKS, "\x1e", "\x1e!", "\x1e!a", "\x1eb", "!a[", "c", "\n"]), max_size=10).map(
    "".join
)


def told(pieces: list[str]) -> list[str]:
    """The characters and marks in the order in which they come."""
    tokenizer = MarkTokenizer(*MARKS)
    found: list[str] = []
    for text, mark in [pair for piece in pieces for pair in tokenizer.feed(piece)]:
        found += [*text, mark] if mark else text
    return found + list(tokenizer.flush())


@given(text=texts)
@example(text="\x1e\x1e!a[\x1e!\x1ebc\x1e")
def test_marks_are_found_however_the_text_is_split(text: str) -> None:
    whole = told([text])
    assert "".join(whole) == text
    assert told(list(text)) == whole
    assert sum(one in MARKS for one in whole) == sum(text.count(mark) for mark in MARKS)


def test_only_what_may_be_the_beginning_of_a_mark_is_held() -> None:
    tokenizer = MarkTokenizer(*MARKS)
    assert tokenizer.feed("a\x1e!a") == [("a", "")]
    assert tokenizer.feed("b\x1e") == [("\x1e!ab", "")]
    assert tokenizer.flush() == "\x1e"
    assert tokenizer.flush() == ""
