"""Lists of firmware as data: which boards there are, in which versions, and where each file is.

The format is that of the lists which Thonny publishes (data/micropython-variants-*.json in its repository): a JSON list
of boards with ``vendor``, ``model``, ``family``, ``info_url`` and ``downloads``, each with ``version`` and ``url``. A
list of one's own may say more about a download: ``sha256`` and ``size`` (bytes); and its addresses may be relative to
the list. What such a list holds comes from strangers: what does not fit is left out, and nothing in it is run.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from ..errors import MicroPythonError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_BOARDS, MAX_DOWNLOADS = 5000, 50
"""Boards of a list, and downloads of a board, that are read."""

MAX_TEXT, MAX_URL = 100, 500
"""Characters of a name, and of an address."""

MAX_SIZE = 64 * 1024 * 1024
"""Bytes of a file with firmware at most."""

METHODS = {".bin": "esptool", ".uf2": "uf2", ".hex": "hex", ".dfu": "dfu"}
"""How a file is written, by the end of its name; the first one that a board has is taken."""

_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+~-]{0,149}")
_BOARD_PAGE = re.compile(r"https://micropython\.org/download/([A-Za-z0-9_.-]{1,60})/?")
_SHA256 = re.compile(r"[0-9a-f]{64}")
# BOARD-VARIANT-20260406-v1.28.0.bin, BOARD-20240603-v1.24.0-preview.14.g932f76c6b.uf2 and, until 2023,
# esp32-20230405-unstable-v1.19.1-1008-gc046b23ea.bin: names of https://micropython.org/resources/firmware/.
_DATED = re.compile(r"(?P<name>.+?)-(?P<date>\d{8})-(?:unstable-)?v(?P<version>\d+\.\d+.*)")
_VERSION = re.compile(r"v?(\d+(?:\.\d+){1,3})(?:-preview\.(\d+)|-(\d+)-g|-(preview)\b)?")
_NO_VERSION = re.compile(r"[-_]?v?\d+\.\d+[\w.]*")


class IndexProblem(MicroPythonError):
    """A list of firmware cannot be had, or has not what was asked for."""


@dataclass(frozen=True)
class Version:
    """A version of firmware.

    Attributes:
        text: for people, for example ``1.28.0`` or ``1.30.0-preview.14``.
        key: orders versions: numbers, then 0 for a preview, 1 for the release, 2 for what was built after it, then how
            many changes that was.
    """

    text: str
    key: tuple[tuple[int, ...], int, int]

    @property
    def is_preview(self) -> bool:
        """Whether it is no release."""
        return self.key[1] != 1


def version(text: str) -> Version | None:
    """Return the version that a text names, as firmware, lists and file names write it; None where there is none."""
    found = _VERSION.search(text)
    if found is None:
        return None
    numbers = tuple(int(part) for part in found[1].split(".") if len(part) < 10)
    numbers += (0,) * (3 - len(numbers))
    if found[2] or found[4]:
        count = int(found[2][:9]) if found[2] else 0
        return Version(f"{found[1]}-preview" + (f".{count}" if found[2] else ""), (numbers, 0, count))
    if found[3]:
        return Version(f"{found[1]}-{found[3][:9]}", (numbers, 2, int(found[3][:9])))
    return Version(found[1], (numbers, 1, 0))


@dataclass(frozen=True)
class Build:
    """One file with firmware.

    Attributes:
        board: the board's name, for example ``RPI_PICO``.
        variant: for example ``SPIRAM``; ``""`` for the ordinary one.
        version: which version.
        url: where the file is.
        file: the file's name.
        method: how it is written, one of ``METHODS``.
        family: of the chip, as the list names it: ``rp2``, ``esp32s3``, ``samd51``, ``nrf52`` ...
        title: the board's name for people.
        page: where people read about it; may be empty.
        sha256: the digest in hexadecimal; ``""`` where the list has none.
        size: bytes; 0 where the list does not tell.
    """

    board: str
    variant: str
    version: Version
    url: str
    file: str
    method: str
    family: str
    title: str
    page: str = ""
    sha256: str = ""
    size: int = 0

    @property
    def name(self) -> str:
        """The board with its variant, as MicroPython's ``sys.implementation._build`` writes it."""
        return f"{self.board}-{self.variant}" if self.variant else self.board


