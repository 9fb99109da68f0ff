"""A folder on a board made like one here, without Jupyter."""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.board import Board
from metakernel_micropython.board.files.filesystem import UNFINISHED
from metakernel_micropython.board.files.folder_sync import (
    BY_HAND,
    Done,
    Excludes,
    Plan,
    Source,
    carry_out,
    collect,
    prepare,
)
from metakernel_micropython.board.files.host_rules import POSIX, WINDOWS
from metakernel_micropython.errors import (
    DeviceError,
    FileProblem,
    HostFileProblem,
    LineLost,
    NoSpace,
    TransferFailed,
)

from ...boards import Microbit, needs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from metakernel_micropython.board import Execution


@pytest.fixture(scope="module")
def connected(virtual_address: str) -> Iterator[Board]:
    with Board.connect(virtual_address) as board:
        yield board


@pytest.fixture
def target(connected: Board, request: pytest.FixtureRequest) -> Iterator[str]:
    """A folder on the board that is not there yet."""
    yield "/there"
    found = connected.files.stat("/there")
    if found is not None:
        connected.files.remove("/there", recurse=True)


class Counter:
    """Counts the executions on a board."""

    def __init__(self, board: Board, patch: pytest.MonkeyPatch) -> None:
        self.sources: list[str] = []
        start = board.start

        def counted(source: str) -> Execution:
            self.sources.append(source)
            return start(source)

        patch.setattr(board, "start", counted)


@pytest.fixture
def executions(connected: Board, monkeypatch: pytest.MonkeyPatch) -> Counter:
    return Counter(connected, monkeypatch)


def make(folder: Path, tree: dict[str, bytes]) -> Path:
    for name, data in tree.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def on_board(board: Board, folder: str) -> dict[str, bytes]:
    start = folder.rstrip("/") + "/"
    entries = board.files.list(folder, recurse=True)
    return {entry.path.removeprefix(start): board.files.read(entry.path) for entry in entries if not entry.folder}


def sync(board: Board, source: Source, target: str, *, delete: bool = False) -> Plan:
    plan = prepare(board.files, source, target, delete=delete)
    carry_out(board.files, plan)
    return plan


def thirty(folder: Path) -> Path:
    return make(folder, {f"package{i % 3}/module_{i}.py": b"x = %d\n" % i * 20 for i in range(30)})


@pytest.mark.parametrize("delete", [False, True])
def test_an_unchanged_folder_of_thirty_files_takes_one_execution(
    connected: Board, target: str, executions: Counter, tmp_path: Path, delete: bool
) -> None:
    source = collect(thirty(tmp_path))
    first = sync(connected, source, target)
    assert len(first.send) == 30
    executions.sources.clear()
    plan = sync(connected, source, target, delete=delete)
    assert len(executions.sources) == 1
    assert (plan.unchanged, plan.send, plan.delete, plan.folders) == (30, {}, [], [])


