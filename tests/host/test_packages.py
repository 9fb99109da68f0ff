"""Packages found and downloaded, from an index and repositories on 127.0.0.1."""

from __future__ import annotations

import contextlib
import importlib.util
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.host import package_web, packages
from metakernel_micropython.host.package_web import PackageError
from metakernel_micropython.host.packages import Downloads, split_name, unfit

from ..boards import needs
from ..package_index import PackageIndex

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[PackageIndex]:
    made = PackageIndex()
    monkeypatch.setenv("MICROPYTHON_MIP_INDEX", made.url)
    for host in ("GITHUB", "GITLAB", "CODEBERG"):
        monkeypatch.setenv(f"MICROPYTHON_MIP_{host}", made.url + "/raw")
    yield made
    made.close()


def get(text: str, mpy: int = 0) -> dict[str, dict[str, bytes]]:
    name, version = split_name(text)
    return {package.name: package.files for package in Downloads(mpy=mpy).get(name, version)}


def test_a_package_comes_with_all_that_it_needs(index: PackageIndex) -> None:
    index.package("a", "1.2", {"a/__init__.py": b"import b", "a/x.py": b""}, [["b", "latest"], ["c", "2"]])
    index.package("b", "1", {"b.py": b"import c"}, [["c", "latest"], ["a", "latest"]])
    index.package("c", "2", {"c.py": b"2"})
    found = Downloads().get("a")
    assert [(p.name, p.version, p.needs) for p in found] == [
        ("a", "1.2", ["b", "c"]),
        ("b", "1", ["c", "a"]),
        ("c", "2", []),
    ]
    assert found[0].files == {"a/__init__.py": b"import b", "a/x.py": b""}
    assert len(index.asked) == 7, "nothing twice"


def test_a_version_is_what_is_asked_for(index: PackageIndex) -> None:
    index.package("a", "1.0", {"a.py": b"old"})
    index.package("a", "2.0", {"a.py": b"new"})
    assert get("a@1.0") == {"a": {"a.py": b"old"}}
    assert get("a") == {"a": {"a.py": b"new"}}
    with pytest.raises(PackageError, match=r"has no a in version 3\.0"):
        get("a@3.0")


def test_compiled_packages_come_first_where_they_are_wanted(index: PackageIndex) -> None:
    index.package("a", "1", {"a.py": b"1"}, [["b", "latest"]])
    index.package("a", "1", {"a.mpy": b"M"}, [["b", "latest"]], kind="6")
    index.package("b", "1", {"b.py": b"1"})
    assert get("a", mpy=6) == {"a": {"a.mpy": b"M"}, "b": {"b.py": b"1"}}
    assert get("a") == {"a": {"a.py": b"1"}, "b": {"b.py": b"1"}}


@pytest.mark.parametrize(
    "typed", ["github:o/r", "github:o/r/", "github:o/r/package.json", "gitlab:o/r", "codeberg:o/r"]
)
def test_repositories(index: PackageIndex, typed: str) -> None:
    described = {
        "urls": [
            ["p/__init__.py", "github:o/r/p/__init__.py"],
            ["near.py", "src/near.py"],
            ["up.py", "./src/../up.py"],
            ["far.py", index.url + "/raw/far.py"],
        ],
        "deps": [["dep", "latest"], ["github:other/one", "main"]],
        "version": "0.1",
    }
    index.package("dep", "1", {"dep.py": b"d"})
    files = {"package.json": described, "p/__init__.py": b"1", "src/near.py": b"2", "up.py": b"3"}
    index.repository("o/r/HEAD", files)
    index.repository("o/r/-/raw/HEAD", files)
    for name in files:
        index.pages[f"/raw/api/v1/repos/o/r/raw/{name}?ref=HEAD"] = index.pages[f"/raw/o/r/HEAD/{name}"]
    index.pages["/raw/far.py"] = b"4"
    index.repository("other/one/main", {"package.json": {"urls": [["one.py", "one.py"]]}, "one.py": b"5"})
    found = get(typed)
    name = typed.rstrip("/")
    assert found[name] == {"p/__init__.py": b"1", "near.py": b"2", "up.py": b"3", "far.py": b"4"}
    assert found["dep"] == {"dep.py": b"d"}
    assert found["github:other/one"] == {"one.py": b"5"}


