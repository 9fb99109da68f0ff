"""What notebooks for IPython begin with: lines that mean nothing to a board are passed over, with a word about it."""

from __future__ import annotations

from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, Namespace, argument, arguments

_REST = argument("rest", nargs="*", help="is passed over")


class HabitsMagic(BoardMagic):
    """Passes over lines that set up IPython."""

    kernel: MicroPythonKernel
    group = "Notebook and host"
    on_several = False
    alone = "it is about this notebook. Write it above %%on."

    @arguments(_REST)
    def line_matplotlib(self, _args: Namespace) -> None:
        """%matplotlib [inline] - passed over: figures of %%python and %%plot are in the notebook without it.

        Example:
          %matplotlib inline
        """
        self._pass_over("%matplotlib: not needed. %%plot draws what a cell prints, %%python shows its figures inline.")

    @arguments(_REST)
    def line_load_ext(self, args: Namespace) -> None:
        """%load_ext NAME - passed over: extensions of IPython work on its own kernel; %lsmagic lists the commands.

        Example:
          %load_ext autoreload
        """
        if args.rest[:1] == ["autoreload"]:
            self.line_autoreload(args)
        else:
            self._pass_over("%load_ext: extensions of IPython work on its own kernel. %lsmagic lists the commands.")

    @arguments(_REST)
    def line_autoreload(self, _args: Namespace) -> None:
        """%autoreload [N] - passed over: %sync --reload and %reload have a board import changed modules anew.

        Example:
          %autoreload 2
        """
        self._pass_over("%autoreload: %sync FOLDER --reload sends what changed and has the board import it anew.")

    @arguments(_REST)
    def line_config(self, _args: Namespace) -> None:
        """%config ... - passed over: settings of this kernel stand in micropython_kernel_config.py.

        Example:
          %config InlineBackend.figure_format = 'retina'
        """
        self._pass_over("%config: the settings of this kernel stand in micropython_kernel_config.py.")

    def split(self, text: str) -> list[str]:
        """Take anything."""
        return text.replace("-", " ").split()

    def _pass_over(self, text: str) -> None:
        self.kernel.Error(f"[{text}]")


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magics to the kernel."""
    kernel.register_magics(HabitsMagic)
