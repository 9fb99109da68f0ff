"""Why a cell is no Python, in the words of this computer's parser, where the board only says ``invalid syntax``.

MicroPython's compiler has one sentence for almost everything, and names the line on which it could not go on: for a
bracket that nobody closed, some line below. Python's parser looks for the reason. It is asked once the board has
refused a cell, and believed only where both speak of the same place, and of what both languages have.
"""

from __future__ import annotations

import re
import sys
from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

from ..syntax_tree import parsed
from .lexical import code_only

if TYPE_CHECKING:
    from ..errors import DeviceError

MAX_CODE = 100_000
"""Characters of the longest cell that is looked at."""

LINE = re.compile(r'^  File "(?P<file>[^"\n]*)", line (?P<line>\d{1,9})(?!\d)(?P<function>, in )?', re.MULTILINE)
"""A frame of the board's traceback."""


class Reason(NamedTuple):
    """Why some code is refused.

    Attributes:
        line: where the mistake is, from 1.
        text: the reason; empty where the board's own words say it.
        column: where on the line it is, from 1; 0 where that is of no use.
    """

    line: int
    text: str
    column: int = 0

    def __str__(self) -> str:
        where = f"Line {self.line}" + (f", column {self.column}" if self.column else "")
        return f"{where}: {self.text}."


class _Kind(NamedTuple):
    """A message of Python's parser.

    Attributes:
        pattern: what it looks like, whatever the version of Python.
        text: what is said for it; ``{1}`` is a group of the pattern.
        far: the board notices it only on a later line.
        column: whether the column is said, too.
    """

    pattern: re.Pattern[str]
    text: str
    far: bool = False
    column: bool = True


def _kind(pattern: str, text: str, *, far: bool = False, column: bool = True) -> _Kind:
    return _Kind(re.compile(pattern), text, far, column)


_KINDS = (
    _kind(r"'([([{])' was never closed", "this {1} is never closed", far=True),
    _kind(
        r"closing parenthesis '(.)' does not match opening parenthesis '(.)'(?: on line (\d+))?",
        "{1} does not close {2}: brackets close in pairs",
    ),
    _kind(r"unmatched '(.)'", "this {1} closes nothing: it is one too many, or its opening bracket is missing"),
    _kind(
        r"unterminated (?:f-string|t-string|string) literal|EOL while scanning",
        "the string that begins here has no closing quote on its line",
    ),
    _kind(
        r"unterminated triple-quoted|EOF while scanning triple",
        "the string that begins here is never closed: its three quotes are missing",
        far=True,
    ),
    _kind(
        r"expected an indented block after (?:the )?(.+) on line (\d+)",
        "what belongs to the {1} of line {2} has to be indented below it",
        column=False,
    ),
    _kind(r"expected ':'", "a colon (:) is missing here"),
    _kind(r"expected '\('", "a ( is missing here"),
    _kind(r"expected 'except' or 'finally' block", "the try above has no except or finally", column=False),
    _kind(r"expected 'else' after 'if' expression", "an if within an expression needs an else"),
    _kind(r"':' expected after dictionary key", "a colon (:) is missing between a key of the dict and its value"),
    _kind(r"expression expected after dictionary key", "the value is missing behind a key of the dict"),
    _kind(r"Missing parentheses in call to '(\w+)'", "{1} is a function and needs brackets: {1}(...)"),
    _kind(r"Maybe you meant '=='", "= gives a value to a name; == compares two values"),
    _kind(r"Perhaps you forgot a comma", "perhaps a comma is missing"),
    _kind(r"exception types must be parenthesized", "several exceptions stand in brackets: except (A, B) as error"),
    _kind(r"unexpected character after line continuation", r"nothing may follow a \ that continues the line"),
)

