"""How a magic describes its arguments, and how they are read: argparse, with words split as in a shell."""

from __future__ import annotations

import argparse
import inspect
import itertools
import math
import re
import shlex
from argparse import Namespace
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Any, NoReturn, TypeVar

from .errors import MagicError

_F = TypeVar("_F", bound=Callable[..., Any])
_WORD_OR_BLANKS = re.compile(r"""(?:'[^']*(?:'|\Z)|"[^"]*(?:"|\Z)|[^\s'"])+|\s+""")
_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(s|ms)", re.ASCII)
_LONGEST = 3600.0  # seconds
_Argument = tuple[tuple[str, ...], Callable[[Any, str], Iterable[str]] | None, dict[str, Any]]


class HelpRequested(Exception):
    """The person asked for a magic's help with ``--help``; the message is the help."""


class _ArgumentParser(argparse.ArgumentParser):
    """An argparse parser that raises in place of printing and ending the kernel."""

    def error(self, message: str) -> NoReturn:
        raise MagicError(f"{self.prog}: {message}{self._meant(message)}\n{self.format_usage().strip()}")

    def _meant(self, message: str) -> str:
        """Say what an option may mean that is not there."""
        _, unknown, words = message.partition("unrecognized arguments: ")
        options = [option for action in self._actions for option in action.option_strings]
        for word in words.split() if unknown else ():
            if word.startswith("-") and (meant := _meant_option(word, options)):
                return f". Did you mean {meant}?"
            if word in ("-q", "-Q", "--quiet"):
                return f". {self.prog} has no quiet form: leave {word} out"
        return ""

    def print_help(self, file: Any = None) -> None:
        raise HelpRequested(self.format_help())


def argument(
    *names: str,
    complete: Callable[[Any], Iterable[str]] | None = None,
    complete_path: Callable[[Any, str], Iterable[str]] | None = None,
    **options: Any,
) -> _Argument:
    """Describe one argument of a magic.

    Args:
        names: as for ``argparse.ArgumentParser.add_argument``.
        complete: is called with the kernel and gives the values that completion offers.
        complete_path: the same for paths; it also gets the word at the cursor, because one looks into one folder only.
        options: as for ``add_argument``.
    """
    if complete is not None:
        return names, lambda kernel, _word: _as_typed(complete(kernel)), options
    return names, complete_path, options


def arguments(*described: _Argument) -> Callable[[_F], _F]:
    """Give a magic's method its arguments; it is called with the parsed ``Namespace``."""

    def decorate(method: _F) -> _F:
        method.magic_arguments = described  # type: ignore[attr-defined]
        return method

    return decorate


def names_host_files(complete: _F) -> _F:
    """Mark what completes paths of this computer: arguments with it name files here, which a fleet's hosts are sent."""
    complete.names_host_files = True  # type: ignore[attr-defined]
    return complete


def host_arguments(method: Callable[..., None], typed: str, words: list[str]) -> tuple[Namespace, list[str]]:
    """Return a magic's arguments, and those values of them that name files of this computer.

    A value with a colon in front names a file of the board.

    Raises:
        MagicError: as for ``parse``.
        HelpRequested: likewise.
    """
    args = parse(method, typed, words)
    found: list[str] = []
    for names, complete, options in _described(method):
        if getattr(complete, "names_host_files", False):
            name = options.get("dest") or next((one for one in names if one.startswith("--")), names[0])
            value = getattr(args, name.lstrip("-").replace("-", "_"))
            found += [value] if isinstance(value, str) else value or []
    return args, [word for word in found if not word.startswith(":")]


def seconds(text: str) -> float:
    """Return a time that a word names, for ``type=`` of an argument.

    Raises:
        ValueError: it names none, or one without an end.
    """
    found = float(text)
    if not 0 < found < math.inf:
        raise ValueError
    return found


seconds.__name__ = "time in seconds"  # what argparse names


def duration(text: str) -> float:
    """Return the seconds of a time with its unit: ``2s``, ``0.5s``, ``200ms``.

    Raises:
        ValueError: it is none, or more than an hour.
    """
    found = _DURATION.fullmatch(text)
    value = float(found[1]) / (1000 if found[2] == "ms" else 1) if found else math.inf
    if value > _LONGEST:
        raise ValueError(text)
    return value


def parse(method: Callable[..., None], typed: str, words: list[str]) -> Namespace:
    """Return the arguments of a call of a magic.

    Args:
        method: the magic's method.
        typed: the magic's name with its prefix, ``%connect``.
        words: what stands behind it.

    Raises:
        MagicError: the words are not what the method takes; the message ends with the usage.
        HelpRequested: one of them is ``--help``.
    """
    return _parser(method, typed).parse_args(_options_first(_described(method), words))


def split(text: str) -> list[str]:
    """Split the text behind a magic's name as a shell does; backslashes stay, for the sake of Windows' paths.

    A comment behind it is left out.

    Raises:
        MagicError: a quote is not closed.
    """
    lexer = shlex.shlex(without_comment(text), posix=True, punctuation_chars=False)
    lexer.whitespace_split = True
    lexer.commenters = lexer.escape = ""
    try:
        return list(lexer)
    except ValueError as error:
        raise MagicError(f"A quote is not closed in: {text}") from error


