"""Lists of firmware: Thonny's format, versions in their order, and which file is chosen."""

from __future__ import annotations

import json
from typing import Any

import pytest

from metakernel_micropython.firmware.firmware_index import (
    MAX_SIZE,
    Build,
    IndexProblem,
    board_named,
    choose,
    matching,
    read,
    version,
)

FILES = "https://micropython.org/resources/firmware"


def board(name: str, files: dict[str, str], **more: object) -> dict[str, Any]:
    """A board as Thonny's lists have it: the versions of its files, each with the file's name."""
    downloads = [{"version": text, "url": f"{FILES}/{file}"} for text, file in files.items()]
    page = f"https://micropython.org/download/{name}"
    return {"vendor": "Maker", "model": name.title(), "family": "rp2", "info_url": page, "downloads": downloads, **more}


PICO = board(
    "RPI_PICO",
    {
        "1.28.0": "RPI_PICO-20260406-v1.28.0.uf2",
        "20260520-v1.29.0-preview.14.g932f76c6b": "RPI_PICO-20260520-v1.29.0-preview.14.g932f76c6b.uf2",
        "1.27.0": "RPI_PICO-20251209-v1.27.0.uf2",
    },
    vendor="Raspberry Pi",
    model="Pico",
    title="Pico / Pico H",
    popular=True,
)
ESP32 = board("ESP32_GENERIC", {"1.28.0": "ESP32_GENERIC-20260406-v1.28.0.bin"}, family="esp32", vendor="Espressif")
S3_BIN = board("ESP32_GENERIC_S3", {"1.28.0": "ESP32_GENERIC_S3-20260406-v1.28.0.bin"}, family="esp32s3")
S3_UF2 = board("ESP32_GENERIC_S3", {"1.28.0": "ESP32_GENERIC_S3-20260406-v1.28.0.uf2"}, family="esp32s3")
BADGER = {
    "vendor": "Pimoroni",
    "model": "Badger 2040",
    "family": "rp2",
    "info_url": "https://github.com/pimoroni/badger2040/releases",
    "downloads": [
        {
            "version": "0.0.4",
            "url": "https://github.com/p/b/releases/download/v0.0.4/pimoroni-badger2040-v0.0.4-os.uf2",
        },
        {
            "version": "0.0.3",
            "url": "https://github.com/p/b/releases/download/v0.0.3/pimoroni-badger2040-v0.0.3-os.uf2",
        },
    ],
}
OLD = board(
    "esp32", {"20230405-unstable-v1.19.1-1008-gc046b23ea": "esp32-20230405-unstable-v1.19.1-1008-gc046b23ea.bin"}
)


def listed(*boards: object) -> list[Build]:
    return read(json.dumps(boards).encode(), "https://example.org/data/list.json")


ALL = listed(PICO, ESP32, S3_UF2, S3_BIN, BADGER, OLD)


# -- versions --------------------------------------------------------------------------------------------------------


def test_versions_are_in_their_order_however_they_are_written() -> None:
    texts = [
        "MicroPython v1.9.2 on 2017-09-01",
        "1.18",
        "v1.19.1",
        "20230405-unstable-v1.19.1-1008-gc046b23ea",
        "v1.20.0-12-g1234567",
        "v1.27.0-preview.2.g3f6d144cb8 on 2026-06-02",
        "20260520-v1.27.0-preview.225.g932f76c6b",
        "1.27.0",
        "1.28.0",
    ]
    found = [version(text) for text in texts]
    assert all(found)
    keys = [one.key for one in found if one]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)
    assert [one.text for one in found if one][-4:] == ["1.27.0-preview.2", "1.27.0-preview.225", "1.27.0", "1.28.0"]
    assert [one.is_preview for one in found if one] == [False, False, False, True, True, True, True, False, False]


@pytest.mark.parametrize("text", ["", "latest", "1", "v", "g3f6d144cb8"])
def test_what_names_no_version_has_none(text: str) -> None:
    assert version(text) is None


# -- reading ---------------------------------------------------------------------------------------------------------


def test_a_list_in_thonnys_format_is_read() -> None:
    first = ALL[0]
    assert (first.board, first.variant, first.version.text, first.method) == ("RPI_PICO", "", "1.28.0", "uf2")
    assert first.url == f"{FILES}/RPI_PICO-20260406-v1.28.0.uf2"
    assert first.file == "RPI_PICO-20260406-v1.28.0.uf2"
    assert (first.family, first.title) == ("rp2", "Raspberry Pi Pico / Pico H")
    assert {build.board for build in ALL} == {
        *("RPI_PICO", "ESP32_GENERIC", "ESP32_GENERIC_S3", "esp32"),
        "pimoroni-badger2040-os",  # its page is no board's of micropython.org: the file names it
    }


def test_a_list_of_ones_own_may_have_checksums_and_relative_addresses() -> None:
    own = board("RPI_PICO", {})
    own["downloads"] = [{"version": "1.28.0", "url": "files/a.uf2", "sha256": "AB" * 32, "size": 512}]
    (build,) = listed(own)
    assert build.url == "https://example.org/data/files/a.uf2"
    assert (build.sha256, build.size) == ("ab" * 32, 512)


