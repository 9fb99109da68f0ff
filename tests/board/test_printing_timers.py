"""What something else prints in the middle of our programs is told apart, and shown as printed between.

The virtual board has no timers: a file system and a value that print while they are asked are as good.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.board.files.helper_programs import apart, parse_tuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metakernel_micropython.board import Board

TALKS = """
import vfs
DATA = {{}}
class File:
    def __init__(self, path, mode):
        print({said!r}, end={end!r})
        self.path, self.at = path, 0
        if 'w' in mode: DATA[path] = b''
    def read(self, size=-1):
        print({said!r}, end={end!r})
        data = DATA[self.path][self.at:][:size if size >= 0 else None]
        self.at += len(data)
        return data
    def write(self, data):
        print({said!r}, end={end!r})
        DATA[self.path] += bytes(data)
        return len(data)
    def seek(self, at, whence=0): self.at = at
    def tell(self): return len(DATA[self.path])
    def close(self): pass
class Talks:
    def mount(self, *_): pass
    def umount(self): pass
    def stat(self, path):
        print({said!r}, end={end!r})
        if path in ('', '/'): return (0x4000,) + (0,) * 9
        if path not in DATA: raise OSError(2)
        return (0x8000, 0, 0, 0, 0, 0, len(DATA[path]), 0, 0, 0)
    def statvfs(self, path): return (512, 512, 1000, 1000, 1000, 0, 0, 0, 0, 255)
    def ilistdir(self, path):
        print({said!r}, end={end!r})
        return iter([(name[1:], 0x8000, 0, len(DATA[name])) for name in DATA])
    def open(self, path, mode): return File(path, mode)
    def rename(self, old, new):
        print({said!r}, end={end!r})
        DATA[new] = DATA.pop(old)
    def remove(self, path): del DATA[path]
vfs.mount(Talks(), '/talks')
"""

CONTENT = bytes(range(256)) * 4 + b"tick"


@pytest.fixture
def talking(virtual_board: Board, request: pytest.FixtureRequest) -> Iterator[Board]:
    said, end = request.param
    virtual_board.execute(TALKS.format(said=said, end=end))
    virtual_board.files.stat("/")
    yield virtual_board


@pytest.mark.parametrize("talking", [("tock 7", "\n"), ("tick", "\n"), ("a=1 (x)", "\n")], indirect=True)
@pytest.mark.parametrize("way", ["binary", "base64", "literals"])
def test_files_cross_while_something_prints_all_the_time(talking: Board, way: str) -> None:
    found = talking.capabilities.files
    assert found is not None
    if way != "binary":
        talking.capabilities.files = replace(found, binary=False, base64=found.base64 if way == "base64" else "")
    files = talking.files
    files.write("/talks/a.bin", CONTENT)
    talking.take_unsolicited()
    assert [(entry.path, entry.size) for entry in files.list("/talks")] == [("/talks/a.bin", len(CONTENT))]
    assert talking.take_unsolicited().text
    assert files.read("/talks/a.bin") == CONTENT
    assert talking.take_unsolicited().text
    files.write("/talks/a.bin", b"+", append=True)
    assert files.compare("/talks", {"a.bin": CONTENT + b"+", "b": b""}).missing == {"b"}
    assert files.remove("/talks/a.bin") == 1


@pytest.mark.parametrize("talking", [("tock 7", "")], indirect=True)
def test_a_line_that_something_else_has_begun_is_read_as_well(talking: Board) -> None:
    assert talking.files.stat("/talks/a") is None
    talking.capabilities.files = replace(talking.capabilities.files, binary=False)  # type: ignore[type-var]
    assert talking.files.stat("/talks/a") is None


@pytest.mark.parametrize("talking", [("tock 7", ""), ("x=(1, 2) ", ""), ("('", "")], indirect=True)
def test_a_listing_in_a_line_that_something_else_has_begun_misses_no_file(talking: Board) -> None:
    talking.execute("DATA['/a b.txt'] = b'123'")
    assert [(entry.path, entry.size) for entry in talking.files.list("/talks")] == [("/talks/a b.txt", 3)]


@pytest.mark.parametrize(
    ("text", "ours", "others"),
    [
        ("tock 7('a.py', False, 3)\n", "('a.py', False, 3)\n", "tock 7"),
        ("('a', 1)\nx (1)\n", "('a', 1)\n", "x (1)\n"),
        ("tock ('half\n('a', 1)\n", "('a', 1)\n", "tock ('half\n"),
        ("no answer\n", "", "no answer\n"),
        ("", "", ""),
    ],
)
def test_what_is_ours_is_told_apart(text: str, ours: str, others: str) -> None:
    assert apart(text) == (ours, others)


def test_values_cross_while_something_prints(virtual_board: Board) -> None:
    virtual_board.execute(
        "class D(dict):\n def items(self):\n  print('tock 7')\n  return super().items()\n"
        "d = D()\nd['a'] = [1, 'tock 7', 2.5]\n"
    )
    assert virtual_board.values.get("d") == {"a": [1, "tock 7", 2.5]}
    assert virtual_board.take_unsolicited().text == "tock 7\n"


@pytest.mark.parametrize(
    "line", ["('a.py', False, 3", "a.py', False, 3)", "('a', Fal", "('a', False, 1)('b', True, 0)"]
)
def test_a_line_of_a_listing_that_was_damaged_is_not_taken_for_somebody_elses(line: str) -> None:
    assert apart(f"{line}\ntock 7\n") == (f"{line}\n", "tock 7\n")


def test_the_first_tuple_of_the_shape_is_the_answer() -> None:
    assert parse_tuple("t (1) (2, 3, 4, 5)\n", (int, int, int, int)) == (2, 3, 4, 5)


def test_what_is_printed_right_behind_an_answer_does_not_spoil_it() -> None:
    assert parse_tuple("(250032, 'wasi')tick (9)\n", (int, str)) == (250032, "wasi")
    assert parse_tuple("tick(250032, 'wasi')tick 9\n", (int, str)) == (250032, "wasi")