def read(data: bytes, base: str) -> list[Build]:
    """Return what a list holds.

    Args:
        data: its content.
        base: its address, which relative addresses in it belong to.

    Raises:
        IndexProblem: it is no list of firmware.
    """
    try:
        boards = json.loads(data)
    except (ValueError, RecursionError):
        boards = None
    if not isinstance(boards, list):
        raise IndexProblem(f"{base} is no list of firmware: it is no JSON list of boards.")
    found = [build for board in boards[:MAX_BOARDS] if isinstance(board, dict) for build in _of_board(board, base)]
    if boards and not found:
        raise IndexProblem(f"{base} is no list of firmware: none of its boards has a version and an address of a file.")
    return found


def _of_board(board: dict[str, Any], base: str) -> list[Build]:
    vendor, model = _text(board.get("vendor")), _text(board.get("model"))
    title = _text(board.get("title")) or model
    if vendor and not title.lower().startswith(vendor.lower()):
        title = f"{vendor} {title}".strip()
    page = _text(board.get("info_url"), MAX_URL)
    known = _BOARD_PAGE.fullmatch(page)
    name = known[1] if known else ""
    found: list[Build] = []
    downloads = board.get("downloads")
    for download in downloads[:MAX_DOWNLOADS] if isinstance(downloads, list) else ():
        if not isinstance(download, dict):
            continue
        url = _text(download.get("url"), MAX_URL)
        if "://" in base:
            url = urljoin(base, url)
            if not url.startswith(("https://", "http://")):
                continue  # a list from the network names no file of this computer
        file = urlsplit(url).path.rpartition("/")[2] if "://" in url else re.split(r"[/\\]", url)[-1]
        method = METHODS.get(file[-4:].lower())
        parsed = version(_text(download.get("version"))) or version(file)
        if method is None or parsed is None or not _FILE.fullmatch(file):
            continue
        dated = _DATED.fullmatch(file[:-4])
        stem = dated["name"] if dated else _NO_VERSION.sub("", file[:-4])
        name = name or stem  # the names of other makers' files may change; their first one counts
        variant = stem.removeprefix(f"{name}-") if dated and stem.startswith(f"{name}-") else ""
        sha256 = _text(download.get("sha256")).lower()
        size = download.get("size")
        size = size if isinstance(size, int) and 0 < size <= MAX_SIZE else 0
        found.append(
            Build(
                name,
                variant,
                parsed,
                url,
                file,
                method,
                _text(board.get("family")),
                title,
                page,
                sha256 if _SHA256.fullmatch(sha256) else "",
                size,
            )
        )
    return found


def _text(value: object, longest: int = MAX_TEXT) -> str:
    return value if isinstance(value, str) and len(value) <= longest and value.isprintable() else ""


# -- choosing ------------------------------------------------------------------------------------------------------


def board_named(builds: Iterable[Build], name: str) -> str:
    """Return the name of the board that a person named, in whichever case.

    Args:
        builds: the list.
        name: a board, perhaps with its variant.

    Raises:
        IndexProblem: there is none; the message says which are near.
    """
    names = {build.board.lower(): build.board for build in builds}
    if name.lower() in names:
        return names[name.lower()]
    titles = {build.title.lower(): build.board for build in builds}
    if name.lower() in titles:
        return titles[name.lower()]
    near = get_close_matches(name.lower(), names, n=3, cutoff=0.5)
    near += [one for one in names if name.lower() in one and one not in near][: 5 - len(near)]
    meant = f" Did you mean {', '.join(names[one] for one in near)}?" if near else ""
    raise IndexProblem(
        f"The list of firmware has no board {name[:MAX_TEXT]}.{meant} %firmware list PATTERN shows them."
    )


