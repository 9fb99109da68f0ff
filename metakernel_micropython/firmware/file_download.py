"""Downloading: only over protected lines, bounded in size and time, and whole or not at all."""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
import time
from pathlib import Path
from queue import Empty, Full, Queue
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from ..errors import MicroPythonError
from ..host.http_opener import opener
from ..host.paths import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TIMEOUT = 15.0
"""Seconds in which a server must say something."""

PATIENCE = 300.0
"""Seconds for one file."""

_BLOCK = 64 * 1024
_AHEAD = 16  # blocks that may wait to be written
_LOOK = 0.1  # seconds between two looks at whether somebody wants to stop
_LOCAL = ("127.0.0.1", "localhost", "::1")


class DownloadFailed(MicroPythonError):
    """A file could not be downloaded; nothing of it was kept."""


class NotThere(DownloadFailed):
    """The server does not have the file."""


def fetch(url: str, limit: int, progress: Callable[[int, int], object] | None = None) -> bytes:
    """Return a small file.

    Args:
        url: as for ``download``.
        limit: bytes at most.
        progress: called with the bytes that came, and all bytes (0 where nobody tells).

    Raises:
        DownloadFailed: it cannot be had; the message says why.
    """
    return b"".join(_blocks(url, limit, progress))


def download(
    url: str,
    target: Path,
    limit: int,
    *,
    sha256: str = "",
    size: int = 0,
    progress: Callable[[int, int], object] | None = None,
) -> str:
    """Write a file to the disk; it appears whole, or not at all.

    Args:
        url: ``https://``; ``http://`` for this computer alone; ``file://`` or a path for a copy on its disk.
        target: where it goes.
        limit: bytes at most.
        sha256: the digest that it must have, in hexadecimal; ``""`` for any.
        size: the bytes that it must have; 0 for any number.
        progress: as for ``fetch``.

    Returns:
        Its SHA-256.

    Raises:
        DownloadFailed: it cannot be had, or is not what it should be.
    """
    digest, came = hashlib.sha256(), 0
    part: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # A name of its own: two kernels may download the same.
        handle, name = tempfile.mkstemp(prefix=f"{target.name}.", suffix=".part", dir=target.parent)
        part = Path(name)
        with os.fdopen(handle, "wb") as file:
            for block in _blocks(url, limit, progress, size):
                file.write(block)
                digest.update(block)
                came += len(block)
        if size and came != size:
            raise DownloadFailed(f"{url} has {came} bytes, and the list of firmware says {size}. Nothing was kept.")
        if sha256 and digest.hexdigest() != sha256:
            raise DownloadFailed(
                f"{url} is not the file that the list of firmware promises (SHA-256 {digest.hexdigest()}, not "
                f"{sha256}): it was damaged or changed on the way. Nothing was kept."
            )
        part.replace(target)
    except OSError as error:
        raise DownloadFailed(f"{target} on this computer: {error.strerror or error}. Nothing was kept.") from error
    finally:
        if part is not None:
            part.unlink(missing_ok=True)
    return digest.hexdigest()


def check_url(url: str) -> None:
    """Refuse an address that is not downloaded from.

    Raises:
        DownloadFailed: it is neither ``https://`` nor this computer's.
    """
    found = urlsplit(url)
    if found.scheme == "https" and found.hostname:
        return
    if found.scheme == "http" and found.hostname in _LOCAL:
        return
    raise DownloadFailed(
        f"{shown(url[:200])} is no https:// address. Firmware comes over protected lines alone, from this computer "
        "(http://127.0.0.1), or from a file."
    )


def local_path(url: str) -> Path | None:
    """Return the file of this computer that an address means; None for one in a network."""
    scheme = urlsplit(url).scheme
    if scheme == "file":
        return Path(url2pathname(urlsplit(url).path))
    # One letter is a drive of Windows.
    return Path(url).expanduser() if len(scheme) < 2 else None


def _blocks(url: str, limit: int, progress: Callable[[int, int], object] | None, expected: int = 0) -> Iterator[bytes]:
    """Give a file block by block.

    A thread reads it: a server that sends its header byte by byte, or a resolver that is silent, would be waited for
    without an end, and Stop would not be heard.
    """
    path = local_path(url)
    if path is None:
        check_url(url)
    came: Queue[bytes | int | BaseException | None] = Queue(_AHEAD)
    over = threading.Event()

    def put(what: bytes | int | BaseException | None) -> None:
        while not over.is_set():
            try:
                came.put(what, timeout=_LOOK)
                return
            except Full:
                continue

    def work() -> None:
        try:
            _read(url, path, put, over)
            put(None)
        except BaseException as error:
            put(error)

    deadline = time.monotonic() + PATIENCE
    threading.Thread(target=work, name="firmware download", daemon=True).start()
    total, size = expected, 0
    try:
        while True:
            try:
                what = came.get(timeout=_LOOK)
            except Empty:
                if time.monotonic() > deadline:
                    raise DownloadFailed(
                        f"{url} comes too slowly: more than {PATIENCE:g} s. Nothing was kept."
                    ) from None
                continue
            if what is None:
                return
            if isinstance(what, BaseException):
                raise what
            if isinstance(what, int):
                total = expected or what
                if what > limit:
                    raise _too_large(url, limit)
                continue
            size += len(what)
            if size > limit:
                raise _too_large(url, limit)
            if progress is not None:
                progress(size, max(total, size))
            yield what
            if time.monotonic() > deadline:
                raise DownloadFailed(f"{url} comes too slowly: more than {PATIENCE:g} s. Nothing was kept.")
    finally:
        over.set()


def _too_large(url: str, limit: int) -> DownloadFailed:
    return DownloadFailed(f"{url} is too large: more than {limit} bytes. Nothing was kept.")


def _read(url: str, path: Path | None, put: Callable[[bytes | int], None], over: threading.Event) -> None:
    """Pass on the size of a file, 0 where nobody tells, and its blocks."""
    import http.client
    import urllib.error
    import urllib.request

    if path is not None:
        try:
            with path.open("rb") as file:
                put(os.fstat(file.fileno()).st_size)
                while not over.is_set() and (block := file.read(_BLOCK)):
                    put(block)
        except FileNotFoundError:
            raise NotThere(f"There is no {path} on this computer.") from None
        except OSError as error:
            raise DownloadFailed(f"{path} on this computer: {error.strerror or error}.") from error
        return
    host = urlsplit(url).hostname
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "metakernel-micropython"})  # noqa: S310 - checked
        with opener(_elsewhere).open(request, timeout=TIMEOUT) as response:
            put(response.length or 0)
            while not over.is_set() and (block := response.read1(_BLOCK)):
                put(block)
            if response.length and not over.is_set():
                raise http.client.IncompleteRead(b"", response.length)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in (404, 410):
            raise NotThere(f"There is no {url} (the server says {error.code}).") from None
        raise DownloadFailed(f"{url}: the server says {error.code} {shown(str(error.reason)[:200])}.") from None
    except http.client.IncompleteRead as error:
        raise DownloadFailed(f"{url} ended {error.expected} bytes early. Nothing was kept; try again.") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = shown(str(getattr(error, "reason", None) or error)[:200]) or type(error).__name__
        raise DownloadFailed(
            f"{host} cannot be reached: {reason}. Firmware is downloaded by this computer: is it in the network?"
        ) from error


def _elsewhere(_source: str, target: str) -> str:
    try:
        check_url(target)
    except DownloadFailed as error:
        return f"it redirects elsewhere. {error}"
    return ""
