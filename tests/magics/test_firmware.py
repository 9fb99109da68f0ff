"""%firmware: lists from 127.0.0.1, and stand-ins for the boards that the tests do not have."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import pytest

from ..daplink_drive import DaplinkDrive
from ..esp_rom import EspChip, image
from ..firmware.test_dfu_util import PROGRAM as DFU_UTIL
from ..firmware_server import RP2350, SAMD51, FirmwareServer, dfuse, intel_hex, uf2
from ..front_end import Jupyter
from ..uf2_board import Uf2Board

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..boards import Microbit

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")

RUNS = "20260602-v1.27.0-preview.225.g3f6d144cb8"
"""The version that the virtual board says it runs."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with a board's port and its drive, and with dfu-util in bin."""
    folder = tmp_path_factory.mktemp("board")
    (folder / "bin").mkdir()
    return folder


@pytest.fixture(scope="module")
def kernel(place: Path, virtual_address: str) -> Iterator[Jupyter]:
    """One that sees that port and that drive, and does not wait for long."""
    env = {
        "MICROPYTHON_PORTS": str(place / "ttyBOARD"),
        "MICROPYTHON_DRIVES": os.pathsep.join([str(place / "DRIVE"), str(place / "OTHER")]),
        "PATH": f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}",
    }
    made = Jupyter(place, env)
    yield made
    made.close(now=True)


