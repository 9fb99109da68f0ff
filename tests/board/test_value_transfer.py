"""Values between a board and the host: exact, as data, or refused."""

from __future__ import annotations

import array
import math
import struct
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metakernel_micropython.board import value_reader
from metakernel_micropython.board.value_reader import Reader, ValueProblem
from metakernel_micropython.errors import DeviceError

if TYPE_CHECKING:
    from metakernel_micropython.board import Board

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=-(2**300), max_value=2**300)
    | st.floats()
    | st.complex_numbers()
    | TEXTS
    | st.binary(max_size=40)
)
KEYS = st.integers() | TEXTS | st.binary(max_size=10) | st.tuples(st.integers(), TEXTS)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=4)
        | st.sets(KEYS, max_size=4)
        | st.frozensets(KEYS, max_size=4)
        | st.binary(max_size=10).map(bytearray)
        | st.lists(st.integers(-(2**15), 2**15 - 1), max_size=6).map(lambda items: array.array("h", items))
        | st.lists(st.floats(), max_size=6).map(lambda items: array.array("d", items))
    ),
    max_leaves=12,
)


def exactly(value: Any) -> Any:
    """The value with types and the bits of its floats, so that == compares all of it."""
    if isinstance(value, float):
        return "float", "nan" if math.isnan(value) else struct.pack("<d", value)
    if isinstance(value, complex):
        return "complex", exactly(value.real), exactly(value.imag)
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [exactly(item) for item in value]
    if isinstance(value, array.array):
        return "array", value.typecode, [exactly(item) for item in value]
    if isinstance(value, dict):
        return "dict", sorted((repr(exactly(key)), exactly(item)) for key, item in value.items())
    if isinstance(value, (set, frozenset)):
        return type(value).__name__, sorted(repr(exactly(item)) for item in value)
    return type(value).__name__, value


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=VALUES)
def test_whatever_goes_there_and_back_is_the_same(virtual_board: Board, value: Any) -> None:
    virtual_board.values.put("crossed", value)
    assert exactly(virtual_board.values.get("crossed")) == exactly(value)


@pytest.mark.parametrize(
    "value",
    [
        list(range(10_000)),
        ("x\u20ac\U0001f600\0" * 5000),
        bytes(range(256)) * 200,
        bytearray(b"\0" * 30_000),
        {f"key {index}": [index, float(index) / 7] for index in range(800)},
        set(range(3000)),
        (b"a" * 9000, ["b" * 9000, {"c": (1.5, list(range(3000)))}], ()),
        array.array("d", [index / 3 for index in range(3000)]),
        array.array("H", range(5000)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_large_values_go_in_pieces(virtual_board: Board, value: Any) -> None:
    virtual_board.values.put("crossed", value)
    assert exactly(virtual_board.values.get("crossed")) == exactly(value)
    assert virtual_board.execute("print([name for name in globals() if '__mk' in name])") == "[]\n"


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, 0, -(2**70), 0.5, -0.0, math.inf, "", "a\0\x7f\u00e9\u20ac\U0001f600\"'\n\\", b"\0\3\4\xff'\""),
        [1, [2, (3,), {"a": [b"b"]}], set()],
        [0.5, 0.25],
        list(range(60)),
        "y" * 300,
        array.array("h", [1, -2]),
    ],
    ids=repr,
)
def test_values_cross_to_small_boards_as_well(board: Board, value: Any) -> None:
    board.values.put("crossed", value)
    assert exactly(board.values.get("crossed")) == exactly(value)


def test_single_precision_is_rounded_to(board: Board) -> None:
    board.values.put("crossed", math.pi)
    found = board.values.get("crossed")
    assert abs(found - math.pi) < 1e-5
    assert math.isnan(board.values.get("float('nan')"))


def test_names_of_named_tuples_and_the_order_of_dicts_do_not_cross(virtual_board: Board) -> None:
    virtual_board.execute("from collections import OrderedDict, namedtuple\np = namedtuple('P', ('x', 'y'))(1, 2)")
    assert virtual_board.values.get("p") == (1, 2)
    assert type(virtual_board.values.get("OrderedDict([(2, 3), (1, 4)])")) is dict


def test_what_an_expression_prints_is_shown_as_printed_between(virtual_board: Board) -> None:
    assert virtual_board.values.get("print(5) or 7") == 7
    assert virtual_board.take_unsolicited().text == "5\n"
    with pytest.raises(ValueProblem, match="something else prints"):
        virtual_board.values.get("print('N') or 7")


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("x", "x['a'][1] on the board is of type P"),
        ("deep", "more than 100 deep"),
        ("range(3)", "of type range"),
        ("len", "of type function"),
        ("1 +", "no expression"),
        ("1)\n(2", "no expression"),
    ],
)
def test_what_cannot_come_says_so(virtual_board: Board, expression: str, words: str) -> None:
    virtual_board.execute("class P: pass\nx = {'a': [1, P()]}\ndeep = []\ndeep.append(deep)")
    with pytest.raises(ValueProblem) as caught:
        virtual_board.values.get(expression)
    assert words in str(caught.value)
    assert virtual_board.values.get("1") == 1


