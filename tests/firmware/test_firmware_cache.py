"""Lists and files of firmware: from a server, from this computer, kept, and without a network."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.firmware import file_download, firmware_cache
from metakernel_micropython.firmware.file_download import DownloadFailed, NotThere, check_url, download, fetch
from metakernel_micropython.firmware.firmware_cache import FirmwareCache
from metakernel_micropython.firmware.firmware_index import IndexProblem, choose

from ..firmware_server import FirmwareServer, uf2

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def server() -> Iterator[FirmwareServer]:
    made = FirmwareServer()
    yield made
    made.close()


def left(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


# -- one file --------------------------------------------------------------------------------------------------------


def test_a_file_comes_whole_and_its_progress_is_told(server: FirmwareServer, tmp_path: Path) -> None:
    data = uf2(blocks=1000)
    server.pages["/a.uf2"] = data
    told: list[tuple[int, int]] = []
    target = tmp_path / "new" / "a.uf2"
    download(f"{server.url}/a.uf2", target, 10**6, progress=lambda done, total: told.append((done, total)))
    assert target.read_bytes() == data
    assert told[-1] == (len(data), len(data))
    assert left(tmp_path) == ["new/a.uf2".replace("/", os.sep)]


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (b"x" * 2000, "too large: more than 1000 bytes"),
        ((200, {"Content-Length": "5000"}, b"x" * 10), "too large"),
        ((200, {"Content-Length": "900"}, b"x" * 10), "ended 890 bytes early"),
        ((404, {}, b""), "There is no .*the server says 404"),
        ((503, {}, b""), "the server says 503"),
        ((302, {"Location": "http://example.org/a"}, b""), "redirects elsewhere"),
        ((302, {"Location": "file:///etc/hostname"}, b""), "the server says 302|redirects elsewhere"),
        (b"x" * 9, "has 9 bytes, and the list of firmware says 10"),
        (b"y" * 10, "is not the file that the list of firmware promises"),
    ],
)
def test_a_file_that_does_not_come_as_it_should_leaves_the_old_one(
    server: FirmwareServer, tmp_path: Path, page: bytes | tuple[int, dict[str, str], bytes], reason: str
) -> None:
    server.pages["/a.bin"] = page
    target = tmp_path / "a.bin"
    target.write_bytes(b"old")
    with pytest.raises(DownloadFailed, match=reason):
        download(f"{server.url}/a.bin", target, 1000, sha256="0" * 64, size=10)
    assert target.read_bytes() == b"old"
    assert left(tmp_path) == ["a.bin"]


def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed, match=r"127\.0\.0\.1 cannot be reached.*is it in the network"):
        fetch("http://127.0.0.1:1/a.bin", 1000)


def test_a_server_that_sends_without_an_end_is_given_up(
    server: FirmwareServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_download, "PATIENCE", 0.2)
    server.pages["/a.bin"] = (200, {"Content-Length": "900"}, b"")  # and the rest never comes, until it hangs up
    with pytest.raises(DownloadFailed, match=r"comes too slowly|bytes early"):
        download(f"{server.url}/a.bin", tmp_path / "a.bin", 1000)
    assert left(tmp_path) == []


def test_stop_leaves_nothing_behind(server: FirmwareServer, tmp_path: Path) -> None:
    server.pages["/a.bin"] = b"x" * 500_000

    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(f"{server.url}/a.bin", tmp_path / "a.bin", 10**6, progress=stop)
    assert left(tmp_path) == []


@pytest.mark.parametrize(
    "url", ["http://micropython.org/a.bin", "ftp://127.0.0.1/a", "https:///a", "http://127.0.0.1.example.org/a"]
)
def test_addresses_without_protection_are_refused(url: str) -> None:
    with pytest.raises(DownloadFailed, match="is no https:// address"):
        check_url(url)
    with pytest.raises(DownloadFailed, match="is no https:// address"):
        fetch(url, 1000)


def test_a_file_of_this_computer_is_copied(tmp_path: Path) -> None:
    (tmp_path / "it is.bin").write_bytes(b"data")
    assert fetch(str(tmp_path / "it is.bin"), 10) == b"data"
    assert fetch((tmp_path / "it is.bin").as_uri(), 10) == b"data"
    with pytest.raises(DownloadFailed, match="too large"):
        fetch(str(tmp_path / "it is.bin"), 3)
    with pytest.raises(NotThere, match="on this computer"):
        fetch(str(tmp_path / "missing"), 10)


# -- lists -----------------------------------------------------------------------------------------------------------


def test_lists_are_kept_for_a_day_and_serve_longer_without_a_network(server: FirmwareServer, tmp_path: Path) -> None:
    server.board("RPI_PICO", uf2())
    index = FirmwareCache(server.url, tmp_path).index()
    assert {build.board for build in index.builds} == {"RPI_PICO"}
    asked = len(server.asked)
    assert FirmwareCache(server.url, tmp_path).index() == index
    assert len(server.asked) == asked, "also that other lists are missing was kept"
    assert FirmwareCache(server.url, tmp_path).kept() == index.builds

    old = time.time() - 3 * firmware_cache.KEPT
    for path in (tmp_path / "lists").iterdir():
        os.utime(path, (old, old))
    server.board("RPI_PICO_W", uf2())
    assert {build.board for build in FirmwareCache(server.url, tmp_path).index().builds} == {"RPI_PICO", "RPI_PICO_W"}
    for path in (tmp_path / "lists").iterdir():
        os.utime(path, (old, old))
    server.close()
    again = FirmwareCache(server.url, tmp_path).index()
    assert {build.board for build in again.builds} == {"RPI_PICO", "RPI_PICO_W"}
    assert "3 days old" in again.note
    assert "cannot be reached" in again.note


def test_without_lists_it_says_how_to_name_others(server: FirmwareServer, tmp_path: Path) -> None:
    with pytest.raises(IndexProblem, match=r"There are no lists of firmware in .*MICROPYTHON_FIRMWARE_INDEX"):
        FirmwareCache(server.url, tmp_path).index()
    with pytest.raises(IndexProblem, match=r"cannot be had. 127\.0\.0\.1 cannot be reached"):
        FirmwareCache("http://127.0.0.1:1", tmp_path / "other").index()
    with pytest.raises(IndexProblem, match="There are no lists of firmware"):
        FirmwareCache(str(tmp_path / "missing"), tmp_path).index()
    with pytest.raises(IndexProblem, match="is no https"):
        FirmwareCache("http://example.org", tmp_path).index()
    server.pages["/micropython-variants-uf2.json"] = b"<html>Log in to the network</html>"
    with pytest.raises(IndexProblem, match="no list of firmware"):
        FirmwareCache(server.url, tmp_path / "third").index()


def test_a_folder_of_this_computer_serves_lists_and_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "our boards"
    place.mkdir()
    (place / "pico.uf2").write_bytes(uf2())
    text = '[{"vendor": "x", "model": "y", "family": "rp2", "downloads": [{"version": "1.28.0", "url": "pico.uf2"}]}]'
    (place / "micropython-variants-uf2.json").write_text(text, encoding="utf-8")
    monkeypatch.setenv("MICROPYTHON_FIRMWARE_INDEX", str(place))
    cache = FirmwareCache(folder=tmp_path / "cache")
    (build,) = cache.index().builds
    assert cache.file(build).read_bytes() == uf2()
    (place / "one.json").write_text(text, encoding="utf-8")
    single = FirmwareCache(str(place / "one.json"), tmp_path / "other")
    assert single.file(single.index().builds[0]).read_bytes() == uf2()


# -- files -----------------------------------------------------------------------------------------------------------


def test_a_file_is_downloaded_once_and_again_where_it_was_damaged(server: FirmwareServer, tmp_path: Path) -> None:
    page = server.board("RPI_PICO", uf2())
    cache = FirmwareCache(server.url, tmp_path)
    build = choose(cache.index().builds, "RPI_PICO")
    path = cache.file(build)
    assert cache.file(build) == path
    assert server.asked.count(page) == 1
    path.write_bytes(b"damaged")
    assert cache.file(build).read_bytes() == uf2()
    assert server.asked.count(page) == 2


def test_only_so_many_files_are_kept(server: FirmwareServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(firmware_cache, "MAX_FILES", 2)
    for number in range(4):
        server.board(f"BOARD_{number}", uf2(fill=number))
    cache = FirmwareCache(server.url, tmp_path)
    builds = cache.index().builds
    for age, build in enumerate(builds):
        path = cache.file(build)
        os.utime(path.parent, (time.time() - 100 + age,) * 2)
    kept = [path for path in left(tmp_path / "files") if path.endswith(".uf2")]
    assert sorted(path.rpartition(os.sep)[2][:7] for path in kept) == ["BOARD_2", "BOARD_3"]
