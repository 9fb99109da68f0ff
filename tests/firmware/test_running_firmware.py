"""Which board of the lists a board is: exactly, or nobody can know."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.firmware.firmware_index import read, version
from metakernel_micropython.firmware.running_firmware import Running, ask, board_of, newest

if TYPE_CHECKING:
    from metakernel_micropython.board import Board

FILES = "https://micropython.org/resources/firmware"


def entry(name: str, family: str, ending: str, model: str, url: str = "") -> dict[str, object]:
    return {
        "vendor": "",
        "model": model,
        "family": family,
        "info_url": "" if url else f"https://micropython.org/download/{name}",
        "downloads": [{"version": "1.29.0", "url": url or f"{FILES}/{name}-20260406-v1.29.0.{ending}"}],
    }


BUILDS = read(
    json.dumps(
        [
            entry("RPI_PICO", "rp2", "uf2", "Pico"),
            entry("RPI_PICO_W", "rp2", "uf2", "Pico W"),
            entry("ESP32_GENERIC", "esp32", "bin", "ESP32 / WROOM"),
            entry("ESP8266_GENERIC", "esp8266", "bin", "ESP8266"),
            entry("UM_TINYPICO", "esp32", "bin", "TinyPICO"),
            entry("MICROBIT", "nrf51", "hex", "micro:bit v1"),
            entry(
                "", "nrf51", "hex", "micro:bit v1", "https://github.com/b/m/releases/micropython-microbit-v1.1.1.hex"
            ),
            entry(
                "", "nrf52", "hex", "micro:bit v2", "https://github.com/f/m/releases/micropython-microbit-v2.1.2.hex"
            ),
        ]
    ).encode(),
    "https://example.org/list.json",
)


def running(build: str = "", machine: str = "", name: str = "micropython", platform: str = "") -> Running:
    return Running("/dev/ttyACM0", name, build, machine, platform, version("1.27.0"), "")


@pytest.mark.parametrize(
    ("build", "machine", "board"),
    [
        ("RPI_PICO", "Raspberry Pi Pico with RP2040", ("RPI_PICO", "")),
        ("RPI_PICO_W", "Raspberry Pi Pico W with RP2040", ("RPI_PICO_W", "")),
        ("ESP32_GENERIC-SPIRAM", "Generic ESP32 module with SPIRAM with ESP32", ("ESP32_GENERIC", "SPIRAM")),
        ("", "Generic ESP32 module with SPIRAM with ESP32", ("ESP32_GENERIC", "SPIRAM")),
        ("", "ESP32 module with ESP32", ("ESP32_GENERIC", "")),
        ("", "ESP module (1M) with ESP8266", ("ESP8266_GENERIC", "FLASH_1M")),
        ("", "Raspberry Pi Pico W with RP2040", ("RPI_PICO_W", "")),
        ("", "TinyPICO with ESP32-PICO-D4", ("UM_TINYPICO", "")),
        ("", "micro:bit v1.0.1 with nRF51822", ("micropython-microbit", "")),
        ("RPI_PICO_CLONE", "Clone with RP2040", None),
        ("", "Some board with STM32F405", None),
        ("", "", None),
    ],
)
def test_a_board_is_known_exactly_or_not_at_all(build: str, machine: str, board: tuple[str, str] | None) -> None:
    assert board_of(running(build, machine), BUILDS) == board


def test_other_firmware_is_in_no_list() -> None:
    assert board_of(running("RPI_PICO", "Raspberry Pi Pico with rp2040", "circuitpython"), BUILDS) is None


def test_the_newest_release_is_that_of_the_same_variant() -> None:
    found = newest(BUILDS, "ESP32_GENERIC", "SPIRAM")
    assert found is not None
    assert found.name == "ESP32_GENERIC-SPIRAM"
    assert newest(BUILDS, "micropython-microbit", "X") is None


def test_real_boards_tell_their_firmware(board: Board, board_address: str) -> None:
    # Names of a program's own do not matter.
    board.execute("str = repr = print_ = getattr = tuple = None")
    found = ask(board)
    assert found.version is not None
    if board_address == "virtual":
        assert found.name == "micropython"
        assert found.version.text.startswith("1.27.0-preview")
    else:
        assert board_of(found, BUILDS) == ("micropython-microbit", "")
        assert found.version.text == "1.0.1"