def test_a_folder_and_a_branch_of_a_repository(index: PackageIndex) -> None:
    described = {"urls": [["a.py", "a.py"], ["b.py", "../b.py"]]}
    index.repository("o/r/v1.2", {"sub/package.json": described, "sub/a.py": b"1", "b.py": b"2"})
    assert get("github:o/r/sub@v1.2") == {"github:o/r/sub": {"a.py": b"1", "b.py": b"2"}}


def test_an_address(index: PackageIndex) -> None:
    index.pages["/x/package.json"] = b'{"urls": [["a.py", "a.py"], ["b.py", "../b.py"], ["c.py", "/c.py"]]}'
    index.pages |= {"/x/a.py": b"1", "/b.py": b"2", "/c.py": b"3"}
    expected = {"a.py": b"1", "b.py": b"2", "c.py": b"3"}
    assert get(f"{index.url}/x/package.json") == {f"{index.url}/x/package.json": expected}
    assert get(f"{index.url}/x") == {f"{index.url}/x": expected}
    assert get(f"{index.url}/x/a.py") == {f"{index.url}/x/a.py": {"a.py": b"1"}}


def test_a_file_that_is_another_one_than_promised_is_refused(index: PackageIndex) -> None:
    index.package("a", "1", {"a.py": b"good"})
    file = next(path for path in index.pages if path.startswith("/file/"))
    index.pages[file] = b"evil"
    with pytest.raises(PackageError, match=r"not the file that the index promises \(SHA-256 .*Nothing was installed"):
        get("a")


HOSTILE = [
    "../a.py",
    "a/../../b.py",
    "/etc/a",
    "a//b",
    "./a",
    "a/.",
    "C:/a.py",
    "c:a",
    "a\\b",
    "..\\a",
    "a\nb",
    "",
    "x" * 201,
]
HOSTILE += ["\u202ea.py", "a\0", "a?", "con|", "a/"]


@pytest.mark.parametrize("path", HOSTILE)
def test_a_path_that_leads_out_is_refused_before_anything_is_downloaded(index: PackageIndex, path: str) -> None:
    index.package("a", "1", {path: b"x"})
    with pytest.raises(PackageError, match="a has a file called"):
        get("a")
    index.pages["/p/package.json"] = b""
    index.repository("o/r/HEAD", {"package.json": {"urls": [[path, "a.py"]]}, "a.py": b"x"})
    with pytest.raises(PackageError, match="has a file called"):
        get("github:o/r")
    assert not any(asked.startswith("/file/") or asked.endswith("a.py") for asked in index.asked)


@pytest.mark.parametrize("path", ["a.py", "a/b/c.mpy", ".hidden", "a-b_c.1/x y.txt", "é.py", "..a", "a.."])
def test_good_paths(path: str) -> None:
    assert unfit(path) == ""


@pytest.mark.parametrize("path", [None, 1, ["a"]])
def test_what_is_no_text_is_no_path(path: object) -> None:
    assert unfit(path)


@pytest.mark.parametrize(
    "described",
    [
        b"",
        b"[]",
        b"{",
        b'{"hashes": 1}',
        b'{"hashes": [["a.py"]]}',
        b'{"hashes": [["a.py", 1]]}',
        b'{"hashes": [["a.py", "../../../etc/passwd"]]}',
        b'{"hashes": [["a.py", "12"]]}',
        b'{"urls": [["a.py", "relative.py"]]}',
        b'{"urls": [["a.py", "file:///etc/passwd"]]}',
        b'{"urls": [["a.py", "ftp://127.0.0.1/x"]]}',
        b'{"urls": [["a.py", "github:o"]]}',
        b'{"urls": [["a.py", "github:o/r/../../../x"]]}',
        b'{"urls": [["a.py", "http://"]]}',
        b'{"deps": [["../x", "latest"]]}',
        b'{"deps": [["x", "../latest"]]}',
        b'{"deps": {"x": "y"}}',
        b"[" * 100_000,
    ],
)
def test_a_description_that_is_none_is_refused(index: PackageIndex, described: bytes) -> None:
    index.pages["/package/py/a/latest.json"] = described
    with pytest.raises(PackageError):
        get("a")
    assert len(index.asked) == 1


