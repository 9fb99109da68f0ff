"""%display: pictures, tables and JSON that a board gives to be shown."""

from __future__ import annotations

import base64
import binascii
import itertools
import zlib
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metakernel_micropython.board.display_filter import MAX_CONTENT, Display, DisplayFilter, InvalidDisplay, literal
from metakernel_micropython.display import pictures
from metakernel_micropython.display.mime import bundle

if TYPE_CHECKING:
    from ..front_end import Jupyter, Reply


def shown(reply: Reply) -> list[dict[str, Any]]:
    return [content["data"] for content in reply.of("display_data")]


def pixels(png: bytes) -> tuple[int, int, list[bytes]]:
    """Width, height and rows of a PNG that this project wrote."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    at, data, size, channels = 8, b"", (0, 0), 1
    while at < len(png):
        length, kind = int.from_bytes(png[at : at + 4], "big"), png[at + 4 : at + 8]
        body = png[at + 8 : at + 8 + length]
        assert int.from_bytes(png[at + 8 + length : at + 12 + length], "big") == zlib.crc32(kind + body)
        if kind == b"IHDR":
            size = int.from_bytes(body[:4], "big"), int.from_bytes(body[4:8], "big")
            channels = 3 if body[9] == 2 else 1
        elif kind == b"IDAT":
            data += body
        at += 12 + length
    raw = zlib.decompress(data)
    stride = size[0] * channels + 1
    return *size, [raw[row * stride + 1 : (row + 1) * stride] for row in range(size[1])]


@pytest.fixture
def showing(virtual: Jupyter) -> Jupyter:
    virtual.do("%display on --forbid-html")
    return virtual


@pytest.mark.parametrize(
    ("name", "most"),
    [("MONO_VLSB", 1), ("MONO_HLSB", 1), ("MONO_HMSB", 1), ("GS2_HMSB", 3), ("GS4_HMSB", 15), ("GS8", 255)],
)
def test_a_picture_has_the_pixels_that_framebuf_gives(showing: Jupyter, name: str, most: int) -> None:
    width, height = 37, 19
    reply = showing.do(
        f"import framebuf, random\nbuffer = bytearray(2000)\nf = framebuf.{name}\n"
        f"fb = framebuf.FrameBuffer(buffer, {width}, {height}, f)\n"
        f"for y in range({height}):\n for x in range({width}): fb.pixel(x, y, random.getrandbits(8) & {most})\n"
        f"display(buffer, {width}, {height}, f)\n[[fb.pixel(x, y) for x in range({width})] for y in range({height})]"
    )
    expected = literal(str(reply.value))
    times = 6  # to about 256 dots
    wide, high, rows = pixels(base64.b64decode(shown(reply)[0]["image/png"]))
    assert (wide, high) == (width * times, height * times)
    assert [[level * most // 255 for level in row[::times]] for row in rows[::times]] == expected


def test_colours_and_guessed_formats(showing: Jupyter) -> None:
    reply = showing.do(
        "import framebuf\nbuffer = bytearray(300 * 4 * 2)\nfb = framebuf.FrameBuffer(buffer, 300, 4, framebuf.RGB565)\n"
        "fb.pixel(0, 0, 0xf800)\nfb.pixel(1, 0, 0x07e0)\nfb.pixel(2, 0, 0x001f)\ndisplay(fb, 300, 4)\n"
        "class Oled:\n width, height, buffer = 128, 64, bytes([1]) * 1024\ndisplay(Oled())\n"
        "display(buffer, 300, 4, 'GS8')"
    )
    colour, oled, gray = (pixels(base64.b64decode(one["image/png"])) for one in shown(reply))
    assert colour[:2] == (300, 4)
    assert colour[2][0][:12] == b"\xff\0\0" + b"\0\xff\0" + b"\0\0\xff" + b"\0\0\0"
    assert oled[:2] == (256, 128)
    assert [row[0] for row in oled[2][:18]] == [255] * 2 + [0] * 14 + [255] * 2
    assert gray[:2] == (300, 4)


def test_tables_json_and_text(showing: Jupyter) -> None:
    reply = showing.do(
        "print('before')\ndisplay([{'a': 1, '<b>': '<i>'}, {'a': None}])\nprint('between')\n"
        "display([(1, 2.5)], ['x', 'y'])\ndisplay({'a': [1, float('inf')]})\ndisplay('two\\nlines\\x1b[2J')\n"
        "display(print)\n6*7"
    )
    assert reply.stdout == "before\nbetween\n"
    assert reply.value == "42"
    table, headed, data, plain, function = shown(reply)
    assert "<th>&lt;b&gt;</th>" in table["text/html"]
    assert "<td>&lt;i&gt;</td>" in table["text/html"]
    assert "<i>" in table["text/plain"]
    assert headed["text/plain"].split() == ["x", "y", "─", "───", "1", "2.5"]
    assert data["application/json"] == {"a": [1, "inf"]}
    assert plain == {"text/plain": "two\nlines\\x1b[2J"}
    assert function == {"text/plain": "<function>"}


def test_files_with_pictures_are_shown_and_other_bytes_are_not(showing: Jupyter) -> None:
    jpeg = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 20
    reply = showing.do(
        "with open('a.jpg', 'wb') as f: f.write(b'\\xff\\xd8\\xff\\xe0')\n"
        "with open('a.jpg', 'ab') as f:\n for _ in range(20): f.write(bytes(range(256)))\n"
        "with open('a.jpg', 'rb') as f: display(f)\ndisplay(b'abc')"
    )
    assert base64.b64decode(shown(reply)[0]["image/jpeg"]) == jpeg
    assert shown(reply)[1] == {"text/plain": "b'abc'"}


@pytest.mark.parametrize(
    ("kind", "mime"), [("html", "text/html"), ("svg", "image/svg+xml"), ("markdown", "text/markdown")]
)
def test_what_could_run_in_the_browser_is_text_until_it_is_allowed(showing: Jupyter, kind: str, mime: str) -> None:
    code = f"display('<b>x</b>', '{kind}')"
    (refused,) = shown(showing.do(code))
    assert list(refused) == ["text/plain"]
    assert "<b>x</b>" in refused["text/plain"]
    assert "--allow-html" in refused["text/plain"]
    (allowed,) = shown(showing.do(f"%display --allow-html\n{code}"))
    assert allowed[mime] == "<b>x</b>"
    assert list(shown(showing.do(f"%display --forbid-html\n{code}"))[0]) == ["text/plain"]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("display(b'abc', 100, 100, 5)", "2500 bytes, and 3 came"),
        ("display(b'abc', 100, 100)", "no picture of 100x100"),
        ("display(b'abc', 100, 100, 99)", "no format 99"),
        ("display(b'abc', 0, 100000, 0)", "1 to 4096"),
        ("display(b'abc', 'x')", "width, height and format"),
        ("display('x', 'exe')", "a text can be html"),
    ],
)
def test_what_cannot_be_shown_says_why(showing: Jupyter, code: str, told: str) -> None:
    reply = showing.do(code)
    assert told in reply.told
    assert not shown(reply)


def test_the_function_goes_and_stays_away(virtual: Jupyter) -> None:
    virtual.do("%display off")
    assert virtual.do("%display").stdout == "display() is off.\n"
    assert shown(virtual.do("%%display\ndisplay(5)"))
    assert virtual.fail("display(5)").name == "NameError"
    virtual.do("%display on")
    virtual.do("%reboot")
    assert shown(virtual.do("display(5)"))
    virtual.do("%display off")
    assert virtual.fail("display(5)").name == "NameError"
    assert shown(virtual.do("%%display\ndisplay(5)"))
    assert virtual.fail("%%display\n1/0").name == "ZeroDivisionError"
    assert virtual.fail("display(5)").name == "NameError"
    # What the user calls so is the user's.
    assert virtual.do("%%display\ndisplay = 5\ndisplay").value == "5"
    assert virtual.do("display").value == "5"


def test_a_cell_that_is_stopped_within_a_picture_tells_so(showing: Jupyter) -> None:
    code = "data = bytearray(20000)\nprint('go')\nwhile True: display(data, 100, 200, 6)"
    reply = showing.run(code, stop_at="go", timeout=30)
    assert reply.error.name == "KeyboardInterrupt"
    assert "\x1e" not in reply.stdout
    assert showing.do("print(1)").stdout == "1\n"


def test_small_boards_show_their_own_images(jupyter: Jupyter, board_address: str) -> None:
    if board_address == "virtual":
        pytest.skip("the micro:bit's")
    jupyter.do("%display on")
    try:
        (image,) = shown(jupyter.do("from microbit import *\nshow(Image.HEART)"))
        assert pixels(base64.b64decode(image["image/png"]))[:2] == (40, 40)
        (table,) = shown(jupyter.do("show([(1, 2)])"))
        assert "text/html" in table
        assert shown(jupyter.do("show(b'\\x89PNG\\r\\n\\x1a\\n' + bytes(100))"))[0]["image/png"]
        jupyter.do(f"%disconnect\n%connect {board_address}")
    finally:
        jupyter.do("%display off")
    # Nothing is left on the board, by the line's end already.
    assert jupyter.fail("show(1)").name == "NameError"


# -- without a kernel --------------------------------------------------------------------------------------------

STREAM = "a\x1e!mk[[128, 64]\x1e!mk=AAEC\nAwQ=\n\x1e!mk]b\x1e!mk[[]\x1e!mk=[{'a': nan}]\x1e!mk]c\x1e!x"


def found(pieces: list[str]) -> tuple[str, list[Display | InvalidDisplay]]:
    filter_ = DisplayFilter()
    pieces_found = [one for piece in pieces for one in filter_.feed(piece)] + filter_.flush()
    text = "".join(one for one in pieces_found if isinstance(one, str))
    return text, [one for one in pieces_found if not isinstance(one, str)]


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_things_to_show_are_found_however_the_output_is_split(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]
    text, things = found([STREAM[start:end] for start, end in itertools.pairwise(edges)])
    assert text == "abc\x1e!x"
    picture, value = things
    assert picture == Display([128, 64], data=bytes(range(5)))
    assert isinstance(value, Display)
    assert value.text == "{'a': nan}"


@given(st.text(alphabet="\x1e!mk[]=a1'\n"))
def test_no_output_breaks_it(text: str) -> None:
    assert found([text]) == found(list(text))
    if "\x1e!mk[" not in text:
        assert found([text]) == (text, [])


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        ("\x1e!mk[[]\x1e!mk=AAE", "ended before"),
        ("\x1e!mk[[]\x1e!mk=A*E=\n\x1e!mk]", "something else printed"),
        ("\x1e!mk[[]\x1e!mk]", "no beginning"),
        ("\x1e!mk[{1: 2}\x1e!mk=[1]\x1e!mk]", "no beginning"),
        ("\x1e!mk[[__import__('os')]\x1e!mk=AAEC\x1e!mk]", "no plain data"),
        ("\x1e!mk[[]\x1e!mk=" + "A" * (MAX_CONTENT + 1) + "\x1e!mk]", "longer than"),
        ("\x1e!mk[" + "[" * 3000 + "\x1e!mk=AAEC\x1e!mk]", "no plain data"),
    ],
)
def test_what_is_spoiled_says_so(stream: str, reason: str) -> None:
    text, (thing,) = found([stream])
    assert text == ""
    assert isinstance(thing, InvalidDisplay)
    assert reason in thing.reason


@pytest.mark.parametrize("call", ["'hello', [1]", "bytes(64), 8, 8, [1]", "bytes(64), 8, 8, {}", "{chr(0xd800): 1}"])
def test_what_cannot_be_shown_is_told_and_the_program_goes_on(showing: Jupyter, call: str) -> None:
    reply = showing.do(f"display({call})\nprint('on')")
    assert reply.stdout == "on\n"
    assert "gave something that is not shown" in reply.told
    assert showing.do("6 * 7").value == "42"


def test_html_is_allowed_or_forbidden(virtual: Jupyter) -> None:
    assert "contradict" in virtual.fail("%display --allow-html --forbid-html").value


def test_what_a_board_says_is_never_evaluated() -> None:
    _, (thing,) = found(["\x1e!mk[[]\x1e!mk=[__import__('os').getcwd()]\x1e!mk]"])
    assert isinstance(thing, Display)
    assert bundle(thing, allow=False) == {"text/plain": "__import__('os').getcwd()"}
    for text in ("f'{1}'", "1 .real", "(lambda: 1)()", "OrderedDict(a=1)", "[x for x in 'a']"):
        with pytest.raises(ValueError, match="no plain data"):
            literal(text)


def test_a_long_table_is_cut() -> None:
    data = bundle(Display([], value=[[number] for number in range(5000)]), allow=False)
    assert "... 4000 more rows" in data["text/plain"]
    assert data["text/html"].count("<tr>") == 1000
    assert binascii.crc32(pictures.from_levels([9], 1, 1, 9))
