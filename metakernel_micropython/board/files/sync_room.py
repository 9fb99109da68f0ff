"""Whether a sync has room on the board, told before it changes anything.

What is counted is never more than what the board needs: how its file system rounds is not known here. What it needs
beyond that shows when a file is written.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from ...errors import Advice, NoSpace
from .folders import join

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from .entries import Space
    from .filesystem import Files

LARGEST_BLOCK = 32 * 1024
"""Bytes that the smallest file takes on any board: a cluster of an SD card. A file that goes may give back as many."""


def check_room(
    files: Files, target: str, send: Mapping[str, bytes], new: Collection[str], missing: Collection[str]
) -> None:
    """See whether files have room, each beside the old one that it replaces.

    One question to the board where they fit; where they may not, one for each folder and each file to be replaced.

    Args:
        files: the board's file system.
        target: the folder on the board; the paths of all others are below it.
        send: contents by path, in the order in which they are sent.
        new: which of them the board does not have.
        missing: folders that the board does not have; ``""`` is the target.

    Raises:
        NoSpace: they have none; nothing was changed.
    """
    top = _existing("", missing)
    space = files.space(_path(target, top))
    if space is None or sum(map(len, send.values())) <= space.free:
        return
    spaces: dict[str | None, Space | None] = {top: space}
    most = sent = gone = given_back = 0
    for name, data in send.items():
        folder = _existing(posixpath.dirname(name), missing)
        if folder not in spaces:
            spaces[folder] = files.space(_path(target, folder))
        if spaces[folder] != space:
            continue  # an SD card, for example: it is asked when the file is written
        sent += len(data)
        most = max(most, sent - given_back)
        old = None if name in new else files.stat(join(target, name))
        if old is not None:
            gone += old.size
            given_back += -(-old.size // LARGEST_BLOCK) * LARGEST_BLOCK
    if most > space.free:
        raise NoSpace(
            f"The files for {target or 'the current folder'} need {most} bytes more than the board's files have "
            f"now, and the board has {space.free} of {space.total} free: {sent} bytes are to be sent in the place of "
            f"{gone}, and an old file stays until the new one is whole. Nothing was changed.",
            Advice.MAKE_ROOM,
            free=space.free,
            size=sent,
        )


def _existing(folder: str, missing: Collection[str]) -> str | None:
    """Return the nearest folder that the board has; None for the one above the target."""
    while folder in missing:
        if not folder:
            return None
        folder = posixpath.dirname(folder)
    return folder


def _path(target: str, folder: str | None) -> str:
    if folder is None:
        return posixpath.dirname(target.rstrip("/"))
    return join(target, folder) if folder else target
