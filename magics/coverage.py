"""%%coverage."""

from __future__ import annotations

from metakernel_micropython.board.files.host_files import host_path
from metakernel_micropython.cell.output import Stage
from metakernel_micropython.host.paths import host_paths, visible
from metakernel_micropython.instrument import data_file
from metakernel_micropython.instrument.coverage import as_html, as_text, coverage_of
from metakernel_micropython.instrument.module_probes import ModuleFollower, complete_modules
from metakernel_micropython.instrument.request import Kind, Rewritten
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments


class CoverageMagic(BoardMagic):
    """Tells which lines of a cell were run."""

    kernel: MicroPythonKernel
    group = "Board"
    on_several = False
    alone = "it follows the program of one board. %use NAME chooses it: run the cell without %%on."

    @arguments(
        argument(
            "modules",
            nargs="*",
            metavar="MODULE",
            complete_path=complete_modules,
            help="a file here or a module on the board",
        ),
        argument(
            "--data", metavar="FILE", complete_path=host_paths, help="coverage.py's data file that gets the lines"
        ),
    )
    def cell_coverage(self, args: Namespace) -> None:
        """%%coverage [MODULE...] [--data FILE] - run the cell, and show which lines and branches were not run.

        Without a module those of the cell are shown, else those of the modules, which the cell has to import: a
        file here (sensor.py) that need not be on the board, a file on the board (/lib/sensor.py), or a module in
        one (sensor). The board imports them anew, with what looks into them in its memory; no file of it changes.
        After the cell the next import takes the board's own module again.

        A branch is one of the two ways on from a condition, or from a loop with an else. Where one was never
        taken, the line is named with the one that it never led to: 3->5. Functions for machine code
        (@micropython.native, viper, asm_*) are not looked into. A cell that fails is shown, too.

        Example:
          %%coverage
          def sign(x):
              if x < 0:
                  return -1
              return 1
          sign(5)

          %%coverage sensor.py --data .coverage
          import sensor
          sensor.check()
        """
        if args.data and not args.modules:
            raise MagicError("--data is for modules in files of this computer: name one, as in %%coverage sensor.py.")
        follower = ModuleFollower(Kind.COUNT, args.modules)
        self.kernel.runner.followers.of_cell[Stage.PROBES] = follower
        self.at_end(lambda: self._tell(follower, args.data))

    def _tell(self, follower: ModuleFollower, data: str | None) -> None:
        self.kernel.runner.followers.of_cell.pop(Stage.PROBES, None)
        if follower.room:
            self.kernel.Error(follower.room)
        called = follower.take()
        if not follower.parts:
            return
        found = []
        files = {}
        for one in follower.modules:
            self._tell_left(one.result, f"{visible(one.path)}, ")
            found.append(coverage_of(one.path, one.source, one.result, called))
            if one.file is not None:
                files[one.file] = found[-1]
        cell = f"In[{self.kernel.runner.number}]"
        for part in [] if found else follower.parts:
            self._tell_left(part.result, "")
            if part.result.probes:
                found.append(coverage_of(follower.name(part, cell), part.source, part.result, called))
        if not found:
            raise MagicError("%%coverage: nothing of the cell was looked at.")
        self.kernel.present(as_text(found), as_html(found))
        if data:
            data_file.write(host_path(data), files)

    def _tell_left(self, result: Rewritten, where: str) -> None:
        for left in result.left_alone:
            self.kernel.Error(f"[{where}line {left.first} was not looked at: {left.reason}]")


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(CoverageMagic)
