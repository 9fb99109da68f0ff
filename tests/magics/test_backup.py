"""%backup and %restore: everything on a board in one file, and the board the same again."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import stat
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from metakernel_micropython.board import Board
from metakernel_micropython.board.partitions import partitions, read
from metakernel_micropython.errors import FileProblem, LineLost, MicroPythonError, TransferFailed
from metakernel_micropython.host import backup_archive
from metakernel_micropython.host.backup_archive import Backup, BadBackup, load, pack
from metakernel_micropython.host.board_backup import plan, save

from ..kernel.test_input import Person

if TYPE_CHECKING:
    from pathlib import Path

    from ..front_end import Jupyter

FILES = {
    "main.py": b"print('main')\n",
    "boot.py": b"# boot\n",
    "data.bin": bytes(range(256)) * 20,
    "lib/pkg/__init__.py": b"",
    "lib/.mip.json": b'{"version": 1, "packages": {"pkg": {"version": "1.2", "files": {}}}}',
    "größe x$(y) 'q'.txt": b"odd",
}


def fill(board: Board, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        board.files.write("/" + name if not board.files.flat else name, content, parents=True)


def content(board: Board) -> dict[str, bytes]:
    root = "" if board.files.flat else "/"
    return {e.path.lstrip("/"): board.files.read(e.path) for e in board.files.list(root, recurse=True) if not e.folder}


def test_a_board_is_saved_and_made_the_same_again(virtual: Jupyter, tmp_path: Path) -> None:
    for name, data in FILES.items():
        (tmp_path / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / name).write_bytes(data)
    virtual.do(f"%sync {tmp_path}/tree /\n")
    path = tmp_path / "board.zip"
    said = virtual.do(f"%backup {path}").stdout
    assert f"Saved {len(FILES)} files" in said
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        manifest = json.loads(archive.read("manifest.json"))
        assert archive.read("files/main.py") == FILES["main.py"]
    assert {one["path"]: one["sha256"] for one in manifest["files"]} == {
        name: hashlib.sha256(data).hexdigest() for name, data in FILES.items()
    }
    assert manifest["packages"] == {"lib": {"pkg": "1.2"}}
    assert manifest["firmware"].startswith("MicroPython v1.2")
    assert ["Board", "virtual board"] in manifest["facts"]
    assert manifest["folders"] == ["lib", "lib/pkg"]
    if os.name != "nt":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "nothing to change" in virtual.do(f"%restore {path}").stdout

    virtual.do("%rm /main.py\n%rm -r /lib\n")
    virtual.do("open('/extra.py', 'w').close()\nf = open('/data.bin', 'w')\nf.write('changed')\nf.close()")
    dry = virtual.do(f"%restore {path} --dry-run").stdout
    for line in (
        "send    /main.py",
        "send    /data.bin",
        "make    /lib/pkg",
        "delete  /extra.py",
        "nothing was changed",
    ):
        assert line in dry
    assert "main.py" not in virtual.do("import os\nos.listdir('/')").value
    error = virtual.fail(f"%restore {path}")
    assert "nobody can be asked here: nothing was changed" in error.value
    assert Person(virtual, "no").run(f"%restore {path}").error.value.startswith("Not restored")
    asked = Person(virtual, "y")
    assert "3 files sent" not in asked.run("1").stdout
    reply = asked.run(f"%restore {path}")
    assert reply.ok, reply.content
    assert asked.asked[0][0].startswith("Send 4 files and delete 1 file?")
    assert "nothing to change" in virtual.do(f"%restore {path} --yes").stdout
    listed = virtual.do("print(*sorted(os.listdir('/')), sep='|')").stdout
    assert listed.strip().split("|") == sorted({name.split("/")[0] for name in FILES})


@pytest.mark.soak
def test_a_board_without_folders_is_saved_as_far_as_it_goes(microbit_address: str, tmp_path: Path) -> None:
    path = tmp_path / "board.zip"
    files = {"a.py": b"a = 1\n", "main.py": b"b = 2\n"}
    with Board.connect(microbit_address) as board:
        fill(board, files)
        backup = save(board)
        assert (backup.root, backup.files, backup.times) == ("", files, {})
        path.write_bytes(pack(backup))
        board.files.write("c.py", b"c")
        board.files.remove("a.py")
        found = plan(board.files, load(path))
        assert (list(found.send), found.delete) == (["a.py"], ["c.py"])
        for name in ("c.py", "main.py"):
            board.files.remove(name)


def test_what_starts_the_board_is_made_the_same_too(virtual_board: Board) -> None:
    fill(virtual_board, {"keep.py": b"1"})
    backup = save(virtual_board)
    fill(virtual_board, {"boot.py": b"x = 1", "lib.mk-part": b"half"})
    found = plan(virtual_board.files, backup)
    assert (found.send, found.delete) == ({}, ["boot.py"])
    assert [name for name, _ in found.keep] == ["lib.mk-part"]


def test_a_file_that_cannot_be_compared_is_told_and_kept(virtual_board: Board) -> None:
    fill(virtual_board, {"a.py": b"1"})
    virtual_board.execute("with open('/two\\nlines', 'w') as f: f.write('x')")
    backup = save(virtual_board)
    assert [name for name, _ in backup.left_out] == ["two\nlines"]
    assert list(backup.files) == ["a.py"]
    assert plan(virtual_board.files, backup).delete == []


def test_a_program_that_writes_meanwhile_is_told(virtual_board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(virtual_board, {"log.txt": b"1"})
    real = virtual_board.files.read

    def read(path: str, *args: Any, **options: Any) -> bytes:
        found = real(path, *args, **options)
        return found + b"!"

    monkeypatch.setattr(virtual_board.files, "read", read)
    with pytest.raises(TransferFailed, match=r"log\.txt on the board on virtual has changed while it was saved"):
        save(virtual_board)


def test_a_break_in_the_middle_leaves_whole_files(virtual_address: str, tmp_path: Path) -> None:
    from metakernel_micropython.board.files.folder_sync import carry_out

    with Board.connect(f"{virtual_address}:{tmp_path}/board") as board:
        backup = Backup("/", files={"a.bin": b"a" * 3000, "b.bin": os.urandom(60_000), "c.py": b"c"})
        fill(board, {"a.bin": b"old a", "b.bin": b"old b"})

        def cut(_name: str, done: int, _total: int) -> None:
            if done > 20_000:
                board.close(exit_raw_repl=False)

        with pytest.raises((LineLost, MicroPythonError)):
            carry_out(board.files, plan(board.files, backup), cut)
    with Board.connect(f"{virtual_address}:{tmp_path}/board") as board:
        there = content(board)
        assert there["a.bin"] == backup.files["a.bin"]
        assert there["b.bin"] in (b"old b", backup.files["b.bin"])
        carry_out(board.files, plan(board.files, backup))
        assert {k: v for k, v in content(board).items() if not k.endswith(".mk-part")} == backup.files


ESP32 = """
# Stands in for the module of an ESP32's firmware, as MicroPython's documentation describes it.
class Partition:
    TYPE_APP, TYPE_DATA = 0, 1
    PARTS = [(1, 2, 0x9000, 0x6000, "nvs", False), (0, 0, 0x10000, 0x5000, "factory", False)]

    def __init__(self, info):
        self._info = info

    @classmethod
    def find(cls, type=0, subtype=0xff, label=None):
        return [cls(p) for p in cls.PARTS if p[0] == type and subtype in (p[1], 0xff) and label in (p[4], None)]

    def info(self):
        return self._info

    def readblocks(self, number, data):
        for at in range(len(data)):
            data[at] = (number * 7 + at + self._info[1]) & 0xff
