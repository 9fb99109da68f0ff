"""Tab in IPython: arguments of our magics, and names of the board below ``%%micropython``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.completer import SimpleCompletion, context_matcher

from .shell_magics import ANY, LEFT_OUT

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext, SimpleMatcherResult

    from .embedded_kernel import EmbeddedKernel
    from .shell_magics import ShellMagics


class TabCompletion:
    """Completes for one shell.

    Args:
        kernel: knows the magics and the board.
        magics: says which names are ours in this shell.

    Attributes:
        matcher: for the list of IPython's completer.
    """

    def __init__(self, kernel: EmbeddedKernel, magics: ShellMagics) -> None:
        self._kernel = kernel
        self._magics = magics

        @context_matcher()  # type: ignore[untyped-decorator]
        def micropython_matcher(context: CompletionContext) -> SimpleMatcherResult:
            return self._match(context)

        self.matcher: Any = micropython_matcher

    def _match(self, context: CompletionContext) -> SimpleMatcherResult:
        before = "\n".join(
            [*context.full_text.split("\n")[: context.cursor_line], context.text_until_cursor.rpartition("\n")[2]]
        )
        asked = self.asked(before)
        if asked is None:
            return {"completions": [], "suppress": False}
        with self._kernel.stops:  # a Stop would end the talk with the board in the middle
            reply = self._kernel.assistant.complete(asked, len(asked))
        # IPython replaces its token, we what our parser takes for the word: a name of a file may be several tokens.
        names = reply["matches"]
        if " " not in asked and "\n" not in asked:  # the name of a magic behind %mpy
            names = [name for name in names if name.lstrip("%") not in LEFT_OUT]
        kept = asked[: len(asked) - len(context.token)]
        whole = [asked[: reply["cursor_start"]] + name for name in names]
        found = [SimpleCompletion(text=one[len(kept) :]) for one in whole if one.startswith(kept)]
        return {"completions": found, "suppress": True, "ordered": True}

    def asked(self, before: str) -> str | None:
        """Return the text before the cursor as our own kernel would have it; None where it is not ours."""
        first, end, rest = before.lstrip().partition("\n")
        if end and first.startswith("%%"):
            name, args = _name_and_rest(first[2:])
            if name == ANY:
                name, args = _name_and_rest(args)
                return f"%%{name} {args}\n{rest}" if self._magics.known("cell", name) else None
            return before if self._magics.own("cell", name) else None
        line = before.rpartition("\n")[2].lstrip()
        kind, marks = ("cell", "%%") if line.startswith("%%") else ("line", "%")
        name, space, args = line.removeprefix(marks).partition(" ")
        if not line.startswith("%") or not space:
            return None
        if name == ANY:
            name, space, args = args.lstrip().partition(" ")
            return f"{marks}{name}{space}{args}" if not space or self._magics.known(kind, name) else None
        return line if self._magics.own(kind, name) else None


def _name_and_rest(text: str) -> tuple[str, str]:
    name, _, rest = text.strip().partition(" ")
    return name, rest
