"""Which files of a folder go to a board: the same for everything that sends folders."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.board.files.folder_sync import collect
from metakernel_micropython.board.files.folders import Tally, fetch_folder, send_folder
from metakernel_micropython.board.files.host_tree import walk
from metakernel_micropython.errors import HostFileProblem, NoSpace

from ...boards import needs

if TYPE_CHECKING:
    from pathlib import Path

    from metakernel_micropython.board import Board


def nothing(_path: str, *, folder: bool) -> bool:
    return folder and False


@pytest.fixture
def linked(tmp_path: Path) -> Path:
    """A folder with links: to a file and a folder of its own, out of it, to nowhere, and in circles."""
    (tmp_path / "secret").write_bytes(b"root:x")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "b.py").write_bytes(b"2")
    project = tmp_path / "project"
    (project / "lib").mkdir(parents=True)
    (project / "lib" / "a.py").write_bytes(b"1")
    try:
        (project / "config.txt").symlink_to(tmp_path / "secret")
        (project / "more").symlink_to(tmp_path / "elsewhere")
        (project / "lib" / "up.txt").symlink_to("../../secret")
        (project / "copy.py").symlink_to("lib/a.py")
        (project / "library").symlink_to("lib")
        (project / "around").symlink_to(project)
        (project / "gone").symlink_to("nowhere")
        (project / "this").symlink_to("that")
        (project / "that").symlink_to("this")
    except OSError:
        needs(os.name == "nt", "symbolic links")
        pytest.skip("this account makes no symbolic links")
    return project


INSIDE = {"copy.py": b"1", "lib/a.py": b"1", "library/a.py": b"1"}
OUTSIDE = {"config.txt": b"root:x", "lib/up.txt": b"root:x", "library/up.txt": b"root:x", "more/b.py": b"2"}


def test_links_that_lead_out_of_the_folder_are_skipped_and_told(linked: Path) -> None:
    tree = walk(linked, nothing)
    assert {file.name: file.path.read_bytes() for file in tree.files} == INSIDE
    told = dict(tree.skipped)
    for name in ("config.txt", "lib/up.txt", "more"):
        assert "leads out of the folder" in told[name]
        assert "--follow-links" in told[name]
    assert told["around"] == "it is a link to a folder around it"
    assert {"gone", "this", "that"} <= set(told)


def test_links_that_lead_out_of_the_folder_are_followed_when_wanted(linked: Path) -> None:
    tree = walk(linked, nothing, follow_links=True)
    assert {file.name: file.path.read_bytes() for file in tree.files} == INSIDE | OUTSIDE
    assert {"around", "gone"} <= {name for name, _ in tree.skipped}


def test_uploading_and_syncing_walk_alike(virtual_board: Board, linked: Path) -> None:
    tally = send_folder(virtual_board.files, linked, "sent")
    sent = {e.path.removeprefix("sent/") for e in virtual_board.files.list("sent", recurse=True) if not e.folder}
    source = collect(linked)
    assert sent == set(source.files) == set(INSIDE)
    assert tally.skipped == source.skipped
    send_folder(virtual_board.files, linked, "sent", follow_links=True)
    assert virtual_board.files.read("sent/config.txt") == b"root:x"
    assert set(collect(linked, follow_links=True).files) == set(INSIDE | OUTSIDE)


def test_a_link_on_this_computer_is_written_through_only_when_wanted(virtual_board: Board, linked: Path) -> None:
    virtual_board.files.write("there/more/c.py", b"3", parents=True)
    tally = fetch_folder(virtual_board.files, "there", linked)
    assert [name for name, reason in tally.failed if "--follow-links" in reason] == ["there/more", "there/more/c.py"]
    assert not (linked / "more" / "c.py").exists()
    fetch_folder(virtual_board.files, "there", linked, follow_links=True)
    assert (linked / "more" / "c.py").read_bytes() == b"3"


@pytest.mark.parametrize("way", ["send", "collect", "fetch"])
def test_names_that_other_computers_do_not_have_are_told_on_every_host(
    virtual_board: Board, tmp_path: Path, way: str
) -> None:
    names = ["aux.py", "a:b", "Led.py", "led.py", "end.", "fine.py"]
    here = tmp_path / "here"
    here.mkdir()
    if way == "fetch":
        for name in names:
            virtual_board.files.write(f"there/{name}", b"x", parents=True)
        remarks = fetch_folder(virtual_board.files, "there", here).remarks
    else:
        needs(os.name != "nt", "names that Windows does not have")
        for name in names:
            (here / name).write_bytes(b"x")
        made = send_folder(virtual_board.files, here, "there") if way == "send" else collect(here)
        remarks = made.remarks
    told = dict(remarks)
    assert set(told) == {"aux.py", "a:b", "led.py", "end."}
    assert "device" in told["aux.py"]
    assert "the same name as Led.py" in told["led.py"]


def test_a_name_too_long_for_this_computer_is_told_and_the_rest_is_fetched(
    virtual_board: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    virtual_board.files.write("there/a.py", b"1", parents=True)
    virtual_board.files.write("there/z.py", b"2")
    files = virtual_board.files
    listing = files.list
    long = [files.stat("there/a.py")]

    def longer(folder: str = "", *, recurse: bool = False) -> list:
        found = listing(folder, recurse=recurse)
        return [found[0], type(long[0])("there/" + "ü" * 200, 1, False), *found[1:]]

    monkeypatch.setattr(files, "list", longer)
    tally = fetch_folder(files, "there", tmp_path)
    assert (tally.files, len(tally.failed)) == (2, 1)
    assert "longer than the 255 bytes" in tally.failed[0][1]
    assert (tmp_path / "z.py").read_bytes() == b"2"


def test_a_path_that_this_computer_refuses_is_told_and_the_rest_is_fetched(
    virtual_board: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    virtual_board.files.write("there/a.py", b"1", parents=True)
    virtual_board.files.write("there/z.py", b"2")

    def place(path: str, *_: object, **__: object) -> Path:
        if path.endswith("a.py"):
            raise OSError(36, "File name too long")
        return tmp_path / "z.py"

    monkeypatch.setattr("metakernel_micropython.board.files.folders._place", place)
    tally = fetch_folder(virtual_board.files, "there", tmp_path)
    assert [name for name, _ in tally.failed] == ["there/a.py"]
    assert (tmp_path / "z.py").read_bytes() == b"2"


def sparse(path: Path, size: int) -> None:
    with path.open("wb") as file:
        file.truncate(size)


def test_the_boards_room_is_asked_before_a_large_file_is_read(
    virtual_board: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sparse(tmp_path / "huge.bin", 60 << 30)
    monkeypatch.setattr(type(virtual_board.files), "_look", lambda *_: (None, None))
    tally = Tally()
    with pytest.raises(NoSpace, match="64424509440 bytes"):
        send_folder(virtual_board.files, tmp_path, tally=tally)
    with pytest.raises(NoSpace, match="room for 1000 in all"):
        collect(tmp_path, room=lambda: 1000)


def test_a_file_too_large_to_be_read_at_once_is_refused(tmp_path: Path) -> None:
    sparse(tmp_path / "huge.bin", 60 << 30)
    with pytest.raises(HostFileProblem, match="64424509440 bytes"):
        collect(tmp_path, room=lambda: 1 << 50)
