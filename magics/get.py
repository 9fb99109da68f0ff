"""%get."""

from __future__ import annotations

from metakernel_micropython.host.value_arguments import (
    board_names,
    described,
    expressions_argument,
    split_assignment,
    split_expressions,
)
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, arguments
from metakernel_micropython.sessions.registry import gathered


class GetMagic(BoardMagic):
    """Brings values from the board to the host."""

    kernel: MicroPythonKernel
    group = "Values"

    def split(self, text: str) -> list[str]:
        """Split at the spaces that are not within an expression's quotes or brackets."""
        return split_expressions(text)

    @arguments(expressions_argument(board_names, "on the board"))
    def line_get(self, args: Namespace) -> None:
        """%get NAME ... - bring values from the board to the host's Python, where %%python uses them.

        Numbers, strings, bytes, bytearrays, lists, tuples, dicts, sets, arrays, None, also nested; every value
        exactly. A named tuple comes as a tuple. What cannot cross says so, and nothing is changed then.

        Below %%on, each name becomes a dict with the value of each board under its name, of those that had one.

        Examples:
          %get samples
          %get mean=sum(samples)/len(samples) first=samples[0]
        """
        found = {}
        for text in args.what:
            name, expression = split_assignment(text)
            name = name or expression.rpartition(".")[2]
            if not name.isidentifier():
                raise MagicError(f"%get: give {expression} a name here, as in %get value={expression}")
            found[name] = self.board.values.get(expression)
        gathered.get(self.kernel.host_variables).update(found)
        for name, value in found.items():
            self.kernel.Print(f"{name}: {described(value)}")


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(GetMagic)
