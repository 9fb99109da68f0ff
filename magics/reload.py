"""%reload."""

from __future__ import annotations

from metakernel_micropython.board.loaded_modules import NAME, reload_source
from metakernel_micropython.cell.failure import without_frames
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments


class ReloadMagic(BoardMagic):
    """Has the board import modules anew."""

    kernel: MicroPythonKernel
    group = "Files"

    @arguments(argument("modules", nargs="+", metavar="MODULE", help="as for import, not the name of a file"))
    def line_reload(self, args: Namespace) -> None:
        """%reload MODULE... - import modules of the board anew, and those that import them.

        A board imports a module once, whatever becomes of its file. After %reload names of the module mean the new one.
        Names that came by "from MODULE import NAME" in a cell are the old ones until that line runs again.

        Examples:
          %reload sensor
          %sync lib --reload
        """
        for name in args.modules:
            if not NAME.fullmatch(name) or name.endswith((".py", ".mpy")):
                raise MagicError(
                    f"{name!r} is no name of a module; it is written as for import: %reload {_guess(name)}"
                )
        if self.board.files.flat:
            raise MagicError(
                f"The board on {self.board.address} keeps no list of what it has imported: %reboot, and import again."
            )
        if failed := self.kernel.runner.run_file("%reload", reload_source(args.modules, again=True)):
            self.fail(without_frames(failed, "%reload"))


def _guess(name: str) -> str:
    stem = name.rpartition("/")[2].partition(".")[0]
    return stem if NAME.fullmatch(stem) else "sensor"


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(ReloadMagic)