"""


def flash(subtype: int, size: int) -> bytes:
    return bytes((at // 4096 * 7 + at % 4096 + subtype) & 0xFF for at in range(size))


def test_partitions_are_saved_where_they_are_asked_for(virtual: Jupyter, tmp_path: Path) -> None:
    error = virtual.fail(f"%backup {tmp_path}/none.zip --nvs")
    assert "only chips of the ESP32 family have NVS and partitions" in error.value
    assert not (tmp_path / "none.zip").exists()
    virtual.do(f"%%file /esp32.py\n{ESP32}")
    said = virtual.do(f"%backup {tmp_path}/nvs.zip --nvs").stdout
    assert "and 1 partition in" in " ".join(said.split())
    virtual.do(f"%backup {tmp_path}/all.zip --partitions")
    with zipfile.ZipFile(tmp_path / "nvs.zip") as archive:
        assert archive.read("partitions/0x9000-nvs.bin") == flash(2, 0x6000)
        assert "partitions/0x10000-factory.bin" not in archive.namelist()
    (nvs, first), (factory, second) = load(tmp_path / "all.zip").partitions
    assert (nvs["label"], nvs["address"], first) == ("nvs", 0x9000, flash(2, 0x6000))
    assert (factory["label"], factory["type"], second) == ("factory", 0, flash(0, 0x5000))
    reply = virtual.do(f"%restore {tmp_path}/all.zip")
    assert "%esptool write-flash 0x9000 FILE" in reply.told
    virtual.do("%rm /esp32.py")


def test_a_stretch_that_arrives_damaged_is_read_again(virtual_board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(virtual_board, {"esp32.py": ESP32.encode()})
    part = partitions(virtual_board)[0]
    real = virtual_board.execute
    asked = []

    def execute(source: str, *args: Any, **options: Any) -> str:
        said = real(source, *args, **options)
        asked.append(source)
        return "A" + said[1:] if len(asked) == 2 else said.replace("\n", "", 1) if damaged else said

    damaged = False
    monkeypatch.setattr(virtual_board, "execute", execute)
    assert read(virtual_board, part) == flash(2, 0x6000)
    assert len(asked) == 3
    damaged = True
    monkeypatch.setattr(virtual_board, "execute", lambda *args, **options: execute(*args, **options) + "print")
    with pytest.raises(TransferFailed, match="nvs arrived damaged 3 times"):
        read(virtual_board, part)


# -- what is refused ---------------------------------------------------------------------------------------------------


def changed(
    tmp_path: Path, change: Any = None, members: dict[str, bytes] | None = None, info: zipfile.ZipInfo | None = None
) -> Path:
    """A backup of one file with something wrong."""
    good = zipfile.ZipFile(io.BytesIO(pack(Backup("/", files={"a.py": b"a = 1\n"}, folders=["lib"]))))
    manifest = json.loads(good.read("manifest.json"))
    if change is not None:
        change(manifest)
    path = tmp_path / "bad.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {"files/a.py": b"a = 1\n", **(members or {})}.items():
            archive.writestr(name, data)
        if info is not None:
            archive.writestr(info, b"/etc/passwd")
        archive.writestr("manifest.json", json.dumps(manifest))
    return path


def test_the_backup_that_the_others_are_made_of_is_good(tmp_path: Path) -> None:
    assert load(changed(tmp_path)).files == {"a.py": b"a = 1\n"}


@pytest.mark.parametrize(
    "name", ["../x.py", "/x.py", "a/../../x", "", ".", "a//b", "a\nb", "a\0b", "\ud800", 7, "x" * 2000]
)
def test_names_that_leave_the_folder_are_refused(tmp_path: Path, name: object) -> None:
    for where in ("files", "folders"):

        def change(manifest: dict[str, Any], where: str = where) -> None:
            if where == "files":
                manifest["files"][0]["path"] = name
            else:
                manifest["folders"] = [name]

        with pytest.raises(BadBackup, match="no name of a file below"):
            load(changed(tmp_path, change))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda m: m.update(format="other"), "is no backup"),
        (lambda m: m.update(version=2), "of version 2"),
        (lambda m: m.update(version="1"), "is no backup"),
        (lambda m: m.pop("files"), "manifest is not complete"),
        (lambda m: m.update(root="/../x"), "its root is no folder"),
        (lambda m: m["files"][0].update(sha256="0" * 64), "is not what was saved"),
        (lambda m: m["files"][0].update(size=7), "is not what was saved"),
        (lambda m: m["files"][0].update(member="files/b.py"), "is not in it"),
        (lambda m: m["files"].append(7), "is not in it"),
        (lambda m: m["files"].append(m["files"][0]), "holds 'a.py' twice"),
        (lambda m: m.update(files=[]), "which its manifest does not tell of"),
        (lambda m: m["folders"].append("a.py"), "is a file and a folder"),
        (lambda m: m["folders"].append("a.py/b"), "is a file and a folder"),
    ],
)
def test_a_manifest_that_is_wrong_is_refused(tmp_path: Path, change: Any, says: str) -> None:
    with pytest.raises(BadBackup, match=says) as problem:
        load(changed(tmp_path, change))
    assert "bad.zip" in str(problem.value)
    assert "Nothing was changed on the board" in str(problem.value)


def test_links_and_strangers_are_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("files/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(BadBackup, match="holds a link"):
        load(changed(tmp_path, info=link))
    with pytest.raises(BadBackup, match="does not tell of"):
        load(changed(tmp_path, members={"../../evil.py": b"x"}))


def test_a_bomb_is_not_inflated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def add(manifest: dict[str, Any]) -> None:
        manifest["files"].append({"path": "b", "member": "files/b", "size": 50_000_000, "sha256": "0" * 64})

    path = changed(tmp_path, add, {"files/b": bytes(50_000_000)})
    assert path.stat().st_size < 100_000
    monkeypatch.setattr(backup_archive, "MAX_CONTENT", 1_000_000)
    with pytest.raises(BadBackup, match="no board has room for"):
        load(path)
    monkeypatch.setattr(backup_archive, "MAX_MANIFEST", 100)
    with pytest.raises(BadBackup, match="its manifest is too large"):
        load(path)


@pytest.mark.parametrize("data", [b"", b"hello", b"PK\3\4" + bytes(500)])
def test_what_is_no_zip_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "bad.zip"
    path.write_bytes(data)
    with pytest.raises(BadBackup, match="damaged, or no zip"):
        load(path)
    with pytest.raises(BadBackup, match="No such file"):
        load(tmp_path / "none.zip")


def test_every_damaged_byte_is_refused_or_does_no_harm(tmp_path: Path) -> None:
    good = pack(Backup("/", files={"a.py": b"a = 1\n" * 3}))
    path = tmp_path / "bad.zip"
    for at in range(0, len(good), 3):
        path.write_bytes(good[:at] + bytes([good[at] ^ 0x55]) + good[at + 1 :])
        with contextlib.suppress(BadBackup):
            assert load(path).files == {"a.py": b"a = 1\n" * 3}
        path.write_bytes(good[:at])
        with pytest.raises(BadBackup):
            load(path)


def test_the_magics_refuse_before_anything_is_written(virtual: Jupyter, tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("kept")
    assert "is no backup, and is not overwritten" in virtual.fail(f"%backup {tmp_path}/kept.txt").value
    assert (tmp_path / "kept.txt").read_text() == "kept"
    assert "There is no folder" in virtual.fail(f"%backup {tmp_path}/none/x.zip").value
    before = virtual.do("import os\nos.listdir('/')").value
    assert "damaged, or no zip" in virtual.fail(f"%restore {tmp_path}/kept.txt --yes").value
    assert virtual.do("os.listdir('/')").value == before
    assert virtual.complete("%restore --d") == ["%restore --dry-run"]


def test_a_folder_in_the_place_of_a_file_is_told(virtual_board: Board) -> None:
    backup = Backup("/", files={"a": b"1"})
    virtual_board.files.mkdir("/a")
    with pytest.raises(FileProblem, match="is a folder on the board and a file here; nothing was changed"):
        plan(virtual_board.files, backup)
