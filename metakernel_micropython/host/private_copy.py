"""A file on this computer that nobody else reads, written in one step."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from ..board.files import host_files
from ..transports.private_file import private

if TYPE_CHECKING:
    from pathlib import Path


def replace_private(path: Path, data: bytes) -> None:
    """Write a file for its owner alone: whatever happens, the old content or the new one is there.

    Raises:
        HostFileProblem: it cannot be written.
    """
    host_files.check_target(path)
    path = path.resolve()  # a link stays one
    unfinished = path.with_name(f".{secrets.token_hex(4)}.mk-part")
    try:
        try:
            with open(unfinished, "xb", opener=private) as file:
                file.write(data)
            host_files.put_in_place(unfinished, path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise host_files.problem(path, error) from error
