"""%get and %put."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ..front_end import Jupyter


def test_values_of_the_board_are_used_by_the_hosts_python(jupyter: Jupyter) -> None:
    jupyter.do("samples = [1, 2.5, 'a']\ntable = {'k': b'1'}")
    reply = jupyter.do("%get samples table n=len(samples)")
    assert reply.stdout == "samples: list of 3\ntable: dict of 1\nn: int 3\n"
    assert jupyter.do("%%python\nprint(samples, table, n)").stdout == "[1, 2.5, 'a'] {'k': b'1'} 3\n"


def test_values_of_the_host_go_to_the_board(jupyter: Jupyter) -> None:
    jupyter.do("%%python\nnumbers = [1, 2]\nword = 'a b'")
    reply = jupyter.do("%put numbers word twice = [2 * n for n in numbers] text='x = y'\nnumbers, word, twice, text")
    assert reply.value == "([1, 2], 'a b', [2, 4], 'x = y')"
    assert reply.stdout.splitlines()[0] == "numbers: list of 2"


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("%get nope", "nope"),
        ("%get len", "of type function"),
        ("%get 1+1", "a name here"),
        ("%get", "required"),
        ("%put x=1/0", "ZeroDivisionError"),
        ("%put x=nope", "nope"),
        ("%put x=object()", "of type object"),
        ("%put x=(1", "bracket"),
        ("%put x='1", "quote"),
        ("%put 1x=2", "1x=2"),
        ("%put len(x)", "x"),
    ],
)
def test_what_cannot_cross_fails_the_cell(virtual: Jupyter, cell: str, words: str) -> None:
    assert words in virtual.fail(cell).value


def test_nothing_is_changed_where_one_of_several_fails(virtual: Jupyter) -> None:
    virtual.do("%put a=1 b=2")
    virtual.fail("%put a=3 b=object")
    assert virtual.do("%get a b\n%python print(a)").stdout.startswith("a: int")
    virtual.do("%%python\na = 'host'")
    virtual.fail("%get a len")
    assert virtual.do("%%python\nprint(a)").stdout == "host\n"


def test_numbers_of_numpy_go_as_lists(virtual: Jupyter) -> None:
    virtual.do(
        "%%python\nclass Numbers:\n    def tolist(self): return [1, 2]\nNumbers.__module__ = 'numpy'\nv = Numbers()"
    )
    assert virtual.do("%put v\nv").value == "[1, 2]"


def test_names_are_completed(jupyter: Jupyter) -> None:
    jupyter.do("my_samples = 1")
    jupyter.do("%%python\nmy_table = 2")
    assert "%get my_samples" in jupyter.complete("%get my_")
    assert jupyter.complete("%put my_t") == ["%put my_table"]
    assert "%get len" not in jupyter.complete("%get l")


def test_metakernels_own_variables_go_to_no_board(virtual: Jupyter) -> None:
    virtual.do("1 + 1")
    assert "_i" not in virtual.do("sorted(globals())").value


def test_without_a_board_they_say_how_to_get_one(plain: Jupyter) -> None:
    for cell in ("%get x", "%put x=1"):
        assert "%connect" in plain.fail(cell).value
