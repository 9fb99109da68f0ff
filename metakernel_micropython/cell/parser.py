"""What a cell is made of: magics on top, help requests, and code; in time linear in its length.

MetaKernel's parser searches its regular expressions from every position of the last line, lists the host's files on
every call, and takes any cell that ends with ``?`` for a help request.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from metakernel import Parser

from .lexical import code_only, statements

if TYPE_CHECKING:
    from collections.abc import Callable

# One line that is a request for help and nothing else: "?name", "name??", "%magic?". A comment is none.
_HELP = re.compile(
    r"(?P<pre>\?{1,2})[ \t]*(?P<a>%{1,3}[\w-]*|[\w.]*)|(?P<b>%{1,3}[^\W\d][\w-]*|[^\W\d][\w.]*)(?P<post>\?{1,2})"
)
_MAGIC = re.compile(r"(?P<prefix>%{1,3}|!{1,3})(?P<name>[^\W\d][\w-]*)?")
# Blanks before a magic are none of Python's: an older kernel took them.
_ABOVE = re.compile(r"\A(?:[ \t]*(?:#[^\n]*)?\n)*(?:(?=[%!])|[ \t]+(?=%{1,3}[^\W\d]|!))")
_COMMENT_AT_END = re.compile(r"(?:^|(?<=[ \t]))#.*")
_ASSIGNED = re.compile(
    r"(?!(?:if|elif|while|return|assert)\b)"
    r"(?P<names>[^\W\d][\w.,\[\] \t]{0,200})=[ \t]*(?P<magic>%{1,2}[^\W\d][\w-]*|!)"
)
_KINDS = ("none", "line", "cell", "sticky")


def leading_lines(cell: str) -> str:
    """Return the blank and comment lines above a cell's first magic, and the blanks before it.

    ``""`` where code or nothing comes first. MetaKernel looks for magics at the start of the first line only; people
    write a comment above.
    """
    found = _ABOVE.match(cell)
    return found.group() if found else ""


def lines_above(cell: str, code: str) -> tuple[int, bool]:
    """Return how many lines of a cell stand above the code that it has given, and whether the code was found in it.

    The code is the end of the cell, below magics, or stands on the line of one, as behind ``%time``.
    """
    body, code = cell.rstrip(), code.rstrip()
    if body.endswith(code):
        above = body[: len(body) - len(code)]
        return above.count("\n"), True
    for number, line in enumerate(cell.split("\n")):
        if is_magic(line) and line.rstrip().endswith(code):
            return number, True
    return 0, False


def is_magic(line: str) -> bool:
    """Whether a line is a magic or a shell command: ``%name``, ``%%name``, ``!command``."""
    found = _MAGIC.match(line)
    return found is not None and (found["prefix"][0] == "!" or found["name"] is not None)


def assigned_magic(code: str) -> str:
    """Say which line of refused code has a magic behind ``=``, as IPython takes it; ``""`` for none."""
    for _, line in statements(code):
        if found := _ASSIGNED.match(line.lstrip()):
            break
    else:
        return ""
    names, magic = found["names"].strip(), found["magic"]
    if magic[0] == "%":
        return f"{names} = {magic} ... is a form that is not there: {magic} stands alone, at the top of a cell."
    return (
        f"{names} = {magic}... is a form that is not there: {magic} shows what a command prints. To have it on the "
        "board, let %%python run it with subprocess, and %put the result."
    )


def misplaced_magic(code: str) -> str:
    """Say which line of code looks like a magic, which stands on top of a cell; ``""`` for none.

    For code that a board has refused: no line that begins so, outside of strings and brackets, is MicroPython.
    """
    for _, line in statements(code):
        if is_magic(line):
            return f"{line.split()[0]} stands below code: magics go to the top of a cell, or into one of their own."
    return ""


def misplaced_help(code: str) -> str:
    """Say which line of refused code asks for help, as only a cell of its own does; ``""`` for none."""
    for _, line in statements(code):
        asked = _HELP.fullmatch(_without_comment(line).strip())
        if asked and (asked["a"] or asked["b"]):
            return f"{asked.group()} stands beside code: a request for help is a cell of its own."
    return ""


def _without_comment(line: str) -> str:
    """Return a line without the comment at its end."""
    return line[: len(code_only(line).rstrip())]


def name_before(text: str) -> str:
    """Return the dotted name that ``text`` ends with, for example ``machine.Pi``."""
    start = len(text)
    while start and (text[start - 1].isidentifier() or text[start - 1].isdecimal() or text[start - 1] == "."):
        start -= 1
    name = text[start:]
    return name if not name[:1].isdecimal() else ""


def name_after(text: str) -> str:
    """Return the identifier that ``text`` starts with, which the cursor stands in."""
    end = 0
    while end < len(text) and (text[end].isidentifier() or text[end].isdecimal()):
        end += 1
    return text[:end]


class CellParser(Parser):
    """MetaKernel's parser without its traps. The result has the same items."""

    def parse_code(self, code: str, start: int = 0, end: int = -1) -> dict[str, Any]:
        """Parse a cell up to ``end``; see ``metakernel.Parser.parse_code`` for the items of the result."""
        end = len(code) if end == -1 else min(len(code), end)
        start = max(0, min(start, end))
        before = code[:end]
        lines = before.splitlines()
        line = lines[-1] if lines else ""
        name = name_before(line)
        full = name + name_after(code[end:]) if name else ""
        call = "" if name else _called(line)
        return {
            "magic": _magic(before),
            "lines": lines,
            "line_num": len(lines),
            "line": line,
            "column": len(line),
            "obj": name,
            "full_obj": full,
            "help_obj": call or full,
            "help_col": len(line),
            "help_pos": end,
            "start": end - len(name) if name else 0,
            "end": end,
            "pre": code[:start],
            "code": code[start:end],
            "post": code[end:],
            "path_matches": [],
        }


