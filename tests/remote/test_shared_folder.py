"""Nobody gets out of a shared folder, whatever the path is and whoever puts links into it meanwhile."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metakernel_micropython.board.files.host_rules import POSIX, WINDOWS
from metakernel_micropython.remote import shared_folder
from metakernel_micropython.remote.shared_folder import SharedFolder

posix = pytest.mark.skipif(os.name != "posix", reason="symbolic links and pipes are POSIX's")


@pytest.fixture
def shared(tmp_path: Path) -> SharedFolder:
    inside = tmp_path / "inside"
    (inside / "folder").mkdir(parents=True)
    (inside / "file").write_bytes(b"mine")
    (inside / "folder" / "deep").write_bytes(b"deep")
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "others").mkdir()
    (tmp_path / "others" / "file").write_bytes(b"secret")
    return SharedFolder(inside)


def content(shared: SharedFolder, path: str) -> bytes:
    with os.fdopen(shared.open(path, os.O_RDONLY), "rb") as file:
        return file.read()


def refused(call: object, *arguments: object) -> int:
    assert callable(call)
    with pytest.raises(OSError) as caught:
        call(*arguments)
    assert caught.value.errno is not None
    return caught.value.errno


@pytest.mark.parametrize(
    "path", ["../secret", "/../secret", "folder/../../secret", "folder/../../inside/../secret", ".."]
)
def test_going_up_ends_at_the_folder(shared: SharedFolder, path: str) -> None:
    for call in (shared.stat, shared.entries, shared.remove, shared.mkdir, shared.rmdir):
        assert refused(call, path) == errno.EACCES
    assert refused(shared.open, path, os.O_RDONLY) == errno.EACCES
    assert refused(shared.rename, "file", path) == errno.EACCES
    assert refused(shared.rename, path, "file") == errno.EACCES


def test_paths_within_the_folder_lead_where_they_say(shared: SharedFolder, tmp_path: Path) -> None:
    for path in ("file", "/file", "//file", "./file", "folder/../file", "/folder//./../file"):
        assert content(shared, path) == b"mine"
    assert refused(shared.open, str(tmp_path / "secret"), os.O_RDONLY) == errno.ENOENT  # absolute: from the folder down


@posix
def test_links_that_lead_outside_are_refused_and_not_listed(shared: SharedFolder, tmp_path: Path) -> None:
    (shared.root / "out").symlink_to(tmp_path / "secret")
    (shared.root / "outside").symlink_to(tmp_path)
    (shared.root / "up").symlink_to("..")
    (shared.root / "within").symlink_to("folder")
    (shared.root / "again").symlink_to("file")
    (shared.root / "circle").symlink_to("circle")
    os.mkfifo(shared.root / "pipe")
    for path in ("out", "outside/secret", "up/secret", "outside/others/file", "outside/new"):
        assert refused(shared.open, path, os.O_RDWR | os.O_CREAT) == errno.EACCES
        assert refused(shared.stat, path) == errno.EACCES
    assert refused(shared.mkdir, "outside/new") == errno.EACCES
    assert refused(shared.rename, "file", "up/file") == errno.EACCES
    assert refused(shared.open, "pipe", os.O_RDONLY) == errno.EACCES
    assert refused(shared.open, "circle", os.O_RDONLY)
    assert [entry.name for entry in shared.entries("")] == ["again", "file", "folder", "within"]
    assert (content(shared, "within/deep"), content(shared, "again")) == (b"deep", b"mine")
    shared.remove("out")  # the link, not what it leads to
    assert (tmp_path / "secret").read_bytes() == b"secret"


@posix
@pytest.mark.parametrize("path", ["folder/deep", "file"])
def test_a_link_that_takes_the_place_of_a_folder_after_the_look_leads_nowhere(
    shared: SharedFolder, tmp_path: Path, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shared_folder.SharedFolder._real

    def look(self: SharedFolder, path: str, **options: Any) -> list[str]:
        parts = real(self, path, **options)
        place = self.root / parts[0]
        place.rename(tmp_path / "moved")
        place.symlink_to(tmp_path / ("others" if len(parts) > 1 else "secret"))
        return [*parts[:-1], "file"] if len(parts) > 1 else parts

    monkeypatch.setattr(shared_folder.SharedFolder, "_real", look)
    assert refused(shared.open, path, os.O_RDONLY) in (errno.ELOOP, errno.ENOTDIR)


@posix
def test_what_is_opened_to_be_written_is_cut_only_when_it_is_a_file(shared: SharedFolder) -> None:
    assert refused(shared.open, "folder", os.O_WRONLY | os.O_TRUNC) == errno.EISDIR
    os.close(shared.open("file", os.O_WRONLY | os.O_TRUNC))
    assert content(shared, "file") == b""


@pytest.mark.parametrize(
    "name",
    ["con", "NUL.txt", "com1", "lpt9.py", "a:b", "c:", "back\\slash", "dot.", "blank ", 'quo"te', "new\nline", "a*"],
)
def test_names_that_windows_takes_for_something_else_are_refused_there(tmp_path: Path, name: str) -> None:
    shared = SharedFolder(tmp_path, WINDOWS)
    for path in (name, f"folder/{name}", f"{name}/file"):
        assert refused(shared.open, path, os.O_RDONLY) == errno.EINVAL
    SharedFolder(tmp_path, POSIX).parts(name)


def test_capitals_count_as_on_a_board_where_the_system_finds_names_whatever_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "sensor.py").write_bytes(b"x")
    shared = SharedFolder(tmp_path, WINDOWS)

    def as_windows(path: Path) -> str:  # which tells the names as they are on the disk
        found = shared.root
        for part in Path(path).relative_to(shared.root).parts:
            names = [one.name for one in found.iterdir()] if found.is_dir() else []
            found /= next((name for name in names if name.lower() == part.lower()), part)
        return str(found)

    monkeypatch.setattr(shared_folder.os.path, "realpath", as_windows)
    assert content(shared, "lib/sensor.py") == b"x"
    for path in ("lib/Sensor.py", "Lib/sensor.py"):
        for call in (shared.stat, shared.remove):
            assert refused(call, path) == errno.ENOENT
        assert refused(shared.open, path, os.O_RDONLY) == errno.ENOENT
        assert refused(shared.open, path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) == errno.EEXIST
    assert refused(shared.mkdir, "LIB") == errno.EEXIST
    shared.mkdir("other")
    assert refused(shared.rename, "other", "LIB") == errno.EEXIST
    shared.rename("lib/sensor.py", "lib/Sensor.py")
    assert [entry.name for entry in shared.entries("lib")] == ["Sensor.py"]
    assert content(shared, "lib/Sensor.py") == b"x"


def test_bad_paths_are_errors(shared: SharedFolder) -> None:
    assert refused(shared.stat, "a\0b") == errno.EINVAL
    assert refused(shared.stat, "x" * 2000) == errno.ENAMETOOLONG
    for call in (shared.remove, shared.rmdir, shared.mkdir):
        refused(call, "/")
    refused(shared.rename, "/", "new")
    assert refused(shared.open, "/", os.O_RDONLY) == errno.EISDIR


@given(st.text(alphabet="abc./\\\0\n:~", max_size=30))
def test_no_path_whatever_it_is_leads_out(text: str) -> None:
    here = Path(__file__).parent
    shared = SharedFolder(here)
    try:
        parts = shared._real(text)
    except OSError:
        return
    assert here.joinpath(*parts).resolve().is_relative_to(here.resolve())
