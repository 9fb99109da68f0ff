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
import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin, urlsplit

from .package_web import Missing, PackageError, Unreachable, Web

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from .package_cache import PackageCache

INDEX = "https://micropython.org/pi/v2"

INDEX_VARIABLE = "MICROPYTHON_MIP_INDEX"
"""Names another index in the environment, for example a school's own."""

HOSTS = {
    "github:": ("https://raw.githubusercontent.com", "{base}/{owner}/{repository}/{branch}/{path}"),
    "gitlab:": ("https://gitlab.com", "{base}/{owner}/{repository}/-/raw/{branch}/{path}"),
    "codeberg:": ("https://codeberg.org", "{base}/api/v1/repos/{owner}/{repository}/raw/{path}?ref={branch}"),
}
"""Where repositories are; ``MICROPYTHON_MIP_GITHUB`` and its like in the environment name a mirror."""

MAX_JSON = 256 * 1024
"""Bytes of a package's description."""

MAX_LIST = 1024 * 1024
"""Bytes of an index's list of packages."""

MAX_FILE = 2 * 1024 * 1024
"""Bytes of one file; more has no room on a board."""

MAX_FILES, MAX_PACKAGES = 500, 100
"""Files and packages of one installation."""

MAX_PATH = 200
"""Characters of a file's path."""

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,99}")
_VERSION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-+]{0,99}")
_HASH = re.compile(r"[0-9a-f]{8,64}")


