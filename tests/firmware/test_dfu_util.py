"""dfu-util: missing, listing, writing, failing. A stand-in, because neither the program nor a board can be had here."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.firmware import dfu_util
from metakernel_micropython.firmware.dfu_util import DfuProblem

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a script with #!")

PROGRAM = f"""#!{sys.executable}
import pathlib, sys, time
place = pathlib.Path(__file__).parent
arguments = sys.argv[1:]
mode = (place / "mode").read_text()
if mode == "hangs":
    time.sleep(60)
if arguments == ["--list"]:
    print("dfu-util 0.11")
    if mode != "nobody":
        print('Found DFU: [0483:df11] ver=2200, devnum=9, cfg=1, intf=0, alt=0, name="@Internal Flash"')
    sys.exit(0)
assert arguments[:6] == ["--device", "0483:df11", "--alt", "0", "--dfuse-address", ":leave"], arguments
assert arguments[6] == "--download", arguments
if mode == "refuses":
    sys.exit("dfu-util: Cannot open DFU device 0483:df11")
(place / "written").write_bytes(pathlib.Path(arguments[7]).read_bytes())
print("File downloaded successfully")
sys.exit(74 if mode == "leaves" else 0)
"""


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Its folder; the file ``mode`` there says what it does."""
    path = tmp_path / "dfu-util"
    path.write_text(PROGRAM)
    path.chmod(0o755)
    (tmp_path / "mode").write_text("")
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_where_it_is_missing_people_are_told_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for call in (dfu_util.program, dfu_util.waiting):
        with pytest.raises(DfuProblem, match=r"not installed: .*dfu-util.*Nothing was written"):
            call()


def test_a_board_in_its_bootloader_is_seen(stand_in: Path) -> None:
    assert dfu_util.waiting() is True
    (stand_in / "mode").write_text("nobody")
    assert dfu_util.waiting() is False


@pytest.mark.parametrize("mode", ["", "leaves"])
def test_a_file_is_written_also_where_the_board_leaves_before_the_end(stand_in: Path, mode: str) -> None:
    (stand_in / "mode").write_text(mode)
    (stand_in / "it is.dfu").write_bytes(b"content")
    said: list[str] = []
    dfu_util.write(stand_in / "it is.dfu", said.append)
    assert (stand_in / "written").read_bytes() == b"content"
    assert said == ["dfu-util: File downloaded successfully\n"]


def test_a_failure_is_quoted(stand_in: Path) -> None:
    (stand_in / "mode").write_text("refuses")
    with pytest.raises(DfuProblem, match=r"Cannot open DFU device"):
        dfu_util.write(stand_in / "mode", print)


def test_one_that_does_not_end_is_stopped(stand_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (stand_in / "mode").write_text("hangs")
    monkeypatch.setattr(dfu_util, "LIST_TIMEOUT", 0.3)
    with pytest.raises(DfuProblem, match="did not end within"):
        dfu_util.waiting()
