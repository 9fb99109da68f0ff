"""%romfs, on the virtual board with a stand-in for the partition, and on boards that have none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.firmware.romfs_image import build

from .. import rom_partition
from ..rom_partition import SIZE

if TYPE_CHECKING:
    from pathlib import Path

    from ..front_end import Jupyter


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A folder with a module, a package and data."""
    folder = tmp_path / "my app"
    (folder / "pkg").mkdir(parents=True)
    (folder / "from_rom.py").write_text("def answer():\n    return 42\n")
    (folder / "pkg" / "__init__.py").write_text("name = 'pkg'\n")
    (folder / "data.bin").write_bytes(bytes(range(256)) * 50)
    return folder


def flash(kernel: Jupyter, size: int) -> bytes:
    """What the partition begins with."""
    kernel.do("import binascii")
    code = f"for at in range(0, {size}, 512):\n    print(binascii.hexlify(rom.flash[at:at + 512]).decode())"
    return bytes.fromhex(kernel.do(code).stdout.replace("\n", ""))[:size]


@pytest.mark.parametrize("kind", ["memory", "old", "device"])
def test_a_folder_is_deployed_and_can_be_imported(virtual: Jupyter, app: Path, kind: str) -> None:
    virtual.do(rom_partition.source(kind))
    virtual.do("list = open = bytes = memoryview = print_ = 3\nlen = None")
    said = virtual.do(f'%romfs deploy "{app}"').stdout
    assert "from_rom.mpy" in said
    assert "2 compiled to .mpy version 6" in said
    assert "SHA-256 verified. /rom has it after %reboot." in said
    virtual.do("del list, open, bytes, memoryview, len")
    reply = virtual.do(
        "import sys\nrom.mount(rom.VfsRom(rom.flash), '/rom')\nsys.path.append('/rom')\n"
        "import from_rom, pkg\nprint(from_rom.answer(), pkg.name, len(open('/rom/data.bin', 'rb').read()))"
    )
    assert reply.stdout == "42 pkg 12800\n"
    assert "holds an image of" in virtual.do("%romfs").stdout
    # What is mounted is unmounted before it is written over.
    assert "SHA-256 verified" in virtual.do(f'%romfs deploy "{app}" --quiet').stdout
    assert virtual.fail("open('/rom/data.bin')").name == "OSError"


@pytest.mark.parametrize("kind", ["memory", "device"])
def test_what_is_written_is_the_image(virtual: Jupyter, app: Path, tmp_path: Path, kind: str) -> None:
    virtual.do(rom_partition.source(kind))
    image = build(app).data
    virtual.do(f'%romfs build "{app}" -o {tmp_path / "app.romfs"} --no-mpy')
    assert (tmp_path / "app.romfs").read_bytes() == image
    virtual.do(f"%romfs deploy {tmp_path / 'app.romfs'}")
    assert flash(virtual, len(image)) == image


def test_the_partition_is_described(virtual: Jupyter) -> None:
    virtual.do(rom_partition.source("memory", partitions=2))
    said = virtual.do("%romfs query").stdout
    assert f"ROMFS partition 0: 64 KiB ({SIZE} bytes), erased in blocks of 4 KiB" in said
    assert "holds no image" in said
    assert "ROMFS partition 1 is not there" in said
    virtual.do(rom_partition.source(partitions=0))
    assert "no partition for it" in virtual.do("%romfs").stdout


def test_a_board_without_romfs_says_so(virtual: Jupyter, app: Path) -> None:
    assert "has no ROMFS" in virtual.do("%romfs").stdout
    assert "has no ROMFS" in virtual.fail(f'%romfs deploy "{app}"').value


# -- what goes wrong -------------------------------------------------------------------------------------------------


def test_what_has_no_room_or_is_no_image_leaves_the_partition_as_it_was(
    virtual: Jupyter, app: Path, tmp_path: Path
) -> None:
    virtual.do(rom_partition.source())
    virtual.do(f'%romfs deploy "{app}"')
    before = flash(virtual, SIZE)
    (tmp_path / "page.romfs").write_bytes(b"<html>")
    (tmp_path / "cut.romfs").write_bytes(build(app).data[:-1])
    assert "no ROMFS image" in virtual.fail(f"%romfs deploy {tmp_path / 'page.romfs'}").value
    assert "only the beginning" in virtual.fail(f"%romfs deploy {tmp_path / 'cut.romfs'}").value
    assert "There is no folder" in virtual.fail(f"%romfs deploy {tmp_path / 'missing'}").value
    assert "no ROMFS partition 3: it has 0." in virtual.fail(f'%romfs deploy "{app}" --partition 3').value
    (app / "large.bin").write_bytes(bytes(SIZE))
    assert "Nothing was written" in virtual.fail(f'%romfs deploy "{app}"').value
    (app / "large.bin").unlink()
    (app / "wrong.py").write_text("def (:\n")
    assert "wrong.py was not compiled" in virtual.fail(f'%romfs deploy "{app}"').value
    assert flash(virtual, SIZE) == before