given_downloads: ContextVar[Mapping[str, bytes | None] | None] = ContextVar("given_downloads", default=None)
"""What is behind addresses, as another computer has found it, None for nothing: these are not asked again. Set where a
fleet's hosts install what the notebook has downloaded."""


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
        branch: the branch or tag of a repository that was asked for; ``""`` for none, and in an index.
    """

    name: str
    version: str
    source: str
    files: dict[str, bytes] = field(default_factory=dict)
    needs: list[str] = field(default_factory=list)
    compiled: bool = False
    branch: str = ""


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
        cache: keeps what comes, and has it where a server cannot be reached; None for none.
        plain: packages that are wanted as .py whatever ``mpy`` says.
        digests: by package and path the SHA-256 that a file must have, as far as that is known: a content that the
            cache has is not downloaded again.

    Attributes:
        unreachable: the servers that could not be reached, each with the reason; the cache had what was asked of them.
        oldest: when the oldest content that came from the cache in their place was downloaded, in seconds since 1970.
        obtained: what was behind each address, wherever it came from; None for nothing.
    """

    def __init__(
        self,
        index: str | None = None,
        mpy: int = 0,
        told: Callable[[str], object] | None = None,
        *,
        cache: PackageCache | None = None,
        plain: Collection[str] = (),
        digests: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self.index = (index or os.environ.get(INDEX_VARIABLE) or INDEX).rstrip("/")
        if not self.index.startswith(("http://", "https://")):
            raise PackageError(f"The index {self.index} is no http:// or https:// address.")
        self.unreachable: dict[str, str] = {}
        self.oldest = time.time()
        self._mpy = mpy
        self._told = told or (lambda _: None)
        self._cache = cache
        self._plain = plain
        self._digests = digests or {}
        self.obtained: dict[str, bytes | None] = {}
        self._given = given_downloads.get() or {}
        self._failed: dict[str, Unreachable] = {}
        self._files = 0
        self._web = Web()

    def get(self, name: str, version: str = "") -> list[Package]:
        """Return a package and all that it needs, the package first; see ``get_all``."""
        return self.get_all([(name, version)])

    def get_all(self, wanted: Sequence[tuple[str, str]]) -> list[Package]:
        """Return packages and all that they need, these in front.

        Args:
            wanted: for each its name in the index, or a URL (``github:OWNER/REPOSITORY[/PATH]``, ``https://...``), and
                its version in the index, or the branch or tag of a repository; ``""`` for the latest.

        Raises:
            PackageError: one cannot be had.
        """
        self._web.begin()
        found: dict[str, Package] = {}
        waiting = [(name.rstrip("/"), version, "") for name, version in wanted]
        while waiting:
            name, version, whose = waiting.pop(0)
            if name in found:
                continue
            if len(found) >= MAX_PACKAGES:
                raise PackageError(f"{next(iter(found))} needs more than {MAX_PACKAGES} packages.")
            try:
                package, needs = self._package(name, version)
            except PackageError as error:
                raise PackageError(f"{error} {whose} needs {name}." if whose else str(error)) from error
            package.needs = [need for need, _ in needs]
            found[name] = package
            waiting += [(need, of, name) for need, of in needs]
        if self._cache is not None:
            self._cache.tidy()
        return list(found.values())

    def names(self) -> list[str]:
        """Return the names of all packages of the index.

        Raises:
            PackageError: the index has no list of them, or cannot be reached.
        """
        self._web.begin()
        url = f"{self.index}/index.json"
        packages = self._json(url, limit=MAX_LIST).get("packages")
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
        kinds = [str(self._mpy), "py"] if self._mpy and name not in self._plain else ["py"]
        for kind in kinds:
            base = f"{self.index}/package/{kind}/{quote(name)}"
            url = f"{base}/{quote(version or 'latest')}.json"
            try:
                described = self._json(url, partial(_address_of_version, base))
            except Missing:
                continue
            except Unreachable:  # offline, nobody can tell whether the index has it compiled
                if kind == "py":
                    raise
                continue
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
            package = Package(name, version, url, compiled=name.endswith(".mpy"), branch=version)
            self._add(package, file, url, "")
            return package, []
        described_at = name if name.endswith(".json") else name + "/package.json"
        url = _address(described_at, version)
        described = self._json(url)
        package = Package(name, version or _text(described.get("version")), url, branch=version)
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

        def check(data: bytes) -> None:
            digest = hashlib.sha256(data).hexdigest()
            if not digest.startswith(short):
                raise PackageError(
                    f"{url} is not the file that the index promises (SHA-256 {digest[: len(short)]}, not {short}): it "
                    "was damaged or changed on the way. Nothing was installed."
                )

        known = self._known(package.name, path, url, check if short else None)
        data = known if known is not None else self._obtain(url, MAX_FILE, check)
        package.files[path] = self.obtained[url] = data

    def _known(self, name: str, path: str, url: str, check: Callable[[bytes], None] | None) -> bytes | None:
        """Return the content of a file that cannot be another one, from the cache; None where it does not have it."""
        if self._cache is None:
            return None
        data = self._cache.content(self._digests.get(name, {}).get(path, ""))
        if data is None and check is not None and (kept := self._cache.behind(url)) is not None:
            try:
                check(kept.data)
            except PackageError:
                return None
            data = kept.data
        if data is not None:
            self._web.count(url, len(data))
        return data

    # -- the network -----------------------------------------------------------------------------------------------

    def _json(
        self, url: str, also: Callable[[dict[str, Any]], str] | None = None, limit: int = MAX_JSON
    ) -> dict[str, Any]:
        """Return a description.

        Args:
            url: where it is.
            also: gives another address of the same description, once that is known; for the cache.
            limit: bytes that it has at most.
        """
        found: dict[str, Any] = {}

        def check(data: bytes) -> None:
            try:
                described = json.loads(data)
            except (ValueError, RecursionError):
                described = None
            if not isinstance(described, dict):
                raise PackageError(f"{url} is no description of a package (JSON).")
            found.update(described)

        self._obtain(url, limit, check, lambda: also(found) if also else "")
        return found

    def _obtain(
        self, url: str, limit: int, check: Callable[[bytes], None], also: Callable[[], str] = lambda: ""
    ) -> bytes:
        """Return what is behind an address, or what was, where its server cannot be reached.

        Args:
            url: the address.
            limit: bytes that it has at most.
            check: raises where it cannot be right; that is not kept.
            also: gives another address that has the same.

        Raises:
            PackageError: it cannot be had.
        """
        if url in self._given:
            given = self._given[url]
            if given is None:
                raise Missing(f"There is no {url}.")
            self._web.count(url, len(given))
            check(given)
            return given
        server = urlsplit(url).netloc
        error = self._failed.get(server)
        if error is None:
            try:
                data = self._web.download(url, limit)
            except Missing:
                self.obtained[url] = None
                raise
            except Unreachable as problem:
                error = self._failed[server] = problem
            else:
                check(data)
                self.obtained[url] = data
                if self._cache is not None:
                    self._cache.keep(data, url, *filter(None, [also()]))
                return data
        kept = self._cache.behind(url) if self._cache is not None else None
        if kept is None:
            if self._cache is not None:
                error = Unreachable(f"{error} This computer's cache does not have {url}.", server, error.reason)
            raise error
        self.unreachable[server] = error.reason
        self.oldest = min(self.oldest, kept.downloaded)
        self._web.count(url, len(kept.data))
        check(kept.data)
        self.obtained[url] = kept.data
        return kept.data


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


def _address_of_version(base: str, described: dict[str, Any]) -> str:
    """Return where an index has the description of just this version of a package."""
    version = _text(described.get("version"))
    return f"{base}/{quote(version)}.json" if _VERSION.fullmatch(version) else ""
