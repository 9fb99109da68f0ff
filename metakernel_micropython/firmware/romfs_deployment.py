"""What %romfs does, and what it shows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..board import romfs
from ..board.files import host_files
from ..board.romfs import Partition, RomFsError
from ..display.progress import Bar
from ..errors import LineLost, MagicError
from ..host import mpy_compiler
from ..host.paths import counted, human, shown
from . import romfs_image

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..board import Board
    from ..front_end import FrontEnd
    from ..host.mpy_compiler import Target
    from .romfs_image import Image

MOUNTED_AT = "/rom"
"""Where firmware mounts the first partition as it starts."""

_SHOWN_FILES = 20


def query(front_end: FrontEnd) -> None:
    """Print which partitions for ROMFS the board has, and what is in them."""
    board = front_end.require_board()
    found = romfs.partitions(board)
    if found is None:
        front_end.Print(_no_romfs(board))
        return
    if not found:
        front_end.Print(f"The firmware of the board on {board.address} knows ROMFS, but has no partition for it.")
    for one in found:
        if not one.size:
            front_end.Print(f"ROMFS partition {one.number} is not there: the flash is partitioned without it.")
            continue
        blocks = f", erased in blocks of {human(one.block)}" if 0 < one.block < one.size else ""
        front_end.Print(f"ROMFS partition {one.number}: {human(one.size)} ({one.size} bytes){blocks}")
        size = romfs_image.image_size(one.beginning)
        if size is None:
            front_end.Print("  It holds no image: %romfs deploy FOLDER makes one and writes it.")
        elif size > one.size:
            front_end.Print(f"  It begins as an image of {size} bytes, which has no room there: it is damaged.")
        else:
            place = f", mounted at {MOUNTED_AT} when the board starts" if one.number == 0 else ""
            front_end.Print(f"  It holds an image of {human(size)} ({size} bytes){place}.")


def build(front_end: FrontEnd, folder: str, output: str, *, compiling: bool, quiet: bool) -> None:
    """Write a folder as an image into a file of this computer."""
    source = host_files.host_path(folder)
    # A trailing slash, or a dot, is no name to put a suffix behind.
    path = host_files.host_path(output) if output else Path(f"{source.resolve()}{romfs_image.SUFFIXES[0]}")
    host_files.check_target(path)
    device = front_end.device
    connected = device is not None and not device.raw and device.lost is None
    image, wanted = _built(front_end, source, compiling=compiling, quiet=quiet, board=device if connected else None)
    host_files.replace(path, image.data)
    front_end.Print(f"{source} -> {path}: {_described(image, wanted, compiling=compiling)}")


def deploy(front_end: FrontEnd, path: str, number: int, *, compiling: bool, quiet: bool) -> None:
    """Write a folder, or a file with an image, into a partition of the board."""
    source = host_files.host_path(path)
    board = front_end.require_board()
    partition = _partition(board, number)
    if source.is_dir():
        image, wanted = _built(front_end, source, compiling=compiling, quiet=quiet, board=board)
        data, what = image.data, _described(image, wanted, compiling=compiling)
    elif source.exists():
        data = host_files.read(source)
        romfs_image.check(data, str(source))
        what = f"an image of {counted(len(data), 'byte')}"
    else:
        raise MagicError(f"There is no folder or image {source} on this computer.")
    if len(data) > partition.size:
        raise RomFsError(
            f"{source} is {what}, and the ROMFS partition {number} of the board on {board.address} has "
            f"{partition.size} bytes. Nothing was written: leave files out, or compile them (without --no-mpy)."
        )
    with Bar(front_end.Write, f"ROMFS {number}") as bar:
        try:
            front_end.Print(
                f"Writing {source} ({what}) to the ROMFS partition {number} of the board on {board.address}"
            )
            romfs.write(board, partition, data, bar)
        except (LineLost, KeyboardInterrupt):
            front_end.Error(
                f"[The ROMFS partition {number} of the board on {board.address} may hold half an image, which is not "
                "mounted: run the command again]"
            )
            raise
    where = f"{MOUNTED_AT} has it after %reboot." if number == 0 else "vfs.rom_ioctl gives it to programs."
    front_end.Print(f"It is there, SHA-256 verified. {where}")


def _partition(board: Board, number: int) -> Partition:
    found = romfs.partitions(board)
    if found is None:
        raise RomFsError(_no_romfs(board))
    if number >= len(found) or not found[number].size:
        there = [str(one.number) for one in found if one.size]
        raise RomFsError(
            f"The board on {board.address} has no ROMFS partition {number}: "
            + (f"it has {', '.join(there)}." if there else "its flash is partitioned without one.")
        )
    return found[number]


def _no_romfs(board: Board) -> str:
    return (
        f"The firmware of the board on {board.address} has no ROMFS: {board.banner or 'it does not say what it is'}. "
        "It is in releases since 1.25, on boards whose makers gave it a partition."
    )


def _built(
    front_end: FrontEnd, folder: Path, *, compiling: bool, quiet: bool, board: Board | None
) -> tuple[Image, Target | None]:
    wanted = mpy_compiler.target(board) if compiling and board is not None else None
    names: list[str] = []
    image = romfs_image.build(
        folder,
        compile_file=(lambda path: mpy_compiler.compiled(path, wanted)) if compiling else None,
        told=names.append,
    )
    if not quiet:
        _list(front_end, names)
    return image, wanted


def _list(front_end: FrontEnd, names: Sequence[str]) -> None:
    for name in names[:_SHOWN_FILES]:
        front_end.Print(f"  {name}")
    if len(names) > _SHOWN_FILES:
        front_end.Print(f"  and {len(names) - _SHOWN_FILES} more")


def _described(image: Image, wanted: Target | None, *, compiling: bool) -> str:
    version = (
        f"to .mpy version {wanted.format} for {shown(wanted.board)}" if wanted else "to the newest .mpy, unchecked"
    )
    compiled = f", {image.compiled} compiled {version}" if compiling and image.compiled else ""
    return f"{counted(image.files, 'file')} in {counted(len(image.data), 'byte')}{compiled}"
