"""What was downloaded for packages, kept on this computer: for work without a network, and for the next board.

Contents lie under their SHA-256 digest, which is checked whenever one is read: what was damaged counts as missing. A
small file for each address has the digest of what was behind it last; of the address itself only a digest is kept. The
least recently used go when there are too many. Whatever goes wrong here costs a download, no more.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 64 * 1024 * 1024
"""Bytes of all contents that are kept."""

MAX_CONTENTS = 5000
"""Contents that are kept, and addresses."""

MAX_NOTE = 1024
"""Bytes of the file for an address."""

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Kept:
    """A content that was kept.

    Attributes:
        data: the content.
        downloaded: when it came from its address, in seconds since 1970.
    """

    data: bytes
    downloaded: float


class PackageCache:
    """Contents by their digests and by the addresses that they were behind.

    Args:
        folder: where they are kept; by default in the user's cache folder, wherever the system has that.
    """

    def __init__(self, folder: Path | None = None) -> None:
        if folder is None:
            from platformdirs import user_cache_path

            folder = user_cache_path("metakernel-micropython") / "packages"
        self._contents = folder / "contents"
        self._addresses = folder / "addresses"

    def behind(self, url: str) -> Kept | None:
        """Return what was behind an address last; None where that is not known, or damaged."""
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
            path = self._address(url)
            if path.stat().st_size <= MAX_NOTE:
                note = json.loads(path.read_text("utf-8"))
                data = self.content(note["sha256"])
                if data is not None:
                    _touch(path)
                    return Kept(data, float(note["downloaded"]))
        return None

    def content(self, sha256: str) -> bytes | None:
        """Return the content with a digest, in hexadecimal; None where it is not kept, or damaged."""
        if not _SHA256.fullmatch(sha256):
            return None
        path = self._content(sha256)
        with contextlib.suppress(OSError):
            if path.stat().st_size <= MAX_BYTES:
                data = path.read_bytes()
                if hashlib.sha256(data).hexdigest() == sha256:
                    _touch(path)
                    return data
            path.unlink()
        return None

    def keep(self, data: bytes, *urls: str) -> None:
        """Keep a content that is behind some addresses now."""
        sha256 = hashlib.sha256(data).hexdigest()
        note = json.dumps({"sha256": sha256, "downloaded": time.time()}).encode()
        with contextlib.suppress(OSError):
            if self.content(sha256) is None:
                _write(self._content(sha256), data)
            for url in urls:
                _write(self._address(url), note)

    def tidy(self) -> None:
        """Remove what was used least recently, where there is too much, and what is not whole."""
        with contextlib.suppress(OSError):
            for folder, most in (self._contents, MAX_BYTES), (self._addresses, MAX_CONTENTS * MAX_NOTE):
                found = []
                for path in folder.glob("*/*"):
                    with contextlib.suppress(OSError):  # another kernel has removed it
                        found.append((path.stat().st_mtime, path.stat().st_size, path))
                size = 0
                for number, (used, length, path) in enumerate(sorted(found, reverse=True)):
                    size += length
                    unfinished = path.suffix == ".part" and used < time.time() - 3600
                    if size > most or number >= MAX_CONTENTS or unfinished:
                        with contextlib.suppress(OSError):
                            path.unlink()

    def _content(self, sha256: str) -> Path:
        return self._contents / sha256[:2] / sha256

    def _address(self, url: str) -> Path:
        name = hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()
        return self._addresses / name[:2] / name


def _touch(path: Path) -> None:
    """Note that a file was used."""
    with contextlib.suppress(OSError):
        os.utime(path)


def _write(path: Path, data: bytes) -> None:
    """Write a file in one step.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
