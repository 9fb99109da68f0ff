"""Messages in lines that fit a notebook's cell: JupyterLab breaks what is longer, inside words."""

from __future__ import annotations

import re
import textwrap

WIDTH = 80
"""Characters of a line."""

_COMMAND = re.compile(r"%[\w-]+(?: install)? \S+(?: --[\w-]+)*")  # what a person types: in one piece
_BLANK = "\N{NO-BREAK SPACE}"


def wrapped(text: str) -> str:
    """Return a message with its long lines broken at blanks, the rest of an indented one indented as well.

    A word that is longer than a line, such as a path, stays whole, and so do lines that are short enough.
    """
    return "\n".join(_wrapped_line(line) if len(line) > WIDTH else line for line in text.split("\n"))


def _wrapped_line(line: str) -> str:
    indentation = re.match(" *", line)[0]  # type: ignore[index]
    filled = textwrap.fill(
        _COMMAND.sub(lambda command: command[0].replace(" ", _BLANK), line),
        WIDTH,
        subsequent_indent=indentation and indentation + "  ",
        break_long_words=False,
        break_on_hyphens=False,
        replace_whitespace=False,
        expand_tabs=False,
    )
    return filled.replace(_BLANK, " ")
