"""Files on this computer: replaced in one step, under names that it can have."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from metakernel_micropython.board.files import host_files
from metakernel_micropython.cell.capture_file import Capture
from metakernel_micropython.errors import HostFileProblem
from metakernel_micropython.transports.recorder import Recorder


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


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_a_private_file_is_at_no_time_readable_for_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret"
    path.write_text("old")
    path.chmod(0o600)
    modes: list[int] = []
    copymode = host_files.shutil.copymode

    def watched(source: Path, target: Path) -> None:
        modes.append(stat.S_IMODE(target.stat().st_mode))
        modes.append(target.stat().st_size)
        copymode(source, target)

    monkeypatch.setattr(host_files.shutil, "copymode", watched)
    host_files.replace(path, b"new")
    assert modes == [0o600, 0]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_what_was_said_to_a_board_is_kept_for_the_owner_alone(tmp_path: Path) -> None:
    Capture(tmp_path / "captured.txt").close()
    Recorder(tmp_path / "wire.log").close()
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    (tmp_path / "shared.txt").touch(0o644)
    Capture(tmp_path / "shared.txt").close()
    assert stat.S_IMODE((tmp_path / "shared.txt").stat().st_mode) == 0o644


def test_a_name_that_the_system_cannot_encode_fails_with_a_sentence(tmp_path: Path) -> None:
    script = (
        "from metakernel_micropython.board.files import host_files, host_rules\n"
        "from metakernel_micropython.cell.failure import failure\n"
        "print(host_rules.RUNNING.unfit('\\xe4.py'))\n"
        "for action in (lambda: host_files.host_path('\\xe4.py'), lambda: open('\\xe4.py')):\n"
        "    try: action()\n"
        "    except Exception as error: print(failure(error).evalue.encode('unicode_escape'))\n"
    )
    env = {**os.environ, "LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    run = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True)
    if "b'" not in run.stdout:
        pytest.skip("this system takes every name in every locale")
    lines = run.stdout.splitlines()
    assert "names on this computer are in ascii" in lines[0]
    assert len(lines) == 3
    assert all("PYTHONUTF8=1" in line and "Traceback" not in line for line in lines[1:])
