"""Names of files by the rules of each system, whichever this one is."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.board.files import host_files
from metakernel_micropython.board.files.folders import fetch_folder
from metakernel_micropython.board.files.host_rules import POSIX, WINDOWS, HostRules
from metakernel_micropython.errors import HostFileProblem, MagicError
from metakernel_micropython.host.paths import board_target
from metakernel_micropython.host.transfer import host_target

if TYPE_CHECKING:
    from metakernel_micropython.board import Board

SYSTEMS = pytest.mark.parametrize("rules", [POSIX, WINDOWS], ids=lambda rules: rules.system)


@SYSTEMS
@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/a", "nul\0"])
def test_names_that_fit_nowhere(name: str, rules: HostRules) -> None:
    assert rules.unfit(name)


@pytest.mark.parametrize(
    "name",
    ["a\\b", "C:", "c:x", "..\\x", "CON", "nul", "Nul.txt", "com1.tar.gz", "LPT9", "COM²", "aux .py", "a.", "a ", "a?"],
)
def test_names_that_fit_everywhere_but_on_windows(name: str) -> None:
    assert WINDOWS.unfit(name)
    assert not POSIX.unfit(name)


@SYSTEMS
@pytest.mark.parametrize("name", ["a", "a.py", ".hidden", "naïve ☃.py", "console", "com", "com10", "...a", "null"])
def test_names_that_fit_everywhere(name: str, rules: HostRules) -> None:
    assert not rules.unfit(name)


@pytest.mark.parametrize(
    "typed",
    [
        r"C:\proj\main.py",
        "C:/proj/main.py",
        "C:main.py",
        "C:",
        "D:\\",
        r"\\server\share\main.py",
        r"\\?\C:\very\long\main.py",
        r"..\lib\.",
        "./lib/../main.py",
        "lib\\",
        "",
        ".",
        "~/main.py",
    ],
)
def test_windows_paths_are_typed_as_windows_has_them(typed: str) -> None:
    assert WINDOWS.unfit_path(typed) == ""
    assert host_files.host_path(typed, WINDOWS) == Path(typed).expanduser()


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("con", "con: Windows has a device of this name"),
        (r"C:\lib\AUX.py", "AUX.py: Windows has a device"),
        ("log:today.csv", "log:today.csv: Windows does not allow"),
        ("rows?.csv", "does not allow"),
        (r"D:\*.py", "does not allow"),
        ("out.", "does not keep a dot"),
        ("old /main.py", "old : Windows does not keep a dot or a blank"),
    ],
)
def test_what_windows_would_take_for_something_else_is_refused_with_the_name(typed: str, told: str) -> None:
    with pytest.raises(HostFileProblem, match=re.escape(told)) as caught:
        host_files.host_path(typed, WINDOWS)
    assert str(caught.value).startswith(f"{typed} on this computer cannot be a file")
    assert host_files.host_path(typed, POSIX) == Path(typed)


def test_names_that_are_one_file_on_windows_are_found() -> None:
    assert WINDOWS.folded("Lib/Naïve.PY") == WINDOWS.folded("lib/NAÏVE.py")
    assert WINDOWS.folded("straße") != WINDOWS.folded("strasse")  # NTFS knows no such rule
    assert POSIX.folded("A") != POSIX.folded("a")


def test_a_path_that_is_too_long_for_windows_says_so() -> None:
    path = Path("/") / ("x" * 150) / ("y" * 150)
    missing = FileNotFoundError(2, "no such file")
    told = str(host_files.problem(path, missing, WINDOWS))
    assert f"{len(str(path.absolute()))} characters" in told
    assert "259" in told
    assert "There is no" in str(host_files.problem(path, missing, POSIX))


@pytest.mark.parametrize(("number", "told"), [(32, "another program has it open"), (5, "may have it open")])
def test_a_file_that_another_program_has_open_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, told: str
) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(b"old")

    def refused(self: Path, target: Path) -> Path:
        error = PermissionError(13, "Access is denied", str(self))
        error.winerror = number  # type: ignore[attr-defined]
        raise error

    monkeypatch.setattr(host_files, "PATIENCE", 0.05)
    monkeypatch.setattr(type(path), "replace", refused)
    with pytest.raises(HostFileProblem, match=told):
        host_files.replace(path, b"new", WINDOWS)
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("rows.csv", b"old")]


def test_a_file_that_is_open_for_a_moment_is_waited_for_where_that_hinders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(b"old")
    replace = type(path).replace
    refusals = [PermissionError(13, "Access is denied") for _ in range(3)]

    def hindered(self: Path, target: Path) -> Path:
        if refusals:
            raise refusals.pop()
        return replace(self, target)

    monkeypatch.setattr(host_files, "PATIENCE", 60)
    monkeypatch.setattr(type(path), "replace", hindered)
    host_files.replace(path, b"new", WINDOWS)
    assert path.read_bytes() == b"new"
    refusals.append(PermissionError(13, "Permission denied"))  # elsewhere it is somebody's decision
    with pytest.raises(HostFileProblem, match="Permission denied"):
        host_files.replace(path, b"newer", POSIX)


def test_a_read_only_file_stays_on_windows_and_leaves_no_unfinished_one(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    path.chmod(stat.S_IREAD)
    with pytest.raises(HostFileProblem, match="is read-only, and stays"):
        host_files.replace(path, b"new", WINDOWS)
    assert [one.name for one in tmp_path.iterdir()] == ["a"]
    path.chmod(stat.S_IREAD | stat.S_IWRITE)
    host_files.replace(path, b"new", WINDOWS)
    assert path.read_bytes() == b"new"


def test_a_folder_is_fetched_as_windows_can_have_it_and_the_rest_is_told(virtual_board: Board, tmp_path: Path) -> None:
    for name in ("main.py", "Main.py", "aux.py", "rows:1.csv", "end.", "lib/nul.mpy", "lib/a.py"):
        virtual_board.files.write(f"there/{name}", name.encode(), parents=True)
    tally = fetch_folder(virtual_board.files, "there", tmp_path / "to", rules=WINDOWS)
    told = {path.removeprefix("there/"): reason for path, reason in tally.failed}
    assert set(told) == {"main.py", "aux.py", "rows:1.csv", "end.", "lib/nul.mpy"}
    assert told["main.py"] == "this computer takes it for the same name as Main.py"
    assert told["aux.py"] == "Windows has a device of this name"
    kept = {one.relative_to(tmp_path).as_posix(): one.read_bytes() for one in tmp_path.rglob("*") if one.is_file()}
    assert kept == {"to/Main.py": b"Main.py", "to/lib/a.py": b"lib/a.py"}


def test_a_file_that_cannot_keep_its_name_on_windows_gets_another_from_the_person(tmp_path: Path) -> None:
    with pytest.raises(HostFileProblem, match=r"aux\.py cannot keep its name .* Name a file to save it as"):
        host_target("lib/aux.py", "", WINDOWS)
    assert host_target("lib/aux.py", "auxiliary.py", WINDOWS) == Path("auxiliary.py")
    with pytest.raises(HostFileProblem, match="Take another name"):
        host_target("lib/a.py", "log:1.py", WINDOWS)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("lib\\sensor.py", "Did you mean lib/sensor.py"),
        ("lib\\", "Did you mean lib/?"),
        (r"C:\lib\sensor.py", "a board has no drives"),
        ("c:/lib", "a board has no drives"),
        ("c:", "a board has no drives"),
    ],
)
def test_a_path_of_this_computer_is_none_of_a_board(typed: str, told: str) -> None:
    with pytest.raises(MagicError, match=re.escape(told)):
        board_target(typed)


@pytest.mark.parametrize(("typed", "path"), [("lib/a.py", "lib/a.py"), (":a.py", "a.py"), (":/", "/"), ("", "")])
def test_a_path_on_a_board_may_have_a_colon_in_front(typed: str, path: str) -> None:
    assert board_target(typed) == path
