"""Type stubs: which ones describe a board, and what jedi reads of them."""

from __future__ import annotations

import importlib.metadata
import os
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.assist import stubs
from metakernel_micropython.assist.documentation import Documentation

from ..boards import needs

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def cells() -> list[str]:
    return []


@pytest.fixture(scope="module")
def esp32(cells: list[str]) -> Documentation:
    found = stubs.find("esp32")
    needs(found, "micropython-esp32-stubs")
    assert found is not None
    return Documentation(found, lambda: "".join(cells))


def test_the_stubs_of_a_board_are_found(esp32: Documentation) -> None:
    assert (esp32.stubs.port, esp32.stubs.wanted) == ("esp32", "")
    assert esp32.stubs.version.startswith("1.")
    assert stubs.find("esp32") == esp32.stubs  # and laid out once


@pytest.mark.parametrize(
    ("platform", "wanted"),
    [
        ("rp2", "micropython-rp2-stubs"),
        ("pyboard", "micropython-stm32-stubs"),
        ("linux", "micropython-unix-stubs"),
        ("microbit", ""),  # nobody makes any
        ("", ""),
        ("../../etc", ""),
    ],
)
def test_what_to_install_is_named(esp32: Documentation, platform: str, wanted: str) -> None:
    found = stubs.find(platform)
    assert found is not None
    assert found.wanted == wanted
    assert (f"pip install {wanted}" in found.remark()) is bool(wanted)


def test_without_stubs_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "distributions", list)
    assert stubs.find("esp32") is None


def test_a_cache_that_cannot_be_written_is_no_obstacle(
    esp32: Documentation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    found = stubs.find("esp32")
    assert found is not None
    assert (found.folder / "machine-stubs" / "__init__.pyi").is_file()


@pytest.mark.parametrize(
    ("code", "signature", "text"),
    [
        ("machine.Pin(", "Pin(id: Any, /, mode: int=-1", "control I/O pins"),
        ("import machine\nmachine.Pin(2, ", "Pin(id: Any", "control I/O pins"),
        ("from machine import Pin\nPin(2).value(", "value(", "digital logic level"),
        ("import time\ntime.sleep_ms", "sleep_ms(ms: int", "Delay"),
        ("time.sleep_ms(", "sleep_ms(ms: int", "Delay"),
        ("print(", "print(", "Prints the values"),
        ("import machine\nmachine", "module machine", "hardware"),
    ],
)
def test_signatures_and_texts(esp32: Documentation, code: str, signature: str, text: str) -> None:
    found = esp32.describe(code, len(code))
    assert found is not None
    assert signature in found.shown(whole=True)
    assert text in found.text


def test_a_tooltip_is_short_and_help_is_whole(esp32: Documentation) -> None:
    found = esp32.describe("machine.Pin", 11)
    assert found is not None
    assert len(found.shown(whole=False).splitlines()) < 20
    assert len(found.shown(whole=True)) > len(found.shown(whole=False))


def test_earlier_cells_tell_what_a_name_is(cells: list[str], esp32: Documentation) -> None:
    assert esp32.describe("led.value", 9) is None
    cells.append("from machine import Pin\nled = Pin(2)\n")
    found = esp32.describe("led.value", 9)
    assert found is not None
    assert found.name == "machine.Pin.value"
    assert {"value", "toggle"} & {one.text for one in esp32.names("led.", 4)}


@pytest.mark.parametrize(
    "code", ["", "(", "x = (", "def f(:", "\0", "lambda", "é.", "a" * 5000, "import nowhere\nnowhere."]
)
def test_what_is_no_code_is_no_problem(esp32: Documentation, code: str) -> None:
    esp32.names(code, len(code))
    esp32.describe(code, len(code))


def test_files_next_to_the_notebook_are_not_read(
    esp32: Documentation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "lying_here.py").write_text("secret = 1\n")
    monkeypatch.chdir(tmp_path)
    assert esp32.names("import lying_here\nlying_here.", 29) == []


def test_arguments_are_offered(esp32: Documentation) -> None:
    code = "machine.Pin(2, mo"
    assert ("mode=", "param") in [(one.text, one.kind) for one in esp32.names(code, len(code))]


def test_of_modules_that_cpython_has_too_only_what_boards_have(esp32: Documentation) -> None:
    documented = esp32.documented("os")
    assert "listdir" in documented
    assert "abort" not in documented


def test_stubs_for_which_there_is_no_room_leave_nothing_half_made(
    esp32: Documentation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert esp32.stubs.port
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *_, **__: tmp_path / "cache")
    copied = 0

    def full(source: Path, target: Path) -> None:
        nonlocal copied
        copied += 1
        if copied > 3:
            raise OSError(28, "No space left on device")
        target.write_bytes(source.read_bytes())

    with monkeypatch.context() as patch:
        patch.setattr("shutil.copyfile", full)
        assert stubs.find("esp32") is None
    assert list((tmp_path / "cache" / "stubs").iterdir()) == []
    assert stubs.find("esp32") is not None


def test_what_a_killed_kernel_left_half_made_goes(
    esp32: Documentation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert esp32.stubs.port
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *_, **__: tmp_path)
    old, new = (tmp_path / "stubs" / f"micropython-stubs-unfinished-{name}" for name in ("old", "new"))
    for folder in (old, new):
        folder.mkdir(parents=True)
    os.utime(old, (0, 0))
    stubs.find("esp32")
    assert not old.exists()
    assert new.exists()


def test_without_a_home_that_can_be_written_all_kernels_share_one_folder(
    esp32: Documentation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert esp32.stubs.port
    (tmp_path / "file").touch()
    shared = tmp_path / "shared"
    shared.mkdir()
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *_, **__: tmp_path / "file")
    monkeypatch.setattr("tempfile.tempdir", str(shared))
    found = stubs.find("esp32")
    assert found is not None
    assert stubs.find("esp32") == found
    assert list(shared.iterdir()) == [found.folder]
    found.folder.chmod(0o777)  # as somebody else's would be
    other = stubs.find("esp32")
    assert other is not None
    assert (other.folder != found.folder) is (os.name != "nt")
