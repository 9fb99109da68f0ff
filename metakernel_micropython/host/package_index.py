"""The names of the packages that an index has: fetched when one is asked for, and kept for a day.

A hint below an error asks, so nobody is kept waiting: what does not come within a second is there for the next error.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
import time
from typing import TYPE_CHECKING

from .package_web import PackageError
from .packages import INDEX, INDEX_VARIABLE, Downloads

if TYPE_CHECKING:
    from pathlib import Path

WAIT = 1.0
"""Seconds that are waited for an index."""

KEPT = 24 * 60 * 60
"""Seconds that its names are good for."""

AGAIN = 60.0
"""Seconds before an index is asked again that did not answer."""


class IndexNames:
    """The names of an index's packages.

    Args:
        folder: where they are kept; by default in the user's cache folder.
        wait: seconds that an answer waits for the index at most.
    """

    def __init__(self, folder: Path | None = None, wait: float = WAIT) -> None:
        self._folder = folder
        self._wait = wait
        self._lock = threading.Lock()
        self._fetching: dict[str, threading.Thread] = {}
        self._failed: dict[str, float] = {}

    def get(self) -> frozenset[str]:
        """Return the names of the index that ``%mip`` uses; none where they are not known."""
        index = (os.environ.get(INDEX_VARIABLE) or INDEX).rstrip("/")
        path = self._path(index)
        if (names := _read(path)) is not None:
            return names
        with self._lock:
            work = self._fetching.get(index)
            if work is None or not work.is_alive():
                if time.monotonic() - self._failed.get(index, -AGAIN) < AGAIN:
                    return frozenset()
                work = threading.Thread(target=self._fetch, args=(index, path), name="package index", daemon=True)
                self._fetching[index] = work
                work.start()
        work.join(self._wait)
        return _read(path) or frozenset()

    def _path(self, index: str) -> Path:
        if self._folder is None:
            from platformdirs import user_cache_path

            self._folder = user_cache_path("metakernel-micropython") / "package-index"
        return self._folder / f"{hashlib.sha256(index.encode()).hexdigest()[:16]}.json"

    def _fetch(self, index: str, path: Path) -> None:
        try:
            names = Downloads(index).names()
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f"{path.name}.{os.getpid()}.part")
            part.write_text(json.dumps(names), "utf-8")
            part.replace(path)
        except (PackageError, OSError):
            self._failed[index] = time.monotonic()


def _read(path: Path) -> frozenset[str] | None:
    """Return the names in a file that is not too old; None where there is none that is good."""
    with contextlib.suppress(OSError, ValueError, RecursionError):
        if -KEPT < time.time() - path.stat().st_mtime < KEPT:
            names = json.loads(path.read_text("utf-8"))
            if isinstance(names, list):
                return frozenset(name for name in names if isinstance(name, str))
    return None
