"""The lists of firmware and the files that were downloaded, kept on this computer.

A list is good for a day, and serves longer where its server cannot be reached. Files are kept for the next board of
the same kind: a class of thirty downloads one.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import firmware_index
from .file_download import DownloadFailed, NotThere, download, fetch, local_path
from .firmware_index import MAX_SIZE, Build, IndexProblem

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

INDEX = "https://raw.githubusercontent.com/thonny/thonny/master/data"
"""Where Thonny publishes its lists."""

INDEX_VARIABLE = "MICROPYTHON_FIRMWARE_INDEX"
"""Names another place in the environment: a folder or address with such lists, or one list (``.json``)."""

LISTS = tuple(f"micropython-variants-{kind}.json" for kind in ("esptool", "uf2", "daplink", "dfu"))
"""The lists of a folder; some may be missing. Thonny has none for DFU."""

KEPT = 24 * 60 * 60.0
"""Seconds for which a list is good."""

MAX_LIST = 8 * 1024 * 1024
"""Bytes of one list."""

MAX_FILES = 20
"""Files with firmware that are kept; the oldest go."""


@dataclass(frozen=True)
class Index:
    """What the lists hold.

    Attributes:
        builds: all files of all boards.
        place: where the lists are, for people.
        note: what a person should know, such as that a list is old; may be empty.
    """

    builds: list[Build]
    place: str
    note: str = ""


class FirmwareCache:
    """Lists and files of one place.

    Args:
        place: a folder or an address with lists, or one list; ``""`` for the environment's, or Thonny's.
        folder: where they are kept; None for the user's cache.
    """

    def __init__(self, place: str = "", folder: Path | None = None) -> None:
        self.place = (place or os.environ.get(INDEX_VARIABLE) or INDEX).rstrip("/\\")
        self._folder = folder

    @property
    def folder(self) -> Path:
        """Where everything is kept."""
        if self._folder is None:
            from platformdirs import user_cache_path

            self._folder = user_cache_path("metakernel-micropython") / "firmware"
        return self._folder

    def index(self) -> Index:
        """Return the lists, from the network where those that are kept are old.

        Raises:
            IndexProblem: there are none.
        """
        builds: list[Build] = []
        notes: list[str] = []
        missing: list[DownloadFailed] = []
        addresses = self._addresses()
        for address in addresses:
            try:
                data, note = self._list(address)
            except NotThere as error:
                missing.append(error)
                continue
            builds += firmware_index.read(data, address)
            notes += [note] if note else []
        if not builds:
            reason = f" {missing[0]}" if missing else ""
            raise IndexProblem(
                f"There are no lists of firmware in {self.place}.{reason} {INDEX_VARIABLE} in the environment, or "
                "--index, names another place."
            )
        return Index(builds, self.place, notes[0] if notes else "")

    def kept(self) -> list[Build]:
        """Return what the lists on this computer hold, however old; no network is used."""
        builds: list[Build] = []
        for address in self._addresses():
            path = local_path(address) or self._kept_list(address)
            with contextlib.suppress(OSError, IndexProblem):
                if path.stat().st_size <= MAX_LIST:
                    builds += firmware_index.read(path.read_bytes(), address)
        return builds

    def file(self, build: Build, progress: Callable[[int, int], object] | None = None) -> Path:
        """Return the file of a build, downloaded where it is not here yet.

        Raises:
            DownloadFailed: it cannot be had, or is not what the list says.
        """
        key = hashlib.sha256(f"{build.url} {build.sha256}".encode()).hexdigest()[:16]
        target = self.folder / "files" / key / build.file
        digest_file = target.with_name("sha256")
        with contextlib.suppress(OSError):
            if hashlib.sha256(target.read_bytes()).hexdigest() == digest_file.read_text("ascii"):
                os.utime(target.parent)
                return target
        url = build.url
        if "://" not in url:  # relative to a list on this computer's disk
            beside = local_path(self.place)
            assert beside is not None
            url = str((beside.parent if beside.suffix == ".json" else beside) / url)
        digest = download(url, target, MAX_SIZE, sha256=build.sha256, size=build.size, progress=progress)
        with contextlib.suppress(OSError):
            digest_file.write_text(digest, "ascii")
            self._tidy(target.parent)
        return target

    def _addresses(self) -> list[str]:
        if self.place.endswith(".json"):
            return [self.place]
        return [f"{self.place}/{name}" for name in LISTS]

    def _kept_list(self, address: str) -> Path:
        return self.folder / "lists" / f"{hashlib.sha256(address.encode()).hexdigest()[:16]}.json"

    def _list(self, address: str) -> tuple[bytes, str]:
        """Return a list, and what is to be said about it.

        Raises:
            NotThere: there is no such list.
            IndexProblem: it cannot be had, and none is kept.
        """
        if local_path(address) is not None:
            return fetch(address, MAX_LIST), ""
        path = self._kept_list(address)
        age = KEPT
        with contextlib.suppress(OSError):
            age = time.time() - path.stat().st_mtime
            if -KEPT < age < KEPT:
                if not (data := path.read_bytes()):
                    raise NotThere(f"There is no {address}.")
                return data, ""
        try:
            download(address, path, MAX_LIST)
            return path.read_bytes(), ""
        except NotThere:
            with contextlib.suppress(OSError):
                path.write_bytes(b"")  # noted, so that it is not asked for again today
            raise
        except (DownloadFailed, OSError) as error:
            with contextlib.suppress(OSError):
                if data := path.read_bytes():
                    return data, f"The list of firmware is {age / KEPT:.0f} days old: {error}"
                raise NotThere(f"There was no {address}.") from error
            raise IndexProblem(
                f"The list of firmware cannot be had. {error} A copy of it can be named with --index or "
                f"{INDEX_VARIABLE}."
            ) from error

    def _tidy(self, newest: Path) -> None:
        """Remove the files that were not used for longest."""
        import shutil

        folders = [one for one in newest.parent.iterdir() if one.is_dir() and one != newest]
        folders.sort(key=lambda one: one.stat().st_mtime, reverse=True)
        for old in folders[MAX_FILES - 1 :]:
            shutil.rmtree(old, ignore_errors=True)