def _magic(code: str) -> dict[str, Any]:
    code = code.lstrip()
    asked = _asked(code)
    if asked:
        marks = asked["pre"] or asked["post"]
        name = asked["a"] if asked["pre"] else asked["b"]
        return {
            "name": "help",
            "prefix": asked["pre"] or "",
            "type": _KINDS[len(marks)],
            "full_name": "help" + marks,
            "index": 0,
            "rest": name,
            "args": name,
            "code": "",
        }
    found = _MAGIC.match(code)
    if not found:
        return {}
    prefix = found["prefix"]
    is_shell = prefix[0] == "!"
    name = "shell" if is_shell else found["name"] or ""
    index = len(prefix) if is_shell else found.end()
    first, _, rest = code[index:].rstrip().partition("\n")
    return {
        "name": name,
        "prefix": prefix,
        "type": _KINDS[len(prefix)],
        "full_name": prefix if is_shell else prefix + name,
        "index": index,
        "rest": code[index:].rstrip(),
        "args": first.strip(),
        "code": rest,
    }


def _asked(code: str) -> re.Match[str] | None:
    """Return the request for help that a cell is, with comments and blank lines around it; None for another cell."""
    if "?" not in code:
        return None
    # A name may follow %: a comment begins only behind a blank, or with the line.
    lines = [_COMMENT_AT_END.sub("", line).strip() for line in code.split("\n")]
    asked = [line for line in lines if line]
    return _HELP.fullmatch(asked[0]) if len(asked) == 1 else None


def _called(line: str) -> str:
    """Return the name of the function whose arguments are being written at the end of ``line``."""
    depth = 0
    for at in range(len(line) - 1, -1, -1):
        if line[at] == ")":
            depth += 1
        elif line[at] == "(":
            if not depth:
                return name_before(line[:at])
            depth -= 1
    return ""


def is_complete(code: str, takes_text: Callable[[str], bool] = lambda _line: False) -> dict[str, str]:
    """Say whether Enter runs a cell in a console, and how its next line is indented: the content of Jupyter's reply.

    Args:
        code: the cell as far as it is typed.
        takes_text: whether a line is a magic that takes what stands below it as text. As below ``%%NAME``, a blank line
            ends the cell then: run at once, ``%sendtofile main.py`` would empty the file.
    """
    from IPython.core.inputtransformer2 import TransformerManager

    code = code[len(leading_lines(code)) :]
    for line in code.split("\n"):
        if not is_magic(line) or line.startswith("%%"):
            break
        if takes_text(line):
            return (
                {"status": "complete"} if not code.splitlines()[-1].strip() else {"status": "incomplete", "indent": ""}
            )
    status, indent = TransformerManager().check_complete(code)  # type: ignore[no-untyped-call]
    return {"status": status, "indent": " " * (indent or 0)} if status == "incomplete" else {"status": status}
