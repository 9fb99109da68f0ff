"""Files on this computer: replaced in one step, under names that it can have."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from metakernel_micropython.board.files import host_files
from metakernel_micropython.errors import HostFileProblem


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/a", "nul\0"])
@pytest.mark.parametrize("windows", [False, True])
def test_names_that_fit_nowhere(name: str, windows: bool) -> None:
    assert host_files.unfit(name, windows=windows)


@pytest.mark.parametrize(
    "name",
    ["a\\b", "C:", "c:x", "..\\x", "CON", "nul", "Nul.txt", "com1.tar.gz", "LPT9", "COM²", "aux .py", "a.", "a ", "a?"],
)
def test_names_that_fit_everywhere_but_on_windows(name: str) -> None:
    assert host_files.unfit(name, windows=True)
    assert not host_files.unfit(name, windows=False)


@pytest.mark.parametrize("name", ["a", "a.py", ".hidden", "naïve ☃.py", "console", "com", "com10", "...a", "null"])
def test_names_that_fit_everywhere(name: str) -> None:
    assert not host_files.unfit(name, windows=True)


def test_a_file_is_replaced_with_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    path.chmod(stat.S_IRUSR | stat.S_IWUSR)
    host_files.replace(path, b"new")
    assert path.read_bytes() == b"new"
    if os.name != "nt":
        assert stat.S_IMODE(path.stat().st_mode) == stat.S_IRUSR | stat.S_IWUSR
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_in_the_middle_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    path.write_text("old")

    def stopped(self: Path, target: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(type(path), "replace", stopped)
    with pytest.raises(KeyboardInterrupt):
        host_files.replace(path, b"new")
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("a", "old")]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    try:
        (tmp_path / "link").symlink_to("real")
    except OSError:
        pytest.skip("this account makes no symbolic links")
    host_files.replace(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_folders_devices_and_missing_folders_are_refused(tmp_path: Path) -> None:
    for path, hint in ((tmp_path, "is a folder"), (tmp_path / "no" / "a", "no folder")):
        with pytest.raises(HostFileProblem, match=hint):
            host_files.replace(path, b"")
    if os.name != "nt":
        with pytest.raises(HostFileProblem, match="no regular file"):
            host_files.replace(Path(os.devnull), b"")


def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(HostFileProblem, match=r"There is no .*missing"):
        host_files.read(tmp_path / "missing")
    with pytest.raises(HostFileProblem, match="NUL"):
        host_files.host_path("a\0b")
    with pytest.raises(HostFileProblem, match="nobody-is-called-so"):
        host_files.host_path("~nobody-is-called-so/x")