def without_comment(text: str) -> str:
    """Return a magic's arguments without the comment behind them: ``#`` at the start of a word that has no quotes."""
    at = 0
    while at < len(text) and text[at] != "#":
        found = _WORD_OR_BLANKS.match(text, at)
        assert found is not None
        at = found.end()
    return text[:at].rstrip() if at < len(text) else text


def last_word(text: str) -> str:
    """Return the word that the cursor stands behind, as a magic splits them: blanks in quotes are part of it."""
    start, quote = 0, ""
    for at, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character.isspace():
            start = at + 1
    return text[start:]


def help_text(method: Callable[..., None], typed: str) -> str:
    """Return a magic's help: the first line of its docstring, the arguments, and the rest of the docstring."""
    parser = _parser(method, typed)
    parser.description = None
    return f"{typed} - {_summary(method)}\n\n{parser.format_help()}"


def completions(method: Callable[..., None] | None, kernel: object, before: str) -> list[str]:
    """Return the words that can stand at the cursor.

    Args:
        method: the magic's method.
        kernel: what the functions of the arguments that give values are called with.
        before: what stands between the magic's name and the cursor.
    """
    described = _described(method)
    word = last_word(before)
    found: list[str] = []
    if word.startswith("-"):
        found += ["--help", *(option for names, _, _ in described for option in names if option.startswith("--"))]
    else:
        for _, complete, options in _expected(described, before[: len(before) - len(word)].split()):
            found += map(str, complete(kernel, word) if complete else options.get("choices") or ())
    # What is not seen as it is might be a second line.
    return sorted({text for text in found if text.startswith(word) and text.isprintable()})


def _as_typed(values: Iterable[object]) -> list[str]:
    """Return values as they are typed, each as one argument; those that cannot be are left out."""
    found = []
    for value in map(str, values):
        plain = value and not set(value) & set(" \t\"'#")
        found += [value if plain else f'"{value}"'] * ('"' not in value)
    return found


def _described(method: Callable[..., None] | None) -> tuple[_Argument, ...]:
    return getattr(method, "magic_arguments", ())


def _parser(method: Callable[..., None], typed: str) -> _ArgumentParser:
    parser = _ArgumentParser(
        prog=typed,
        description=_summary(method),
        epilog=_details(method),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for names, _, options in _described(method):
        parser.add_argument(*names, **options)
    return parser


def _options_first(described: Iterable[_Argument], words: list[str]) -> list[str]:
    """Return the words with the options in front: argparse gives up on optional arguments that stand behind one."""
    with_value = _with_value(described)
    known = {name for one in described for name in one[0] if name[:1] == "-"}
    options: list[str] = []
    rest: list[str] = []
    left = iter(words)
    for word in left:
        if word == "--":
            rest += [word, *left]
        elif word in known:
            options.append(word)
            if word in with_value:
                value = list(itertools.islice(left, 1))
                if not value:
                    return rest + options  # its value is missing, and must not be taken from the rest
                options += value
        else:
            (options if word.partition("=")[0] in known else rest).append(word)
    return options + rest


def _with_value(described: Iterable[_Argument]) -> dict[str, _Argument]:
    """Return the options that take a value, with the argument that each is."""
    taking = (None, "store", "append")
    return {n: one for one in described for n in one[0] if n[:1] == "-" and one[2].get("action") in taking}


def _expected(described: Iterable[_Argument], earlier: list[str]) -> list[_Argument]:
    """Return the argument that the word behind the ``earlier`` ones is for: an option's value, or the next one."""
    with_value = _with_value(described)
    if earlier and earlier[-1] in with_value:
        return [with_value[earlier[-1]]]
    taken = sum(word[:1] != "-" and previous not in with_value for previous, word in itertools.pairwise(["", *earlier]))
    positional = [one for one in described if one[0][0][:1] != "-"]
    return positional[taken : taken + 1] or [one for one in positional[-1:] if one[2].get("nargs") in ("*", "+")]


def _summary(method: Any) -> str:
    """Return the first line of a magic's docstring without its usage: ``%name ARGS - summary``."""
    first = (inspect.getdoc(method) or "").partition("\n")[0]
    return first.partition(" - ")[2] or first


def _details(method: Any) -> str:
    return (inspect.getdoc(method) or "").partition("\n")[2].strip()


def _meant_option(word: str, options: Iterable[str]) -> str:
    """Return the option that was probably meant; ``""`` where nobody can tell."""
    typed = word.partition("=")[0]
    small = {option.lower(): option for option in options}
    if f"-{typed}".lower() in small:  # -baud
        return small[f"-{typed}".lower()]
    if typed.lower() in small:
        return small[typed.lower()]
    near = get_close_matches(typed.lower(), small, n=1, cutoff=0.75) if typed.startswith("--") else []
    return small[near[0]] if near else ""
