"""MicroPython packages: found in an index or behind a URL and downloaded on this computer. Knows nothing of boards.

The formats are those of mip: https://docs.micropython.org/en/latest/reference/packages.html and, for the index,
https://github.com/micropython/micropython-lib/blob/master/tools/build.py (version 2). What is downloaded is data from
strangers: names and sizes are checked before anything is kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
import re
import threading
import time
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin, urlsplit

from ..errors import MicroPythonError
from .paths import shown

if TYPE_CHECKING:
    from collections.abc import Callable

INDEX = "https://micropython.org/pi/v2"

INDEX_VARIABLE = "MICROPYTHON_MIP_INDEX"
"""Names another index in the environment, for example a school's own."""

HOSTS = {
    "github:": ("https://raw.githubusercontent.com", "{base}/{owner}/{repository}/{branch}/{path}"),
    "gitlab:": ("https://gitlab.com", "{base}/{owner}/{repository}/-/raw/{branch}/{path}"),
    "codeberg:": ("https://codeberg.org", "{base}/api/v1/repos/{owner}/{repository}/raw/{path}?ref={branch}"),
}
"""Where repositories are; ``MICROPYTHON_MIP_GITHUB`` and its like in the environment name a mirror."""

TIMEOUT = 15.0
"""Seconds in which a server must say something."""

PATIENCE = 120.0
"""Seconds for all the downloads of one installation."""

MAX_JSON = 256 * 1024
"""Bytes of a package's description."""

MAX_LIST = 1024 * 1024
"""Bytes of an index's list of packages."""

MAX_FILE = 2 * 1024 * 1024
"""Bytes of one file; more has no room on a board."""

MAX_TOTAL = 8 * 1024 * 1024
"""Bytes of everything that is downloaded for one installation."""

MAX_FILES, MAX_PACKAGES = 500, 100
"""Files and packages of one installation."""

MAX_PATH = 200
"""Characters of a file's path."""

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,99}")
_VERSION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-+]{0,99}")
_HASH = re.compile(r"[0-9a-f]{8,64}")


class PackageError(MicroPythonError):
    """A package could not be found, downloaded, or trusted."""


@dataclass
class Package:
    """A package with its files.

    Attributes:
        name: as it was asked for, without a version.
        version: what the index says, the branch, or ``""``.
        source: the URL of its description or file.
        files: contents by their paths below the folder for packages.
        needs: the names of the packages that it needs.
        compiled: whether it came as .mpy files.
    """

    name: str
    version: str
    source: str
    files: dict[str, bytes] = field(default_factory=dict)
    needs: list[str] = field(default_factory=list)
    compiled: bool = False


def split_name(text: str) -> tuple[str, str]:
    """Return the name and the version (``""`` for none) of ``NAME[@VERSION]``; URLs have none."""
    if text.startswith(("http://", "https://")):
        return text, ""
    name, _, version = text.partition("@")
    return name.rstrip("/"), version


def unfit(path: object) -> str:
    """Say why a path in a package is none that a file may have; ``""`` where it is one."""
    if not isinstance(path, str) or not path or len(path) > MAX_PATH:
        return f"it is no text of 1 to {MAX_PATH} characters"
    if not path.isprintable() or set(path) & set('\\:*?"<>|'):
        return "it has characters that a path must not have"
    if {"", ".", ".."} & set(path.split("/")):
        return "it leads out of the folder"
    return ""


