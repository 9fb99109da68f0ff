"""Where strings and comments lie in a cell, told without a parser: also for code that no parser of the host's reads."""

from __future__ import annotations

import re

BOM = "\ufeff"

# Strings of one line end at its end, whether they are closed or not; those of several lines at the end of the cell.
_STRING_OR_COMMENT = re.compile(
    r"#[^\n]*"
    r"|'''(?:\\.|[^\\])*?(?:'''|\Z)"
    r'|"""(?:\\.|[^\\])*?(?:"""|\Z)'
    r"|'(?:\\.|[^\\\n'])*(?P<closed>'?)"
    r'|"(?:\\.|[^\\\n"])*(?P<closed2>"?)',
    re.DOTALL,
)
_INDENTATION = re.compile(r"^[ \t]*\u00a0[ \t\u00a0]*", re.MULTILINE)


def code_only(code: str, *, keep_unclosed: bool = False) -> str:
    """Return the code with blanks in place of strings and comments; places and line ends stay.

    Args:
        code: a cell's code.
        keep_unclosed: leave strings as they are that have no end on their line.
    """

    def blank(found: re.Match[str]) -> str:
        text = found.group()
        if keep_unclosed and text[0] != "#" and text[:3] not in ("'''", '"""') and not (found[1] or found[2]):
            return text
        # Something has to stand there: a line that ends with a string is no shorter than it was.
        return re.sub(r"[^\n]", "_" if text[0] != "#" else " ", text)

    return _STRING_OR_COMMENT.sub(blank, code)


def statements(code: str) -> list[tuple[int, str]]:
    """Return the lines on which something can begin, with their numbers from 1: none within strings and brackets.

    A line that goes on behind a backslash counts with the one above.
    """
    depth = 0
    continued = False
    found = []
    for number, (shape, line) in enumerate(zip(code_only(code).split("\n"), code.split("\n"), strict=True), 1):
        if not depth and not continued and shape[:1] == line[:1]:  # else its first character lies in a string
            found.append((number, line))
        depth = max(0, depth + sum(map(shape.count, "([{")) - sum(map(shape.count, ")]}")))
        continued = shape.endswith("\\")
    return found


def with_plain_indentation(code: str) -> str:
    """Return a cell's code with blanks for the non-breaking spaces in its indentation, which come from web pages."""
    if "\u00a0" not in code:
        return code
    shape = code_only(code)

    def plain(found: re.Match[str]) -> str:
        within_string = shape[found.start() : found.end()] != found.group()
        return found.group() if within_string else found.group().replace("\u00a0", " ")

    return _INDENTATION.sub(plain, code)
