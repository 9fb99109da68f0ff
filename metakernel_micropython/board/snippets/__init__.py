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


_HELD = "__mk_held"
"""What a function is called that stays on the board for several executions."""


def call(name: str, *arguments: str | int) -> str:
    """Return source that runs the snippet ``name`` with ``arguments`` and leaves the user's names as they were."""
    return f"{_function(name, _NAME)}try:\n {_NAME}({_literals(arguments)})\nfinally:\n del {_NAME}\n"


def guarded(name: str, *arguments: str | int) -> str:
    """Return source as ``call`` does, which raises ZeroDivisionError where an argument arrives as another one.

    For what cannot be undone: a changed byte in a name would be another file.
    """
    total = sum("".join(map(str, arguments)).encode())
    checked = f"(lambda *a:{_NAME}(*a) if sum(bytes(''.join(map(str,a)),'utf8'))=={total} else 1/0)"
    return f"{_function(name, _NAME)}try:\n {checked}({_literals(arguments)})\nfinally:\n del {_NAME}\n"


def apply(name: str, expression: str) -> str:
    """Return source that runs the snippet ``name`` with the value of an expression, as ``call`` does."""
    return f"{_function(name, _NAME)}try:\n {_NAME}({expression})\nfinally:\n del {_NAME}\n"


def hold(name: str, *arguments: str | int) -> str:
    """Return source that runs the snippet ``name`` and keeps the function that it returns, for ``held``.

    One that an earlier transfer left behind, when its line was cut, is closed first.
    """
    return f"{let_go()}{_function(name, _HELD)}{_HELD}={_HELD}({_literals(arguments)})\n"


def held(*arguments: str | int | bytes) -> str:
    """Return source that calls the function that ``hold`` has kept."""
    return f"{_HELD}({_literals(arguments)})\n"


def held_with(arguments: str) -> str:
    """Return an expression that calls the function that ``hold`` has kept.

    Args:
        arguments: expressions, with commas between them.
    """
    return f"{_HELD}({arguments})"


def let_go() -> str:
    """Return source that closes and removes the function that ``hold`` has kept, where there is one."""
    return f"try:\n {_HELD}(0,None)\nexcept:\n pass\nglobals().pop({_HELD!r},None)\n"


def _function(name: str, called: str) -> str:
    return re.sub(r"\bsnippet\b", called, _bare(name))


def _literals(arguments: tuple[str | int | bytes, ...]) -> str:
    return ",".join(repr(argument) for argument in arguments)
