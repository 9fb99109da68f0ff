"""The base of every magic: arguments by argparse, each called once, a failed magic is a failed cell.

A magic is a class with methods ``line_NAME`` for ``%NAME`` and ``cell_NAME`` for ``%%NAME``:

    class HelloMagic(BoardMagic):
        @arguments(argument("name", help="who is greeted"))
        def line_hello(self, args: Namespace) -> None:
            \"\"\"%hello NAME - greet from the board.\"\"\"
            self.kernel.Print(self.board.execute(f"print('hello', {args.name!r})"), end="")

    def register_magics(kernel):
        kernel.register_magics(HelloMagic)
"""

from __future__ import annotations

import argparse
import inspect
import itertools
import shlex
from argparse import Namespace
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from metakernel import ExceptionWrapper, Magic

from .cell.failure import failure
from .cell.masking import masked_message
from .cell.parser import leading_lines
from .errors import MagicError

if TYPE_CHECKING:
    from .board import Board
    from .front_end import FrontEnd

__all__ = [
    "BoardMagic",
    "ExceptionWrapper",
    "MagicError",
    "Namespace",
    "StrictMagic",
    "argument",
    "arguments",
    "failure",
]

_F = TypeVar("_F", bound=Callable[..., Any])


class _HelpWanted(Exception):
    pass


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
        raise _HelpWanted(self.format_help())


def argument(
    *names: str,
    complete: Callable[[Any], Iterable[str]] | None = None,
    complete_path: Callable[[Any, str], Iterable[str]] | None = None,
    **options: Any,
) -> tuple[tuple[str, ...], Callable[[Any, str], Iterable[str]] | None, dict[str, Any]]:
    """Describe one argument of a magic.

    Args:
        names: as for ``argparse.ArgumentParser.add_argument``.
        complete: gives the values that completion offers for it.
        complete_path: the same for paths; it gets the word at the cursor, because one looks into one folder only.
        options: as for ``add_argument``.
    """
    if complete is not None:
        return names, lambda kernel, _word: complete(kernel), options
    return names, complete_path, options


def arguments(*described: Any) -> Callable[[_F], _F]:
    """Give a magic's method its arguments; it is called with the parsed ``Namespace``."""

    def decorate(method: _F) -> _F:
        method.magic_arguments = described  # type: ignore[attr-defined]
        return method

    return decorate


class StrictMagic(Magic):
    """A MetaKernel magic whose errors fail the cell, and that is called once whatever happens.

    MetaKernel's own base calls a magic a second time after a TypeError, prints errors into a cell that then counts as
    succeeded, and never resets ``evaluate``.
    """

    kernel: FrontEnd  # type: ignore[assignment]  # it is a MetaKernel as well
    _failure: ExceptionWrapper | None = None

    def call_magic(self, mtype: str, name: str, code: str, args: Any) -> Magic:
        """Run the magic; what it raises becomes the cell's error."""
        self.code = code
        self.evaluate = True
        self._failure = None
        try:
            self.run(mtype.replace("sticky", "cell"), name, args)
        except _HelpWanted as help_text:
            self.kernel.Print(str(help_text), end="")
            self.evaluate = False
        except (Exception, KeyboardInterrupt, SystemExit) as error:
            self.fail(failure(error))
        return self

    def get_code(self) -> str:
        """Return what is left of the cell, beginning with the next magic where only comments stand above it."""
        return self.code[len(leading_lines(self.code)) :]

    def fail(self, failure: ExceptionWrapper) -> None:
        """End the cell with an error: its other magics and its code do not run."""
        self._failure = failure
        self.evaluate = False

    def run(self, mtype: str, name: str, args: str) -> None:
        """Call the method that the magic's name stands for, the way MetaKernel's magics are written."""
        from metakernel.magic import _parse_args

        method = getattr(self, f"{mtype}_{name}")
        signature = inspect.getfullargspec(method)
        if signature.varargs and method.__module__.startswith("metakernel.magics."):
            method(args)  # !command and %python: parsing them would take quotes away and make numbers of words
            return
        values, options = _parse_args(method, args, usage=self.get_help(mtype, name))
        names = [parameter for parameter in signature.args[1:] if parameter not in options]
        if len(values) > len(names) and not signature.varargs and names:
            values = [*values[: len(names) - 1], " ".join(str(value) for value in values[len(names) - 1 :])]
        method(*values, **options)

    def post_process(self, retval: Any) -> Any:
        """Return the error where there was one; else what MetaKernel's magic makes of the cell's value."""
        failed, self._failure = self._failure, None
        return failed if failed is not None else super().post_process(retval)


