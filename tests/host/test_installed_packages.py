"""Packages on a board, without Jupyter."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.board import Board
from metakernel_micropython.board.files.folder_sync import Plan, carry_out
from metakernel_micropython.errors import FileProblem
from metakernel_micropython.host import installed_packages
from metakernel_micropython.host.installed_packages import RECORD, prepare_install, prepare_uninstall, uninstall
from metakernel_micropython.host.packages import Package

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def shared(virtual_address: str) -> Iterator[Board]:
    with Board.connect(virtual_address) as board:
        yield board


@pytest.fixture
def connected(shared: Board) -> Iterator[Board]:
    yield shared
    for entry in shared.files.list("/"):
        shared.files.remove(entry.path, recurse=True)


def install(board: Board, *packages: Package, target: str = "/lib", force: bool = False) -> Plan:
    plan = prepare_install(board.files, target, packages, force=force)
    carry_out(board.files, plan)
    return plan


def names(board: Board, folder: str = "/lib") -> list[str]:
    if board.files.stat(folder) is None:
        return []
    return [e.path.removeprefix(folder + "/") for e in board.files.list(folder, recurse=True) if not e.folder]


def package(name: str, files: dict[str, bytes], needs: list[str] | None = None, version: str = "1") -> Package:
    return Package(name, version, f"http://127.0.0.1/{name}", files, needs or [])


@pytest.mark.parametrize(
    ("paths", "said"),
    [
        (["", ".frozen"], "%mip install x --target /"),
        ([".frozen", "/flash"], "%mip install x --target /flash"),
        ([".frozen"], "sys.path.append"),
    ],
)
def test_a_board_that_imports_from_no_lib_is_told_the_line_that_works(
    virtual_board: Board, paths: list[str], said: str
) -> None:
    virtual_board.execute(f"import sys\nsys.path[:] = {paths!r}")
    with pytest.raises(FileProblem) as caught:
        installed_packages.default_target(virtual_board, "%mip install x")
    assert said in str(caught.value)


def test_what_is_installed_is_recorded_and_goes_again(connected: Board) -> None:
    install(connected, package("a", {"a/__init__.py": b"x = 42", "a/b/c.py": b""}, ["d"]), package("d", {"d.py": b"1"}))
    assert connected.execute("import a\nprint(a.x)") == "42\n"
    record = installed_packages.read(connected.files, "/lib")
    assert {name: (p.version, p.asked, p.needs, sorted(p.files)) for name, p in record.items()} == {
        "a": ("1", True, ["d"], ["a/__init__.py", "a/b/c.py"]),
        "d": ("1", False, [], ["d.py"]),
    }
    assert json.loads(connected.files.read(f"/lib/{RECORD}"))["version"] == 1
    removal = prepare_uninstall(connected.files, "/lib", ["a"])
    assert removal.notes == ["d was installed for it, and nothing else needs that: %mip uninstall d"]
    uninstall(connected.files, removal)
    assert names(connected) == [RECORD, "d.py"]
    assert [entry.path for entry in connected.files.list("/lib")] == [f"/lib/{RECORD}", "/lib/d.py"], "no empty folders"
    uninstall(connected.files, prepare_uninstall(connected.files, "/lib", ["d"]))
    assert names(connected) == []


def test_installing_again_sends_nothing(connected: Board) -> None:
    install(connected, package("a", {"a.py": b"1"}))
    plan = install(connected, package("a", {"a.py": b"1"}))
    assert (plan.send, plan.delete, plan.unchanged) == ({}, [], 1)


def test_another_version_replaces_its_own_files_and_removes_what_it_lost(connected: Board) -> None:
    install(connected, package("a", {"a.py": b"1", "gone.py": b"1", "mine.py": b"1", "both.py": b"1"}))
    install(connected, package("b", {"both.py": b"1"}))
    connected.files.write("/lib/mine.py", b"changed")
    plan = install(connected, package("a", {"a.py": b"two", "new.py": b""}, version="2"))
    assert plan.delete == ["gone.py"]
    assert plan.keep == [("mine.py", "it was modified since it was installed")]
    assert names(connected) == [RECORD, "a.py", "both.py", "mine.py", "new.py"]
    assert installed_packages.read(connected.files, "/lib")["a"].version == "2"


def test_files_that_are_not_the_packages_own_are_not_replaced(connected: Board) -> None:
    connected.files.write("/lib/mine.py", b"mine", parents=True)
    install(connected, package("a", {"a.py": b"1"}))
    install(connected, package("b", {"b.py": b"1"}))
    connected.files.write("/lib/a.py", b"changed")
    wanted = package("a", {"a.py": b"2", "b.py": b"2", "mine.py": b"2", "new.py": b""})
    with pytest.raises(FileProblem) as caught:
        install(connected, wanted)
    for part in ("--force", "a.py was modified since", "b.py belongs to b", "mine.py belongs to no package"):
        assert part in str(caught.value)
    assert names(connected) == [RECORD, "a.py", "b.py", "mine.py"]
    assert connected.files.read("/lib/mine.py") == b"mine"
    install(connected, wanted, force=True)
    assert connected.files.read("/lib/mine.py") == b"2"


def test_the_same_file_in_two_packages_stays_until_the_last_goes(connected: Board) -> None:
    install(connected, package("a", {"both.py": b"1", "a.py": b""}))
    install(connected, package("b", {"both.py": b"1"}))
    removal = prepare_uninstall(connected.files, "/lib", ["a"])
    uninstall(connected.files, removal)
    assert removal.keep == [("both.py", "b has it too")]
    assert names(connected) == [RECORD, "both.py"]
    uninstall(connected.files, prepare_uninstall(connected.files, "/lib", ["b"]))
    assert names(connected) == []


def test_uninstalling_leaves_what_was_changed_or_added(connected: Board) -> None:
    install(connected, package("a", {"a/x.py": b"1", "a/y.py": b"1", "a/z.py": b"1"}))
    connected.files.write("/lib/a/x.py", b"changed")
    connected.files.write("/lib/a/added.py", b"")
    connected.files.remove("/lib/a/z.py")
    assert installed_packages.changes(connected.files, "/lib", installed_packages.read(connected.files, "/lib")) == {
        "a": ({"a/x.py"}, {"a/z.py"})
    }
    removal = prepare_uninstall(connected.files, "/lib", ["a"])
    uninstall(connected.files, removal)
    assert removal.keep == [("a/x.py", "it was modified since it was installed; %rm removes it")]
    assert removal.missing == ["a/z.py"]
    assert names(connected) == ["a/added.py", "a/x.py"]


def test_what_is_not_installed_is_not_removed(connected: Board) -> None:
    install(connected, package("a", {"a.py": b"1"}))
    with pytest.raises(FileProblem, match=r"b is not installed in /lib\. Installed packages: a\."):
        prepare_uninstall(connected.files, "/lib", ["a", "b"])
    assert "a.py" in names(connected)


def test_a_package_that_others_need_goes_with_a_note(connected: Board) -> None:
    install(connected, package("a", {"a.py": b"1"}, ["d"]), package("d", {"d.py": b"1"}))
    assert prepare_uninstall(connected.files, "/lib", ["d"]).notes == ["a needs d, which goes."]


def test_an_installation_that_was_stopped_can_be_done_again(connected: Board) -> None:
    wanted = package("a", {"a.py": b"1", "b.py": b"2"})

    def stop(name: str, now: int, total: int) -> None:
        if name == "/lib/b.py":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        carry_out(connected.files, prepare_install(connected.files, "/lib", [wanted]), stop)
    assert names(connected) == ["a.py"]
    assert list(install(connected, wanted).send) == ["b.py", RECORD]


@pytest.mark.parametrize("path", ["../main.py", "/main.py", "a/../../main.py", "C:main.py", ""])
def test_a_record_never_leads_out_of_the_folder(connected: Board, path: str) -> None:
    install(connected, package("a", {"a.py": b"1"}))
    record = json.loads(connected.files.read(f"/lib/{RECORD}"))
    files = record["packages"]["a"]["files"]
    files[path] = files["a.py"]
    connected.files.write("/main.py", b"1")
    connected.files.write(f"/lib/{RECORD}", json.dumps(record).encode())
    with pytest.raises(FileProblem, match=r"/lib/\.mip\.json.*damaged"):
        prepare_uninstall(connected.files, "/lib", ["a"])
    assert connected.files.read("/main.py") == b"1"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"packages": 1}',
        b'{"packages": {"a": {}}}',
        b'{"packages": {"a": {"files": {"a": [1]}}}}',
        b'{"packages": {"a\\u001b": {"version": "", "source": "", "asked": 1, "needs": [], "files": {}}}}',
        b'{"packages": {"a": {"version": "", "source": "", "asked": 1, "needs": [], "files": {"a": ["1", "", 1]}}}}',
        b"\xff" * 10,
    ],
)
def test_a_damaged_record_says_what_to_do(connected: Board, content: bytes) -> None:
    connected.files.write(f"/lib/{RECORD}", content, parents=True)
    with pytest.raises(FileProblem, match=r"damaged\. Remove it"):
        installed_packages.read(connected.files, "/lib")


def test_the_folder_for_packages_is_the_boards(connected: Board) -> None:
    assert installed_packages.default_target(connected) == "/lib"
    connected.execute("import sys\nkept = sys.path[:]\nsys.path[:] = ['', '/rom/lib', '/flash/lib', '/flash']")
    assert installed_packages.default_target(connected) == "/flash/lib"
    connected.execute("sys.path[:] = ['']")
    with pytest.raises(FileProblem, match="--target"):
        installed_packages.default_target(connected)
    connected.execute("sys.path[:] = kept\ndel kept, sys")


def test_the_smallest_board_has_packages_too(microbit_address: str) -> None:
    with Board.connect(microbit_address) as board:
        target = installed_packages.default_target(board)
        assert target == ""
        install(board, package("a", {"a.py": b"x = 42\n"}), target=target)
        assert board.execute("import a\nprint(a.x)") == "42\n"
        assert list(installed_packages.read(board.files, target)) == ["a"]
        assert install(board, package("a", {"a.py": b"x = 42\n"}), target=target).unchanged == 1
        with pytest.raises(FileProblem, match="no folders"):
            install(board, package("b", {"b/c.py": b""}), target=target)
        removal = prepare_uninstall(board.files, target, ["a"])
        uninstall(board.files, removal)
        assert board.files.list() == []
