"""Saving what is on a board, and making a board the same again. Without Jupyter."""

from __future__ import annotations

import json
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from ..board.board_info import info
from ..board.files.comparison import Fingerprint
from ..board.files.file_times import times
from ..board.files.folder_sync import STARTS_THE_BOARD, Excludes, Plan, Source, prepare
from ..board.files.folders import join
from ..board.files.helper_programs import UNFINISHED
from ..errors import FileProblem, TransferFailed
from .backup_archive import Backup
from .installed_packages import MAX_RECORD, RECORD

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..board import Board
    from ..board.files.entries import Entry
    from ..board.files.filesystem import Files

_LINE_END = "its name holds a line end"
_ELSEWHERE = "another file system begins there"
_UNFINISHED = "it is an unfinished transfer"


def root_of(files: Files) -> str:
    """Return the folder that holds a board's own file system; ``""`` on boards without folders.

    On pyboards and others that mount it (``/flash``), the root holds nothing but such folders.
    """
    if files.flat:
        return ""
    return "/flash" if "flash" in files.compare("/", {}, others=True).foreign else "/"


def add_partitions(
    backup: Backup, board: Board, *, nvs_alone: bool, progress: Callable[[str, int, int], object] | None = None
) -> None:
    """Read the partitions of an ESP32's flash, too.

    Args:
        backup: where they go.
        board: the board.
        nvs_alone: only the store of settings.
        progress: as for ``save``.

    Raises:
        FileProblem: it has none, or it is no ESP32.
        TransferFailed: one arrived damaged.
        MicroPythonError: the board did not answer.
    """
    from ..board.partitions import partitions, read

    found = [part for part in partitions(board) if part.holds_nvs or not nvs_alone]
    if not found:
        raise FileProblem(f"The flash of the board on {board.address} has no partition {'with NVS' * nvs_alone}.")
    for part in found:
        name = f"partition {part.label}"
        content = read(board, part, None if progress is None else partial(progress, name))
        facts = {"label": part.label, "type": part.kind, "subtype": part.subtype, "address": part.address}
        backup.partitions.append(({**facts, "size": part.size, "encrypted": part.encrypted}, content))


def save(board: Board, progress: Callable[[str, int, int], object] | None = None) -> Backup:
    """Read everything that a board's file system holds, and have the board verify it.

    Args:
        board: the board.
        progress: called with the file in work, and with the bytes that came and all.

    Raises:
        FileProblem: something cannot be read.
        TransferFailed: a file changed meanwhile.
        MicroPythonError: the board did not answer.
    """
    files = board.files
    root = root_of(files)
    told = info(board)
    backup = Backup(root, board.banner, datetime.now().astimezone().isoformat(timespec="seconds"), told.facts)
    found = files.compare(root, {}, others=True)
    backup.left_out += [(name, _ELSEWHERE) for name in sorted(found.foreign)]
    wanted: list[Entry] = []
    for entry in found.others:
        if entry.path in found.foreign:
            continue
        if {"\n", "\r"} & set(entry.path):
            backup.left_out.append((entry.path, _LINE_END))
        elif entry.path.endswith(UNFINISHED):
            backup.left_out.append((entry.path, _UNFINISHED))
        elif entry.folder:
            backup.folders.append(entry.path)
        else:
            wanted.append(entry)
    total, before = sum(entry.size for entry in wanted), 0
    with files.together():
        for entry in wanted:
            place = entry.path

            def part(now: int, _all: int, before: int = before, place: str = place) -> None:
                if progress is not None:
                    progress(place, before + now, total)

            content = files.read(join(root, place), progress=part)
            backup.files[place] = content
            before += len(content)
    if not files.flat:
        changed = times(board, [join(root, name) for name in backup.files])
        backup.times = {name: when.isoformat() for name in backup.files if (when := changed.get(join(root, name)))}
    backup.packages = _packages(backup)
    again = files.compare(root, {name: Fingerprint.of(content) for name, content in backup.files.items()})
    if other := again.missing | again.different | again.wrong:
        raise TransferFailed(
            f"{min(other)} on the board on {board.address} has changed while it was saved: a program writes it. Stop "
            "that program and save the board again."
        )
    return backup


def _packages(backup: Backup) -> dict[str, dict[str, str]]:
    """Return the packages that the record beside them tells of; one that cannot be read tells of none."""
    found: dict[str, dict[str, str]] = {}
    for path, content in backup.files.items():
        folder, _, name = path.rpartition("/")
        if name != RECORD or len(content) > MAX_RECORD:
            continue
        try:
            packages = json.loads(content)["packages"]
            found[folder] = {str(one): str(packages[one].get("version", "")) for one in packages}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            continue
    return found


class _NothingExcluded(Excludes):
    """What makes a board the same leaves nothing alone but what is unfinished, which the next transfer removes."""

    def __call__(self, path: str, *, folder: bool) -> bool:
        return path.endswith(UNFINISHED)


def plan(files: Files, backup: Backup) -> Plan:
    """Compare a board with a backup; nothing is changed.

    Args:
        files: of the board.
        backup: what it shall hold.

    Raises:
        FileProblem: the board cannot hold it.
    """
    root = root_of(files)
    source = Source(files=backup.files, folders=list(backup.folders), excludes=_NothingExcluded())
    source.skipped = list(backup.left_out)
    result = prepare(files, source, root, delete=True)
    # %sync leaves the board's own settings alone; here they are what was saved, or were not there.
    result.delete += [name for name, reason in result.keep if reason == STARTS_THE_BOARD]
    result.keep = [(name, reason) for name, reason in result.keep if reason != STARTS_THE_BOARD]
    return result