# What people bring from other languages, and from Python 2: Python's parser has no word for it.
_FOREIGN = (
    (re.compile(r"^[ \t]*else[ \t]+if\b"), "else if is written elif"),
    (re.compile(r"\w[ \t]*(\+\+|--)[ \t]*(?:$|[;)])"), "Python has no {1}: x += 1 or x -= 1 counts"),
    (re.compile(r"=>"), "this is written >="),
    (re.compile(r"=<"), "this is written <="),
    (re.compile(r"=!|<>"), "not equal is written !="),
    (re.compile(r"&&"), "this is written and"),
    (re.compile(r"\|\|"), "this is written or"),
    (re.compile(r"^[ \t]*function\b"), "a function begins with def"),
    (re.compile(r"^[ \t]*(let|var|const)[ \t]+\w+[ \t]*="), "a variable needs no {1}: name = value makes it"),
)

_KEYWORDS = (
    "and as assert break class continue def del elif else except finally for from global if import in is lambda "
    "nonlocal not or pass raise return try while with yield None True False"
).split()
_TAKEN = re.compile(rf"^[ \t]*({'|'.join(_KEYWORDS)})[ \t]*=(?!=)")
_OWNERS = {"else": "an if, for, while or try", "elif": "an if", "except": "a try", "finally": "a try"}
_LONELY = re.compile(rf"^[ \t]*({'|'.join(_OWNERS)})\b")
_UNFINISHED = re.compile(r"(==|!=|<=|>=|[-+*/%<>=&|^]|\b(?:and|or|not|in|is|import))[ \t]*:?[ \t]*$")
_FIRST_WORD = re.compile(r"^[ \t]*([A-Za-z]{3,12})\b")
_NUMBER = re.compile(r"(?<![\w.])\d\w*(?![\w.])")
_NO_REASON = ("invalid syntax", "", "cannot mix bytes and nonbytes literals")
"""What a board says where its compiler cannot go on; old firmware has the last one for many a line with a string."""


def syntax_reason(error: DeviceError, code: str) -> Reason | None:
    """Return why the board refuses a cell, and where the mistake is; None where nobody knows.

    Args:
        error: the board's error.
        code: the cell's code, with as many lines above as the cell has.
    """
    if error.name not in ("SyntaxError", "IndentationError") or not code or len(code) > MAX_CODE:
        return None
    frames = list(LINE.finditer(error.traceback))
    if len(frames) != 1 or frames[0]["file"] != "<stdin>" or frames[0]["function"]:
        return None  # it is a file of the board, or code of exec() and eval(), or the compiler came further
    line = int(frames[0]["line"])
    if "invalid syntax for" in error.message:
        return Reason(line, told) if (told := _number(code, line)) else None
    if error.name == "SyntaxError" and error.message not in _NO_REASON:
        return None
    if error.name == "IndentationError" and "unindent" not in error.message:
        return None
    refused = _parsed(code)
    return _from_python(refused, code, line, error) if refused is not None else None


def put_right(error: DeviceError, code: str) -> str:
    """Return the traceback of the board with the line that the mistake is on.

    Args:
        error: the board's error.
        code: the cell's code, with as many lines above as the cell has.
    """
    reason = syntax_reason(error, code)
    if reason is None:
        return error.traceback
    frame = LINE.search(error.traceback)
    assert frame is not None
    start, end = frame.span("line")
    return f"{error.traceback[:start]}{reason.line}{error.traceback[end:]}"


def _parsed(code: str) -> SyntaxError | None:
    """Return what this computer's parser says of some code; None where it has nothing against it."""
    try:
        parsed(code)
    except SyntaxError as error:
        return error
    except (ValueError, MemoryError, RecursionError):
        pass
    return None


def _from_python(refused: SyntaxError, code: str, line: int, error: DeviceError) -> Reason | None:
    lines = code.split("\n")
    at = refused.lineno or 0
    message = refused.msg or ""
    if not 0 < at <= len(lines) or _old_f_string(code) or message.startswith(("f-string", "t-string")):
        return None
    if "unindent" in message:
        # The board names the line above, Python the line itself.
        near = at >= line and not any(text.strip() for text in code_only(code).split("\n")[line : at - 1])
        return Reason(at, _levels(code, at)) if near and error.name == "IndentationError" else None
    if error.name == "IndentationError":
        return None
    generic = message.startswith(("invalid syntax", "expected ':'")) and "comma" not in message
    if generic and at <= line <= at + 1 and (told := _foreign(code, at, refused.offset or 0)):
        return Reason(at, told)
    for kind in _KINDS:
        found = kind.pattern.search(message)
        if found is None:
            continue
        last = max(refused.end_lineno or at, at)
        # Old firmware names the line below one that ends too early.
        if not (at <= line if kind.far else at <= line <= last + 1):
            return None
        groups = [found.group(number) or "" for number in range((kind.pattern.groups or 0) + 1)]
        # What spans several lines has its mistake where the board stopped.
        at, column = (at, refused.offset or 0) if kind.far or line == at or line > last else (line, 0)
        return Reason(at, kind.text.format(*groups), column if kind.column else 0)
    return None


