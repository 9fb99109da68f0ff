"""%cat."""

from __future__ import annotations

from metakernel_micropython.host.paths import board_paths, shown
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, Namespace, argument, arguments

SAMPLE = 64
"""Bytes of a file that are shown where it is not text."""


class CatMagic(BoardMagic):
    """Prints files of the board."""

    group = "Files"

    @arguments(argument("files", nargs="+", metavar="FILE", complete_path=board_paths, help="a file on the board"))
    def line_cat(self, args: Namespace) -> None:
        """%cat FILE... - print files of the board; of one that is not text its first bytes.

        Examples:
          %cat boot.py
          %cat lib/a.py lib/b.py
        """
        for path in args.files:
            data = self.board.files.read(path)
            try:
                text = data.decode("utf-8")
            except UnicodeDecodeError:
                text = "\0"
            if "\0" in text:
                rest = "" if len(data) <= SAMPLE else " ..."
                text = f"{shown(path)} is not text: {len(data)} bytes, {data[:SAMPLE]!r}{rest}"
            if text:
                self.kernel.Print(text, end="" if text.endswith("\n") else "\n")


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(CatMagic)
