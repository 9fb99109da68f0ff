"""What all ways to send and to fetch have in common: how far they are, and how often they are tried."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int], object]
"""Called with the bytes that are done and the bytes in all."""

FolderProgress = Callable[[str, int, int], object]
"""Called with the file in work, the bytes that are done and the bytes in all."""

ATTEMPTS = 3
"""How often in a row something is sent or read that arrives damaged, before that is told as an error."""
