"""%put."""

from __future__ import annotations

from typing import Any

from metakernel_micropython.host.value_arguments import (
    described,
    expressions_argument,
    host_names,
    split_assignment,
    split_expressions,
)
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, arguments
from metakernel_micropython.magic_arguments import parse


class PutMagic(BoardMagic):
    """Sends values from the host to the board."""

    group = "Values"

    def split(self, text: str) -> list[str]:
        """Split at the spaces that are not within an expression's quotes or brackets."""
        return split_expressions(text)

    @arguments(expressions_argument(host_names, "of the host's Python"))
    def line_put(self, args: Namespace) -> None:
        """%put NAME=EXPRESSION ... - send values of the host's Python to the board.

        The expression is evaluated on the host, with the names that %%python has made. The same types as
        with %get; arrays and numbers of numpy go as lists and numbers. A board that computes with single
        precision rounds to it. A name keeps its old value until the new one is there.

        Examples:
          %put calibration
          %put table=[round(255*math.sin(x/50)) for x in range(100)]
        """
        for name, value in self._evaluated(args.what).items():
            self.board.values.put(name, value)
            self.kernel.Print(f"{name}: {described(value)}")

    def values(self, text: str) -> dict[str, Any]:
        """Return the values that ``%put`` sends, by the names that the board gets; for boards of other computers.

        Args:
            text: what stands behind ``%put``.

        Raises:
            MagicError: one cannot be computed.
        """
        return self._evaluated(parse(self.line_put, "%put", self.split(text)).what)

    def _evaluated(self, texts: list[str]) -> dict[str, Any]:
        found = {}
        for text in texts:
            name, expression = split_assignment(text)
            try:
                found[name or expression] = eval(expression, self.kernel.host_variables)  # noqa: S307 - the person's own
            except Exception as error:
                raise MagicError(f"%put: {expression} on the host: {type(error).__name__}: {error}") from None
        return found


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(PutMagic)
