"""Which tests run: ``-k`` with words, ``and``, ``or``, ``not`` and brackets, as pytest has it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..errors import MagicError

if TYPE_CHECKING:
    from collections.abc import Callable

_TOKEN = re.compile(r"\s*(\(|\)|[^\s()]+)")


def chosen_by(expression: str) -> Callable[[str], bool]:
    """Return what tells whether a test is chosen by its full name; a word is a part of it, small or capital.

    Args:
        expression: ``""`` for all.

    Raises:
        MagicError: it cannot be read.
    """
    tokens = _TOKEN.findall(expression)
    if not tokens:
        return lambda name: True
    reader = _Reader(expression, tokens)
    found = reader.either()
    if reader.tokens:
        raise reader.wrong()
    return found


class _Reader:
    def __init__(self, expression: str, tokens: list[str]) -> None:
        self.expression = expression
        self.tokens = tokens

    def wrong(self) -> MagicError:
        return MagicError(
            f"-k {self.expression!r} cannot be read: it takes parts of names with and, or, not and brackets between "
            "them, as in -k 'led and not slow'."
        )

    def either(self) -> Callable[[str], bool]:
        terms = [self.both()]
        while self._take("or"):
            terms.append(self.both())
        return lambda name: any(term(name) for term in terms)

    def both(self) -> Callable[[str], bool]:
        terms = [self.term()]
        while self._take("and"):
            terms.append(self.term())
        return lambda name: all(term(name) for term in terms)

    def term(self) -> Callable[[str], bool]:
        if self._take("not"):
            inner = self.term()
            return lambda name: not inner(name)
        if self._take("("):
            inner = self.either()
            if not self._take(")"):
                raise self.wrong()
            return inner
        if not self.tokens or self.tokens[0] in ("and", "or", ")"):
            raise self.wrong()
        word = self.tokens.pop(0).lower()
        return lambda name: word in name.lower()

    def _take(self, token: str) -> bool:
        if self.tokens[:1] == [token]:
            self.tokens.pop(0)
            return True
        return False
