"""What is on a board's file system, as data, and which names a file can have."""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import BadName

WALK = {"walk": "files_walk"}
"""The snippet that lists a folder, for those that call it."""


UNCHANGED = "it was the same already"
"""The note of a file that was not written because the board had it."""


@dataclass(frozen=True)
class Entry:
    """One file or folder on a board.

    Attributes:
        path: begins as the folder that was asked about.
        size: bytes; 0 for a folder.
        folder: whether it is one.
    """

    path: str
    size: int
    folder: bool


@dataclass(frozen=True)
class Space:
    """The room of a file system, in bytes."""

    total: int
    free: int


@dataclass(frozen=True)
class Written:
    """How a file was written.

    Attributes:
        size: bytes that were sent.
        method: how it was verified, for example ``SHA-256 verified``.
        note: what this board could not do; ``""`` where it could do all.
    """

    size: int
    method: str
    note: str = ""


def check_text(path: str) -> None:
    """Refuse what cannot be a path.

    Raises:
        BadName: it holds a NUL, or half a character.
    """
    if "\0" in path:
        raise BadName(f"The name {path!r} holds a NUL.")
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        raise BadName(f"The name {path!r} holds half a character.") from None


def check_name(path: str) -> None:
    """Refuse what cannot be the path of a file.

    Raises:
        BadName: it is none.
    """
    check_text(path)
    if not path or path.rpartition("/")[2] in ("", ".", ".."):
        raise BadName(f"{path!r} is no name of a file." if path else "The name of the file is missing.")
