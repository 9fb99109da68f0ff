"""What was downloaded for packages is kept, verified, bounded, and there without a network."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.host import package_cache
from metakernel_micropython.host.package_cache import PackageCache
from metakernel_micropython.host.package_web import PackageError
from metakernel_micropython.host.packages import Downloads

from ..package_index import PackageIndex

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def cache(tmp_path: Path) -> PackageCache:
    return PackageCache(tmp_path / "packages")


@pytest.fixture
def index() -> Iterator[PackageIndex]:
    made = PackageIndex()
    yield made
    made.close()


def contents(folder: Path) -> list[Path]:
    return sorted((folder / "packages" / "contents").glob("*/*"))


def files(index: PackageIndex, name: str, cache: PackageCache | None, mpy: int = 0) -> dict[str, bytes]:
    return Downloads(index.url, mpy, cache=cache).get(name)[0].files


def test_a_content_is_found_by_its_address_and_its_digest(cache: PackageCache) -> None:
    cache.keep(b"x = 1\n", "https://a.example/a.py", "https://b.example/a.py")
    kept = cache.behind("https://b.example/a.py")
    assert kept is not None
    assert kept.data == b"x = 1\n"
    assert kept.downloaded > 0
    assert cache.content(hashlib.sha256(b"x = 1\n").hexdigest()) == b"x = 1\n"
    assert cache.behind("https://a.example/b.py") is None
    cache.keep(b"x = 2\n", "https://a.example/a.py")
    assert cache.behind("https://a.example/a.py").data == b"x = 2\n"  # type: ignore[union-attr]
    assert cache.behind("https://b.example/a.py").data == b"x = 1\n"  # type: ignore[union-attr]


def test_what_was_damaged_counts_as_missing_and_goes(cache: PackageCache, tmp_path: Path) -> None:
    cache.keep(b"good", "https://a.example/a.py")
    (path,) = contents(tmp_path)
    path.write_bytes(b"evil")
    assert cache.behind("https://a.example/a.py") is None
    assert not path.exists()
    cache.keep(b"good", "https://a.example/a.py")
    assert cache.behind("https://a.example/a.py").data == b"good"  # type: ignore[union-attr]


@pytest.mark.parametrize("note", [b"", b"{", b"[]", b'{"sha256": "../../x"}', b'{"sha256": 1}', b"[" * 1000, b"\xff"])
def test_a_damaged_note_counts_as_missing(cache: PackageCache, tmp_path: Path, note: bytes) -> None:
    cache.keep(b"good", "https://a.example/a.py")
    (path,) = (tmp_path / "packages" / "addresses").glob("*/*")
    path.write_bytes(note)
    assert cache.behind("https://a.example/a.py") is None


def test_addresses_are_kept_as_digests_alone(cache: PackageCache, tmp_path: Path) -> None:
    cache.keep(b"good", "https://a.example/a.py?token=secret")
    for path in tmp_path.rglob("*"):
        assert "secret" not in path.name
        assert not path.is_file() or b"secret" not in path.read_bytes()


def test_the_least_recently_used_go(cache: PackageCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        cache.keep(bytes([number]) * 100, f"https://a.example/{number}")
    for number in range(4):
        digest = hashlib.sha256(bytes([number]) * 100).hexdigest()
        os.utime(tmp_path / "packages" / "contents" / digest[:2] / digest, (number + 1, number + 1))
    assert cache.behind("https://a.example/0") is not None, "used now"
    monkeypatch.setattr(package_cache, "MAX_BYTES", 250)
    cache.tidy()
    assert [cache.behind(f"https://a.example/{number}") is not None for number in range(4)] == [
        True,
        False,
        False,
        True,
    ]
    monkeypatch.setattr(package_cache, "MAX_CONTENTS", 1)
    cache.tidy()
    assert len(contents(tmp_path)) == 1


def test_a_folder_that_cannot_be_written_costs_only_downloads(index: PackageIndex, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    cache = PackageCache(tmp_path / "file" / "packages")
    index.package("a", "1", {"a.py": b"1"})
    assert files(index, "a", cache) == {"a.py": b"1"}
    assert files(index, "a", cache) == {"a.py": b"1"}


def test_without_a_network_what_was_there_last_is_taken_and_told(index: PackageIndex, cache: PackageCache) -> None:
    index.package("a", "1", {"a.py": b"1"}, [["b", "latest"]])
    index.package("b", "2", {"b.py": b"2"})
    Downloads(index.url, cache=cache).get("a")
    index.close()
    downloads = Downloads(index.url, cache=cache)
    assert {one.name: one.files for one in downloads.get("a")} == {"a": {"a.py": b"1"}, "b": {"b.py": b"2"}}
    assert list(downloads.unreachable) == [index.url.removeprefix("http://")]
    assert Downloads(index.url, cache=cache).get("b", "2")[0].version == "2", "by its version as well"
    assert files(index, "a", cache, mpy=6) == {"a.py": b"1"}, "whether there is a compiled one cannot be asked"
    with pytest.raises(PackageError, match=r"cannot be reached.*cache does not have .*/package/py/c/latest\.json"):
        files(index, "c", cache)
    with pytest.raises(PackageError, match="cannot be reached"):
        files(index, "a", None)


def test_a_server_that_cannot_answer_now_counts_as_not_reachable(index: PackageIndex, cache: PackageCache) -> None:
    index.package("a", "1", {"a.py": b"1"})
    files(index, "a", cache)
    index.pages["/package/py/a/latest.json"] = (503, {}, b"")
    downloads = Downloads(index.url, cache=cache)
    assert downloads.get("a")[0].files == {"a.py": b"1"}
    assert "the server says 503" in next(iter(downloads.unreachable.values()))
    index.pages["/package/py/a/latest.json"] = (404, {}, b"")
    with pytest.raises(PackageError, match="has no a"):
        files(index, "a", cache)


def test_a_file_of_an_index_is_downloaded_once(index: PackageIndex, cache: PackageCache) -> None:
    index.package("a", "1", {"a.py": b"1"})
    files(index, "a", cache)
    files(index, "a", cache)
    assert [path.partition("/")[2].partition("/")[0] for path in index.asked] == ["package", "file", "package"]


def test_what_is_wrong_does_not_replace_what_is_kept(index: PackageIndex, cache: PackageCache) -> None:
    """A network that answers everything with its login page must not spoil the cache."""
    index.package("a", "1", {"a.py": b"1"})
    files(index, "a", cache)
    index.pages = dict.fromkeys(index.pages, b"<html>log in</html>")
    with pytest.raises(PackageError):
        files(index, "a", cache)
    index.close()
    assert files(index, "a", cache) == {"a.py": b"1"}
