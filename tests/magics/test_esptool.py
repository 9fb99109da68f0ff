"""%esptool, with the real esptool and the stand-in for a chip."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ..esp_rom import EspChip, image

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..conftest import Start
    from ..front_end import Jupyter

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")


@pytest.fixture
def esp32() -> Iterator[EspChip]:
    """An ESP32 with an empty flash."""
    chip = EspChip("esp32")
    yield chip
    chip.close()


@pytest.fixture
def esp32_with_micropython(virtual_address: str) -> Iterator[EspChip]:
    chip = EspChip("esp32", firmware=image("esp32", seed=7))
    yield chip
    chip.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "new firmware.bin"
    path.write_bytes(image("esp32", 200_000))
    return path


def written(chip: EspChip, file: Path) -> bool:
    content = file.read_bytes()
    return bytes(chip.flash[chip.offset : chip.offset + len(content)]) == content


@pytest.fixture(autouse=True)
def no_board(request: pytest.FixtureRequest) -> None:
    if "plain" in request.fixturenames:
        request.getfixturevalue("plain").run("%disconnect")


# -- what is refused -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "hint"),
    [
        ("%esptool", "needs a command"),
        ("%esptool esp33", "esp32s3"),
        ("%esptool version", "usage: %esptool"),
        ("%esptool esp32", "micropython.org/download/?port=esp32"),
        ("%esptool ESP8266", "micropython.org/download/?port=esp8266"),
        ("%esptool flash no-such-file.bin", "no-such-file.bin"),
        ("%esptool erase firmware.bin", "takes no file"),
        ("%esptool erase --baud 0", "--baud"),
        ("%esptool erase --baud fast", "--baud"),
        ("%esptool erase --port virtual", "no serial port"),
        ("%esptool erase --port exec:micropython", "no serial port"),
        ("%esptool erase --port nonsense", "nonsense"),
        ("%esptool erase --port /dev/no-such-port", "/dev/no-such-port"),
        ("%esptool erase -- version", "%esptool -- version"),
        ("%esptool -- --port /dev/no-such-port wibble", "No such command"),
        ("%esptool -- version --wibble", "No such option"),
    ],
)
def test_what_cannot_be_done_fails_the_cell_and_says_why(plain: Jupyter, command: str, hint: str) -> None:
    error = plain.fail(command)
    assert hint in error.value
    assert "Traceback" not in error.text


def test_the_connected_virtual_board_is_no_target(plain: Jupyter, virtual_address: str) -> None:
    plain.do(f"%connect {virtual_address}\nx = 3")
    assert "--port" in plain.fail("%esptool erase").value
    assert plain.do("x").value == "3", "it stays connected"


@posix_only
def test_a_file_that_is_no_firmware_is_refused_before_the_port_is_touched(
    plain: Jupyter, esp32: EspChip, tmp_path: Path
) -> None:
    (tmp_path / "page.bin").write_text("<html>not found</html>" * 10)
    (tmp_path / "s3.bin").write_bytes(image("esp32s3"))
    assert "no firmware" in plain.fail(f"%esptool flash {tmp_path / 'page.bin'} --port {esp32.address}").value
    error = plain.fail(f"%esptool esp32 {tmp_path / 's3.bin'} --port {esp32.address}").value
    assert "is for the ESP32-S3, not for the ESP32" in error
    assert not esp32.said


# -- without a connected board -------------------------------------------------------------------------------------


def test_esptools_own_commands_work_without_a_board(plain: Jupyter) -> None:
    assert "esptool v" in plain.do("%esptool -- version").stdout
    assert "write-flash" in plain.do("%esptool -- --help").stdout


@posix_only
@pytest.mark.parametrize("command", ["flash", "esp32", "ESP32"])
def test_a_firmware_is_written(plain: Jupyter, esp32: EspChip, file: Path, command: str) -> None:
    said = plain.do(f"%esptool {command} '{file}' --port {esp32.address}").stdout
    assert written(esp32, file)
    assert "Hash of data verified." in said
    assert f"%connect {esp32.address}" in said
    states = [line for line in said.split("\n") if "Writing at" in line]
    assert len(states) == 1, "the progress bar is one line"
    assert states[0].count("\r") > 3


@posix_only
def test_another_chip_fails_the_cell(plain: Jupyter, file: Path) -> None:
    chip = EspChip("esp32s3")
    try:
        error = plain.fail(f"%esptool flash '{file}' --port {chip.address}")
        assert "This chip is ESP32-S3, not ESP32." in error.value
        assert set(chip.flash) == {0xFF}
    finally:
        chip.close()


@posix_only
def test_own_arguments_are_passed_as_they_are(plain: Jupyter, esp32: EspChip, tmp_path: Path) -> None:
    data = tmp_path / "some data.bin"
    data.write_bytes(b"anything" * 100)
    plain.do(f"%esptool -- --port {esp32.address} write-flash 0x20000 '{data}'")
    assert esp32.flash[0x20000 : 0x20000 + 800] == b"anything" * 100
    plain.do(f"%esptool --port {esp32.address} -- erase-region 0x20000 0x1000")
    assert esp32.flash[0x20000] == 0xFF


@posix_only
def test_an_erased_board_is_the_next_commands_target(plain: Jupyter, esp32: EspChip, file: Path) -> None:
    esp32.flash[-1] = 0
    said = plain.do(f"%esptool erase --port {esp32.address}").stdout
    assert set(esp32.flash) == {0xFF}
    assert "%esptool flash" in said
    esp32.worn = 0x2000
    assert "MD5" in plain.fail(f"%esptool flash '{file}'").value
    esp32.worn = None
    plain.do(f"%esptool flash '{file}'")
    assert written(esp32, file)


# -- with the board connected --------------------------------------------------------------------------------------


@posix_only
def test_the_connected_board_gets_the_firmware_and_is_connected_again(
    plain: Jupyter, esp32_with_micropython: EspChip, file: Path
) -> None:
    chip = esp32_with_micropython
    plain.do(f"%connect {chip.address}\nx = 3")
    said = plain.do(f"%esptool flash '{file}'").stdout
    assert written(chip, file)
    assert f"\nConnected to {chip.address}: MicroPython" in said
    assert plain.fail("x").name == "NameError", "the board has restarted"


@posix_only
def test_the_board_on_another_port_stays_connected(
    plain: Jupyter, esp32_with_micropython: EspChip, esp32: EspChip, file: Path
) -> None:
    plain.do(f"%connect {esp32_with_micropython.address}\nx = 3")
    plain.do(f"%esptool flash '{file}' --port {esp32.address}\nx = x + 1")
    assert written(esp32, file)
    plain.do("%esptool -- version")
    assert plain.do("x").value == "4"


@posix_only
def test_an_own_command_gets_the_connected_boards_port(plain: Jupyter, esp32_with_micropython: EspChip) -> None:
    plain.do(f"%connect {esp32_with_micropython.address}")
    reply = plain.do("%esptool -- read-mac\n6 * 7")
    assert "MAC:" in reply.stdout
    assert reply.value == "42"


@posix_only
def test_after_a_failure_the_board_is_connected_again(
    plain: Jupyter, esp32_with_micropython: EspChip, tmp_path: Path
) -> None:
    (tmp_path / "s3.bin").write_bytes(image("esp32s3"))
    plain.do(f"%connect {esp32_with_micropython.address}")
    reply = plain.run(f"%esptool flash {tmp_path / 's3.bin'}\nprint('not run')")
    assert "This chip is ESP32, not ESP32-S3." in reply.error.value
    assert "not run" not in reply.stdout
    assert plain.do("6 * 7").value == "42"


@posix_only
@pytest.mark.parametrize("command", ["erase", "-- erase_flash"])
def test_an_erased_board_is_not_connected_any_more(
    plain: Jupyter, esp32_with_micropython: EspChip, command: str
) -> None:
    plain.do(f"%connect {esp32_with_micropython.address}")
    assert "Connected to" not in plain.do(f"%esptool {command}").stdout.partition("Hard resetting")[2]
    assert set(esp32_with_micropython.flash) == {0xFF}
    assert plain.fail("1").name == "NotConnected"


@posix_only
def test_a_board_that_does_not_come_back_fails_the_cell(start: Start, esp32_with_micropython: EspChip) -> None:
    kernel = start()
    kernel.do("%%python\nfrom metakernel_micropython.magics import esptool\nesptool.RESTART = 1")
    kernel.do(f"%connect {esp32_with_micropython.address}")
    error = kernel.fail("%esptool -- erase-region 0x1000 0x1000")
    assert "press RESET" in error.value
    assert kernel.fail("1").name == "NotConnected"


# -- stop ----------------------------------------------------------------------------------------------------------


@posix_only
def test_stop_ends_esptool_and_says_what_that_means(
    plain: Jupyter, esp32_with_micropython: EspChip, file: Path
) -> None:
    chip = esp32_with_micropython
    plain.do(f"%connect {chip.address}")
    chip.pause_at(5)
    reply = plain.run(f"%esptool flash '{file}'\nprint('not run')", stop_at="Writing at")
    assert reply.error.name == "KeyboardInterrupt"
    assert "half written" in reply.stderr
    assert "not run" not in reply.stdout
    assert chip.restarted.wait(10), "the port is free"
    chip.pause_at(0)
    plain.do(f"%esptool flash '{file}' --port {chip.address}")
    assert written(chip, file)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_esptool_ends_when_the_kernel_is_killed(start: Start, esp32: EspChip, file: Path) -> None:
    kernel = start()
    esp32.pause_at(5)
    kernel.client.execute(f"%esptool flash '{file}' --port {esp32.address}")
    assert esp32.paused.wait(20)
    assert programs_with(esp32.address)
    kernel.close(now=True)
    deadline = time.monotonic() + 40
    while programs_with(esp32.address):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def programs_with(word: str) -> list[str]:
    """The running programs that have a word in their command lines."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_text(errors="replace").split("\0")
        except OSError:
            continue
        if word in words:
            found.append(" ".join(words))
    return found


# -- help and completion -------------------------------------------------------------------------------------------


def test_help_lists_every_chip(plain: Jupyter) -> None:
    from metakernel_micropython.host.firmware import CHIPS

    for text in (plain.do("%esptool --help").stdout, plain.do("%esptool?").page):
        assert set(CHIPS) <= set(text.split())


def test_arguments_are_completed(start: Start, tmp_path: Path) -> None:
    for name in ("board.bin", "notes.txt", "folder/other.bin"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    kernel = start()
    for code, expected in (
        ("%esptool er", ["erase"]),
        ("%esptool esp32c", ["esp32c2", "esp32c3", "esp32c5", "esp32c6", "esp32c61"]),
        ("%esptool --p", ["--port"]),
        ("%esptool flash ", ["board.bin", "folder/"]),
        ("%esptool flash folder/", ["folder/other.bin"]),
        ("%esptool erase --baud ", []),
        ("%esptool -- vers", ["version"]),
        ("%esptool -- --chip esp32 wr", ["write-flash"]),
        ("%esptool -- write-flash 0 b", ["board.bin"]),
    ):
        before = code.rpartition(" ")[0] + " "
        assert kernel.complete(code) == [before + word for word in expected], code