def _foreign(code: str, at: int, column: int) -> str:
    """Return what is wrong with a line that Python's parser has no words for; ``""`` for nothing that is known."""
    shape = code_only(code).split("\n")[at - 1]
    for pattern, text in _FOREIGN:
        if found := pattern.search(shape):
            return text.format(*[found.group(number) for number in range(pattern.groups + 1)])
    if found := _TAKEN.search(shape):
        return f"{found[1]} is a word of the language, and cannot be the name of a variable"
    if (found := _LONELY.search(shape)) and found.start(1) == column - 1:
        return f"this {found[1]} belongs to nothing: {_OWNERS[found[1]]} has to stand above it, indented as it is"
    if (found := _UNFINISHED.search(shape)) and found.start(1) < column - 1:
        return f"something is missing behind {found[1]}"
    if (found := _FIRST_WORD.search(shape)) and found[1] not in _KEYWORDS:
        return _mistyped(found, code, at)
    return ""


def _mistyped(found: re.Match[str], code: str, at: int) -> str:
    """Return which word of the language a line should begin with: only where that mends it."""
    word = found[1]
    near = get_close_matches(word.lower(), _KEYWORDS, n=2, cutoff=0.75)
    near += [one for one in _KEYWORDS if sorted(one) == sorted(word.lower()) and one not in near]
    lines = code.split("\n")
    start, end = found.span(1)
    for meant in near:
        text = lines[at - 1]
        mended = _parsed("\n".join([*lines[: at - 1], text[:start] + meant + text[end:], *lines[at:]]))
        if mended is None or (mended.lineno or 0) > at:
            return f"perhaps {meant} is meant by {word}"
    return ""


def _number(code: str, line: int) -> str:
    """Return what is wrong with a number that the board does not take, which old firmware does not show."""
    lines = code_only(code).split("\n")
    for number in _NUMBER.findall(lines[line - 1]) if 0 < line <= len(lines) else ():
        if number.isdigit() and number.startswith("0") and number.strip("0"):
            octal = f", or 0o{number.lstrip('0')} for an octal number" if not set(number) & {"8", "9"} else ""
            return f"a number does not begin with 0: write {number.lstrip('0')}{octal}"
        if re.fullmatch(r"\d+[A-Za-z_]\w*", number) and not re.fullmatch(r"0[xXbBoO]\w*|\d+[eEjJ]\w*", number):
            return f"{number} is no number, and a name does not begin with a digit"
    return ""


def _levels(code: str, at: int) -> str:
    """Return which indentations the line of an unindent may have."""

    def width(text: str) -> int:
        indentation = text[: len(text) - len(text.lstrip())].expandtabs(8)
        return len(indentation)

    lines = code.split("\n")
    above: list[int] = []
    for text in code_only("\n".join(lines[: at - 1])).split("\n"):
        if text.strip():
            while above and above[-1] > width(text):
                above.pop()
            if not above or above[-1] < width(text):
                above.append(width(text))
    own = width(lines[at - 1])
    blanks = " or ".join(map(str, above))
    return f"it is indented by {own}; the lines above that it can belong to are indented by {blanks}" if above else ""


_F_STRING = re.compile(r"""(?<!\w)(?:[fF][rR]?|[rR][fF])("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')""")


def _old_f_string(code: str) -> bool:
    """Whether an f-string's braces hold its own quote: MicroPython may take that, and Python before 3.12 does not."""
    return sys.version_info < (3, 12) and any(
        found[1].count("{") != found[1].count("}") for found in _F_STRING.finditer(code)
    )
