"""%writebytes and %readbytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from metakernel_micropython.magics.writebytes import unescape

from metakernel_micropython.magic import MagicError

if TYPE_CHECKING:
    from ..boards import Microbit
    from ..conftest import Start
    from ..front_end import Jupyter


def read(kernel: Jupyter, end: str) -> str:
    """Read bytes until the answer is there, as a person would on a slow machine."""
    text = ""
    for _ in range(20):
        text += kernel.do("%readbytes").stdout
        if text.endswith(end):
            return text
    raise AssertionError(text)


@pytest.mark.parametrize(
    ("text", "data"),
    [
        (r"\r\n\t\a\b\f\v", b"\r\n\t\a\b\f\v"),
        (r"\x00\xff\x7F\x0a", b"\x00\xff\x7f\n"),
        (r"\0\7\12\377\0018", b"\0\x07\n\xff\x018"),
        (r"\\x41\'\"", b"\\x41'\""),
        (r"\d\u20ac", rb"\d\u20ac"),
        ("€é\\xe9", b"\xe2\x82\xac\xc3\xa9\xe9"),
        ("", b""),
    ],
)
def test_escapes_are_those_of_bytes_in_python(text: str, data: bytes) -> None:
    assert unescape(text) == data


@pytest.mark.parametrize(
    ("text", "at"), [(r"ab\x1", 2), (r"é\xg0", 1), (r"a\400", 1), ("ab\\", 2), (r"\\\x", 2), (r"\x4\x41", 0)]
)
def test_a_wrong_escape_is_shown_where_it_stands(text: str, at: int) -> None:
    with pytest.raises(MagicError) as caught:
        unescape(text)
    *_, shown, mark = str(caught.value).split("\n")
    assert (shown, mark) == (text, " " * at + "^")


@pytest.mark.parametrize(
    ("arguments", "data"),
    [
        (r"-b \x07abc", b"\x07abc"),
        (r'-b "\x07abc"', b"\x07abc"),
        (r"b'\x0a'", b"\n"),
        (r'b"\x0a"', b"\n"),
        (r"'\x0a' -v", b"\n"),
        (r"-v -b ' a '", b" a "),
        (r"--binary --verbose it's", b"it's"),
        (r"-bv print('a b')", b"print('a b')"),
        (r"'' -v", b""),
        (r"-- -v", b"-v"),
        (r"'-v'", b"-v"),
        (r"x=-1", b"x=-1"),
        (r"\xff€", b"\xff\xe2\x82\xac"),
    ],
)
def test_what_is_typed_is_what_is_written(virtual: Jupyter, arguments: str, data: bytes) -> None:
    virtual.do("%writebytes \\x02")
    assert read(virtual, ">>> ")
    virtual.do(f'%writebytes "import sys; print(list(sys.stdin.buffer.read({len(data) + 1})))\\r"')
    assert read(virtual, "\n").count("\n") == 1  # the board waits for the bytes
    virtual.do(f"%writebytes {arguments}")
    virtual.do("%writebytes '\\xfe'")
    assert read(virtual, ">>> ") == f"{[*data, 0xFE]}\n>>> "


def test_verbose_says_how_many_bytes_went_where(virtual: Jupyter) -> None:
    assert virtual.do(r"%writebytes -v \r\x02").stdout == "Wrote 2 bytes to virtual.\n"
    assert virtual.do(r"%writebytes \x02 --verbose").stdout == "Wrote 1 byte to virtual.\n"
    assert virtual.do(r"%writebytes \x02").stdout == ""


def test_the_next_cell_works_whatever_was_written(jupyter: Jupyter) -> None:
    jupyter.do("x = 5")
    for text in (r"\x02", r"\x05A\x01", "junk(", r"\x01", r"\x02while True: pass\r\n\r\n"):
        jupyter.do(f"%writebytes '{text}'")
        assert jupyter.do("x").value == "5"
    assert jupyter.do("%writebytes \\x02\nx + 1").value == "6"


def test_the_line_is_driven_from_one_cell(jupyter: Jupyter) -> None:
    jupyter.do("%writebytes print(6*7)\\x04")
    assert read(jupyter, ">") == "OK42\n\x04\x04>"
    reply = jupyter.do("%writebytes -b \\x01\n%comment it said\n%readbytes\nprint('and ran')")
    assert reply.stdout.startswith("it said\n")
    assert reply.stdout.endswith("and ran\n")


def test_readbytes_gets_what_other_cells_would_show_as_printed_between(virtual: Jupyter) -> None:
    virtual.do("%writebytes print('seen')\\x04")
    for _ in range(20):
        reply = virtual.do("# a comment\n%readbytes")
        assert reply.stderr == ""
        if "\x04>" in reply.stdout:
            break
    virtual.do("%writebytes print('later')\\x04")
    said = ""
    for _ in range(200):
        reply = virtual.do("%comment x")
        assert not reply.stderr or "[printed between cells]" in reply.stderr
        said += reply.stderr
        if "later" in said:
            return
    raise AssertionError(said)


def test_readbytes_without_anything_to_read(virtual: Jupyter) -> None:
    virtual.do("1")
    assert virtual.do("%readbytes -b").stdout == "b''\n"
    assert virtual.do("%readbytes").stdout == ""


def test_text_that_is_no_utf8_is_replaced_and_bytes_are_exact(virtual: Jupyter) -> None:
    program = "import sys; n = sys.stdout.buffer.write(bytes([255, 65, 13, 10]))"
    virtual.do(f'%writebytes "{program}\\x04"')
    assert read(virtual, ">") == "OK\ufffdA\n\x04\x04>"
    virtual.do(f'%writebytes "{program}\\x04"')
    data = b""
    for _ in range(20):
        data += eval(virtual.do("%readbytes -b").stdout)
        if data.endswith(b">"):
            break
    assert data == b"OK\xffA\r\n\x04\x04>"


def test_a_raw_line_is_driven_by_hand(start: Start, microbit: Microbit) -> None:
    kernel = start()
    kernel.do(f"%serialconnect --port {microbit.address} --raw")
    kernel.do(r"%writebytes \r\x03\x02")
    assert "MicroPython v1.9.2" in read(kernel, ">>> ")
    kernel.do(r'%writebytes "6*7\r\n"')
    assert read(kernel, ">>> ") == "6*7\n42\n>>> "
    kernel.do("%disconnect --raw")


@pytest.mark.parametrize(
    ("command", "hint"),
    [
        ("%writebytes", "required: string"),
        ("%writebytes -b", "required: string"),
        (r"%writebytes 'ab\x1'", "^"),
        ("%writebytes -z abc", "-z"),
        ("%readbytes -z", "-z"),
        ("%readbytes 5", "5"),
    ],
)
def test_wrong_use_fails_the_cell(virtual: Jupyter, command: str, hint: str) -> None:
    error = virtual.fail(command)
    assert error.name == "MagicError"
    assert hint in error.value


def test_without_a_board_the_cell_fails(plain: Jupyter) -> None:
    plain.run("%disconnect")
    for command in ("%writebytes x", "%readbytes"):
        assert plain.fail(command).name == "NotConnected"