def test_only_what_changed_is_sent(connected: Board, target: str, tmp_path: Path) -> None:
    sync(connected, collect(thirty(tmp_path)), target)
    same_size = tmp_path / "package1" / "module_1.py"
    same_size.write_bytes(same_size.read_bytes().replace(b"1", b"7"))
    make(tmp_path, {"package0/module_0.py": b"shorter", "new/one.py": b"", "package2/second": b"2"})
    (tmp_path / "empty").mkdir()
    plan = sync(connected, collect(tmp_path), target)
    assert set(plan.send) == {"package1/module_1.py", "package0/module_0.py", "new/one.py", "package2/second"}
    assert plan.new == {"new/one.py", "package2/second"}
    assert plan.folders == ["empty", "new"]
    here = {p.relative_to(tmp_path).as_posix(): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert on_board(connected, target) == here
    found = connected.files.stat(f"{target}/empty")
    assert found is not None
    assert found.folder


def test_one_change_costs_one_execution_to_find(
    connected: Board, target: str, executions: Counter, tmp_path: Path
) -> None:
    sync(connected, collect(thirty(tmp_path)), target)
    make(tmp_path, {"package0/module_0.py": b"other"})
    executions.sources.clear()
    assert set(prepare(connected.files, collect(tmp_path), target).send) == {"package0/module_0.py"}
    assert len(executions.sources) == 1


def test_what_the_folder_does_not_have_stays_or_goes(connected: Board, target: str, tmp_path: Path) -> None:
    sync(connected, collect(thirty(tmp_path)), target)
    for name in ("old.py", "old/deep/a", "old/b", "package0/old.py"):
        connected.files.write(f"{target}/{name}", b"old", parents=True)
    connected.files.write("/outside.py", b"outside")
    assert sync(connected, collect(tmp_path), target).delete == []
    assert "old/deep/a" in on_board(connected, target)
    plan = sync(connected, collect(tmp_path), target, delete=True)
    assert plan.delete == ["package0/old.py", "old.py", "old/deep/a", "old/deep", "old/b", "old"]
    assert len(on_board(connected, target)) == 30
    assert connected.files.stat(f"{target}/old") is None
    assert connected.files.read("/outside.py") == b"outside"
    connected.files.remove("/outside.py")


def test_a_board_with_folders_and_without_hashes(
    virtual_board: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As CircuitPython on small boards; here it is pretended.
    able = dataclasses.replace(virtual_board.files._support, sha256="", base64="")
    monkeypatch.setattr(virtual_board.capabilities, "files", able)
    virtual_board.execute(MOUNT)
    if "card" not in virtual_board.execute("print(os.listdir('/'))"):
        virtual_board.files.mkdir("/card")
    make(tmp_path, {"a.py": b"1", "lib/b.py": b"22", "lib/c.py": b"333"})
    (tmp_path / "empty").mkdir()
    virtual_board.files.write("/old/x", b"", parents=True)
    virtual_board.files.write("/lib/c.py", b"444", parents=True)
    plan = sync(virtual_board, collect(tmp_path), "/", delete=True)
    assert (set(plan.send), plan.folders) == ({"a.py", "lib/b.py", "lib/c.py"}, ["empty"])
    assert plan.delete == ["old/x", "old"]
    assert plan.keep == [("card", "another file system begins there")]
    counter = Counter(virtual_board, monkeypatch)
    again = prepare(virtual_board.files, collect(tmp_path), "/", delete=True)
    assert (again.unchanged, again.send, again.folders, again.delete) == (3, {}, [], [])
    assert len(counter.sources) == 1


def test_the_current_folder_is_one_too(connected: Board, tmp_path: Path) -> None:
    connected.files.mkdir("/here")
    try:
        connected.execute("import os\nos.chdir('/here')")
        connected.files.write("/here/old", b"")
        plan = sync(connected, collect(thirty(tmp_path)), "", delete=True)
        assert plan.delete == ["old"]
        assert len(on_board(connected, "/here")) == 30
    finally:
        connected.execute("os.chdir('/')\ndel os")
        connected.files.remove("/here", recurse=True)


def test_excluded_names_are_neither_sent_nor_deleted(connected: Board, target: str, tmp_path: Path) -> None:
    tree = {"a.py": b"1", "data/a.csv": b"", "data/b.txt": b"", "tests/t.py": b"", "__pycache__/a.pyc": b"", "x~": b""}
    make(tmp_path, tree)
    kept = ["data/old.csv", "tests/deep/old", "more/tests/old", "__pycache__/old", ".git/config"]
    for name in [*kept, "more/old"]:
        connected.files.write(f"{target}/{name}", b"board's", parents=True)
    plan = sync(connected, collect(tmp_path, Excludes(["*.csv", "tests/"])), target, delete=True)
    assert set(plan.send) == {"a.py", "data/b.txt"}
    assert plan.delete == ["more/old"]
    assert set(on_board(connected, target)) == {"a.py", "data/b.txt", *kept}
    assert dict(plan.keep)["tests"] == "it is excluded", "one line tells of a folder"
    assert "tests/deep" not in dict(plan.keep)


@pytest.mark.parametrize(
    ("pattern", "path", "folder", "expected"),
    [
        ("*.csv", "a/b.csv", False, True),
        ("*.csv", "a/b.csv/c", False, True),
        ("a/*.csv", "a/b.csv", False, True),
        ("a/*.csv", "b/a/b.csv", False, False),
        ("/b.csv", "b.csv", False, True),
        ("/b.csv", "a/b.csv", False, False),
        ("./b.csv", "b.csv", False, True),
        ("tests/", "tests", False, False),
        ("tests/", "tests", True, True),
        ("tests/", "a/tests/b", False, True),
        ("a/tests/", "a/tests/b", False, True),
        ("A.py", "a.py", False, False),
        ("", "a.py", False, False),
        ("*", "a", False, True),
        ("x", ".DS_Store", False, True),
    ],
)
def test_patterns(pattern: str, path: str, folder: bool, expected: bool) -> None:
    assert Excludes([pattern])(path, folder=folder) is expected


def test_what_is_unfinished_or_starts_the_board_is_not_deleted(connected: Board, target: str, tmp_path: Path) -> None:
    make(tmp_path, {"a.py": b"1"})
    for name in ("a.py" + UNFINISHED, "boot.py", "webrepl_cfg.py", "lib/boot.py"):
        connected.files.write(f"{target}/{name}", b"x", parents=True)
    plan = sync(connected, collect(tmp_path), target, delete=True)
    assert set(on_board(connected, target)) == {"boot.py", "webrepl_cfg.py", "a.py"}
    # Sending a.py has used its unfinished one.
    assert "unfinished" in dict(plan.keep)["a.py" + UNFINISHED]
    assert {dict(plan.keep)["a.py" + UNFINISHED], dict(plan.keep)["boot.py"]} == BY_HAND


@pytest.mark.parametrize("both", [False, True])
def test_names_that_differ_in_capitals_are_two_where_the_board_tells_them_apart(
    virtual_board: Board, tmp_path: Path, both: bool
) -> None:
    make(tmp_path, {"Sensor.py": b"1"})
    virtual_board.files.write("there/sensor.py", b"old", parents=True)
    if both:
        virtual_board.files.write("there/Sensor.py", b"old")
    plan = sync(virtual_board, collect(tmp_path), "there", delete=True)
    assert (plan.delete, plan.keep) == (["sensor.py"], [])
    assert on_board(virtual_board, "there") == {"Sensor.py": b"1"}


ONE_CASE = """
import io, os
class Fat:
    "Files in /store, which are found whatever the capitals are, as FAT finds them."
    def find(self, path):
        found = "/store"
        for part in path.split("/"):
            if part:
                try:
                    names = os.listdir(found)
                except OSError:
                    names = []
                found += "/" + ([name for name in names if name.lower() == part.lower()] or [part])[0]
        return found
    def mount(self, *_): pass
    def umount(self): pass
    def chdir(self, path): pass
    def getcwd(self): return "/"
    def stat(self, path): return os.stat(self.find(path))
    def statvfs(self, path): return (512, 512, 4242, 2048, 2048, 0, 0, 0, 0, 255)
    def ilistdir(self, path): return os.ilistdir(self.find(path))
    def remove(self, path): os.remove(self.find(path))
    def mkdir(self, path): os.mkdir(self.find(path))
    def rmdir(self, path): os.rmdir(self.find(path))
    def open(self, path, mode): return open(self.find(path), mode)
    def rename(self, path, to):
        os.rename(self.find(path), self.find(to))
os.mkdir("/store")
os.mount(Fat(), "/fat")
"""


def test_names_that_differ_in_capitals_are_one_where_the_board_takes_them_for_one(
    virtual_board: Board, tmp_path: Path
) -> None:
    virtual_board.execute(ONE_CASE)
    make(tmp_path, {"Sensor.py": b"new", "lib/a.py": b"same"})
    for name, content in {"SENSOR.PY": b"old", "LIB/A.PY": b"same", "LIB/B.PY": b"other"}.items():
        virtual_board.files.write(f"/fat/{name}", content, parents=True)
    plan = sync(virtual_board, collect(tmp_path), "/fat", delete=True)
    assert plan.delete == ["LIB/B.PY"]
    assert ("SENSOR.PY", "to the board it is the same as Sensor.py") in plan.keep
    assert on_board(virtual_board, "/fat") == {"SENSOR.PY": b"new", "LIB/A.PY": b"same"}
    again = sync(virtual_board, collect(tmp_path), "/fat", delete=True)
    assert (again.send, again.delete, again.unchanged) == ({}, [], 2)


def test_folders_that_people_of_windows_exclude_may_end_with_a_backslash() -> None:
    excludes = Excludes(["tests\\", "data\\*.csv"], WINDOWS)
    assert excludes("tests", folder=True)
    assert excludes("data/rows.csv", folder=False)
    assert not excludes("tests", folder=False)
    assert not Excludes(["tests\\"], POSIX)("tests", folder=True)


def test_what_the_system_keeps_on_a_drive_does_not_go_to_the_board(tmp_path: Path) -> None:
    ours = {"System Volume Information/x": b"", "$RECYCLE.BIN/y": b"", "desktop.ini": b"", "._main.py": b""}
    make(tmp_path, {"main.py": b"1", **ours})
    assert set(collect(tmp_path).files) == {"main.py"}


MOUNT = """
import os
class Card:
    def mount(self, *_): pass
    def umount(self): pass
    def chdir(self, path): pass
    def getcwd(self): return "/"
    def stat(self, path): return (0x4000 if path in ("", "/") else 0x8000, 0, 0, 0, 0, 0, 5, 0, 0, 0)
    def statvfs(self, path): return (512, 512, 4242, 42, 42, 0, 0, 0, 0, 255)
    def ilistdir(self, path): return iter([("photo", 0x8000, 0, 5)])
    def remove(self, path): raise OSError(30)
os.mount(Card(), "/card")
"""


def test_another_file_system_is_not_touched(virtual_board: Board, tmp_path: Path) -> None:
    virtual_board.execute(MOUNT)
    if "card" not in virtual_board.execute("print(os.listdir('/'))"):
        virtual_board.files.mkdir("/card")
    assert virtual_board.files.stat("/card/photo") is not None
    virtual_board.files.write("/old", b"")
    make(tmp_path, {"a.py": b"1"})
    plan = sync(virtual_board, collect(tmp_path), "/", delete=True)
    assert plan.delete == ["old"]
    assert plan.keep == [("card", "another file system begins there")]


def test_nothing_is_changed_where_a_folder_stands_for_a_file(connected: Board, target: str, tmp_path: Path) -> None:
    make(tmp_path, {"a.py": b"1", "b/c": b""})
    connected.files.mkdir(f"{target}/a.py", parents=True)
    with pytest.raises(FileProblem, match=r"/there/a\.py is a folder on the board") as caught:
        prepare(connected.files, collect(tmp_path), target)
    assert f"board.files.remove('{target}/a.py', recurse=True)" in str(caught.value)
    assert caught.value.facts == {"path": f"{target}/a.py"}
    connected.files.remove(f"{target}/a.py")
    connected.files.write(f"{target}/b", b"")
    with pytest.raises(FileProblem, match="/there/b is a file on the board"):
        prepare(connected.files, collect(tmp_path), target)


def test_deletions_wait_until_everything_has_arrived(connected: Board, target: str, tmp_path: Path) -> None:
    make(tmp_path, {"a": b"1", "b": b"2"})
    connected.files.write(f"{target}/old", b"", parents=True)
    plan = prepare(connected.files, collect(tmp_path), target, delete=True)
    plan.send["missing-folder/c"] = b"3"  # as if somebody had removed the folder meanwhile
    done = Done()
    with pytest.raises(FileProblem):
        carry_out(connected.files, plan, done=done)
    assert (done.sent, done.deleted) == (2, 0)
    assert on_board(connected, target) == {"a": b"1", "b": b"2", "old": b""}


def test_a_deletion_that_fails_says_which(connected: Board, target: str, tmp_path: Path) -> None:
    make(tmp_path, {"a": b"1"})
    for name in ("x", "y", "z"):
        connected.files.write(f"{target}/{name}", b"", parents=True)
    plan = prepare(connected.files, collect(tmp_path), target, delete=True)
    connected.files.remove(f"{target}/y")
    done = Done()
    with pytest.raises(FileProblem, match="/there/y"):
        carry_out(connected.files, plan, done=done)
    assert done.deleted == 1
    assert set(on_board(connected, target)) == {"a", "x"}


def test_progress_counts_everything(connected: Board, target: str, tmp_path: Path) -> None:
    make(tmp_path, {"a": b"x" * 1000, "b": b"y" * 1000})
    told: list[tuple[str, int, int]] = []
    carry_out(connected.files, prepare(connected.files, collect(tmp_path), target), lambda *now: told.append(now))
    assert told[-1] == ("/there/b", 2000, 2000)


def test_links_are_followed_but_not_in_circles(tmp_path: Path) -> None:
    make(tmp_path, {"shared/a.py": b"1", "app/b.py": b"2"})
    try:
        (tmp_path / "app" / "lib").symlink_to(tmp_path / "shared")
        (tmp_path / "app" / "around").symlink_to(tmp_path / "app")
        (tmp_path / "app" / "gone").symlink_to("nowhere")
    except OSError:
        needs(os.name == "nt", "symbolic links")
        pytest.skip("this account makes no symbolic links")
    source = collect(tmp_path / "app", follow_links=True)
    assert source.files == {"b.py": b"2", "lib/a.py": b"1"}
    assert [name for name, _ in source.skipped] == ["around", "gone"]
    assert collect(tmp_path / "app").files == {"b.py": b"2"}


def test_what_was_skipped_here_is_not_deleted_there(connected: Board, target: str) -> None:
    connected.files.write(f"{target}/link/a", b"", parents=True)
    source = Source({"a.py": b"1"}, skipped=[("link", "it is a link to a folder around it")])
    plan = sync(connected, source, target, delete=True)
    assert plan.delete == []
    assert [name for name, _ in plan.keep] == ["link"]


def test_a_source_beside_its_compiled_file_is_skipped_and_goes(connected: Board, target: str, tmp_path: Path) -> None:
    make(tmp_path, {"a.py": b"1", "a.mpy": b"M"})
    source = collect(tmp_path)
    assert source.files == {"a.mpy": b"M"}
    connected.files.write(f"{target}/a.py", b"1", parents=True)
    assert sync(connected, source, target, delete=True).delete == ["a.py"]


def test_compiled_files_take_the_place_of_their_sources(connected: Board, target: str, tmp_path: Path) -> None:
    make(tmp_path, {"a.py": b"1", "boot.py": b"2", "sub/main.py": b"3", "text": b"4"})
    plain, compiled = collect(tmp_path), collect(tmp_path, compiled=lambda path: b"M" + path.read_bytes())
    assert compiled.files == {"a.mpy": b"M1", "boot.py": b"2", "sub/main.py": b"3", "text": b"4"}
    sync(connected, plain, target)
    plan = sync(connected, compiled, target)
    assert plan.keep == [("a.py", "the board imports it in the place of a.mpy")]
    plan = sync(connected, compiled, target, delete=True)
    assert plan.delete == ["a.py"]
    again = prepare(connected.files, compiled, target)
    assert (again.send, again.keep, again.unchanged) == ({}, [], 4)


def test_odd_names(connected: Board, target: str, tmp_path: Path) -> None:
    tree = {
        "blank  name": b"1",
        "é日": b"2",
        "'quote\"": b"3",
        " 12 x": b"4",
        "-": b"5",
        "d": b"6",
        "f": b"",
        "=": b"8",
    }
    if os.name == "nt":
        tree.pop("'quote\"")
    make(tmp_path, tree)
    assert len(sync(connected, collect(tmp_path), target).send) == len(tree)
    assert prepare(connected.files, collect(tmp_path), target, delete=True).unchanged == len(tree)
    assert on_board(connected, target) == tree


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_name_with_a_line_end_is_skipped(tmp_path: Path) -> None:
    make(tmp_path, {"a\nb": b"1", "c": b"2"})
    source = collect(tmp_path)
    assert source.files == {"c": b"2"}
    assert source.skipped == [("a\nb", "the name holds a line end")]


def test_folders_that_are_missing_here_are_told(tmp_path: Path) -> None:
    with pytest.raises(HostFileProblem, match="nowhere on this computer is not there"):
        collect(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    with pytest.raises(HostFileProblem, match="file on this computer is no folder"):
        collect(tmp_path / "file")


def test_an_empty_folder_deletes_all(connected: Board, target: str, tmp_path: Path) -> None:
    connected.files.write(f"{target}/a/b", b"", parents=True)
    assert sync(connected, collect(tmp_path), target, delete=True).delete == ["a/b", "a"]
    assert connected.files.list(target) == []


def test_a_board_without_room_keeps_what_it_had(
    connected: Board, target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, {"a": b"1", "b": b"2"})
    connected.files.write(f"{target}/old", b"", parents=True)
    plan = prepare(connected.files, collect(tmp_path), target, delete=True)

    def full(*_: object, **__: object) -> None:
        raise NoSpace("full")

    monkeypatch.setattr(connected.files, "write", full)
    with pytest.raises(NoSpace):
        carry_out(connected.files, plan)
    assert on_board(connected, target) == {"old": b""}


def test_little_memory_means_several_executions(
    connected: Board, target: str, executions: Counter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = collect(thirty(tmp_path))
    sync(connected, source, target)
    for name in ("x" * 40, "y" * 40):
        connected.files.write(f"{target}/{name}", b"")
    from metakernel_micropython.board.files import comparison

    monkeypatch.setattr(comparison, "MAX_TEXT", 200)
    executions.sources.clear()
    plan = prepare(connected.files, source, target, delete=True)
    assert 3 < len(executions.sources) < 10
    assert (plan.unchanged, len(plan.delete)) == (30, 2)
    monkeypatch.setattr(comparison, "MAX_TEXT", 48)
    executions.sources.clear()
    carry_out(connected.files, plan)
    assert len(executions.sources) == 2


def test_a_board_that_runs_out_of_memory_is_asked_for_less(
    connected: Board, target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = collect(thirty(tmp_path))
    sync(connected, source, target)
    start = connected.start
    failed = 0

    def scarce(code: str) -> Execution:
        nonlocal failed
        if len(code) > 1300:
            failed += 1
            return start("raise MemoryError")
        return start(code)

    monkeypatch.setattr(connected, "start", scarce)
    assert prepare(connected.files, source, target).unchanged == 30
    assert failed
    monkeypatch.setattr(connected, "start", lambda code: start("raise MemoryError"))
    with pytest.raises(DeviceError, match="MemoryError"):
        prepare(connected.files, source, target)


@pytest.mark.parametrize(
    "said",
    [
        "('../x', False, 1)",
        "('/there/../x', False, 1)",
        "('/there//x', False, 1)",
        "('/elsewhere', False, 1)",
        "('/there/', True, 0)",
        "('/there/x', False, '1')",
        "(",
    ],
)
def test_what_a_board_says_never_leads_out_of_the_folder(
    connected: Board, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    start = connected.start
    monkeypatch.setattr(connected, "start", lambda code: start(f"print('=')\nprint({said!r})"))
    with pytest.raises(TransferFailed):
        prepare(connected.files, Source({"a.py": b""}), "/there", delete=True)


@pytest.mark.parametrize("said", ["__import__('os').system('x')", "x" * 6000])
def test_what_is_no_answer_does_nothing_and_is_shown(
    connected: Board, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    start = connected.start
    monkeypatch.setattr(connected, "start", lambda code: start(f"print('=')\nprint({said!r})"))
    plan = prepare(connected.files, Source({"a.py": b""}), "/there", delete=True)
    assert (plan.send, plan.delete, plan.keep) == ({}, [], [])
    assert connected.take_unsolicited().text == said + "\n"


def test_an_answer_that_is_cut_is_told(connected: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not connected.files.flat  # what the board has is known by now, whichever test comes first
    start = connected.start
    monkeypatch.setattr(connected, "start", lambda code: start("print(b'-')"))
    with pytest.raises(TransferFailed, match="1 of 3"):
        prepare(connected.files, Source({"a.py": b"", "b.py": b""}), "/there")


def test_it_leaves_the_boards_memory_and_names_as_they_were(connected: Board, target: str, tmp_path: Path) -> None:
    source = collect(thirty(tmp_path))
    sync(connected, source, target)
    state = "print(__import__('gc').collect() and 0 or __import__('gc').mem_free(), dir())"
    connected.execute(state)
    free, _, names = connected.execute(state).partition(" ")
    for _ in range(3):
        prepare(connected.files, source, target, delete=True)
    free_after, _, names_after = connected.execute(state).partition(" ")
    assert names_after == names
    assert int(free) - int(free_after) < 200


# -- a board without folders, hashes and renaming ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def small(microbit_address: str) -> Iterator[Board]:
    with Board.connect(microbit_address) as board:
        yield board


def test_the_smallest_board_too(small: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, {f"module_{i}.py": b"x = %d\n" % i for i in range(5)})
    small.files.write("old.py", b"")
    small.files.write("boot.py", b"")
    plan = sync(small, collect(tmp_path), "/", delete=True)
    assert (set(plan.send), plan.delete) == ({f"module_{i}.py" for i in range(5)}, ["old.py"])
    counter = Counter(small, monkeypatch)
    assert prepare(small.files, collect(tmp_path)).unchanged == 5
    assert len(counter.sources) == 1
    make(tmp_path, {"module_3.py": b"x = 7\n", "module_4.py": b"longer than it was"})
    (tmp_path / "module_0.py").unlink()
    plan = sync(small, collect(tmp_path), "", delete=True)
    assert (set(plan.send), plan.delete) == ({"module_3.py", "module_4.py"}, ["module_0.py"])
    names = {entry.path for entry in small.files.list()}
    assert names == {"boot.py", "module_1.py", "module_2.py", "module_3.py", "module_4.py"}
    assert small.files.read("module_3.py") == b"x = 7\n"


def test_the_smallest_board_compares_thirty_files(
    small: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = Counter(small, monkeypatch)
    plan = prepare(small.files, collect(make(tmp_path, {f"other_{i}.py": b"x" for i in range(30)})))
    assert len(plan.new) == 30
    assert len(counter.sources) < 6


def test_a_board_without_folders_takes_none(small: Board, tmp_path: Path) -> None:
    make(tmp_path, {"sub/a.py": b""})
    with pytest.raises(FileProblem, match=r"no folders.*sub"):
        prepare(small.files, collect(tmp_path))
    with pytest.raises(FileProblem, match=r"no folders.*lib"):
        prepare(small.files, Source({"a.py": b""}), "lib")


def test_a_line_that_is_cut_leaves_whole_files(tmp_path: Path, microbit: Microbit) -> None:
    make(tmp_path, {"a.py": b"1", "b.py": b"2"})
    with Board.connect(microbit.address) as board:
        plan = prepare(board.files, collect(tmp_path))
        done = Done()

        def unplug(name: str, now: int, total: int) -> None:
            if name == "b.py":
                microbit.unplug()

        with pytest.raises(LineLost, match=r"b\.py"):
            carry_out(board.files, plan, unplug, done)
        assert done.sent == 1
