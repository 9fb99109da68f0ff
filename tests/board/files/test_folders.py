"""Folders between this computer and a board, without Jupyter."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metakernel_micropython.board import Board
from metakernel_micropython.board.files import folders
from metakernel_micropython.board.files.filesystem import Entry, Files
from metakernel_micropython.board.files.folders import Tally, fetch_folder, send_folder
from metakernel_micropython.errors import FileProblem, HostFileProblem, NoSuchFile, TransferFailed

from ...boards import needs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def connected(virtual_address: str) -> Iterator[Board]:
    with Board.connect(virtual_address) as board:
        yield board


class Claims:
    """A stand-in for the files of a board that lists what no file system would."""

    flat = False

    def __init__(self, listing: list[str | Entry], contents: Callable[[str], bytes] = str.encode) -> None:
        self._listing = [Entry(e, 1, folder=False) if isinstance(e, str) else e for e in listing]
        self._contents = contents

    @contextmanager
    def together(self) -> Iterator[None]:
        yield

    def stat(self, path: str) -> Entry:
        return Entry(path, 0, folder=True)

    def list(self, folder: str = "", *, recurse: bool = False) -> list[Entry]:
        return self._listing

    def read(self, path: str, progress: object = None) -> bytes:
        return self._contents(path)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def fetch(listing: list[str | Entry], source: str, target: Path, **options: Callable[[str], bytes]) -> Tally:
    return fetch_folder(cast("Files", Claims(listing, **options)), source, target)


@pytest.mark.parametrize("names", [("Led.py", "led.py"), ("\u00e9.py", "e\u0301.py")])
def test_a_disk_that_takes_two_names_for_one_keeps_the_first_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: tuple[str, str]
) -> None:
    """As those of Windows and macOS do with capitals, and macOS' with two spellings of an accent."""
    monkeypatch.setattr(folders, "_same", lambda *_: True)
    tally = fetch(list(names), "", tmp_path / "to")
    assert tally.files == 1
    assert tally.failed == [(names[1], f"this computer takes it for the same name as {names[0]}")]


@pytest.mark.parametrize(
    "name",
    ["../out", "lib/../../out", "..", ".", "lib/.", "/etc/out", "//x/out", "a//b", "", "nul\0", "./a"],
)
@pytest.mark.parametrize("source", ["", "lib", "/lib"])
def test_a_name_that_leaves_the_folder_is_not_fetched_and_the_rest_is(tmp_path: Path, source: str, name: str) -> None:
    start = source and source + "/"
    tally = fetch([start + "before", start + name if source else name, start + "after"], source, tmp_path / "to")
    assert [where for where, _ in tally.failed] == [start + name if source else name]
    assert tally.files == 2
    assert sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()) == [
        "to/after",
        "to/before",
    ]


def test_a_path_outside_of_the_listed_folder_is_not_fetched(tmp_path: Path) -> None:
    tally = fetch(["/lib/a", "/secret", "/library/b"], "/lib", tmp_path)
    assert [path for path, _ in tally.failed] == ["/secret", "/library/b"]
    assert names(tmp_path) == ["a"]


def test_a_folder_that_leaves_the_folder_is_not_made(tmp_path: Path) -> None:
    tally = fetch([Entry("../made", 0, folder=True), "../made/file"], "", tmp_path / "to")
    assert len(tally.failed) == 2
    assert names(tmp_path) == ["to"]


def test_a_link_does_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "to").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "file").write_text("kept")
    try:
        (tmp_path / "to" / "lib").symlink_to(tmp_path / "outside")
        (tmp_path / "to" / "link").symlink_to(tmp_path / "file")
    except OSError:
        needs(os.name == "nt", "symbolic links")
        pytest.skip("this account makes no symbolic links")
    tally = fetch(["lib/a", "link", "b"], "", tmp_path / "to")
    assert [path for path, _ in tally.failed] == ["lib/a", "link"]
    assert (tmp_path / "file").read_text() == "kept"
    assert names(tmp_path / "outside") == []


def test_names_that_this_computer_takes_for_one_do_not_overwrite_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = fetch(["A.py", "a.py"], "", tmp_path / "real")
    assert both.files == len(names(tmp_path / "real")), "as many as this computer's disk tells apart"
    # A stand-in for the other kind of disk.
    monkeypatch.setattr(folders, "_same", lambda path, other: path.name.lower() == other.name.lower())
    tally = fetch(["A.py", "a.py", "b.py"], "", tmp_path / "pretended")
    assert tally.files == 2
    assert [(path, "A.py" in reason) for path, reason in tally.failed] == [("a.py", True)]


