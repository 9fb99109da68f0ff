"""%sendtofile, %fetchfile and what belongs to them, from a notebook."""

from __future__ import annotations

import re
import shutil
import sys
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import pytest

from ..boards import needs, needs_virtual
from ..front_end import Jupyter
from ..virtual.boards import Served
from ..webrepl_server import PASSWORD, BoardBehind, WebReplServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..boards import Microbit
    from ..front_end import Reply


@pytest.fixture(scope="module", params=["virtual"])
def address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Addresses of boards with folders."""
    needs_virtual()
    with ExitStack() as stack:
        match request.param:
            case "serial port":
                needs(sys.platform != "win32", "a pseudo-terminal")
                link = tmp_path_factory.mktemp("ports") / "ttyUSB0"
                served = Served("--pty", str(link))
                stack.callback(served.end)
                assert served.process.stdout
                served.process.stdout.readline()
                yield str(link)
            case "webrepl":
                board = stack.enter_context(closing(BoardBehind()))
                server = stack.enter_context(closing(WebReplServer(board)))
                yield f"{server.address} --password {PASSWORD}"
            case other:
                yield other


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    made = Jupyter(tmp_path_factory.mktemp("desk"))
    yield made
    made.close(now=True)


@pytest.fixture
def kernel(desk: Jupyter, address: str, tmp_path: Path) -> Jupyter:
    """A kernel whose folder is the test's, with a board that has no files."""
    desk.do(f"%python import os; os.chdir({str(tmp_path)!r})")
    if address == "virtual":
        desk.connect_empty()
    else:
        desk.do(f"%connect {address}")
    return desk


def next_cell(reply: Reply) -> dict[str, object]:
    (payload,) = reply.content["payload"]
    assert payload.pop("source") == "set_next_input"
    return dict(payload)


def content(kernel: Jupyter, path: str) -> bytes:
    """What the board itself reads."""
    value = kernel.do(f"open({path!r}, 'rb').read()").value
    assert value is not None
    data = eval(value)
    assert isinstance(data, bytes)
    return data


# -- on every board --------------------------------------------------------------------------------------------------


def test_the_cell_below_is_the_files_content(jupyter: Jupyter) -> None:
    reply = jupyter.do("# note\n%sendtofile cell.py\n\n%boards\nraise 1  \n\nx = 'é'\n\n  ")
    assert reply.stdout.splitlines()[0].startswith("Sent cell.py: 28 bytes, ")
    assert "verified" in reply.stdout
    assert jupyter.do("%cat cell.py").stdout == "%boards\nraise 1  \n\nx = 'é'\n"
    assert "cell.py" in jupyter.do("%ls").plain
    jupyter.do("%rm cell.py")
    assert "cell.py" not in jupyter.do("%ls").plain


@pytest.mark.parametrize("magic", ["%sendtofile", "%%sendtofile", "%%file"])
def test_nothing_below_a_magic_empties_a_file_only_when_told_to(jupyter: Jupyter, magic: str) -> None:
    jupyter.do("%sendtofile full.py\nx = 1")
    for text in ("", "\n", "\n\n"):
        refused = jupyter.run(f"{magic} full.py{text}").error
        assert "has content, which stays" in refused.value
        assert "--empty" in refused.value
    assert jupyter.do("%cat full.py").stdout == "x = 1\n"
    jupyter.do(f"{magic} full.py --empty")
    assert jupyter.do("%cat full.py").stdout == ""
    jupyter.do(f"{magic} full.py")
    jupyter.do("%rm full.py")


def test_a_file_here_is_not_emptied_by_a_cell_without_text(kernel: Jupyter, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    assert "--empty" in kernel.run("%%writefile notes.txt").error.value
    assert (tmp_path / "notes.txt").read_text() == "mine"
    kernel.do("%%writefile notes.txt --empty")
    assert (tmp_path / "notes.txt").read_text() == ""


def test_a_huge_file_is_refused_by_its_size(kernel: Jupyter, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "huge.bin", tmp_path / "folder" / "huge.bin"):
        with path.open("wb") as file:
            file.truncate(60 << 30)
    for cell in ("%upload huge.bin", "%upload folder", "%sync folder", "%sendtofile --source huge.bin"):
        assert "64424509440 bytes" in kernel.run(cell).error.value


def test_what_links_lead_to_is_sent_only_when_wanted(kernel: Jupyter, tmp_path: Path) -> None:
    needs(sys.platform != "win32", "symbolic links")
    (tmp_path / "secret").write_text("root:x")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "link").symlink_to(tmp_path / "secret")
    for magic in ("%upload folder", "%sync folder", "%sendtofile --source folder folder"):
        told = kernel.do(magic).stdout
        assert "Skipped link: it is a link that leads out of the folder" in told
        assert "link" not in kernel.do("%ls folder").plain
        kernel.do(f"{magic} --follow-links")
        assert kernel.do("%cat folder/link").stdout.strip() == "root:x"
        kernel.do("%rm -r folder")


