"""Passwords that people type into a cell: they are kept out of the history and of messages."""

from __future__ import annotations

import re

from ..transports.address import HIDDEN as MASK
from ..transports.address import without_passwords

# argparse knows --password by its beginnings, and people misspell it. A value may have quotes anywhere, also one that
# is not closed; what follows up to the next option or address is taken for the rest of a password with spaces.
_WORD = r"(?:\"[^\"\n]*\"?|'[^'\n]*'?|[^\s\"'])+"
_OPTION = re.compile(
    rf"(?<!\S)((?:--(?:p|pa)|--?(?:pas\w*|pwd?))(?:=|[ \t]+(?!--)))({_WORD}(?:[ \t]+(?!-|\S*://){_WORD})*)",
    re.IGNORECASE,
)
_IN_URL = re.compile(r"(\b[A-Za-z][\w+.-]*://)\S*@|(?<!\S)(?!exec:|virtual:)[^\s:@]*:[^\s@]*@")
_MAGIC_LINE = re.compile(r"^[ \t]*%.*$", re.MULTILINE)

# Behind the address of a WebREPL only options can follow: what is none may be a password, also as -p PASSWORD.
_BEHIND_URL = re.compile(
    rf"(?:\bwss?://\S+|(?<!\S)\d+\.\d+\.\d+\.\d+(?::\d+)?(?!\S)|(?<!\S)[\w-]+\.[\w.-]+(?::\d+)?(?!\S))"
    rf"(?P<rest>(?:[ \t]+{_WORD})+)",
    re.IGNORECASE,
)
_CONNECTING = re.compile(r"[ \t]*%+\w*(?:con+ec|repl)", re.IGNORECASE)
_WITH_VALUE = frozenset("--name --timeout --wait --log --baud --dtr --rts --heap --board".split())


def masked(cell: str) -> str:
    """Return a cell without the passwords in its magics: ``%connect ws://host --password ***``."""
    return _MAGIC_LINE.sub(
        lambda line: masked_arguments(line.group(), connecting=_CONNECTING.match(line.group()) is not None), cell
    )


def masked_arguments(arguments: str, *, connecting: bool = False) -> str:
    """Return the arguments of a magic without a password.

    Args:
        arguments: as they were typed.
        connecting: whether the magic connects to a board: a word behind an address is a password then.
    """
    without = _OPTION.sub(rf"\1{MASK}", arguments)
    without = _IN_URL.sub(lambda found: f"{found[1] or ''}{MASK}@", without)
    without = without_passwords(without) if "exec:" in without else without
    for start, end in reversed(_behind_url(without) if connecting and "exec:" not in without else []):
        without = without[:start] + MASK + without[end:]
    return without


def _behind_url(arguments: str) -> list[tuple[int, int]]:
    """Return where words stand behind the address of a WebREPL that are no options and no values of some."""
    found = _BEHIND_URL.search(arguments)
    if not found:
        return []
    places = []
    option = ""
    for word in re.finditer(_WORD, found["rest"]):
        start = found.start("rest") + word.start()
        text = word.group()
        if text[0] == "#":
            break
        if text[:2] == "-p" and len(text) > 2 and not _OPTION.match(f"{text} x"):
            places.append((start + 2, start + len(text)))  # -pPASSWORD
        elif text[:1] != "-" and option not in _WITH_VALUE:
            places.append((start, start + len(text)))
        option = text if text[:1] == "-" else ""
    return places


def masked_message(message: str, arguments: str, *, connecting: bool = False) -> str:
    """Return a message about the arguments of a magic without the passwords that they hold.

    Args:
        message: which may hold the arguments, or words of them.
        arguments: as they were typed.
        connecting: as for ``masked_arguments``.
    """
    message = message.replace(arguments, masked_arguments(arguments, connecting=connecting))
    secrets = [value for _, value in _OPTION.findall(arguments)]
    if "exec:" in arguments:
        message = without_passwords(message)
    elif connecting:
        without = _IN_URL.sub("", _OPTION.sub("", arguments))
        secrets += [without[start:end] for start, end in _behind_url(without)]
    for value in secrets:
        for word in value.split():
            message = re.sub(rf"(?<!\S){re.escape(word)}(?=[.,;:]?(?:\s|$))", MASK, message)
    return message
