"""Which packages an index has: asked once a day, and never waited for."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.host.package_index import AGAIN, KEPT, IndexNames

from ..package_index import PackageIndex

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[PackageIndex]:
    made = PackageIndex()
    monkeypatch.setenv("MICROPYTHON_MIP_INDEX", made.url)
    publish(made, "aioble", "senml")
    yield made
    made.close()


def publish(index: PackageIndex, *names: str) -> None:
    packages = [{"name": name, "version": "1"} for name in names]
    index.pages["/index.json"] = json.dumps({"v": 2, "packages": packages}).encode()


def test_the_names_are_fetched_once_and_kept_for_the_next_kernel(index: PackageIndex, tmp_path: Path) -> None:
    assert IndexNames(tmp_path, wait=10).get() == {"aioble", "senml"}
    assert IndexNames(tmp_path, wait=10).get() == {"aioble", "senml"}
    assert index.asked == ["/index.json"]


def test_after_a_day_they_are_fetched_anew(index: PackageIndex, tmp_path: Path) -> None:
    names = IndexNames(tmp_path, wait=10)
    names.get()
    (file,) = tmp_path.iterdir()
    before = time.time() - KEPT - 1
    os.utime(file, (before, before))
    publish(index, "other")
    assert names.get() == {"other"}


def test_each_index_has_names_of_its_own(index: PackageIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = IndexNames(tmp_path, wait=10)
    assert names.get()
    monkeypatch.setenv("MICROPYTHON_MIP_INDEX", index.url + "/other")
    assert not names.get()


@pytest.mark.parametrize("page", [b"", b"[]", b"{}", b'{"packages": 5}', b"\xff\xfe", b"[" * 10000])
def test_an_index_without_a_list_has_no_names_and_is_left_alone_for_a_while(
    index: PackageIndex, tmp_path: Path, page: bytes
) -> None:
    index.pages["/index.json"] = page
    names = IndexNames(tmp_path, wait=10)
    assert names.get() == names.get() == frozenset()
    assert len(index.asked) == 1
    assert AGAIN > 1


def test_what_is_no_name_is_left_out(index: PackageIndex, tmp_path: Path) -> None:
    packages = [{"name": "good"}, {"name": "../bad"}, {"name": 5}, {}, "text", None, {"name": "\x1b[2J"}]
    index.pages["/index.json"] = json.dumps({"packages": packages}).encode()
    assert IndexNames(tmp_path, wait=10).get() == {"good"}


@pytest.mark.parametrize("content", ["", "5", "[", '{"a": 1}', "\0"])
def test_a_damaged_file_is_replaced(index: PackageIndex, tmp_path: Path, content: str) -> None:
    IndexNames(tmp_path, wait=10).get()
    (file,) = tmp_path.iterdir()
    file.write_text(content)
    assert IndexNames(tmp_path, wait=10).get() == {"aioble", "senml"}


def test_a_silent_index_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("MICROPYTHON_MIP_INDEX", f"http://127.0.0.1:{silent.getsockname()[1]}")
        names = IndexNames(tmp_path, wait=0.01)
        assert names.get() == names.get() == frozenset()
        assert sum(thread.name == "package index" for thread in threading.enumerate()) == 1


def test_an_index_that_is_no_address_has_no_names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MICROPYTHON_MIP_INDEX", "nonsense")
    assert IndexNames(tmp_path, wait=10).get() == frozenset()