class Downloads:
    """Finds packages and downloads them, within limits for the whole.

    Args:
        index: the index's URL; None for the environment's, or micropython.org's.
        mpy: the version of .mpy to prefer; 0 for .py.
        told: called with what is being downloaded.
    """

    def __init__(self, index: str | None = None, mpy: int = 0, told: Callable[[str], object] | None = None) -> None:
        self.index = (index or os.environ.get(INDEX_VARIABLE) or INDEX).rstrip("/")
        if not self.index.startswith(("http://", "https://")):
            raise PackageError(f"The index {self.index} is no http:// or https:// address.")
        self._mpy = mpy
        self._told = told or (lambda _: None)
        self._size = self._files = 0
        self._deadline = 0.0

    def get(self, name: str, version: str = "") -> list[Package]:
        """Return a package and all that it needs, the package first.

        Args:
            name: in the index, or a URL: ``github:OWNER/REPOSITORY[/PATH]``, ``https://...``.
            version: in the index, or the branch or tag of a repository; ``""`` for the latest.

        Raises:
            PackageError: one cannot be had.
        """
        self._deadline = time.monotonic() + PATIENCE
        found: dict[str, Package] = {}
        wanted = [(name.rstrip("/"), version, "")]
        while wanted:
            name, version, whose = wanted.pop(0)
            if name in found:
                continue
            if len(found) >= MAX_PACKAGES:
                raise PackageError(f"{next(iter(found))} needs more than {MAX_PACKAGES} packages.")
            try:
                package, needs = self._package(name, version)
            except PackageError as error:
                if not whose:
                    raise
                raise PackageError(f"{error} {whose} needs {name}.") from error
            package.needs = [need for need, _ in needs]
            found[name] = package
            wanted += [(need, of, name) for need, of in needs]
        return list(found.values())

    def names(self) -> list[str]:
        """Return the names of all packages of the index.

        Raises:
            PackageError: the index has no list of them, or cannot be reached.
        """
        self._deadline = time.monotonic() + PATIENCE
        url = f"{self.index}/index.json"
        described = self._json(url, limit=MAX_LIST)
        packages = described.get("packages") if described is not None else None
        if not isinstance(packages, list):
            raise PackageError(f"{url} is no list of packages.")
        named = [package.get("name") for package in packages if isinstance(package, dict)]
        return [name for name in named if isinstance(name, str) and _NAME.fullmatch(name)]

    def _package(self, name: str, version: str) -> tuple[Package, list[tuple[str, str]]]:
        if "://" in name or name.startswith(tuple(HOSTS)):
            return self._from_url(name, version)
        if not _NAME.fullmatch(name) or (version and not _VERSION.fullmatch(version)):
            raise PackageError(
                f"{name + '@' * bool(version) + version!r} is no package: name one of the index, such as aioble or "
                "aioble@0.6.1, a github:OWNER/REPOSITORY, or an https:// address."
            )
        kinds = [str(self._mpy), "py"] if self._mpy else ["py"]
        for kind in kinds:
            url = f"{self.index}/package/{kind}/{quote(name)}/{quote(version or 'latest')}.json"
            described = self._json(url, missing_is_none=True)
            if described is not None:
                package = Package(name, _text(described.get("version")) or version, url, compiled=kind != "py")
                return self._described(package, described, "", version)
        which = name if version in ("", "latest") else f"{name} in version {version}"
        raise PackageError(
            f"The index {self.index} has no {which}. See https://github.com/micropython/micropython-lib."
        )

    def _from_url(self, name: str, version: str) -> tuple[Package, list[tuple[str, str]]]:
        if name.endswith((".py", ".mpy")):
            url = _address(name, version)
            file = posixpath.basename(urlsplit(name).path if "://" in name else name)
            package = Package(name, version, url, compiled=name.endswith(".mpy"))
            self._add(package, file, url, "")
            return package, []
        described_at = name if name.endswith(".json") else name + "/package.json"
        url = _address(described_at, version)
        described = self._json(url)
        assert described is not None
        package = Package(name, version or _text(described.get("version")), url)
        return self._described(package, described, described_at.rpartition("/")[0], version)

    def _described(
        self, package: Package, described: dict[str, Any], base: str, version: str
    ) -> tuple[Package, list[tuple[str, str]]]:
        """Download what a description lists, and return the package with what it needs."""
        for path, short in _pairs(described, "hashes", package.source):
            if not _HASH.fullmatch(short):
                raise PackageError(f"{package.source} has the hash {short[:80]!r}, which is none.")
            self._add(package, path, f"{self.index}/file/{short[:2]}/{short}", short)
        for path, url in _pairs(described, "urls", package.source):
            self._add(package, path, _address(_related(base, url, package.source), version), "")
        return package, [(need.rstrip("/"), of) for need, of in _pairs(described, "deps", package.source)]

    def _add(self, package: Package, path: str, url: str, short: str) -> None:
        if reason := unfit(path):
            raise PackageError(
                f"{package.name} has a file called {path[:MAX_PATH]!r}: {reason}. Nothing was installed."
            )
        self._files += 1
        if self._files > MAX_FILES:
            raise PackageError(f"{package.name} and what it needs are more than {MAX_FILES} files.")
        self._told(path)
        data = self._download(url, MAX_FILE)
        digest = hashlib.sha256(data).hexdigest()
        if not digest.startswith(short):
            raise PackageError(
                f"{url} is not the file that the index promises (SHA-256 {digest[: len(short)]}, not {short}): it was "
                "damaged or changed on the way. Nothing was installed."
            )
        package.files[path] = data

    # -- the network -----------------------------------------------------------------------------------------------

    def _json(self, url: str, *, missing_is_none: bool = False, limit: int = MAX_JSON) -> dict[str, Any] | None:
        try:
            data = self._download(url, limit)
        except _Missing:
            if missing_is_none:
                return None
            raise
        try:
            described = json.loads(data)
        except (ValueError, RecursionError):
            described = None
        if not isinstance(described, dict):
            raise PackageError(f"{url} is no description of a package (JSON).")
        return described

    def _download(self, url: str, limit: int) -> bytes:
        """Return what is behind a URL.

        A thread does it: a server that sends its header byte by byte, or a resolver that is silent, would be waited for
        without an end.

        Raises:
            PackageError: it cannot be had, or is too large, or comes too slowly.
        """
        came: SimpleQueue[bytes | BaseException] = SimpleQueue()

        def work() -> None:
            try:
                came.put(self._fetch(url, limit))
            except BaseException as error:
                came.put(error)

        threading.Thread(target=work, name="download", daemon=True).start()
        try:
            result = came.get(timeout=max(0.0, self._deadline - time.monotonic()))
        except Empty:
            raise self._too_slow(url) from None
        if isinstance(result, BaseException):
            raise result
        return result

    def _too_slow(self, url: str) -> PackageError:
        return PackageError(f"The downloads took more than {PATIENCE:g} s: {url} comes too slowly.")

    def _fetch(self, url: str, limit: int) -> bytes:
        """Return what is behind a URL, and leave the time until the server has begun to answer to the caller."""
        import http.client
        import urllib.error
        import urllib.request

        host = urlsplit(url).hostname
        content = bytearray()
        try:
            request = urllib.request.Request(url, headers={"User-Agent": "metakernel-micropython"})  # noqa: S310
            with _opener().open(request, timeout=TIMEOUT) as response:
                while block := response.read1(64 * 1024):
                    content += block
                    self._size += len(block)
                    if len(content) > limit or self._size > MAX_TOTAL:
                        raise PackageError(f"{url} is too large: more than {min(limit, MAX_TOTAL)} bytes.")
                    if time.monotonic() > self._deadline:
                        raise self._too_slow(url)
                if response.length:
                    raise http.client.IncompleteRead(bytes(content), response.length)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code in (404, 410):
                raise _Missing(f"There is no {url} (the server says {error.code}).") from None
            raise PackageError(f"{url}: the server says {error.code} {shown(str(error.reason)[:200])}.") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = shown(str(getattr(error, "reason", None) or error)[:200]) or type(error).__name__
            raise PackageError(
                f"{host} cannot be reached: {reason}. Packages are downloaded by this "
                f"computer: is it in the network? A copy of the index can be named with --index or {INDEX_VARIABLE}. "
                "Nothing was installed."
            ) from error
        return bytes(content)


