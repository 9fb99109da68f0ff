"""%comment."""

from __future__ import annotations

from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, Namespace, argument, arguments


class CommentMagic(BoardMagic):
    """Prints a text."""

    group = "Notebook and host"

    @arguments(argument("text", nargs="?", default="", help="printed as it stands"))
    def line_comment(self, args: Namespace) -> None:
        """%comment TEXT - print a text into the cell's output.

        Example:
          %comment ---- with the sensor in cold water ----
        """
        self.kernel.Print(args.text)

    def split(self, text: str) -> list[str]:
        """Take the text as it stands, quotes and dashes too."""
        return [text] if text in ("-h", "--help") else ["--", text]


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(CommentMagic)