def test_variants_are_told_by_the_files_names() -> None:
    (build,) = listed(board("ESP32_GENERIC", {"1.28.0": "ESP32_GENERIC-SPIRAM-20260406-v1.28.0.bin"}))
    assert (build.board, build.variant, build.name) == ("ESP32_GENERIC", "SPIRAM", "ESP32_GENERIC-SPIRAM")


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": "1.28.0"},
        {"version": "1.28.0", "url": 3},
        {"version": "1.28.0", "url": "https://example.org/x.exe"},
        {"version": "1.28.0", "url": "file:///etc/hostname.uf2"},
        {"version": "1.28.0", "url": "https://example.org/" + "x" * 600 + ".uf2"},
        {"version": "1.28.0", "url": "https://example.org/a\n.uf2"},
        {"version": "1.28.0", "url": "https://example.org/$(x).uf2"},
        {"version": "1.28.0", "url": "https://example.org/..uf2"},
        {"version": "latest", "url": "https://example.org/a.uf2"},
        "no mapping",
        None,
    ],
)
def test_a_download_that_does_not_fit_is_left_out(wrong: object) -> None:
    mixed = {**PICO, "downloads": [wrong, *PICO["downloads"]]}
    assert listed(mixed, 7, {"downloads": {}}, {}) == listed(PICO)


def test_a_size_or_digest_that_is_none_does_not_count() -> None:
    own = board("RPI_PICO", {})
    for size in (-1, 0, MAX_SIZE + 1, "512", None, 5.5):
        own["downloads"] = [{"version": "1.28.0", "url": "a.uf2", "sha256": "zz", "size": size}]
        (build,) = listed(own)
        assert (build.sha256, build.size) == ("", 0)


@pytest.mark.parametrize("data", [b"", b"<html>", b"{}", b"[1, 2]", b'[{"vendor": "x"}]', b"[" * 100_000])
def test_what_is_no_list_is_refused(data: bytes) -> None:
    with pytest.raises(IndexProblem, match="no list of firmware"):
        read(data, "https://example.org/list.json")


# -- choosing --------------------------------------------------------------------------------------------------------


def test_the_newest_release_is_chosen_or_what_was_asked_for() -> None:
    assert choose(ALL, "RPI_PICO").version.text == "1.28.0"
    assert choose(ALL, "RPI_PICO", wanted="1.27").version.text == "1.27.0"
    assert choose(ALL, "RPI_PICO", preview=True).version.text == "1.29.0-preview.14"
    assert choose(ALL, "ESP32_GENERIC_S3").method == "esptool"
    assert choose(ALL, "ESP32_GENERIC_S3", method="uf2").method == "uf2"


def test_a_variant_that_the_list_lacks_is_beside_the_ordinary_file_on_micropython_org() -> None:
    found = choose(ALL, "ESP32_GENERIC", variant="spiram")
    assert found.url == f"{FILES}/ESP32_GENERIC-SPIRAM-20260406-v1.28.0.bin"
    assert found.name == "ESP32_GENERIC-SPIRAM"
    for variant in ("../x", "a b", "x" * 50):
        with pytest.raises(IndexProblem, match="no variant"):
            choose(ALL, "ESP32_GENERIC", variant=variant)
    with pytest.raises(IndexProblem, match="no variant"):
        choose(ALL, "pimoroni-badger2040-os", variant="X")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"wanted": "1.26.0"}, "no version 1.26.0 for RPI_PICO. It has: 1.29.0-preview.14, 1.28.0, 1.27.0"),
        ({"wanted": "newest"}, "is no version"),
        ({"method": "esptool"}, "no file for RPI_PICO that is written by esptool"),
    ],
)
def test_what_is_not_there_says_what_is(options: dict[str, str], reason: str) -> None:
    with pytest.raises(IndexProblem, match=reason):
        choose(ALL, "RPI_PICO", **options)  # type: ignore[arg-type]
    with pytest.raises(IndexProblem, match="no preview for ESP32_GENERIC"):
        choose(ALL, "ESP32_GENERIC", preview=True)
    with pytest.raises(IndexProblem, match="no release for esp32"):
        choose(ALL, "esp32")


def test_boards_are_named_in_any_case_and_by_their_titles() -> None:
    assert board_named(ALL, "rpi_pico") == "RPI_PICO"
    assert board_named(ALL, "raspberry pi pico / pico h") == "RPI_PICO"
    with pytest.raises(IndexProblem, match="Did you mean RPI_PICO"):
        board_named(ALL, "RPIPICO")
    with pytest.raises(IndexProblem, match="no board xyzzy"):
        board_named(ALL, "xyzzy")


def test_patterns_fit_names_titles_and_families() -> None:
    assert list(matching(ALL, "pico")) == ["RPI_PICO"]
    assert list(matching(ALL, "raspberry")) == ["RPI_PICO"]
    assert list(matching(ALL, "esp32s3")) == ["ESP32_GENERIC_S3"]
    assert list(matching(ALL, "ESP32_*")) == ["ESP32_GENERIC", "ESP32_GENERIC_S3"]
    assert len(matching(ALL, "")) == 5
    assert matching(ALL, "[") == {}
    assert matching(ALL, "pico")["RPI_PICO"][0].version.text == "1.29.0-preview.14", "the newest first"