class _Missing(PackageError):
    """A server does not have it."""


def _opener() -> Any:
    """Return what opens http and https, also behind a proxy, and nothing else, wherever a server redirects to."""
    import urllib.error
    import urllib.request

    class Redirects(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, request: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
            if request.full_url.startswith("https:") and not newurl.startswith("https:"):
                raise urllib.error.URLError(f"it redirects to {newurl}, which is not protected")
            return super().redirect_request(request, fp, code, msg, headers, newurl)

    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        Redirects(),
    ):
        opener.add_handler(handler)
    return opener


def _address(url: str, branch: str) -> str:
    """Return the address behind a URL of mip's kind.

    Raises:
        PackageError: it is none.
    """
    for provider, (base, form) in HOSTS.items():
        if url.startswith(provider):
            parts = url.removeprefix(provider).split("/")
            if len(parts) < 3 or {"", ".", ".."} & set(parts):
                raise PackageError(f"{url} names no file in a repository, as {provider}OWNER/REPOSITORY/PATH does.")
            owner, repository, *path = parts
            base = os.environ.get(f"MICROPYTHON_MIP_{provider[:-1].upper()}") or base
            return form.format(
                base=base.rstrip("/"),
                owner=quote(owner),
                repository=quote(repository),
                branch=quote(branch or "HEAD", safe="/" if "?" not in form else ""),
                path="/".join(map(quote, path)),
            )
    found = urlsplit(url)
    if found.scheme not in ("http", "https") or not found.hostname:
        raise PackageError(f"{url} is no http:// or https:// address.")
    return url


def _related(base: str, url: str, source: str) -> str:
    """Return a URL of a description as an absolute one.

    Args:
        base: the folder of the description; "" in an index.
        url: as it is written there.
        source: the description, for errors.
    """
    if "://" in url or url.startswith(tuple(HOSTS)):
        return url
    if not base:
        raise PackageError(f"{source} has the address {url[:200]!r}, which is relative to nothing.")
    provider = next(filter(base.startswith, HOSTS), "")
    if not provider:
        return urljoin(base + "/", url)
    owner, repository, *folder = base.removeprefix(provider).split("/")
    path = posixpath.normpath(posixpath.join("/", *folder, url)).strip("/")
    return f"{provider}{owner}/{repository}/{path}"


def _pairs(described: dict[str, Any], key: str, source: str) -> list[tuple[str, str]]:
    """Return a list of pairs of texts in a description."""
    pairs = described.get(key, [])
    if isinstance(pairs, list) and all(
        isinstance(pair, list) and len(pair) == 2 and all(isinstance(text, str) for text in pair) for pair in pairs
    ):
        return [(pair[0], pair[1]) for pair in pairs]
    raise PackageError(f"{source} has {key!r} that are no pairs of texts.")


def _text(value: object) -> str:
    return value[:100] if isinstance(value, str) and value.isprintable() else ""
