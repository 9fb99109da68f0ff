"""Code that runs on the board, in real files.

Each file defines one function named ``snippet``, indented by four spaces, with comments on lines of their own and no
string over several lines: what is sent are its bare lines, because bytes are time and the smallest boards have 5 kB.
"""

from __future__ import annotations

import functools
import re
from importlib.resources import files

_NAME = "__mk"
"""What the helper is called on the board while it runs; removed afterwards."""


@functools.cache
def _bare(name: str) -> str:
    """Return the snippet's lines without comments and blank lines, indented by single spaces."""
    source = files(__package__).joinpath(f"{name}.py").read_text(encoding="utf-8")
    lines = [line for line in source.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return "".join(re.sub(r"^( +)", lambda indent: " " * (len(indent[1]) // 4), line) + "\n" for line in lines)


def call(name: str, *arguments: str | bool) -> str:
    """Return source that runs the snippet ``name`` with ``arguments`` and leaves the user's names as they were."""
    literals = ",".join(repr(argument) for argument in arguments)
    function = re.sub(r"\bsnippet\b", _NAME, _bare(name))
    return f"{function}try:\n {_NAME}({literals})\nfinally:\n del {_NAME}\n"
