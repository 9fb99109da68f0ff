"""Files that hold what was said to a board: nobody else on this computer reads them."""

from __future__ import annotations

import os


def private(path: str, flags: int) -> int:
    """Open a file, and create it for its owner alone; the ``opener`` of ``open``. One that is there keeps its mode."""
    return os.open(path, flags, 0o600)