@pytest.mark.parametrize(
    "name",
    ["", "-x", "../x", "a/b", "a b", "a@../b", "file:///etc/passwd", "ftp://x/y", "github:", "github:o", "github:../r"],
)
def test_what_is_no_package_is_refused(index: PackageIndex, name: str) -> None:
    with pytest.raises(PackageError):
        get(name)
    assert index.asked == []


def test_sizes_are_bounded(index: PackageIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "MAX_FILE", 1000)
    index.package("a", "1", {"a.py": b"x" * 1001})
    with pytest.raises(PackageError, match="too large: more than 1000 bytes"):
        get("a")
    monkeypatch.setattr(package_web, "MAX_TOTAL", 1500)
    index.package("b", "1", {"a.py": b"x" * 900, "b.py": b"y" * 900})
    with pytest.raises(PackageError, match="too large"):
        get("b")
    monkeypatch.setattr(packages, "MAX_FILES", 1)
    index.package("c", "1", {"a.py": b"x", "b.py": b"y"})
    with pytest.raises(PackageError, match="more than 1 files"):
        get("c")
    monkeypatch.setattr(packages, "MAX_PACKAGES", 1)
    index.package("d", "1", {}, [["a", "latest"]])
    with pytest.raises(PackageError, match="more than 1 packages"):
        get("d")


