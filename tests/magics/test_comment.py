"""%comment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ..front_end import Jupyter


@pytest.mark.parametrize("text", ["hello", 'it\'s "here"  twice', "-- x -v", "-v", "# 100 % \\n", "", "ü ?x"])
def test_the_text_is_printed_as_it_stands(plain: Jupyter, text: str) -> None:
    assert plain.do(f"%comment {text}").stdout == text + "\n"


def test_it_stands_above_code_and_among_others(jupyter: Jupyter) -> None:
    assert jupyter.do("%comment one\n%comment two\nprint(3)").stdout == "one\ntwo\n3\n"


def test_help(plain: Jupyter) -> None:
    assert plain.do("%comment --help").stdout.startswith("usage: %comment")