def test_a_file_that_cannot_be_read_does_not_keep_the_others(tmp_path: Path) -> None:
    def contents(path: str) -> bytes:
        if path == "bad":
            raise TransferFailed("bad arrived damaged")
        return b"fine"

    tally = fetch(["a", "bad", "z"], "", tmp_path, contents=contents)
    assert tally.failed == [("bad", "bad arrived damaged")]
    assert names(tmp_path) == ["a", "z"]


def test_a_file_in_the_place_of_a_folder_is_told(tmp_path: Path) -> None:
    tally = fetch(["a", "a/b", "c"], "", tmp_path)
    assert [path for path, _ in tally.failed] == ["a/b"]
    assert tally.files == 2


def test_what_stops_a_fetch_leaves_a_tally(tmp_path: Path) -> None:
    def contents(path: str) -> bytes:
        if path == "b":
            raise KeyboardInterrupt
        return b"fine"

    tally = Tally()
    with pytest.raises(KeyboardInterrupt):
        fetch_folder(cast("Files", Claims(["a", "b", "c"], contents)), "", tmp_path, tally=tally)
    assert (tally.files, tally.total, tally.size) == (1, 3, 4)
    assert names(tmp_path) == ["a"]


def test_progress_counts_the_whole_folder(connected: Board, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(b"x" * 1000)
    told: list[tuple[str, int, int]] = []
    send_folder(connected.files, tmp_path, "progress", progress=lambda *now: told.append(now))
    assert told[-1] == ("b", 2000, 2000)
    told.clear()
    fetch_folder(connected.files, "progress", tmp_path / "back", progress=lambda *now: told.append(now))
    assert told[-1] == ("progress/b", 2000, 2000)


def test_what_is_no_regular_file_is_skipped_and_named(connected: Board, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    try:
        (tmp_path / "gone").symlink_to("nowhere")
    except OSError:
        pytest.skip("this account makes no symbolic links")
    tally = send_folder(connected.files, tmp_path, "regular")
    assert tally.files == 1
    assert tally.skipped == [("gone", "it is no regular file")]


def test_a_folder_that_is_missing_on_either_side_is_told(connected: Board, tmp_path: Path) -> None:
    with pytest.raises(HostFileProblem, match="nowhere"):
        send_folder(connected.files, tmp_path / "nowhere")
    with pytest.raises(NoSuchFile, match="nowhere"):
        fetch_folder(connected.files, "nowhere", tmp_path / "target")
    assert not (tmp_path / "target").exists()


def test_a_file_of_the_board_is_no_folder(connected: Board, tmp_path: Path) -> None:
    connected.files.write("in-the-way", b"")
    (tmp_path / "a").touch()
    with pytest.raises(FileProblem, match="in-the-way"):
        send_folder(connected.files, tmp_path, "in-the-way")


def test_paths_from_the_root_on(connected: Board) -> None:
    for path in ("a/b", "./a/b", "/a//b/", "x/../a/b", "//a/b"):
        assert folders.absolute(connected, path) == "/a/b"


NAMES = st.text("aé日 _-.", min_size=1, max_size=8).filter(lambda name: name.strip(" .") == name)
CONTENTS = st.one_of(st.binary(max_size=2000), st.sampled_from([b"", b"\r\n", b"\n\r", b"no newline", b"\xe9\x00\x04"]))


@given(tree=st.dictionaries(st.lists(NAMES, min_size=1, max_size=3).map("/".join), CONTENTS, max_size=6))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_tree_comes_back_as_it_was(
    connected: Board, tmp_path_factory: pytest.TempPathFactory, tree: dict[str, bytes]
) -> None:
    here, back = tmp_path_factory.mktemp("here"), tmp_path_factory.mktemp("back")
    for name, data in tree.items():
        path = here / name
        if not any(above.is_file() for above in path.parents) and not path.is_dir():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    wanted = {p.relative_to(here).as_posix(): p.read_bytes() for p in here.rglob("*") if p.is_file()}
    send_folder(connected.files, here, "/any")
    tally = fetch_folder(connected.files, "/any", back)
    connected.files.remove("/any", recurse=True)
    assert tally.failed == []
    assert {p.relative_to(back).as_posix(): p.read_bytes() for p in back.rglob("*") if p.is_file()} == wanted
