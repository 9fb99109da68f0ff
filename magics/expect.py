"""%expect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metakernel_micropython.assist import part_names
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments
from metakernel_micropython.magic_arguments import duration

if TYPE_CHECKING:
    from collections.abc import Sequence

_OPERATORS = ("==", "!=", "<=", ">=", "<", ">")


class ExpectMagic(BoardMagic):
    """Looks what a program makes of the virtual board's parts."""

    kernel: MicroPythonKernel
    group = "Virtual board"

    @arguments(
        argument("part", metavar="PART[.STATE]", complete=part_names.states, help="as %%parts lists it, or pin15"),
        argument("words", nargs="+", metavar="VALUE", help="what it should be, in how much time"),
    )
    def line_expect(self, args: Namespace) -> None:
        """%expect PART[.STATE] [OPERATOR] VALUE [within TIME] - fail the cell unless the program brings that about.

        It waits until then; without "within" it has to be so now. What happens before this cell does not count. The
        operator is ==, !=, <, <=, > or >=; without one the two have to be equal. Levels of pins are high and low.

        Examples:
          %expect led1 on within 2s
          %expect servo1.angle > 80 within 500ms
          %expect pin15 low
        """
        operator, value, within = _condition(args.words)
        wanted = f"{args.part}{'' if operator == '==' else f' {operator}'} {value}"
        waited = self.kernel.boards.parts.wait(args.part, operator, value, within=within)
        if not waited.reached:
            when = f" within {within:g} s" if within else ""
            raise MagicError(f"Expected {wanted}{when}: it is {waited.was}.")
        self.kernel.Print(f"{wanted}: yes" + (f", after {waited.after:.2f} s" if within else ""))


def _condition(words: Sequence[str]) -> tuple[str, str, float]:
    """Return the operator, the value and the seconds of ``> 80 within 2s``."""
    words = list(words)
    within = 0.0
    if len(words) > 2 and words[-2] == "within":
        try:
            within = duration(words[-1])
        except ValueError:
            raise MagicError(f"%expect: {words[-1]} is no time: write 2s or 500ms.") from None
        del words[-2:]
    operator = "=="
    for one in _OPERATORS:
        if words[0].startswith(one):
            operator, rest = one, words[0][len(one) :]
            words = [rest, *words[1:]] if rest else words[1:]
            break
    if words[:1] == ["is"]:
        del words[0]
    if len(words) != 1:
        raise MagicError("%expect: say what it should be, as in: %expect led1 on within 2s")
    return operator, words[0], within


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(ExpectMagic)
