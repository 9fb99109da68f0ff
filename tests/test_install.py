"""python -m metakernel_micropython install."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest
from jupyter_client.kernelspec import KernelSpecManager

from metakernel_micropython.install import install

if TYPE_CHECKING:
    from pathlib import Path

KERNELSPEC = files("metakernel_micropython").joinpath("kernelspec")


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "metakernel_micropython", "install", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **environment},
        check=False,
    )


def spec(folder: Path) -> dict[str, object]:
    loaded: dict[str, object] = json.loads((folder / "kernel.json").read_text())
    return loaded


def test_the_kernelspec_asks_for_interrupts_by_message_and_starts_in_no_mans_folder(tmp_path: Path) -> None:
    target = install(prefix=str(tmp_path))
    assert target == tmp_path / "share" / "jupyter" / "kernels" / "micropython"
    found = spec(target)
    assert found["interrupt_mode"] == "message"
    assert found["display_name"] == "MicroPython"
    assert found["language"] == "python"
    assert found["argv"] == [sys.executable, "-P", "-m", "metakernel_micropython", "-f", "{connection_file}"]


@pytest.mark.parametrize("name", ["logo-32x32.png", "logo-64x64.png", "logo-svg.svg"])
def test_the_logos_are_installed(tmp_path: Path, name: str) -> None:
    data = (install(prefix=str(tmp_path)) / name).read_bytes()
    assert data == KERNELSPEC.joinpath(name).read_bytes()
    if name.endswith(".png"):
        size = int(name.partition("-")[2].partition("x")[0])
        assert data.startswith(b"\x89PNG")
        assert struct.unpack(">II", data[16:24]) == (size, size)
    else:
        assert b"<svg" in data


def test_nothing_else_is_installed(tmp_path: Path) -> None:
    names = {path.name for path in install(prefix=str(tmp_path)).iterdir()}
    assert names == {"kernel.json", "logo-32x32.png", "logo-64x64.png", "logo-svg.svg"}


def test_the_command_installs_into_an_environment(tmp_path: Path) -> None:
    done = run("--prefix", str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    folder = tmp_path / "share" / "jupyter" / "kernels" / "micropython"
    assert str(folder) in done.stdout
    assert "jupyter console --kernel micropython" in done.stdout
    assert spec(folder)["interrupt_mode"] == "message"


def test_the_command_installs_for_the_user(tmp_path: Path) -> None:
    done = run("--user", HOME=str(tmp_path), USERPROFILE=str(tmp_path), JUPYTER_DATA_DIR=str(tmp_path / "data"))
    assert done.returncode == 0
    assert spec(tmp_path / "data" / "kernels" / "micropython")["display_name"] == "MicroPython"


def test_names_can_be_chosen(tmp_path: Path) -> None:
    done = run("--prefix", str(tmp_path), "--display-name", "My board é", "--name", "my-board")
    assert done.returncode == 0
    assert "--kernel my-board" in done.stdout
    assert spec(tmp_path / "share" / "jupyter" / "kernels" / "my-board")["display_name"] == "My board é"


def test_installing_twice_replaces_the_first(tmp_path: Path) -> None:
    install(prefix=str(tmp_path), display_name="old")
    assert spec(install(prefix=str(tmp_path)))["display_name"] == "MicroPython"


def test_jupyter_finds_what_was_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(prefix=str(tmp_path), name="found-board")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "share" / "jupyter"))
    found = KernelSpecManager().get_kernel_spec("found-board")
    assert found.interrupt_mode == "message"
    assert found.language == "python"


def test_a_folder_that_cannot_be_made_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run("--prefix", str(tmp_path / "file"))
    assert done.returncode == 1
    assert "could not be installed" in done.stderr
    assert "--user" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="everything can be written by root")
def test_a_folder_that_may_not_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    done = run("--prefix", str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "arguments", [("--name", "not a name!"), ("--user", "--sys-prefix"), ("--no-such",), ("extra",)]
)
def test_wrong_arguments_are_refused(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = run(*arguments, HOME=str(tmp_path), JUPYTER_DATA_DIR=str(tmp_path / "data"))
    assert done.returncode != 0
    assert done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.rglob("kernel.json"))