def test_bytes_stay_as_they_are_there_and_back(jupyter: Jupyter, tmp_path: Path) -> None:
    data = bytes(range(256)) + b"\r\n\r \xe9\x04\x03 no newline at the end"
    (tmp_path / "all.bin").write_bytes(data)
    jupyter.do(f"%sendtofile -b --source '{tmp_path}/all.bin'")
    jupyter.do(f"%fetchfile -b all.bin '{tmp_path}/back.bin'")
    assert (tmp_path / "back.bin").read_bytes() == data
    reply = jupyter.do("%fetchfile all.bin -p")
    assert reply.stdout == f"{data!r}\n"
    assert "all.bin is not text: " in jupyter.do("%cat all.bin").stdout
    jupyter.do("%rm all.bin")


def test_a_folder_without_folders_goes_to_every_board(jupyter: Jupyter, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "empty").touch()
    (source / "text.txt").write_bytes(b"a\r\nb")
    assert "Sent 2 files" in jupyter.do(f"%sendtofile --source '{source}'").stdout
    assert "Fetched 2 files" in jupyter.do(f"%fetchfile -r / '{tmp_path}/back'").stdout
    assert {p.name: p.read_bytes() for p in (tmp_path / "back").iterdir()} == {"empty": b"", "text.txt": b"a\r\nb"}
    jupyter.do("%rm empty text.txt")


def test_a_file_is_appended_to_moved_and_removed(jupyter: Jupyter) -> None:
    jupyter.do("%sendtofile one.txt\none")
    jupyter.do("%sendtofile -a one.txt\ntwo")
    jupyter.do("%mv one.txt two.txt")
    assert jupyter.do("%cat two.txt").stdout == "one\ntwo\n"
    assert jupyter.fail("%cat one.txt").name == "NoSuchFile"
    assert "the same file" in jupyter.fail("%mv two.txt /").value
    assert jupyter.do("%rm two.txt").stdout == "Removed two.txt\n"


def test_stop_keeps_the_old_file_and_tells_how_far_a_folder_came(
    desk: Jupyter, microbit: Microbit, tmp_path: Path
) -> None:
    desk.do(f"%connect {microbit.address}")
    (tmp_path / "a.txt").write_text("first")
    (tmp_path / "b.txt").write_text("old")
    desk.do(f"%upload '{tmp_path}'")
    (tmp_path / "b.txt").write_text("new " * 1500)
    reply = desk.run(f"%upload '{tmp_path}'\nprint('not run')", stop_at="b.txt:", timeout=60)
    assert reply.error.name == "KeyboardInterrupt"
    assert "1 of 2 files" in reply.stderr
    assert reply.stdout.endswith("\r"), "the bar is cleared"
    assert desk.do("%cat b.txt").stdout == "old\n"
    desk.do("%disconnect")


def test_a_board_without_folders_says_so(desk: Jupyter, microbit: Microbit, tmp_path: Path) -> None:
    desk.do(f"%connect {microbit.address}")
    (tmp_path / "folder").mkdir()
    for cell in ("%mkdir x", f"%upload '{tmp_path}'", f"%sendtofile --source '{tmp_path}/folder' lib"):
        assert "no folders" in desk.fail(cell).value
    assert "cannot tell" in desk.do("%df").stdout
    desk.do("%disconnect")


# -- %sendtofile -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["%sendtofile -x run.py", "%%sendtofile run.py --execute"])
def test_execute_also_runs_the_cell_with_its_magics(kernel: Jupyter, form: str) -> None:
    reply = kernel.do(f"{form}\n\n# note\n%boards\nx = 5\nx + 1")
    assert reply.value == "6"
    assert "connected: " in reply.stdout
    assert content(kernel, "run.py") == b"# note\n%boards\nx = 5\nx + 1\n"
    assert "line 2" in kernel.fail("%sendtofile -x run.py\n1 / 0").text


