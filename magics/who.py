"""%who and %whos."""

from __future__ import annotations

from fnmatch import fnmatchcase

from metakernel_micropython.board.variables import Kind, Variable, variables
from metakernel_micropython.display.html import html_rows, text_rows
from metakernel_micropython.host.paths import visible
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, Namespace, argument, arguments

_PATTERN = argument("pattern", nargs="?", default="*", help="only these names, as in %(prog)s 'temp*'")


class WhoMagic(BoardMagic):
    """Lists the names on the board."""

    kernel: MicroPythonKernel
    group = "Values"

    @arguments(_PATTERN)
    def line_who(self, args: Namespace) -> None:
        """%who [PATTERN] - list the names that your program has made on the board.

        Examples:
          %who
          %who 'temp*'
        """
        found = self._found(args.pattern)
        if found:
            names = [one.name for one in found if one.kind is Kind.DATA]
            self.kernel.Print("\n".join([*(["  ".join(names)] if names else []), *_others(found)]))

    @arguments(_PATTERN)
    def line_whos(self, args: Namespace) -> None:
        """%whos [PATTERN] - list these names with type, size and value; functions, classes and modules below.

        The size is the number of elements, characters or bytes. Nothing of yours runs for that: a value of a class of
        your own is not shown.

        Example:
          %whos
        """
        found = self._found(args.pattern)
        data = [one for one in found if one.kind is Kind.DATA]
        sized = any(one.size is not None for one in data)
        head = ("Name", "Type", *(["Size"] if sized else []), "Value")
        rows = []
        for one in data:
            size = ["" if one.size is None else str(one.size)] if sized else []
            rows.append((one.name, one.type_name, *size, visible(one.value)))
        if rows:
            self.kernel.present(text_rows(head, rows), html_rows(head, rows))
        if others := _others(found):
            self.kernel.Print("\n".join(others))

    def _found(self, pattern: str) -> list[Variable]:
        found = variables(self.board)
        fitting = [one for one in found if fnmatchcase(one.name, pattern)]
        if not fitting:
            which = "" if pattern == "*" else f" that is called {pattern}"
            self.kernel.Print(f"The board on {self.board.address} has no name of yours{which}.")
        return fitting


def _others(found: list[Variable]) -> list[str]:
    lines = []
    for kind, title in (Kind.FUNCTION, "functions"), (Kind.CLASS, "classes"), (Kind.MODULE, "modules"):
        if names := [one.name for one in found if one.kind is kind]:
            lines.append(f"{title}: {', '.join(names)}")
    return lines


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magics to the kernel."""
    kernel.register_magics(WhoMagic)
