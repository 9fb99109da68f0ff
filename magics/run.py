"""%run."""

from __future__ import annotations

import re

from metakernel_micropython.board import snippets
from metakernel_micropython.board.files.folders import import_path, join
from metakernel_micropython.board.files.host_files import host_path, read
from metakernel_micropython.cell.failure import without_frames
from metakernel_micropython.errors import DeviceError, HostFileProblem, MicroPythonError
from metakernel_micropython.host.paths import host_paths
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import (
    BoardMagic,
    MagicError,
    Namespace,
    argument,
    arguments,
)

TIMEOUT = 10.0
"""Seconds that the board has to take the arguments."""

_MODULE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


class RunMagic(BoardMagic):
    """Runs files and modules on the board."""

    kernel: MicroPythonKernel
    group = "Board"

    @arguments(
        argument("file", nargs="?", complete_path=host_paths, help="a file on this computer"),
        argument("-m", "--module", metavar="MODULE", help="a module on the board instead"),
        argument("arguments", nargs="...", metavar="ARG", help="what the program finds in sys.argv[1:]"),
    )
    def line_run(self, args: Namespace) -> None:
        """%run FILE | -m MODULE [ARG ...] - run a file of this computer on the board, or a module that the board has.

        The file runs as a cell does: what it defines is there afterwards, Stop ends it, input() asks, and errors tell
        the file's own lines. Nothing is written on the board, but its memory has to hold the file; a large one is
        better sent (%upload) and imported.

        A module runs as python -m does: from its .py file on the board, with __name__ == "__main__" and names of its
        own. One without, in the firmware or compiled, is imported anew.

        Examples:
          %run blink.py
          %run blink.py --times 3
          %run -m selftest
        """
        if args.module is not None and args.file is not None:
            args.file, args.arguments = None, [args.file, *args.arguments]
        if (args.file is None) is (args.module is None):
            raise MagicError("%run takes a file of this computer, or -m and a module of the board: %run blink.py")
        if args.file is None:
            self._set_argv(args.module, args.arguments)
            self._run_module(args.module)
            return
        path = host_path(args.file)
        if path.suffix == ".mpy":
            raise MagicError(f"{args.file} is compiled: send it (%upload), and import it.")
        if not path.exists() and self._board_has(args.file):
            raise HostFileProblem(f"There is no {path} on this computer. The board has one: %run -m {path.stem}")
        data = read(path)
        try:
            code = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise HostFileProblem(f"{path} on this computer is no text in UTF-8: {error.reason}.") from error
        self._set_argv(args.file, args.arguments)
        self._run(args.file, code, str(path.resolve()))

    def _set_argv(self, name: str, rest: list[str]) -> None:
        """Give the program its arguments; a board without sys.argv can only run it without any.

        Raises:
            MagicError: there are arguments, and the board has no place for them.
        """
        try:
            self.board.execute(snippets.statement(f"__import__('sys').argv[:]={[name, *rest]!r}"), timeout=TIMEOUT)
        except DeviceError as error:
            if rest:
                raise MagicError(f"The board on {self.board.address} has no sys.argv for {' '.join(rest)}.") from error

    def _run(self, name: str, code: str, path: str) -> None:
        if failed := self.kernel.runner.run_file(name, code, path):
            self.fail(failed)

    def _run_module(self, module: str) -> None:
        name = f"%run -m {module}"
        if failed := self.kernel.runner.run_file(name, self._call_of(module)):
            self.fail(without_frames(failed, name))  # what starts the module is not the user's

    def _board_has(self, name: str) -> bool:
        try:
            return self.board.files.stat(name) is not None
        except MicroPythonError:
            return False

    def _call_of(self, module: str) -> str:
        """Return the code that runs a module.

        Raises:
            MagicError: the text is no name of a module.
        """
        if not _MODULE.fullmatch(module):
            raise MagicError(f"{module!r} is no name of a module; it is written as for import: %run -m package.module")
        files = self.board.files
        for folder in import_path(self.board):
            if folder.startswith(".frozen"):
                continue
            for end in (".py", "/__main__.py"):
                path = join(folder, module.replace(".", "/") + end)
                found = files.stat(path)
                if found is not None and not found.folder:
                    return snippets.call("run_file", path)
        return snippets.call("import_anew", module)


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(RunMagic)