def choose(
    builds: Sequence[Build],
    board: str,
    *,
    wanted: str = "",
    variant: str = "",
    method: str = "",
    preview: bool = False,
) -> Build:
    """Return the file that is to be written.

    Args:
        builds: the list.
        board: a board of the list.
        wanted: the version; ``""`` for the newest release.
        variant: for example ``SPIRAM``.
        method: how it is to be written; ``""`` for the first way that there is.
        preview: take the newest preview.

    Raises:
        IndexProblem: there is none; the message says which there are.
    """
    of_board = [build for build in builds if build.board == board]
    of_method = [build for build in of_board if build.method == method or not method]
    if not of_method:
        ways = sorted({build.method for build in of_board})
        raise IndexProblem(f"The list of firmware has no file for {board} that is written by {method}, but by {ways}.")
    ordered = sorted(of_method, key=lambda build: list(METHODS.values()).index(build.method))
    fitting = [build for build in ordered if build.variant.lower() == variant.lower()]
    fitting = fitting or [made for build in ordered if (made := _of_variant(build, variant))]
    if not fitting:
        variants = sorted({build.variant for build in of_board if build.variant})
        raise IndexProblem(
            f"The list of firmware has no variant {variant} of {board}"
            + (f", but {', '.join(variants)}." if variants else ": it has no variants of it.")
        )
    parsed = version(wanted) if wanted else None
    if wanted and parsed is None:
        raise IndexProblem(f"--version {wanted[:MAX_TEXT]} is no version such as 1.28.0.")
    if parsed is not None:
        found = [build for build in fitting if build.version.key == parsed.key]
    else:
        found = [build for build in fitting if build.version.is_preview is preview]
    if not found:
        there = ", ".join(dict.fromkeys(build.version.text for build in _newest_first(fitting)))
        what = f"version {wanted}" if wanted else "preview" if preview else "release"
        raise IndexProblem(f"The list of firmware has no {what} for {board}. It has: {there}.")
    first = [build for build in found if build.method == found[0].method]
    return _newest_first(first)[0]


def _newest_first(builds: Iterable[Build]) -> list[Build]:
    return sorted(builds, key=lambda build: build.version.key, reverse=True)


def _of_variant(build: Build, variant: str) -> Build | None:
    """Return the file of a variant that a list does not have, as micropython.org names it; None for other servers.

    It is beside the ordinary one, and has the variant's name behind the board's.
    """
    url = urlsplit(build.url)
    fits = re.fullmatch(r"[A-Z0-9_]{1,30}", variant.upper())
    if url.hostname != "micropython.org" or build.variant or not fits or not build.file.startswith(f"{build.board}-"):
        return None
    file = f"{build.board}-{variant.upper()}{build.file.removeprefix(build.board)}"
    url_of_file = build.url.removesuffix(build.file) + file
    return replace(build, variant=variant.upper(), url=url_of_file, file=file, sha256="", size=0)


def matching(builds: Iterable[Build], pattern: str) -> dict[str, list[Build]]:
    """Return the boards that a pattern fits, each with its files, the newest first.

    Args:
        builds: the list.
        pattern: a part of a board's name, title or family, with ``*`` and ``?`` where it has them; ``""`` for all.
    """
    looked_for = pattern.lower()
    glob = looked_for if set(looked_for) & set("*?[") else f"*{looked_for}*"
    found: dict[str, list[Build]] = {}
    for build in builds:
        if any(fnmatchcase(text.lower(), glob) for text in (build.name, build.title, build.family)):
            found.setdefault(build.board, []).append(build)
    return {board: _newest_first(found[board]) for board in sorted(found, key=str.lower)}
