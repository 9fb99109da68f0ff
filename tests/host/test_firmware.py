"""Which file goes where, and the real esptool against the stand-in for a chip."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.errors import ConnectError, MicroPythonError
from metakernel_micropython.host import firmware
from metakernel_micropython.host.firmware import CHIPS, FirmwareError
from metakernel_micropython.transports import port_scan

from ..esp_rom import EspChip, image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")


@pytest.fixture
def chips() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def run(arguments: list[str]) -> list[str]:
    """Run esptool and return the pieces of its output."""
    pieces: list[str] = []
    firmware.run(arguments, pieces.append)
    return pieces


# -- the table -----------------------------------------------------------------------------------------------------


def test_the_table_has_every_chip_of_esptool_with_the_place_where_its_rom_looks_for_a_boot_loader() -> None:
    from esptool.targets import CHIP_DEFS

    theirs = {name: (rom.CHIP_NAME, rom.BOOTLOADER_FLASH_OFFSET, rom.IMAGE_CHIP_ID) for name, rom in CHIP_DEFS.items()}
    ours = {chip.name: (chip.title, chip.offset, chip.image_id) for chip in CHIPS.values()}
    assert theirs.items() <= ours.items(), "esptool knows a chip that has no row in firmware.CHIPS"


@pytest.mark.parametrize("name", CHIPS)
def test_a_file_tells_for_which_chip_it_is(name: str, tmp_path: Path) -> None:
    pytest.importorskip("esptool")
    path = tmp_path / "firmware.bin"
    path.write_bytes(image(name, 5000))
    assert firmware.chip_of_image(path) is CHIPS[name]
    assert firmware.chip_of_image(path, CHIPS[name]) is CHIPS[name]
    other = CHIPS["esp32c3" if name != "esp32c3" else "esp32"]
    with pytest.raises(FirmwareError, match=f"for the {CHIPS[name].title}, not for the {other.title}"):
        firmware.chip_of_image(path, other)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no firmware"),
        (b"\xe9", "no firmware"),
        (b"\x7fELF" + bytes(100), "no firmware"),
        (b"UF2\n" + bytes(100), "no firmware"),
        (b":020000040000FA\n" * 10, "no firmware"),
        (b"<html>" * 20, "no firmware"),
        (b"\xe9" + bytes(31) + bytes.fromhex("3254cdab") + bytes(64), "no boot loader"),
        (b"\xe9" + bytes(11) + b"\x77" + bytes(64), "number 119"),
    ],
)
def test_what_is_no_firmware_is_refused(content: bytes, why: str, tmp_path: Path) -> None:
    path = tmp_path / "firmware.bin"
    path.write_bytes(content)
    with pytest.raises(FirmwareError, match=why) as caught:
        firmware.chip_of_image(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(("chip", "page"), [("esp8266", "port=esp8266"), ("esp32s3", "port=esp32"), (None, "port=")])
def test_a_missing_file_names_the_page_that_has_it(chip: str | None, page: str, tmp_path: Path) -> None:
    for path in (tmp_path / "nothing.bin", tmp_path):
        with pytest.raises(FirmwareError, match=page):
            firmware.chip_of_image(path, CHIPS[chip] if chip else None)


# -- ports and arguments -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "port"),
    [
        ("/dev/ttyUSB0", "/dev/ttyUSB0"),
        ("com5", "COM5"),
        ("~/port", "~/port"),
        ("socket://127.0.0.1:2000", "socket://127.0.0.1:2000"),
        ("rfc2217://127.0.0.1:2000?ign_set_control", "rfc2217://127.0.0.1:2000?ign_set_control"),
    ],
)
def test_serial_lines_are_esptools_ports(address: str, port: str) -> None:
    assert firmware.serial_port(address) == os.path.expanduser(port)  # noqa: PTH111


@pytest.mark.parametrize("address", ["virtual", "virtual:somewhere", "exec:micropython", "id:no-such", "nonsense"])
def test_other_addresses_are_refused(address: str) -> None:
    with pytest.raises(MicroPythonError, match=address):
        firmware.serial_port(address)


def test_without_a_port_the_likeliest_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(port_scan, "candidates", lambda _preferred: [])
    with pytest.raises(ConnectError, match="--port"):
        firmware.serial_port("auto")
    found = [port_scan.PortInfo(name, 1, 2, None, None, None, "", 3) for name in ("/dev/likely", "/dev/other")]
    monkeypatch.setattr(port_scan, "candidates", lambda _preferred: found)
    assert firmware.serial_port("auto") == "/dev/likely"


def test_two_names_of_a_device_are_one_port(tmp_path: Path) -> None:
    device = tmp_path / "ttyUSB0"
    device.touch()
    link = tmp_path / "by-id"
    try:
        link.symlink_to(device)
    except OSError:
        pytest.skip("no links here")
    assert firmware.same_port(str(link), str(device))
    assert not firmware.same_port(str(device), str(tmp_path / "ttyUSB1"))
    assert not firmware.same_port("socket://127.0.0.1:1", "socket://127.0.0.1:2")


@pytest.mark.parametrize(
    ("line", "command", "port"),
    [
        ("version", "version", ""),
        ("image_info fw.bin", "image-info", ""),
        ("--chip esp32 write-flash -p 0 fw.bin", "write-flash", ""),
        ("-p /dev/x read_mac", "read-mac", "/dev/x"),
        ("--no-stub --port=/dev/x -b 9600 erase_flash", "erase-flash", "/dev/x"),
        ("-p/dev/x -a no-reset run", "run", "/dev/x"),
        ("write-flash --help", "", ""),
        ("", "", ""),
        ("--port", "", ""),
    ],
)
def test_command_and_port_are_found_in_a_persons_own_arguments(line: str, command: str, port: str) -> None:
    assert firmware.read_arguments(line.split()) == firmware.Request(command, port)


# -- running -------------------------------------------------------------------------------------------------------


def test_esptool_runs_without_a_board() -> None:
    assert "esptool v" in "".join(run(["version"]))


def test_a_serial_py_in_the_folder_is_not_taken_for_pyserial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "serial.py").write_text("raise SystemExit('the wrong one')\n")
    monkeypatch.chdir(tmp_path)
    assert "esptool v" in "".join(run(["version"]))


def test_what_esptool_says_last_is_the_error() -> None:
    with pytest.raises(FirmwareError, match="No such command 'wibble'") as caught:
        run(["wibble"])
    assert "--help" in str(caught.value)
    with pytest.raises(FirmwareError, match=r"Could not open /dev/no-such-port[\s\S]*%boards"):
        run(["--port", "/dev/no-such-port", "read-mac"])


def test_a_progress_bar_stays_one_line() -> None:
    shown: list[str] = []
    output = firmware._Output(shown.append)
    whole = "Compressed...\nWriting ━ 9.6% 1kB\nWriting ━━ 100.0% 12kB \r\nWrote 5\nConnecting"
    data = whole.encode()
    output.feed(data[:-3])
    output.feed(None)
    output.feed(data[-3:] + b"\n")
    output.feed("half a state ━".encode()[:-1])
    output.close()
    text = "".join(shown)
    assert text.startswith(
        "Compressed...\n\rWriting ━ 9.6% 1kB\rWriting ━━ 100.0% 12kB\nWrote 5\nConnecting\nhalf a state"
    )
    assert shown[1] == "Connect", "a line that has begun waits for its end"


def test_any_split_of_the_output_shows_the_same() -> None:
    data = "Connecting...\nWriting ━ 9.6%\nWriting ━━ 100.0%\nWrote 5\n\nDone\n".encode()
    expected = "Connecting...\n\rWriting ━ 9.6%\rWriting ━━ 100.0%\nWrote 5\n\nDone\n"
    for cut in range(len(data)):
        shown: list[str] = []
        output = firmware._Output(shown.append)
        output.feed(data[:cut])
        output.feed(data[cut:])
        output.close()
        assert "".join(shown) == expected


@posix_only
@pytest.mark.parametrize("name", "esp8266 esp32 esp32s2 esp32s3 esp32c2 esp32c3 esp32c5 esp32p4".split())
def test_a_firmware_arrives_in_the_flash_where_the_chip_starts(name: str, chips: ExitStack, tmp_path: Path) -> None:
    chip = EspChip(name)
    chips.callback(chip.close)
    path = tmp_path / "a firmware.bin"
    content = image(name)
    path.write_bytes(content)
    before = bytes(chip.flash)
    said = "".join(run(firmware.write_arguments(CHIPS[name], path, chip.address)))
    assert "Hash of data verified." in said
    if name == "esp8266":
        content = content[:2] + b"\x02" + content[3:]  # the mode "dio"; the size, 4 MB, was right
    end = chip.offset + len(content)
    assert chip.flash[chip.offset : end] == content
    assert chip.flash[: chip.offset] == before[: chip.offset]
    assert chip.flash[end:] == before[end:]
    assert chip.refused == []
    # As for people: esptool's stub runs. The first ESP32-C2 have none and show how the ROM itself writes.
    assert chip.said["MEM_END"] == 1 or name == "esp32c2"


@posix_only
def test_what_was_in_the_flash_is_written_over(chips: ExitStack, tmp_path: Path) -> None:
    old, new = image("esp32", 90_000, seed=1), image("esp32", 70_000, seed=2)
    chip = EspChip("esp32", firmware=old)
    chips.callback(chip.close)
    path = tmp_path / "firmware.bin"
    path.write_bytes(new)
    run(firmware.write_arguments(CHIPS["esp32"], path, chip.address))
    assert chip.flash[0x1000 : 0x1000 + len(new)] == new


@posix_only
def test_erasing_empties_the_whole_flash(chips: ExitStack) -> None:
    chip = EspChip("esp32c3", firmware=image("esp32c3"))
    chips.callback(chip.close)
    chip.flash[-1] = 0
    run(["--port", chip.address, "erase-flash"])
    assert set(chip.flash) == {0xFF}


@posix_only
def test_another_chip_than_the_files_is_refused_before_anything_is_written(chips: ExitStack, tmp_path: Path) -> None:
    chip = EspChip("esp32s3", firmware=image("esp32s3"))
    chips.callback(chip.close)
    before = bytes(chip.flash)
    path = tmp_path / "firmware.bin"
    path.write_bytes(image("esp32", seed=2))
    with pytest.raises(FirmwareError, match=r"This chip is ESP32-S3, not ESP32\b") as caught:
        run(firmware.write_arguments(firmware.chip_of_image(path), path, chip.address))
    assert "micropython.org/download" in str(caught.value)
    assert chip.flash == before
    # Without our check it is esptool that reads the file's header.
    with pytest.raises(FirmwareError, match=r"firmware\.bin' is not an .*ESP32-S3 image"):
        run(["--port", chip.address, "write-flash", "0", str(path)])
    assert chip.flash == before


@posix_only
def test_a_flash_that_does_not_take_the_bytes_is_noticed(chips: ExitStack, tmp_path: Path) -> None:
    chip = EspChip("esp32")
    chips.callback(chip.close)
    path = tmp_path / "firmware.bin"
    path.write_bytes(image("esp32"))
    chip.worn = chip.offset + 5000
    with pytest.raises(FirmwareError, match="MD5 of file does not match"):
        run(firmware.write_arguments(CHIPS["esp32"], path, chip.address))


@posix_only
def test_a_cable_that_is_pulled_halfway_is_an_error(chips: ExitStack, tmp_path: Path) -> None:
    chip = EspChip("esp32")
    chips.callback(chip.close)
    path = tmp_path / "firmware.bin"
    content = image("esp32", 300_000)
    path.write_bytes(content)
    chip.cut_at(4)
    with pytest.raises(FirmwareError, match="esptool failed"):
        run(firmware.write_arguments(CHIPS["esp32"], path, chip.address))
    written = chip.flash[0x1000 : 0x1000 + len(content)]
    assert written != content
    assert written[:50_000] == content[:50_000]


@posix_only
def test_a_line_on_which_nothing_answers_says_how_to_start_the_loader() -> None:
    import pty

    master, slave = pty.openpty()
    try:
        with pytest.raises(FirmwareError, match="hold BOOT"):
            run(["--port", os.ttyname(slave), "--connect-attempts", "1", "read-mac"])
    finally:
        os.close(slave)
        os.close(master)


@posix_only
def test_an_interrupt_ends_esptool(chips: ExitStack, tmp_path: Path) -> None:
    chip = EspChip("esp32")
    chips.callback(chip.close)
    path = tmp_path / "firmware.bin"
    path.write_bytes(image("esp32", 300_000))
    chip.pause_at(3)

    def press_stop(text: str) -> None:
        if "Writing at" in text:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        firmware.run(firmware.write_arguments(CHIPS["esp32"], path, chip.address), press_stop)
    assert chip.restarted.wait(10), "esptool still has the port open"
