"""Tracebacks of tests in files: the file's own name, its source lines, and no frame of ours."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..errors import DeviceError
from ..host.paths import visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .suite import Suite

_FRAME = re.compile(r'^  File "(?P<file>[^"\n]*)", line (?P<line>\d{1,9})(?:, in (?P<function>.*))?$')
_OURS = ("__mk_", "__repl_print__")
"""What the functions of ours begin with that can be in a traceback."""

_UNITTEST = re.compile(
    r"(?:assert(?:True|False|(?:Not)?(?:Equal|AlmostEqual|In|IsInstance)|Is(?:Not)?(?:None)?|(?:Greater|Less)(?:Equal)?"
    r"|Raises)|fail|skipTest|__exit__)\Z"
)
"""Functions of the small unittest (board/snippets/tests_unittest.py) that raise something."""

_LOOP = ("run", "run_until_complete", "wait_io_event")
"""Functions of MicroPython's asyncio (extmod/asyncio/core.py) that run a task."""

_BY_NAME = ("test:", "<string>")
"""What boards call the source of a file of tests: with compile(), and without."""


def bare(error: DeviceError, first_lines: Mapping[int, int], *, small_unittest: bool = False) -> DeviceError:
    """Return an error without the frames of what runs tests.

    Args:
        error: as the board tells it.
        first_lines: for statements on several lines, by the line that boards tell: the one that they begin on.
        small_unittest: whether the board has ours.
    """
    lines = error.traceback.replace("\r\n", "\n").split("\n")
    frames = [(at, found) for at, line in enumerate(lines) if (found := _FRAME.match(line))]
    ours = [at for at, found in frames if found["file"] == "<stdin>" and (found["function"] or "").startswith(_OURS)]
    left_out = set(ours)
    if len(frames) > 1 and frames[0][1]["function"] in (None, "<module>") and frames[1][0] in ours:
        left_out.add(frames[0][0])  # the line that calls ours
    if (
        small_unittest
        and frames
        and frames[-1][1]["file"] == "<stdin>"
        and _UNITTEST.match(frames[-1][1]["function"] or "")
    ):
        left_out.add(frames[-1][0])
    for at, found in frames:  # asyncio.run() was called by ours
        if at not in left_out:
            if not found["file"].endswith("asyncio/core.py") or found["function"] not in _LOOP:
                break
            left_out.add(at)
    kept = [line for at, line in enumerate(lines) if at not in left_out]
    if error.name == "AssertionError" and frames and frames[-1][0] not in left_out:
        last = max(at for at, line in enumerate(kept) if _FRAME.match(line))
        number = int(frames[-1][1]["line"])
        if number in first_lines:
            kept[last] = kept[last].replace(f"line {number}", f"line {first_lines[number]}", 1)
    return DeviceError(error.name, error.message, "\n".join(kept))


def named(suite: Suite, line: str) -> str:
    """Return a line of a traceback with the suite's own file."""
    found = _FRAME.match(line)
    if found is None or not suite.path or not found["file"].startswith(_BY_NAME):
        return line
    return line.replace(f'"{found["file"]}"', f'"{visible(suite.path)}"', 1)


class FileTracebacks:
    """Shows tracebacks of files as Python does: with a source line below each frame."""

    def shown(self, suite: Suite, error: DeviceError) -> str:
        """Return the lines of a traceback of a suite's source."""
        source = suite.source.split("\n")
        lines = []
        for line in visible(error.traceback).rstrip("\n").split("\n"):
            changed = named(suite, line)
            lines.append(changed)
            found = _FRAME.match(line)
            if found is not None and changed != line:
                number = int(found["line"])
                text = source[number - 1].strip() if number <= len(source) else ""
                lines += [f"    {text}"] if text else []
        return "\n".join(lines)