@pytest.fixture(autouse=True)
def no_board(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "kernel" in request.fixturenames:
        request.getfixturevalue("kernel").run("%disconnect")


@pytest.fixture
def server() -> Iterator[FirmwareServer]:
    made = FirmwareServer()
    yield made
    made.close()


@pytest.fixture
def pico(place: Path) -> Iterator[Uf2Board]:
    made = Uf2Board(place)
    yield made
    made.close()


def patience(kernel: Jupyter, seconds: float) -> None:
    """Have the kernel wait so long for drives that go and boards that come back."""
    names = ("installation.RETURNS", "write_methods.RESTARTS")
    lines = "\n".join(f"{name} = {seconds}" for name in names)
    kernel.do(f"%%python\nfrom metakernel_micropython.firmware import installation, write_methods\n{lines}")


@pytest.fixture
def impatient(kernel: Jupyter) -> Iterator[Jupyter]:
    patience(kernel, 0.5)
    yield kernel
    patience(kernel, 30)


def esp32(server: FirmwareServer, content: bytes, **more: Any) -> None:
    options = {"kind": "esptool", "ending": "bin", "family": "esp32", "vendor": "Espressif", "model": "ESP32"}
    server.board("ESP32_GENERIC", content, **{**options, **more})


# -- what there is ---------------------------------------------------------------------------------------------------


@posix_only
def test_it_tells_what_the_board_runs_and_what_is_newer(
    kernel: Jupyter, server: FirmwareServer, pico: Uf2Board
) -> None:
    server.board("RPI_PICO", uf2())
    server.board("RPI_PICO", uf2(), version=RUNS)
    kernel.do(f"%connect {pico.address}")
    said = kernel.do(f"%firmware --index {server.url}").stdout
    assert f"(RPI_PICO) on {pico.address} runs MicroPython 1.27.0-preview.225." in said
    assert "The newest release for RPI_PICO is 1.29.0: %firmware install writes it. Files on the board stay" in said
    other = FirmwareServer()
    try:
        other.board("RPI_PICO", uf2(), version="1.26.1")
        assert "there is nothing newer" in kernel.do(f"%firmware --index {other.url}").stdout
        other.lists.clear()
        other.board("RPI_PICO_W", uf2())
        (pico.drive.parent / "none.json").write_bytes(other.pages["/micropython-variants-uf2.json"])
    finally:
        other.close()
    said = kernel.do(f"%firmware --index {pico.drive.parent / 'none.json'}").stdout
    assert "no board that is certainly this one" in said
    assert "cannot be known" in said


def test_boards_are_listed(kernel: Jupyter, server: FirmwareServer) -> None:
    server.board("RPI_PICO", uf2())
    server.board("RPI_PICO", uf2(), version="1.28.0")
    esp32(server, image("esp32"))
    esp32(server, image("esp32"), variant="SPIRAM")
    said = kernel.do(f"%firmware list --index {server.url}").stdout
    assert "RPI_PICO       Raspberry Pi Pico: 1.29.0, 1.28.0 (uf2)\n" in said
    assert "ESP32_GENERIC  Espressif ESP32: 1.29.0 (esptool), variants SPIRAM\n" in said
    assert "ESP32" not in kernel.do(f"%firmware list pico --index {server.url}").stdout
    assert "fits xyzzy" in kernel.fail(f"%firmware list xyzzy --index {server.url}").value


def test_without_a_network_a_sentence_says_so(kernel: Jupyter) -> None:
    for command in ("%firmware list", "%firmware install RPI_PICO"):
        error = kernel.fail(command)
        assert "127.0.0.1 cannot be reached" in error.value
        assert "MICROPYTHON_FIRMWARE_INDEX" in error.value
        assert "Traceback" not in error.text


# -- UF2 -------------------------------------------------------------------------------------------------------------


@posix_only
def test_a_connected_pico_gets_the_newest_release_and_is_connected_again(
    kernel: Jupyter, server: FirmwareServer, pico: Uf2Board
) -> None:
    server.board("RPI_PICO", uf2(fill=1), version=RUNS)
    server.board("RPI_PICO", uf2(fill=2), version="1.28.0")
    server.board("RPI_PICO", uf2(fill=3))
    kernel.do(f"%connect {pico.address} --name left\nx = 3")
    said = kernel.do(f"%firmware install --index {server.url}").stdout
    assert pico.flash == uf2(fill=3)
    assert said.index("Files on the board stay") < said.index("Writing RPI_PICO-20260406-v1.29.0.uf2")
    assert "SHA-256 as the list says" in said
    assert f"Connected to {pico.address}" in said
    assert kernel.fail("x").name == "NameError", "the board has restarted"

    reply = kernel.do(f"%firmware install --preview --index {server.url}")
    assert "nothing was written" in reply.stdout
    assert pico.flash == uf2(fill=3)
    said = kernel.do(f"%firmware install --preview --again --index {server.url}").stdout
    assert pico.flash == uf2(fill=1)
    assert "RPI_PICO runs 1.27.0-preview.225 now (it was 1.27.0-preview.225)." in said

    reply = kernel.do(f"%firmware install --version 1.28 --index {server.url}")
    assert pico.flash == uf2(fill=2)
    assert "the board says that it runs 1.27.0-preview.225" in reply.told
    assert kernel.do("6 * 7").value == "42"


@posix_only
def test_a_board_that_is_not_connected_is_waited_for(kernel: Jupyter, server: FirmwareServer, place: Path) -> None:
    server.board("RPI_PICO", uf2(), version=RUNS, checksum=False)
    board = Uf2Board(place)
    try:
        board.unplug()
        command = f"%firmware install RPI_PICO --preview --index {server.url}"
        said = kernel.do(command, once=("hold BOOTSEL", board.press)).stdout
        assert board.flash == uf2()
        assert "the list has no checksum; the file is whole" in said
        assert f"Connected to {board.address}" in said
        assert "RPI_PICO runs 1.27.0-preview.225 now." in said

        kernel.do("%disconnect")
        board.press()
        assert "hold BOOTSEL" not in kernel.do(command).stdout, "it waits already"
    finally:
        board.close()


@posix_only
def test_a_board_that_cannot_start_its_bootloader_is_brought_there_by_hand(
    kernel: Jupyter, server: FirmwareServer, pico: Uf2Board
) -> None:
    server.board("RPI_PICO", uf2())
    pico.deaf = True
    kernel.do(f"%connect {pico.address}")
    command = f"%firmware install --index {server.url}"
    kernel.do(command, once=("cannot start its bootloader by itself: hold BOOTSEL", pico.press))
    assert pico.flash == uf2()


@posix_only
def test_no_drive_leaves_the_board_as_it_was(kernel: Jupyter, server: FirmwareServer, pico: Uf2Board) -> None:
    server.board("RPI_PICO", uf2())
    pico.deaf = True
    kernel.do(f"%connect {pico.address}")
    reply = kernel.run(f"%firmware install --wait 0.3 --index {server.url}")
    assert "No drive of a board in its bootloader appeared within 0.3 s. Nothing was written." in reply.error.value
    assert pico.flash == b""
    assert kernel.do("6 * 7").value == "42", "it is connected again"


@posix_only
@pytest.mark.parametrize(
    ("drive", "file", "reason"),
    [
        ("RP2350", uf2(), "is for RP2040, and the board RP2350 has RP2350. Nothing was written"),
        ("SAMD51J19A-Metro-v0", uf2(), "is for RP2040, and the board SAMD51J19A-Metro-v0 has SAMD51"),
        ("RPI-RP2", uf2(RP2350), "is for RP2350, and the board RPI-RP2 has RP2040"),
        ("RPI-RP2", uf2(SAMD51), "is for SAMD51, and the board has RP2040 or RP2350"),
        ("Strange-Board", uf2(), "calls itself Strange-Board, which is not known here"),
    ],
)
def test_another_boards_file_is_not_written(
    kernel: Jupyter, server: FirmwareServer, place: Path, drive: str, file: bytes, reason: str
) -> None:
    server.board("RPI_PICO", file)
    board = Uf2Board(place, board_id=drive, runs=False)
    try:
        error = kernel.fail(f"%firmware install RPI_PICO --wait 0.1 --index {server.url}")
        assert reason in error.value
        assert not list(board.drive.glob("*.uf2"))
        assert board.flash == b""
    finally:
        board.close()


@posix_only
def test_of_two_boards_one_has_to_be_named(kernel: Jupyter, server: FirmwareServer, place: Path) -> None:
    server.board("RPI_PICO", uf2())
    (place / "other").mkdir()
    board, other = Uf2Board(place, runs=False), Uf2Board(place / "other", runs=False)
    (place / "OTHER").symlink_to(other.drive)
    try:
        error = kernel.fail(f"%firmware install RPI_PICO --index {server.url}")
        assert "More than one board waits" in error.value
        assert "--drive" in error.value
        kernel.do(f"%firmware install RPI_PICO --drive {board.drive} --index {server.url}")
        assert (board.flash, other.flash) == (uf2(), b"")
    finally:
        (place / "OTHER").unlink()
        board.close()
        other.close()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")  # noqa: PTH110
def test_a_full_drive_is_told(kernel: Jupyter, server: FirmwareServer, place: Path) -> None:
    file = server.board("RPI_PICO", uf2()).rpartition("/")[2]
    board = Uf2Board(place, runs=False)
    try:
        (board.drive / file).symlink_to("/dev/full")
        error = kernel.fail(f"%firmware install RPI_PICO --index {server.url}")
        assert "is full: it took 0 of 102400 bytes. Nothing was written: the board is as it was." in error.value
    finally:
        board.close()


@posix_only
def test_a_board_that_ignores_the_file_or_does_not_come_back_is_told(
    impatient: Jupyter, server: FirmwareServer, place: Path
) -> None:
    server.board("RPI_PICO", uf2())
    board = Uf2Board(place, runs=False, family=RP2350)
    try:
        error = impatient.fail(f"%firmware install RPI_PICO --index {server.url}")
        assert "took all 102400 bytes" in error.value
        assert "has not restarted" in error.value
    finally:
        board.close()
    board = Uf2Board(place, runs=False)
    try:
        board.fails = True
        error = impatient.fail(f"%firmware install RPI_PICO --index {server.url}")
        assert "is written, but no board with MicroPython answered" in error.value
    finally:
        board.close()


@posix_only
def test_a_download_that_is_not_what_the_list_says_leaves_the_board_alone(
    kernel: Jupyter, server: FirmwareServer, pico: Uf2Board
) -> None:
    page = server.board("RPI_PICO", uf2())
    gone = server.board("RPI_PICO", uf2(), version="1.28.0", checksum=False)
    cut = server.board("RPI_PICO", uf2(), version="1.27.0", checksum=False)
    server.pages[page] = uf2(fill=9)
    server.pages[cut] = uf2()[:-512]
    del server.pages[gone]
    kernel.do(f"%connect {pico.address}\nx = 3")
    for version, reason in (
        ("1.29.0", "is not the file that the list of firmware promises"),
        ("1.28.0", "the server says 404"),
        ("1.27.0", "199 of its 200 blocks are there"),
        ("1.26.0", "no version 1.26.0 for RPI_PICO. It has: 1.29.0, 1.28.0, 1.27.0"),
    ):
        assert reason in kernel.fail(f"%firmware install --version {version} --index {server.url}").value
    assert kernel.do("x").value == "3", "it is as it was"
    assert pico.flash == b""


@posix_only
def test_stop_ends_the_wait_and_the_board_is_connected_again(
    kernel: Jupyter, server: FirmwareServer, pico: Uf2Board
) -> None:
    server.board("RPI_PICO", uf2())
    pico.deaf = True
    kernel.do(f"%connect {pico.address}")
    reply = kernel.run(f"%firmware install --index {server.url}\nprint('not run')", stop_at="hold BOOTSEL")
    assert reply.error.name == "KeyboardInterrupt"
    assert "not run" not in reply.stdout
    assert kernel.do("6 * 7").value == "42"
    assert pico.flash == b""


# -- ESP chips -------------------------------------------------------------------------------------------------------


@posix_only
def test_a_connected_esp32_gets_the_newest_release_and_is_connected_again(
    kernel: Jupyter, server: FirmwareServer
) -> None:
    new = image("esp32", 150_000, seed=5)
    esp32(server, new)
    esp32(server, image("esp32s3"), version="1.28.0")
    chip = EspChip("esp32", firmware=image("esp32", seed=7), board="esp32")
    try:
        kernel.do(f"%connect {chip.address}\nx = 3")
        error = kernel.fail(f"%firmware install --version 1.28.0 --index {server.url}")
        assert "is for the ESP32-S3, not for the ESP32" in error.value
        assert kernel.do("x").value == "3", "nothing was touched"
        said = kernel.do(f"%firmware install --index {server.url}").stdout
        assert bytes(chip.flash[0x1000 : 0x1000 + len(new)]) == new
        assert "Hash of data verified." in said
        assert f"\nConnected to {chip.address}: MicroPython" in said
        assert kernel.do("6 * 7").value == "42"
    finally:
        kernel.do("%disconnect")
        chip.close()


@posix_only
def test_firmware_for_another_kind_of_board_is_refused(kernel: Jupyter, server: FirmwareServer, pico: Uf2Board) -> None:
    esp32(server, image("esp32"))
    kernel.do(f"%connect {pico.address}\nx = 3")
    error = kernel.fail(f"%firmware install esp32_generic --index {server.url}")
    assert "ESP32_GENERIC is for boards with ESP32" in error.value
    assert kernel.do("x").value == "3"


# -- micro:bit and STM32 ---------------------------------------------------------------------------------------------


def micro_bit(server: FirmwareServer) -> str:
    url = f"{server.url}/micropython-microbit-v1.1.1.hex"
    server.pages["/micropython-microbit-v1.1.1.hex"] = intel_hex()
    text = (
        '[{"vendor": "BBC", "model": "micro:bit v1", "family": "nrf51", "info_url": "https://example.org", '
        f'"downloads": [{{"version": "1.1.1", "url": "{url}"}}]}}]'
    )
    server.pages["/micropython-variants-daplink.json"] = text.encode()
    return f"--index {server.url}"


def test_a_micro_bit_with_files_is_written_only_when_they_may_go(
    kernel: Jupyter, server: FirmwareServer, place: Path, microbit: Microbit
) -> None:
    index = micro_bit(server)
    drive = DaplinkDrive(place / "DRIVE")
    try:
        kernel.do(f"%connect {microbit.address}")
        said = kernel.do(f"%firmware {index}").stdout
        assert "runs MicroPython 1.0.1" in said
        assert "The newest release for micropython-microbit is 1.1.1" in said
        assert "All files on the board are gone afterwards" in said
        kernel.do("with open('kept.py', 'w') as file:\n    file.write('x = 1')")
        error = kernel.fail(f"%firmware install {index}")
        assert "which holds 1 file: kept.py" in error.value
        assert "%backup" in error.value
        assert drive.flash == b""
        said = kernel.do(f"%firmware install --discard-files {index}").stdout
        assert drive.flash == intel_hex()
        assert f"Connected to {microbit.address}" in said
    finally:
        drive.close()


def test_what_daplink_says_went_wrong_fails_the_cell(kernel: Jupyter, server: FirmwareServer, place: Path) -> None:
    index = micro_bit(server)
    drive = DaplinkDrive(place / "DRIVE")
    try:
        drive.fails = "error: The transfer timed out."
        error = kernel.fail(f"%firmware install micropython-microbit {index}")
        assert "did not write micropython-microbit-v1.1.1.hex: error: The transfer timed out." in error.value
    finally:
        drive.close()
    drive = DaplinkDrive(place / "DRIVE", number="9904360258824e45")
    try:
        error = kernel.fail(f"%firmware install micropython-microbit {index}")
        assert "the drive is that of a micro:bit v2. Nothing was written" in error.value
    finally:
        drive.close()


@posix_only
def test_an_stm32_is_written_by_dfu_util(kernel: Jupyter, server: FirmwareServer, place: Path) -> None:
    options = {"kind": "dfu", "ending": "dfu", "family": "stm32", "vendor": "", "model": "Pyboard v1.1"}
    server.board("PYBV11", dfuse(), **options)  # type: ignore[arg-type]
    command = f"%firmware install PYBV11 --wait 0.2 --index {server.url}"
    program = place / "bin" / "dfu-util"
    if not any(os.access(os.path.join(path, "dfu-util"), os.X_OK) for path in os.environ["PATH"].split(os.pathsep)):  # noqa: PTH118
        assert "dfu-util, which is not installed" in kernel.fail(command).value
    program.write_text(DFU_UTIL)
    program.chmod(0o755)
    (place / "bin" / "mode").write_text("nobody")
    board = Uf2Board(place)
    try:
        board.unplug()
        error = kernel.fail(command)
        assert "No STM32 board in its bootloader was found within 0.2 s. Nothing was written" in error.value
        (place / "bin" / "mode").write_text("leaves")
        said = kernel.do(command, once=("with dfu-util", board.run)).stdout
        assert (place / "bin" / "written").read_bytes() == dfuse()
        assert f"Connected to {board.address}" in said
    finally:
        board.close()
        program.unlink()


# -- arguments -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "hint"),
    [
        ("%firmware wibble", "invalid choice"),
        ("%firmware --again", "--again is an option of %firmware install"),
        ("%firmware list --drive x", "--drive is an option of %firmware install"),
        ("%firmware list --variant SPIRAM", "--variant is an option of %firmware install"),
        ("%firmware install X --preview --version 1.2", "leave one of them out"),
        ("%firmware install X --wait never", "--wait"),
        ("%firmware install X --wait 99999", "more than 3600 seconds"),
        ("%firmware install X --method floppy", "invalid choice"),
        ("%firmware install X --index /no/such/place", "There are no lists of firmware in /no/such/place"),
        ("%firmware install X --index http://example.org", "is no https:// address"),
        ("%firmware", "No board is connected"),
        ("%firmware install", "No board is connected"),
    ],
)
def test_what_cannot_be_done_fails_the_cell_and_says_why(kernel: Jupyter, command: str, hint: str) -> None:
    error = kernel.fail(command)
    assert hint in error.value
    assert "Traceback" not in error.text


