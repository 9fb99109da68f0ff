"""Images of ROMFS: the same as mpremote's, byte by byte."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metakernel_micropython.errors import HostFileProblem
from metakernel_micropython.firmware.romfs_image import MAX_DEPTH, ImageError, build, check, image_size

Tree = dict[str, "bytes | Tree"]


def grow(folder: Path, tree: Tree) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in tree.items():
        if isinstance(content, bytes):
            (folder / name).write_bytes(content)
        else:
            grow(folder / name, content)
    return folder


def of_mpremote(folder: Path) -> bytes:
    from mpremote.romfs import make_romfs

    with contextlib.redirect_stdout(io.StringIO()):
        return bytes(make_romfs(str(folder), mpy_cross=False))


TREES: dict[str, Tree] = {
    "nothing": {},
    "an empty file": {"empty.txt": b""},
    "an empty folder": {"folder": {}},
    "one byte": {"a": b"a"},
    "two bytes": {"a": b"ab"},
    "127 bytes": {"main.py": b"#" * 127},
    "128 bytes": {"main.py": b"#" * 128},
    "20,000 bytes": {"font.bin": bytes(range(256)) * 80, "main.py": b"import font\n"},
    "the order of names": {"b": b"1", "B": b"2", "_": b"3", "10": b"4", "9": b"5", "a.b": b"6", "a": {"c": b"7"}},
    "a package": {"lib": {"pkg": {"__init__.py": b"x = 1\n", "deep": {"er": {"m.py": b"y = 2\n"}}}}, "main.py": b""},
    "hidden files and compiled ones": {".hidden": b"1", "a.py": b"x", "a.mpy": b"M\x06\x00\x1f", "x$(y) 'q'": b"2"},
    "a long name": {"n" * 200: b"1"},
}


@pytest.mark.parametrize("tree", TREES.values(), ids=TREES)
def test_an_image_is_that_of_mpremote(tmp_path: Path, tree: Tree) -> None:
    folder = grow(tmp_path / "app", tree)
    image = build(folder)
    assert image.data == of_mpremote(folder)
    assert len(image.data) % 2 == 0
    assert image_size(image.data[:12]) == len(image.data)
    check(image.data, "it")


NAMES = st.text(st.sampled_from("abcXYZ019._- ~()"), min_size=1, max_size=20).filter(lambda name: name.strip("."))
GROWN = st.recursive(st.binary(max_size=300), lambda inner: st.dictionaries(NAMES, inner, max_size=5), max_leaves=25)


@pytest.mark.soak
@pytest.mark.skipif(sys.platform == "win32", reason="its names have rules of their own")
@settings(max_examples=1500)
@given(st.dictionaries(NAMES, GROWN, max_size=6))
def test_any_image_is_that_of_mpremote(tree: Tree) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = grow(Path(place, "app"), tree)
        assert build(folder).data == of_mpremote(folder)


def test_python_files_are_compiled_but_those_that_are_beside_their_mpy_file(tmp_path: Path) -> None:
    tree: Tree = {"a.py": b"a", "b.py": b"b", "b.mpy": b"made", "c.txt": b"c"}
    folder = grow(tmp_path / "app", tree)
    told: list[str] = []
    image = build(folder, compile_file=lambda path: b"compiled " + path.read_bytes(), told=told.append)
    same = grow(tmp_path / "same", {"a.mpy": b"compiled a", "b.py": b"b", "b.mpy": b"made", "c.txt": b"c"})
    assert image.data == build(same).data
    assert (image.files, image.compiled) == (4, 1)
    assert told == ["a.mpy", "b.mpy", "b.py", "c.txt"]


def test_names_in_other_scripts_are_kept(tmp_path: Path) -> None:
    try:
        folder = grow(tmp_path / "app", {"größe.txt": b"1"})
    except UnicodeEncodeError:
        pytest.skip("this computer's names have no such characters")
    assert "größe.txt".encode() in build(folder).data


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for name in ("file", "missing"):
        with pytest.raises(ImageError, match=f"no folder .*{name}"):
            build(tmp_path / name)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no links for everybody, nor pipes with names")
def test_links_in_a_circle_and_what_is_no_file_are_refused(tmp_path: Path) -> None:
    folder = grow(tmp_path / "app", {"inner": {"a": b"1"}})
    (folder / "inner" / "again").symlink_to(folder)
    with pytest.raises(ImageError, match="lies in itself"):
        build(folder)
    (folder / "inner" / "again").unlink()
    os.mkfifo(folder / "pipe")
    with pytest.raises(ImageError, match=r"pipe is neither a file nor a folder"):
        build(folder)
    (folder / "pipe").unlink()
    (folder / "nowhere").symlink_to(folder / "missing")
    with pytest.raises(HostFileProblem, match="nowhere"):
        build(folder)


def test_folders_without_an_end_are_refused(tmp_path: Path) -> None:
    deep = tmp_path / "app"
    (deep / "/".join(["d"] * (MAX_DEPTH - 1))).mkdir(parents=True)
    build(deep)
    (deep / "/".join(["d"] * MAX_DEPTH)).mkdir(parents=True)
    with pytest.raises(ImageError, match=f"more than {MAX_DEPTH} folders deep"):
        build(deep)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is no ROMFS image"),
        (b"<html>", "is no ROMFS image"),
        (b"\xd2\xcd\x31", "only the beginning"),
        (b"\xd2\xcd\x31\x85", "only the beginning"),
        (b"\xd2\xcd\x31\x05abcd", "only the beginning"),
        (b"\xd2\xcd\x31" + b"\xff" * 40, "only the beginning"),
    ],
)
def test_what_is_no_whole_image_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(ImageError, match=reason):
        check(data, "app.romfs")