@pytest.mark.parametrize("form", ["%sendtofile f.txt", "%%sendtofile f.txt", "%%file f.txt"])
def test_the_cell_does_not_run(kernel: Jupyter, form: str) -> None:
    kernel.do("x = 0")
    kernel.do(f"{form}\nx = 1")
    assert kernel.do("x").value == "0"
    assert content(kernel, "f.txt") == b"x = 1\n"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("%sendtofile f", b""),
        ("%sendtofile f\n", b""),
        ("%sendtofile f\n\n\nx", b"\nx\n"),
        ("%sendtofile f\n  \nx", b"x\n"),
        ("%sendtofile f\n\tx", b"\tx\n"),
        ("%sendtofile -b f\nx\n\n", b"x"),
        ("%sendtofile f\na\r\nb", b"a\r\nb\n"),
        ("%sendtofile f\nwhat?", b"what?\n"),
        ("%sendtofile 'f'\n%sendtofile g\n!ls", b"%sendtofile g\n!ls\n"),
        ("%%file f\n\nx", b"x\n"),
    ],
)
def test_what_of_a_cell_is_the_content(kernel: Jupyter, cell: str, expected: bytes) -> None:
    kernel.do(cell)
    assert content(kernel, "f") == expected


def test_append_mkdir_and_quiet(kernel: Jupyter) -> None:
    assert kernel.do("%sendtofile -d lib/deep/a.txt -q\none").stdout.count("\n") == 1
    assert kernel.do("%sendtofile -a lib/deep/a.txt -Q\ntwo").stdout == ""
    assert kernel.do("%%file -d -a new/b.txt\nx").stdout.startswith("Appended to new/b.txt: 2 bytes, ")
    assert content(kernel, "lib/deep/a.txt") == b"one\ntwo\n"


def test_several_sources_in_one_cell(kernel: Jupyter, tmp_path: Path) -> None:
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text(f"name = {name!r}")
    cell = "%sendtofile --source a.py\n\n# the other one\n%sendtofile --source b.py\nimport b\nb.name"
    assert kernel.do(cell).value == "'b.py'"
    assert content(kernel, "a.py") == b"name = 'a.py'"


def test_the_first_source_that_fails_ends_the_cell(kernel: Jupyter, tmp_path: Path) -> None:
    (tmp_path / "b.py").write_text("")
    reply = kernel.run("%sendtofile --source a.py\n%sendtofile --source b.py\nprint('not run')")
    assert reply.error.name == "HostFileProblem"
    assert "a.py" in reply.error.value
    assert reply.stdout == ""
    assert kernel.do("%ls").plain == "No files in the current folder.\n"


@pytest.mark.parametrize(
    ("typed", "path"),
    [("", "a.py"), (".", "a.py"), ("lib/", "lib/a.py"), ("lib", "lib/a.py"), ("/", "/a.py"), ("b.py", "b.py")],
)
@pytest.mark.parametrize("command", ["%sendtofile --source", "%upload"])
def test_where_a_file_goes(kernel: Jupyter, tmp_path: Path, command: str, typed: str, path: str) -> None:
    (tmp_path / "a.py").write_bytes(b"\r\n\xe9")
    kernel.do("%mkdir lib")
    kernel.do(f"{command} a.py {typed}")
    assert content(kernel, path) == b"\r\n\xe9"


@pytest.mark.parametrize("address", ["virtual", "serial port", "webrepl"], indirect=True, scope="module")
def test_a_tree_of_forty_files_there_and_back(kernel: Jupyter, tmp_path: Path) -> None:
    source = tmp_path / "site"
    for number in range(36):
        path = source / ("top", "lib", "lib/deep", "größe/日本")[number % 4] / f"file {number}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(range(256)) * (number % 3) + b"\r\n" * (number % 2))
    (source / "naïve ☃.py").write_text("x = '☃'\n", encoding="utf-8")
    for name in ("empty", "lib/__init__.py", "no newline"):
        (source / name).write_bytes(b"x" if " " in name else b"")
    (source / "lib" / "__pycache__").mkdir()
    (source / "lib" / "__pycache__" / "a.pyc").touch()
    (source / ".git").mkdir()
    (source / ".git" / "config").touch()
    (source / "hollow").mkdir()
    assert "Sent 40 files from site to www: " in kernel.do("%sendtofile --source site www").stdout
    listed = kernel.do("%ls -r www").plain
    assert all(name in listed for name in ("www/naïve ☃.py", "www/größe/日本/", "www/hollow/"))
    assert ".git" not in listed
    assert "pycache" not in listed
    assert kernel.do("%tree www").plain.endswith("\n6 folders, 40 files\n")
    assert "Fetched 40 files from www to back: " in kernel.do("%fetchfile -r www back").stdout
    for unwanted in ("lib/__pycache__", ".git"):
        shutil.rmtree(source / unwanted)
    assert tree(tmp_path / "back") == tree(source)