class BoardMagic(StrictMagic):
    """A magic that works with the board. See the module's docstring for how to write one.

    Attributes:
        on_several: whether it may stand in a cell that runs on several boards (``%%on``). It is called in a thread for
            each board then, on a copy of the magic; ``self.board`` is that board, and what it prints gets its name. One
            that is about the kernel or the cell sets it to False.
    """

    on_several = True

    @property
    def board(self) -> Board:
        """The connected board.

        Raises:
            MicroPythonError: there is none; the message says how to get one.
        """
        return self.kernel.require_board()

    def run(self, mtype: str, name: str, args: str) -> None:
        """Parse the arguments and call the method."""
        method = getattr(self, f"{mtype}_{name}")
        try:
            described = getattr(method, "magic_arguments", ())
            parsed = self._parser(mtype, name).parse_args(_options_first(described, self.split(args)))
        except MagicError as error:
            raise MagicError(masked_message(str(error), args, connecting="connect" in name)) from None
        method(parsed)

    def split(self, text: str) -> list[str]:
        """Split the text behind the magic's name as a shell does; backslashes stay, for the sake of Windows' paths.

        Raises:
            MagicError: a quote is not closed.
        """
        lexer = shlex.shlex(text, posix=True, punctuation_chars=False)
        lexer.whitespace_split = True
        lexer.commenters = lexer.escape = ""
        try:
            return list(lexer)
        except ValueError as error:
            raise MagicError(f"A quote is not closed in: {text}") from error

    def _parser(self, mtype: str, name: str) -> _ArgumentParser:
        method = getattr(self, f"{mtype}_{name}")
        prefix = "%" if mtype == "line" else "%%"
        parser = _ArgumentParser(
            prog=prefix + name,
            description=_summary(method),
            epilog=_details(method),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        for names, _, options in getattr(method, "magic_arguments", ()):
            parser.add_argument(*names, **options)
        return parser

    def get_help(self, mtype: str, name: str, level: int = 0) -> str:
        """Return the first line of the docstring, the arguments and the rest of the docstring."""
        if level or not hasattr(self, f"{mtype}_{name}"):
            return super().get_help(mtype, name, level)
        prefix = "%" if mtype == "line" else "%%"
        parser = self._parser(mtype, name)
        parser.description = None
        return f"{prefix}{name} - {_summary(getattr(self, f'{mtype}_{name}'))}\n\n{parser.format_help()}"

    def complete_arguments(self, mtype: str, name: str, before: str) -> list[str]:
        """Return the words that can stand at the cursor.

        Args:
            mtype: ``line`` or ``cell``.
            name: the magic's name.
            before: what stands between the magic's name and the cursor.
        """
        method = getattr(self, f"{mtype}_{name}", None)
        described = getattr(method, "magic_arguments", ())
        word = before.rpartition(" ")[2]
        if word.startswith("-"):
            found = ["--help", *(option for names, _, _ in described for option in names if option.startswith("--"))]
        else:
            found = []
            for _, complete, options in _expected(described, before[: len(before) - len(word)].split()):
                found += map(str, complete(self.kernel, word) if complete else options.get("choices") or ())
        return sorted({text for text in found if text.startswith(word)})


def _options_first(described: Iterable[Any], words: list[str]) -> list[str]:
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


def _with_value(described: Iterable[Any]) -> dict[str, Any]:
    """Return the options that take a value, with the argument that each is."""
    taking = (None, "store", "append")
    return {n: one for one in described for n in one[0] if n[:1] == "-" and one[2].get("action") in taking}


def _expected(described: Iterable[Any], earlier: list[str]) -> list[Any]:
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