def test_a_drive_that_is_none_and_the_virtual_board_are_refused(
    kernel: Jupyter, server: FirmwareServer, virtual_address: str, tmp_path: Path
) -> None:
    server.board("RPI_PICO", uf2())
    install = f"%firmware install RPI_PICO --index {server.url}"
    assert "has no INFO_UF2.TXT" in kernel.fail(f"{install} --drive {tmp_path}").value
    kernel.do(f"%connect {virtual_address}\nx = 3")
    assert "virtual board has no flash" in kernel.fail(install).value
    assert kernel.do("x").value == "3", "it stays connected"


def test_boards_are_completed_from_the_lists_that_are_here(place: Path, server: FirmwareServer) -> None:
    server.board("RPI_PICO", uf2())
    server.board("RPI_PICO_W", uf2(), version="1.28.0")
    kernel = Jupyter(place, {"MICROPYTHON_FIRMWARE_INDEX": server.url})
    try:
        assert kernel.complete("%firmware install RPI") == []
        assert server.asked == [], "completion uses no network"
        kernel.do("%firmware list")
        assert kernel.complete("%firmware in") == ["%firmware install"]
        assert kernel.complete("%firmware install RPI") == [
            "%firmware install RPI_PICO",
            "%firmware install RPI_PICO_W",
        ]
        assert kernel.complete("%firmware install --version 1.2") == [
            "%firmware install --version 1.28.0",
            "%firmware install --version 1.29.0",
        ]
        assert kernel.complete("%firmware install --met") == ["%firmware install --method"]
    finally:
        kernel.close(now=True)