def tree(folder: Path) -> dict[str, bytes | None]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() if p.is_file() else None for p in folder.rglob("*")}


def test_a_source_beside_its_compiled_module_is_skipped_and_named(kernel: Jupyter, tmp_path: Path) -> None:
    for name in ("a.py", "a.mpy", "b.py"):
        (tmp_path / name).touch()
    assert "Skipped a.py: a.mpy is beside it\n" in kernel.do("%sendtofile --source .").stdout
    assert kernel.do("%ls").plain == "0  a.mpy\n0  b.py\n"


@pytest.mark.parametrize(
    ("cell", "name", "hint"),
    [
        ("%sendtofile", "MagicError", "name the file"),
        ("%sendtofile --source", "MagicError", "usage: %sendtofile"),
        ("%sendtofile a.py b.py", "MagicError", "usage: %sendtofile"),
        ("%sendtofile 'a\0b'\nx", "BadName", "NUL"),
        ("%sendtofile --source 'a\0b'", "HostFileProblem", "NUL"),
        ("%sendtofile no/folder.py\nx", "NoSuchFile", "no/folder.py"),
        ("%sendtofile folder\nx", "FileProblem", "folder"),
        ("%sendtofile --source nowhere", "HostFileProblem", "nowhere"),
        ("%upload nowhere", "HostFileProblem", "nowhere"),
        ("%fetchfile missing.txt", "NoSuchFile", "missing.txt"),
        ("%fetchfile folder", "MagicError", "-r"),
        ("%fetchfile -r missing", "NoSuchFile", "missing"),
        ("%fetchfile -r /", "MagicError", "backup"),
        ("%fetchfile -r folder -p", "MagicError", "-p"),
        ("%fetchfile file nowhere/file", "HostFileProblem", "nowhere"),
        ("%fetchfile raw -l", "MagicError", "not text"),
        ("%download /", "MagicError", "backup"),
        ("%download missing", "NoSuchFile", "missing"),
        ("%cat missing", "NoSuchFile", "missing"),
        ("%ls missing", "NoSuchFile", "missing"),
        ("%rm missing", "NoSuchFile", "missing"),
        ("%rm folder", "FileProblem", "not empty"),
        ("%mkdir folder", "FileProblem", "there already"),
        ("%mkdir no/where", "NoSuchFile", "no/where"),
        ("%mv missing x", "NoSuchFile", "missing"),
        ("%mv file ./file", "FileProblem", "the same file"),
        ("%mv folder folder/inside", "FileProblem", "into itself"),
        ("%cp folder x", "MagicError", "-r"),
        ("%cp -r folder folder/x", "FileProblem", "into itself"),
        ("%edit raw", "MagicError", "not text"),
        ("%edit folder", "FileProblem", "folder"),
        ("%%writefile nowhere/f\nx", "HostFileProblem", "nowhere"),
        ("%%writefile .\nx", "HostFileProblem", "folder"),
    ],
)
def test_what_does_not_work_fails_the_cell_and_says_why(kernel: Jupyter, cell: str, name: str, hint: str) -> None:
    kernel.do("%sendtofile -d folder/inside\nx")
    kernel.do("%sendtofile file\nx")
    kernel.do("f = open('raw', 'wb')\nf.write(b'\\xff')\nf.close()")
    error = kernel.run(cell).error
    assert (error.name, hint in error.value) == (name, True), error
    assert "Traceback" not in error.text


# -- %fetchfile ------------------------------------------------------------------------------------------------------


