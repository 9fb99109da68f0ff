"""The work that every contestant is given, word for word the same, and how its result is checked."""

from __future__ import annotations

import ast
import re

from .errors import BenchmarkError

PRINT = "print(1)"
"""The smallest cell with an answer."""

LINE, LINES = 64, 4096
OUTPUT_SIZE = LINE * LINES
"""Bytes that ``OUTPUT`` prints: 256 KiB. (On the wire each line end is one byte longer.)"""

OUTPUT = f"line = 'x' * {LINE - 1}\nfor _ in range({LINES}):\n    print(line)"
"""Prints lines of 64 bytes, as programs on a board do."""

RUNNING = "running"
LOOP = f"print({RUNNING!r})\nwhile True: pass"
"""Never ends, and says when it has begun."""

IMPORT = "import os"
DOTTED = "os.li"
COMPLETED = "listdir"
"""After ``IMPORT``, completing ``DOTTED`` has to offer this."""

STATE = "import gc\ngc.collect()\nprint('[free]', gc.mem_free(), sorted(dir()))"
"""Tells the board's free memory, in bytes, and the names that a person's code would see."""


def state(text: str) -> tuple[int, set[str]]:
    """Read what ``STATE`` printed: the free bytes, and the names.

    Raises:
        BenchmarkError: that is not what it printed.
    """
    found = re.search(r"\[free\] (\d+) (\[[^\]]*\])", text)
    if not found:
        raise BenchmarkError(f"The board did not tell its memory, but {text.strip()[-200:]!r}.")
    return int(found[1]), set(ast.literal_eval(found[2]))


def size(text: str) -> int:
    """The bytes that a program printed, from what arrived: line ends count once, colours and other words not at all."""
    return sum(LINE for line in text.replace("\r", "").split("\n") if line == "x" * (LINE - 1))