@pytest.mark.parametrize(("operation", "what"), [(3, "erase"), (4, "write")])
def test_firmware_that_refuses_is_told_with_its_number(virtual: Jupyter, app: Path, operation: int, what: str) -> None:
    virtual.do(rom_partition.source())
    virtual.do(f"rom.refuse = {operation}")
    error = virtual.fail(f'%romfs deploy "{app}"')
    assert f"did not {what} the ROMFS partition 0 (error 5)" in error.value


def test_a_deployment_that_breaks_leaves_no_image_rather_than_half_a_one(virtual: Jupyter, app: Path) -> None:
    virtual.do(rom_partition.source())
    virtual.do(f'%romfs deploy "{app}"')
    virtual.do(
        "kind = type(rom.flash)\nkind.program_ = kind.program\nrom.left = 2\n"
        "def breaks(self, start, data):\n"
        "    rom.left -= 1\n    if rom.left < 0:\n        raise OSError(5)\n"
        "    self.program_(start, data)\n"
        "kind.program = breaks"
    )
    error = virtual.fail(f'%romfs deploy "{app}"')
    assert "did not write its ROMFS partition 0" in error.value
    assert "holds no whole image now" in error.value
    assert flash(virtual, 3) == b"\xff\xff\xff"
    assert "holds no image" in virtual.do("%romfs").stdout


def test_flash_that_keeps_something_else_is_found(virtual: Jupyter, app: Path) -> None:
    virtual.do(rom_partition.source())
    virtual.do("good = rom.flash.program\ndef bad(start, data):\n    good(start, data[:-1] + b'\\0')")
    virtual.do("class Worn:\n    pass\nkind = type(rom.flash)\nkind.program_ = kind.program")
    virtual.do(
        "def worn(self, start, data):\n    self.program_(start, bytes([data[0] ^ 1 if start else data[0]]) + data[1:])"
    )
    virtual.do("kind.program = worn")
    error = virtual.fail(f'%romfs deploy "{app}"')
    assert "does not hold what was written" in error.value


def test_stop_leaves_no_image_and_says_so(virtual: Jupyter, app: Path) -> None:
    virtual.do(rom_partition.source())
    virtual.do(
        "import time\nkind = type(rom.flash)\nkind.program_ = kind.program\n"
        "def slow(self, start, data):\n"
        "    if start:\n        print('writing')\n        time.sleep(30)\n"
        "    self.program_(start, data)\n"
        "kind.program = slow"
    )
    reply = virtual.run(f'%romfs deploy "{app}" --quiet\nprint("not run")', stop_at="Writing")
    assert reply.error.name == "KeyboardInterrupt"
    assert "may hold half an image" in reply.told
    assert "not run" not in reply.stdout
    assert flash(virtual, 3) == b"\xff\xff\xff"
    virtual.do("kind.program = kind.program_")
    virtual.do(f'%romfs deploy "{app}"')


# -- build, help, arguments ------------------------------------------------------------------------------------------


def test_a_folder_is_built_without_a_board(plain: Jupyter, app: Path) -> None:
    plain.do("%disconnect")
    said = plain.do(f'%romfs build "{app}/"').stdout
    assert "compiled to the newest .mpy, unchecked" in said
    made = app.with_name("my app.romfs")
    assert b"from_rom.mpy" in made.read_bytes()
    assert str(app).encode() not in made.read_bytes(), "no path of this computer is in it"
    (app / "wrong.py").write_text("def (:\n")
    before = made.read_bytes()
    assert "wrong.py was not compiled" in plain.fail(f'%romfs build "{app}"').value
    assert made.read_bytes() == before
    assert "There is no folder" in plain.fail(f'%romfs build "{app}" -o "{app / "no" / "x.romfs"}"').value


@pytest.mark.parametrize(
    ("command", "hint"),
    [
        ("%romfs wibble", "invalid choice"),
        ("%romfs build", "name a folder"),
        ("%romfs deploy", "name a folder"),
        ("%romfs query x", "takes no x"),
        ("%romfs --no-mpy", "takes no --no-mpy"),
        ("%romfs build app --partition 1", "takes no --partition"),
        ("%romfs deploy app -o x", "takes no --output"),
        ("%romfs deploy app --partition -1", "count from 0"),
        ("%romfs build no-such-folder", "There is no folder"),
    ],
)
def test_what_cannot_be_done_says_why(plain: Jupyter, command: str, hint: str) -> None:
    error = plain.fail(command)
    assert hint in error.value
    assert "Traceback" not in error.text


def test_actions_and_paths_are_completed(plain: Jupyter, app: Path) -> None:
    assert plain.complete("%romfs de") == ["%romfs deploy"]
    assert plain.complete("%romfs --no") == ["%romfs --no-mpy"]
    assert plain.complete(f'%romfs build "{app.parent}/my') == [f'%romfs build "{app.parent}/my app/']