def test_fetch_saves_under_the_names_that_were_asked_for(kernel: Jupyter, tmp_path: Path) -> None:
    kernel.do("%sendtofile -d lib/a.txt\nhello")
    (tmp_path / "there").mkdir()
    kernel.do("%fetchfile lib/a.txt\n%fetchfile lib/a.txt b.txt\n%fetchfile lib/a.txt there\n%download lib\n%ls")
    for name in ("a.txt", "b.txt", "there/a.txt", "lib/a.txt"):
        assert (tmp_path / name).read_bytes() == b"hello\n"
    assert kernel.do("%fetchfile lib/a.txt -Q").stdout == ""
    assert kernel.do("%fetchfile lib/a.txt -q").stdout.count("\n") == 1


def test_a_folder_can_go_into_the_folder_of_the_notebook(kernel: Jupyter, tmp_path: Path) -> None:
    kernel.do("%sendtofile -d lib/a.txt\nhello")
    kernel.do("%fetchfile -r lib .")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_fetch_that_fails_keeps_the_old_file(kernel: Jupyter, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("old")
    kernel.fail("%fetchfile a.txt")
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("a.txt", "old")]


def test_print_and_load_save_nothing_unless_asked(kernel: Jupyter, tmp_path: Path) -> None:
    kernel.do("%sendtofile a.py\nx = 1\n\ny = 2")
    assert kernel.do("%fetchfile a.py --print").stdout == "x = 1\n\ny = 2\n"
    loaded = next_cell(kernel.do("%fetchfile a.py --load"))
    assert loaded == {"text": "#%fetchfile a.py --load\n\nx = 1\n\ny = 2\n", "replace": True}
    assert next_cell(kernel.do("%fetchfile a.py -l -q"))["text"] == "x = 1\n\ny = 2\n"
    assert list(tmp_path.iterdir()) == []
    kernel.do("%fetchfile a.py copy.py -p")
    assert (tmp_path / "copy.py").exists()


# -- the others ------------------------------------------------------------------------------------------------------


def test_ls_and_tree_show_sizes_folders_and_names_without_surprises(kernel: Jupyter) -> None:
    kernel.do("%mkdir -p lib/deep\n%sendtofile -d lib/deep/x\n12345678901")
    kernel.do("open('a\\x1b[31m\\nb', 'w').close()")
    assert kernel.do("%ls").plain == "0  a\\x1b[31m\\nb\n   lib/\n"
    assert kernel.do("%ls -r /lib").plain == "    /lib/deep/\n12  /lib/deep/x\n"
    assert kernel.do("%ls lib/deep/x").plain == "12  lib/deep/x\n"
    drawing = "lib\n└── deep/\n    └── x\n1 folder, 1 file\n"
    assert kernel.do("%tree lib").plain == drawing


def test_df_tells_the_room_where_the_board_knows_it(kernel: Jupyter) -> None:
    size = r"[\d.]+ ([KMG]i)?B"
    assert re.fullmatch(f"total {size}, used {size}, free {size}\n", kernel.do("%df").stdout)
    # The virtual board's room is the computer's: a stand-in for one whose room is known.
    kernel.do(
        "import sys, os as real\n"
        "class Known:\n    stat = real.stat\n    getcwd = real.getcwd\n    listdir = real.listdir\n"
        "    statvfs = staticmethod(lambda path: (4096, 4096, 256, 64, 64, 0, 0, 0, 0, 255))\n"
        "sys.modules['os'] = Known"
    )
    assert kernel.do("%df").stdout == "total 1 MiB, used 768 KiB, free 256 KiB\n"


def test_folders_are_made_copied_moved_and_removed(kernel: Jupyter) -> None:
    kernel.do("%mkdir a b\n%mkdir -p a/d/c a/d\n%sendtofile a/d/f\nx")
    assert kernel.do("%cp -r a copy").stdout == "Copied a with 1 file to copy\n"
    assert kernel.do("%cp -r a b").stdout == "Copied a with 1 file to b/a\n"
    assert kernel.do("%mv b copy").stdout == "Moved b to copy/b\n"
    assert content(kernel, "copy/b/a/d/f") == b"x\n"
    assert kernel.do("%rm a/d/c").stdout == "Removed a/d/c\n"
    assert kernel.do("%rm -r a copy").stdout == "Removed a and 2 things in it\nRemoved copy and 8 things in it\n"
    assert kernel.do("%ls").plain == "No files in the current folder.\n"