def endless() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("x", [1, object()], "x[1] is of type object"),
        ("x", {"a": {1: len}}, "x['a'][1] is of type builtin_function_or_method"),
        ("x", "half \ud800", "half a character"),
        ("x", endless(), "in itself"),
        ("x", array.array("u", "text"), "type 'u'"),
        ("if", 1, "no name"),
        ("a.b", 1, "no name"),
        ("", 1, "no name"),
    ],
)
def test_what_cannot_go_says_so_and_changes_nothing(virtual_board: Board, name: str, value: Any, words: str) -> None:
    virtual_board.execute("x = 'old'")
    with pytest.raises(ValueProblem) as caught:
        virtual_board.values.put(name, value)
    assert words in str(caught.value)
    assert virtual_board.values.get("x") == "old"


def test_a_board_that_has_no_room_keeps_the_old_value(virtual_board: Board) -> None:
    virtual_board.execute("x = 'old'")
    with pytest.raises(DeviceError) as caught:
        virtual_board.values.put("x", b"z" * 400_000)
    assert caught.value.name == "MemoryError"
    assert virtual_board.values.get("x") == "old"
    assert virtual_board.execute("print([name for name in globals() if '__mk' in name])") == "[]\n"


def test_an_error_of_the_expression_is_the_boards(board: Board) -> None:
    with pytest.raises(DeviceError) as caught:
        board.values.get("1/0")
    assert caught.value.name == "ZeroDivisionError"


def test_memory_and_names_stay_as_they_were(board: Board) -> None:
    def free() -> int:
        found: int = board.values.get("(__import__('gc').collect(), __import__('gc').mem_free())[1]")
        return found

    board.values.put("x", [1, 2.5, "text"])
    names = board.execute("print(sorted(globals()))")
    for _ in range(2):
        board.values.put("x", [1, 2.5, "text"])
        before = free()
    for _ in range(4):
        board.values.put("x", [1, 2.5, "text"])
    assert before - free() < 300
    assert board.execute("print(sorted(globals()))") == names


def read(*lines: str) -> Any:
    reader = Reader("x")
    reader.feed("".join(line + "\n" for line in lines))
    return reader.value()


def test_the_split_of_what_arrives_makes_no_difference() -> None:
    reader = Reader("x")
    for character in "[2\n{1\n(2\ns['a']\ni-0x10\nfb'\\x00\\x00\\x00\\x00\\x00\\x00\\xe0?'\n.6\n":
        reader.feed(character)
    assert reader.value() == [{"a": -16}, 0.5]


@pytest.mark.parametrize(
    "lines",
    [
        ("i0x1",),
        (".0",),
        ("i0x1", ".2"),
        ("i0x1", "i0x2", ".2"),
        ("[2", "i0x1", ".2"),
        ("[1", "i0x1", ".2", "i0x1"),
        ("i1_000", ".1"),
        ("i__import__('os')", ".1"),
        ("s[__import__('os').getcwd()]", ".1"),
        ("s['a'+'b']", ".1"),
        ("s['a','b']", ".1"),
        ("s['a'", ".1"),
        ("s[f'{1}']", ".1"),
        ("y['text']", ".1"),
        ("fb'1234567'", ".1"),
        ("f'12345678'", ".1"),
        ("{1", "i0x1", ".2"),
        ("{1", "(2", "[0", "N", ".4"),
        ("<1", "[0", ".2"),
        ("[99999999", ".1"),
        ("[-1", ".1"),
        ("ab1", "s['x']", ".2"),
        ("ab1", "i0x100", ".2"),
        ("[1",) * 102 + (".102",),
        ("", ".1"),
        ("Nonsense", ".1"),
    ],
    ids=lambda lines: lines[0],
)
def test_a_reply_that_is_no_value_is_refused(lines: tuple[str, ...]) -> None:
    with pytest.raises((ValueProblem, value_reader.DisturbedValue)):
        read(*lines)


@given(
    st.text(st.characters(codec="ascii"), max_size=80)
    | st.from_regex(r"([\[({<>]\d\n|i0x1\n|N\n|s\['a'\]\n|\.\d\n){0,9}")
)
def test_no_reply_does_anything_but_give_a_value_or_be_refused(text: str) -> None:
    reader = Reader("x")
    try:
        reader.feed(text)
        reader.value()
    except (ValueProblem, value_reader.DisturbedValue):
        pass


def test_a_reply_without_end_is_stopped(virtual_board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(value_reader, "MAX_ITEMS", 1000)
    with pytest.raises(ValueProblem, match="too large"):
        virtual_board.values.get("[0] * 5000")
    monkeypatch.setattr(value_reader, "MAX_SIZE", 10_000)
    with pytest.raises(ValueProblem, match="too large"):
        virtual_board.values.get("'x' * 50_000")
    assert virtual_board.values.get("6 * 7") == 42
