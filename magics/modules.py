"""%modules."""

from __future__ import annotations

from fnmatch import fnmatchcase

from metakernel_micropython.board.importable import modules
from metakernel_micropython.display.html import html_table, text_table
from metakernel_micropython.host.paths import human
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, Namespace, argument, arguments


class ModulesMagic(BoardMagic):
    """Lists what can be imported."""

    kernel: MicroPythonKernel
    group = "Board"

    @arguments(argument("pattern", nargs="?", default="*", help="only these, as in %(prog)s 'u*'"))
    def line_modules(self, args: Namespace) -> None:
        """%modules [PATTERN] - list what can be imported on the board: the firmware's modules and those in files.

        Examples:
          %modules
          %modules m*
        """
        pattern = args.pattern if set(args.pattern) & set("*?[") else f"*{args.pattern}*"
        found = modules(self.board)
        built_in = [name for name in found.built_in if fnmatchcase(name, pattern)]
        files = [(name, path, size) for name, path, size in found.files if fnmatchcase(name, pattern)]
        if not built_in and not files:
            self.kernel.Print(f"No module on the board on {self.board.address} is called {args.pattern}.")
            return
        rows = [("In the firmware", ", ".join(built_in))] if built_in else []
        rows += [(name, path if size is None else f"{path} ({human(size)})") for name, path, size in files]
        self.kernel.present(text_table(rows), html_table(rows))


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(ModulesMagic)