@pytest.mark.parametrize("text", ["x = 1\n", "\nx\n", "\n\nx\n", "%boards\n", "é" * 10 + "\n"])
def test_edit_loads_a_cell_that_writes_the_same_file(kernel: Jupyter, tmp_path: Path, text: str) -> None:
    (tmp_path / "a b.py").write_bytes(text.encode())
    kernel.do("%upload 'a b.py'")
    loaded = next_cell(kernel.do('%edit "a b.py"'))
    assert loaded["replace"] is True
    assert str(loaded["text"]).startswith('%%sendtofile "a b.py"\n')
    kernel.do("%rm 'a b.py'")
    kernel.do(str(loaded["text"]))
    assert content(kernel, "a b.py") == text.encode()


def test_edit_of_a_new_name_gives_an_empty_cell_and_keeps_a_cell_that_holds_more(kernel: Jupyter) -> None:
    assert next_cell(kernel.do("%edit new.py")) == {"text": "%%sendtofile new.py\n", "replace": True}
    for cell in ("%boards\n%edit new.py", "%edit new.py\n1"):
        assert next_cell(kernel.do(cell))["replace"] is False
    assert kernel.do("%ls").plain == "No files in the current folder.\n"


def test_writefile_writes_on_the_host(kernel: Jupyter, tmp_path: Path, home: Path) -> None:
    assert kernel.do("%%writefile n.txt\n\nä\n%boards\n\n").stdout == "Wrote n.txt: 11 bytes\n"
    kernel.do("%%writefile -a n.txt\nmore")
    assert (tmp_path / "n.txt").read_bytes() == "ä\n%boards\nmore\n".encode()
    assert kernel.do("%%writefile -x n.py\n6 * 7").value == "42"
    kernel.do("%%writefile ~/at-home.txt\nx")
    assert (home / "at-home.txt").read_bytes() == b"x\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["n.py", "n.txt"]
    assert kernel.do("%ls").plain == "No files in the current folder.\n"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("%cat ma", ["%cat main.py"]),
        ("%cat lib/", ["%cat lib/deep/", "%cat lib/x.py"]),
        ("%cat /lib/x", ["%cat /lib/x.py"]),
        ("%cat main.py li", ["%cat main.py lib/"]),
        ('%cat "ma', ['%cat "main.py"']),
        ("%cat nowhere/", []),
        ("%upload h", ["%upload here.py"]),
        ("%upload here.py l", ["%upload here.py lib/"]),
        ("%download l", ["%download lib/"]),
        ("%download lib h", ["%download lib here.py"]),
        ("%sendtofile --source h", ["%sendtofile --source here.py"]),
        ("%sendtofile --source here.py l", ["%sendtofile --source here.py lib/"]),
        ("%sendtofile -d m", ["%sendtofile -d main.py"]),
        ("%%writefile h", ["%%writefile here.py"]),
        ("%edit m", ["%edit main.py"]),
        ("%mkdir --p", ["%mkdir --parents"]),
    ],
)
def test_paths_are_completed(kernel: Jupyter, tmp_path: Path, code: str, expected: list[str]) -> None:
    kernel.do("%mkdir -p lib/deep\n%sendtofile -x -Q main.py\n%cp main.py lib/x.py")
    for name in ("here.py", ".hidden"):
        (tmp_path / name).touch()
    assert kernel.complete(code) == expected


LINES = "cat cp df download edit fetchfile ls mkdir mv rm sendtofile tree upload".split()


@pytest.mark.parametrize("typed", [*(f"%{name}" for name in LINES), "%%file", "%%sendtofile", "%%writefile"])
def test_each_explains_itself_and_refuses_what_it_does_not_know(plain: Jupyter, typed: str) -> None:
    reply = plain.do(f"{typed} --help\nprint('reached')")
    assert reply.stdout.startswith(f"usage: {typed}")
    assert "reached" not in reply.stdout
    assert f"usage: {typed}" in plain.inspect(typed)
    error = plain.fail(f"{typed} a b c --no-such-option")
    assert error.name == "MagicError"
    assert f"usage: {typed}" in error.value


def test_paths_of_a_board_that_is_not_there_are_no_error(plain: Jupyter) -> None:
    plain.run("%disconnect")
    assert plain.complete("%cat m") == []
    assert plain.fail("%cat m").name == "NotConnected"
