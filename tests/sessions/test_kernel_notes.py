"""What a kernel writes down about its boards: who may find it, and what nobody takes for it."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from metakernel_micropython.sessions.kernel_notes import HeldBoard, KernelNotes

if TYPE_CHECKING:
    from pathlib import Path

BOARD = HeldBoard("/dev/ttyACM0", "/dev/ttyACM0", "left", {"baud": 115200})


def notes(folder: Path, name: str = "kernel-aaaa-bbbb.json") -> KernelNotes:
    return KernelNotes(str(folder / name), folder / "notes")


def change(folder: Path, **values: object) -> None:
    for path in (folder / "notes").glob("*.json"):
        path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def test_another_kernel_finds_the_holder_of_a_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/ada/lesson.ipynb")
    notes(tmp_path).write((BOARD,))
    other = notes(tmp_path, "kernel-cccc-dddd.json")
    found = other.holder_of("/dev/ttyACM0", "")
    assert found is not None
    assert found.holder == f"the notebook lesson.ipynb (process {os.getpid()})"
    assert other.holder_of("", "/dev/ttyACM0") is not None
    assert other.holder_of("/dev/ttyACM1", "") is None
    assert notes(tmp_path).holder_of("/dev/ttyACM0", "") is None  # itself


def test_a_process_that_is_gone_holds_nothing(tmp_path: Path) -> None:
    notes(tmp_path).write((BOARD,))
    change(tmp_path, started=psutil.Process().create_time() - 100)  # the number belongs to another process now
    assert notes(tmp_path, "kernel-cccc-dddd.json").holder_of("/dev/ttyACM0", "") is None


def test_the_next_start_of_the_kernel_learns_its_boards(tmp_path: Path) -> None:
    notes(tmp_path).write((BOARD,), ended=True)
    assert notes(tmp_path).before_restart() == (BOARD,)
    assert notes(tmp_path, "kernel-cccc-dddd.json").before_restart() == ()


def test_the_kernel_of_a_console_learns_them_only_at_once(tmp_path: Path) -> None:
    name = "kernel-4711.json"
    notes(tmp_path, name).write((BOARD,), ended=True)
    assert notes(tmp_path, name).before_restart() == (BOARD,)
    change(tmp_path, written=time.time() - 100)  # another console with the same process number
    assert notes(tmp_path, name).before_restart() == ()


def test_a_kernel_that_lives_is_nobodys_past(tmp_path: Path) -> None:
    notes(tmp_path).write((BOARD,))
    assert notes(tmp_path).before_restart() == ()


def test_nothing_is_left_where_no_board_is_held(tmp_path: Path) -> None:
    mine = notes(tmp_path)
    mine.write((BOARD,))
    mine.write(())
    assert list((tmp_path / "notes").iterdir()) == []


def test_old_notes_of_kernels_that_are_gone_are_tidied_up(tmp_path: Path) -> None:
    notes(tmp_path).write((BOARD,))
    change(tmp_path, started=1.0, written=time.time() - 100_000)
    notes(tmp_path, "kernel-cccc-dddd.json").write((BOARD,))
    assert [path.name for path in (tmp_path / "notes").iterdir()] == ["kernel-cccc-dddd.json"]


@pytest.mark.parametrize(
    "text", ["", "nonsense", "[]", "{}", '{"boards": 5}', '{"boards": [{"address": 5}]}', "[" * 100_000, "\udcff"]
)
def test_a_file_that_is_no_note_is_passed_over(tmp_path: Path, text: str) -> None:
    mine = notes(tmp_path)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "kernel-aaaa-bbbb.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert mine.before_restart() == ()
    assert notes(tmp_path, "other.json").holder_of("/dev/ttyACM0", "") is None


def test_a_folder_that_takes_nothing_breaks_nothing(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("a file")
    mine = notes(tmp_path)
    mine.write((BOARD,))
    assert mine.before_restart() == ()
    assert mine.holder_of("/dev/ttyACM0", "") is None


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX's")
def test_a_note_is_its_users_alone(tmp_path: Path) -> None:
    notes(tmp_path).write((BOARD,))
    (path,) = (tmp_path / "notes").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o077 == 0
