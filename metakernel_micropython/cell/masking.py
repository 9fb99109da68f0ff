"""Passwords that people type into a cell: they are kept out of the history and of messages."""

from __future__ import annotations

import re

MASK = "***"
"""What stands in place of a password."""

# argparse knows --password by its beginnings, and people misspell it. A value may have quotes anywhere, also one that
# is not closed; what follows up to the next option or address is taken for the rest of a password with spaces.
_WORD = r"(?:\"[^\"\n]*\"?|'[^'\n]*'?|[^\s\"'])+"
_OPTION = re.compile(
    rf"(?<!\S)(--(?:p|pa|pas\w*|pwd?)(?:=|[ \t]+(?!--)))({_WORD}(?:[ \t]+(?!-|\S*://){_WORD})*)",
)
_IN_URL = re.compile(r"(\b[A-Za-z][\w+.-]*://)\S*@|(?<!\S)(?!exec:|virtual:)[^\s:@]*:[^\s@]*@")
_MAGIC_LINE = re.compile(r"^[ \t]*%.*$", re.MULTILINE)


def masked(cell: str) -> str:
    """Return a cell without the passwords in its magics: ``%connect ws://host --password ***``."""
    return _MAGIC_LINE.sub(lambda line: masked_arguments(line.group()), cell)


def masked_arguments(arguments: str) -> str:
    """Return the arguments of a magic without a password."""
    without = _OPTION.sub(rf"\1{MASK}", arguments)
    return _IN_URL.sub(lambda found: f"{found[1] or ''}{MASK}@", without)


def masked_message(message: str, arguments: str) -> str:
    """Return a message about the arguments of a magic without the passwords that they hold."""
    message = message.replace(arguments, masked_arguments(arguments))
    for _, value in _OPTION.findall(arguments):
        for word in value.split():
            message = re.sub(rf"(?<!\S){re.escape(word)}(?!\S)", MASK, message)
    return message
