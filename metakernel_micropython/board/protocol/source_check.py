"""What a source must not hold, for the raw REPL takes it for commands. No I/O."""

from __future__ import annotations

import re

from ...errors import SourceError

_COMMAND_BYTES = re.compile(rb"[\x01-\x04]")


def check_source(source: bytes) -> None:
    """Refuse what the raw REPL would take for commands.

    Raises:
        SourceError: a byte from 0x01 to 0x04; the message names the line.
    """
    found = _COMMAND_BYTES.search(source)
    if found:
        line = source.count(b"\n", 0, found.start()) + 1
        code = found.group()[0]
        raise SourceError(
            f"Line {line} holds the control character 0x{code:02x}, which boards take for a command: "
            f"write it as \\x{code:02x} in a string."
        )