def test_a_server_without_an_answer_is_given_up(index: PackageIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package_web, "TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("MICROPYTHON_MIP_INDEX", f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(PackageError, match=r"127\.0\.0\.1 cannot be reached: timed out"):
            get("a")


@pytest.mark.parametrize("begins", [b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", b"HTTP/1.1 200 OK\r\nX:", b""])
def test_a_server_that_says_a_byte_now_and_then_is_given_up(
    index: PackageIndex, monkeypatch: pytest.MonkeyPatch, begins: bytes
) -> None:
    monkeypatch.setattr(package_web, "PATIENCE", 0.5)
    over = threading.Event()

    def drip(listener: socket.socket) -> None:
        client, _ = listener.accept()
        with client, contextlib.suppress(OSError):
            client.sendall(begins)
            while not over.wait(0.1):
                client.sendall(b" ")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=(listener,))
        thread.start()
        monkeypatch.setenv("MICROPYTHON_MIP_INDEX", f"http://127.0.0.1:{listener.getsockname()[1]}")
        begun = time.monotonic()
        try:
            with pytest.raises(PackageError, match="too slowly"):
                get("a")
            assert time.monotonic() - begun < 10
        finally:
            over.set()
            thread.join()


def test_it_is_said_which_package_needs_one_that_is_not_there(index: PackageIndex) -> None:
    index.package("a", "1", {}, [["b", "latest"]])
    with pytest.raises(PackageError, match=r"has no b\. .* a needs b\."):
        get("a")


def test_downloads_that_take_too_long_are_given_up(index: PackageIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package_web, "PATIENCE", -1.0)
    index.package("a", "1", {})
    with pytest.raises(PackageError, match="too slowly"):
        get("a")


def test_offline_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setenv("MICROPYTHON_MIP_INDEX", f"http://127.0.0.1:{port}")
    with pytest.raises(PackageError, match=r"127\.0\.0\.1 cannot be reached.*is it in the network\?.*--index"):
        get("a")
    with pytest.raises(PackageError, match=r"no http:// or https://"):
        Downloads("file:///etc")


def test_a_server_that_fails_is_told(index: PackageIndex) -> None:
    index.pages["/package/py/a/latest.json"] = (503, {}, b"")
    with pytest.raises(PackageError, match="the server says 503"):
        get("a")
    with pytest.raises(PackageError, match=r"There is no .*/raw/o/r/HEAD/package\.json"):
        get("github:o/r")
    index.package("b", "1", {"b.py": b"x"})
    del index.pages[next(path for path in index.pages if path.startswith("/file/"))]
    with pytest.raises(PackageError, match=r"There is no .*/file/"):
        get("b")


def test_redirects_lead_only_to_web_servers(index: PackageIndex) -> None:
    index.pages["/a.py"] = (302, {"Location": "/b.py"}, b"")
    index.pages["/b.py"] = b"1"
    assert get(f"{index.url}/a.py")[f"{index.url}/a.py"] == {"a.py": b"1"}
    for place in ("file:///etc/passwd", "ftp://127.0.0.1/x", "/a.py"):
        index.pages["/a.py"] = (302, {"Location": place}, b"")
        with pytest.raises(PackageError):
            get(f"{index.url}/a.py")


def test_an_answer_that_is_cut_is_refused(index: PackageIndex) -> None:
    index.pages["/a.py"] = (200, {"Content-Length": "100"}, b"x = 1")
    with pytest.raises(PackageError, match="95 more expected"):
        get(f"{index.url}/a.py")


class Kept:
    """What mpremote's installer needs of a board."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def fs_exists(self, path: str) -> bool:
        return True

    def fs_hashfile(self, path: str, kind: str) -> bytes:
        raise FileNotFoundError(path)

    def fs_writefile(self, path: str, data: bytes, progress_callback: object = None) -> None:
        self.files[path] = data


@pytest.mark.parametrize("typed", ["a", "a@1.0", "package.json", "github"])
def test_the_official_installer_finds_the_same(
    index: PackageIndex, typed: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    needs(importlib.util.find_spec("mpremote"), "mpremote")
    from mpremote import mip

    index.package("a", "1.0", {"a/__init__.py": b"old"})
    index.package("a", "2.0", {"a/__init__.py": b"new", "a/b.py": b""}, [["c", "latest"]])
    index.package("c", "1", {"c.py": b"c"})
    described = {"urls": [["x.py", "src/x.py"], ["y.py", "github:o/r/y.py"]], "deps": [["c", "latest"]]}
    index.repository("o/r/HEAD", {"package.json": described, "src/x.py": b"x", "y.py": b"y"})
    monkeypatch.setitem(mip._HOSTS, "github:", index.url.removeprefix("http://") + "/raw/{}/{}/{}/{p}")
    monkeypatch.setattr(mip, "_ALLOWED_MIP_URL_PREFIXES", ("https://", "http://", "codeberg:", "github:", "gitlab:"))
    text = {"package.json": f"{index.url}/raw/o/r/HEAD/package.json", "github": "github:o/r"}.get(typed, typed)
    name, version = split_name(text)
    board = Kept()
    mip._install_package(board, name, index.url, "/lib", version or None, False)
    found = {f"/lib/{path}": data for package in Downloads().get(name, version) for path, data in package.files.items()}
    assert found == board.files
    capsys.readouterr()


@pytest.mark.parametrize("status", [500, 404])
def test_a_reason_with_escapes_is_shown_as_text(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        monkeypatch.setenv("MICROPYTHON_MIP_INDEX", url)

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _ = server.accept()
                    with client:
                        client.recv(4096)
                        client.sendall(b"HTTP/1.1 %d \x1b[31mNo\x1b]0;x\x07\r\nContent-Length: 0\r\n\r\n" % status)

        threading.Thread(target=serve, daemon=True).start()
        with pytest.raises(PackageError) as caught:
            get("a")
        server.shutdown(socket.SHUT_RDWR)
    assert "\x1b" not in str(caught.value)
    assert "\x07" not in str(caught.value)
