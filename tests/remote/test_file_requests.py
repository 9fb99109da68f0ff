"""What the host answers to requests, also to ones that no board of ours would make."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metakernel_micropython.board.files.host_rules import POSIX, WINDOWS
from metakernel_micropython.host.mpy_compiler import CompileError
from metakernel_micropython.remote import shared_folder
from metakernel_micropython.remote.file_requests import FileRequests
from metakernel_micropython.remote.open_files import MOST_KNOWN, MOST_OPEN
from metakernel_micropython.remote.shared_folder import LARGEST_FILE, SharedFolder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from metakernel_micropython.board.files.host_rules import HostRules


@pytest.fixture
def files(tmp_path: Path) -> FileRequests:
    (tmp_path / "one.py").write_bytes(b"x = 1\n")
    return FileRequests(SharedFolder(tmp_path), write=True, ahead=64)


def names(files: FileRequests, folder: bytes = b"/") -> list[bytes]:
    """All names of a folder, page by page."""
    found: list[bytes] = []
    while True:
        error, body = files.answer("l", folder + b"\0" + (found[-1] if found else b""))
        assert error == 0
        found += [entry.split(b"\0")[0] for entry in body[2:].split(b"/") if entry]
        if body[:1] == b".":
            return found


def test_a_long_listing_comes_in_pages(files: FileRequests, tmp_path: Path) -> None:
    for number in range(50):
        (tmp_path / f"file {number:02}").touch()
    assert names(files) == [*(b"file %02d" % number for number in range(50)), b"one.py"]


@given(st.sampled_from("orwzclshvmdunx?"), st.binary(max_size=30))
def test_a_request_that_makes_no_sense_is_an_error(kind: str, body: bytes) -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as name:
        from pathlib import Path

        files = FileRequests(SharedFolder(Path(name)), write=False, ahead=64)
        error, answer = files.answer(kind, body)
        assert 0 <= error < 998
        assert len(answer) < 200
        files.close()


@pytest.mark.parametrize(("rules", "gone"), [(POSIX, 0), (WINDOWS, 2)])
def test_a_file_that_a_program_left_open_can_be_removed_and_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rules: HostRules, gone: int
) -> None:
    """Windows refuses that while it is open here, so that it is closed first there."""
    (tmp_path / "folder").mkdir()
    for name in ("a", "folder/b"):
        (tmp_path / name).write_bytes(b"x" * 100)
    files = FileRequests(SharedFolder(tmp_path, rules), write=True, ahead=64)
    handles = [files.answer("o", path)[1].split(b"\0")[0] for path in (b"/./a\0r", b"folder/../folder/b\0r")]
    open_then = []
    for call in ("unlink", "replace"):
        original = getattr(shared_folder.os, call)

        def watched(*arguments: object, original: Callable[..., None] = original, **options: object) -> None:
            open_then.append(sum(one.descriptor is not None for one in files._open._files.values()))
            original(*arguments, **options)

        monkeypatch.setattr(shared_folder.os, call, watched)
    assert files.answer("u", b"/a") == (0, b"")
    assert files.answer("n", b"/folder\0/moved") == (0, b"")
    assert open_then == ([1, 0] if rules.locks else [2, 2])
    assert [files.answer("r", handle + b"\0000\00010")[0] for handle in handles] == [gone, gone]
    files.close()


def test_a_board_cannot_keep_too_much_open_or_write_too_far(files: FileRequests) -> None:
    for _ in range(MOST_KNOWN + 5):
        assert files.answer("o", b"/one.py\0r+")[0] == 0
    is_open = [one for one in files._open._files.values() if one.descriptor is not None]
    assert (len(files._open._files), len(is_open)) == (MOST_KNOWN, MOST_OPEN)
    assert files.answer("r", b"1\0000\000100")[0] == 9  # EBADF
    error, body = files.answer("o", b"/new\0wb")
    handle = body.split(b"\0")[0]
    assert error == 0
    assert files.answer("w", handle + b"\0%d\0x" % LARGEST_FILE)[0] == 27  # EFBIG
    assert files.answer("w", handle + b"\0-5\0x")[0] == 22
    files.close()


def test_what_changed_is_told_once_and_only_where_the_content_did(files: FileRequests, tmp_path: Path) -> None:
    import os

    files.answer("o", b"/one.py\0rb")
    assert files.take_changed() == []
    os.utime(tmp_path / "one.py", (1, 1))
    files.answer("o", b"/one.py\0rb")  # that it is read again does not hide a change
    assert files.take_changed() == []
    (tmp_path / "one.py").write_bytes(b"x = 2\n")
    os.utime(tmp_path / "one.py", (2, 2))
    assert files.take_changed() == ["one.py"]
    assert files.take_changed() == []


def test_sources_are_shown_as_what_they_are_compiled_to(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_bytes(b"source")
    (tmp_path / "main.py").write_bytes(b"source")
    (tmp_path / "bad.py").write_bytes(b"bad")
    (tmp_path / "both.py").write_bytes(b"source")
    (tmp_path / "both.mpy").write_bytes(b"compiled before")

    def compile_(name: str, content: bytes) -> bytes:
        if content == b"bad":
            raise CompileError(f"{name} was not compiled")
        return b"compiled " + content + b"." * 100

    told: list[str] = []
    files = FileRequests(SharedFolder(tmp_path), write=False, ahead=64, compile=compile_, tell=told.append)
    assert names(files) == [b"bad.mpy", b"both.mpy", b"main.py", b"one.mpy"]
    assert files.answer("s", b"/one.py")[0] == 2
    assert files.answer("s", b"/one.mpy")[0] == 0
    error, body = files.answer("o", b"/one.mpy\0rb")
    handle, _, first = body.split(b"\0", 2)
    assert (error, first[:15]) == (0, b"compiled source")
    assert files.answer("r", handle + b"\0009\0006") == (0, b"source" + b"." * 58)
    assert files.answer("o", b"/both.mpy\0rb")[1] == b"\0000\0compiled before"
    assert files.answer("o", b"/bad.mpy\0rb")[0] == 8  # ENOEXEC
    assert told == ["bad.py was not compiled"]
    (tmp_path / "one.py").write_bytes(b"another")
    assert files.take_changed() == ["one.mpy"]
    files.close()
