"""Downloads from web servers, bounded in size and time; for packages. Knows nothing of what they are."""

from __future__ import annotations

import threading
import time
from queue import Empty, SimpleQueue
from urllib.parse import urlsplit

from ..errors import MicroPythonError
from ..front_end import once_for_all, one_of_several
from .http_opener import opener
from .paths import shown

TIMEOUT = 15.0
"""Seconds in which a server must say something."""

PATIENCE = 120.0
"""Seconds for all the downloads of one installation."""

LOOK = 0.2
"""Seconds after which a download for one of several boards looks whether it was stopped."""

MAX_TOTAL = 8 * 1024 * 1024
"""Bytes of everything that is downloaded for one installation."""


class PackageError(MicroPythonError):
    """A package could not be found, downloaded, or trusted."""


class Missing(PackageError):
    """A server does not have it."""


class Unreachable(PackageError):
    """A server cannot be reached, or cannot answer now."""

    def __init__(self, message: str, server: str, reason: str) -> None:
        super().__init__(message)
        self.server = server
        self.reason = reason


class Web:
    """Downloads within one deadline and one limit for all."""

    def __init__(self) -> None:
        self._size = 0
        self._deadline = 0.0

    def begin(self) -> None:
        """Let the time for all downloads begin now."""
        self._deadline = time.monotonic() + PATIENCE

    def count(self, url: str, size: int) -> None:
        """Count bytes that came, from wherever.

        Raises:
            PackageError: they are more than one installation may have.
        """
        self._size += size
        if self._size > MAX_TOTAL:
            raise PackageError(f"{url} is too large: more than {MAX_TOTAL} bytes.")

    def download(self, url: str, limit: int) -> bytes:
        """Return what is behind a URL; for several boards it is downloaded once.

        A thread does it: a server that sends its header byte by byte, or a resolver that is silent, would be waited for
        without an end.

        Args:
            url: an http:// or https:// address.
            limit: bytes that it has at most.

        Raises:
            Missing: the server says that it does not have it.
            Unreachable: the server cannot be reached, or says that it cannot answer now.
            PackageError: it cannot be had, or is too large, or comes too slowly.
        """
        mine = False

        def download() -> bytes:
            nonlocal mine
            mine = True
            return self._download(url, limit)

        data = once_for_all(("download", url), download)
        if not mine:
            self.count(url, len(data))
        return data

    def _download(self, url: str, limit: int) -> bytes:
        came: SimpleQueue[bytes | BaseException] = SimpleQueue()

        def work() -> None:
            try:
                came.put(self._fetch(url, limit))
            except BaseException as error:
                came.put(error)

        threading.Thread(target=work, name="download", daemon=True).start()
        part = one_of_several.get()  # Stop raises nothing in its thread
        while True:
            left = self._deadline - time.monotonic()
            try:
                result = came.get(timeout=max(0.0, min(left, LOOK)) if part is not None else max(0.0, left))
                break
            except Empty:
                if part is not None and part.stopped:
                    raise KeyboardInterrupt from None
                if part is None or left <= 0:
                    raise _too_slow(url) from None
        if isinstance(result, BaseException):
            raise result
        return result

    def _fetch(self, url: str, limit: int) -> bytes:
        """Return what is behind a URL, and leave the time until the server has begun to answer to the caller."""
        import http.client
        import urllib.error
        import urllib.request

        server = str(urlsplit(url).hostname)
        content = bytearray()
        try:
            request = urllib.request.Request(url, headers={"User-Agent": "metakernel-micropython"})  # noqa: S310
            with opener(_unprotected).open(request, timeout=TIMEOUT) as response:
                while block := response.read1(64 * 1024):
                    content += block
                    if len(content) > limit:
                        raise PackageError(f"{url} is too large: more than {limit} bytes.")
                    self.count(url, len(block))
                    if time.monotonic() > self._deadline:
                        raise _too_slow(url)
                if response.length:
                    raise http.client.IncompleteRead(bytes(content), response.length)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code in (404, 410):
                raise Missing(f"There is no {url} (the server says {error.code}).") from None
            reason = f"the server says {error.code} {shown(str(error.reason)[:200])}"
            if error.code in (429, 500, 502, 503, 504):
                raise Unreachable(f"{url}: {reason}.", server, reason) from None
            raise PackageError(f"{url}: {reason}.") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = shown(str(getattr(error, "reason", None) or error)[:200]) or type(error).__name__
            message = (
                f"{server} cannot be reached: {reason}. Packages are downloaded by this computer: is it in the "
                "network? A copy of the index can be named with --index or MICROPYTHON_MIP_INDEX. Nothing was "
                "installed."
            )
            raise Unreachable(message, server, reason) from error
        return bytes(content)


def _unprotected(source: str, target: str) -> str:
    if source.startswith("https:") and not target.startswith("https:"):
        return f"it redirects to {target}, which is not protected"
    return ""


def _too_slow(url: str) -> PackageError:
    return PackageError(f"The downloads took more than {PATIENCE:g} s: {url} comes too slowly.")
