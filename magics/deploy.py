"""%%main and %deploy."""

from __future__ import annotations

from metakernel_micropython.board.importable import modules
from metakernel_micropython.cell.parser import is_magic, misplaced_magic
from metakernel_micropython.host.paths import board_paths
from metakernel_micropython.host.transfer import QUIET, Transfer, cell_content
from metakernel_micropython.host.value_arguments import board_names
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments
from metakernel_micropython.syntax_tree import parsed

_ARGUMENTS = (
    argument("--to", default="main.py", metavar="FILE", complete_path=board_paths, help="default: main.py"),
    argument("--force", action="store_true", help="write it although something is missing"),
    *QUIET,
)


class DeployMagic(BoardMagic):
    """Makes the program that a board starts with of cells."""

    kernel: MicroPythonKernel
    group = "Files"

    @arguments(argument("-x", "--execute", action="store_true", help="also run the cell"), *_ARGUMENTS)
    def cell_main(self, args: Namespace) -> None:
        """%%main [-x] - the cell becomes main.py, which the board runs whenever it starts.

        It has to be complete: names that it uses and only other cells define, and modules that the board does
        not have, are named, and nothing is written. %deploy makes main.py of several cells.

        Example:
          %%main
          from machine import Pin
          Pin(25, Pin.OUT).on()
        """
        code = cell_content(self.code).decode("utf-8", "surrogatepass")
        self._deploy(code, [], args)
        self.evaluate = args.execute

    @arguments(
        argument("cells", nargs="*", metavar="CELL", help="numbers of cells, as in 3 or 5-7"),
        argument("--tag", default="main", help="without numbers: the cells with this tag; default: main"),
        argument("-n", "--dry-run", action="store_true", help="show the program, and write nothing"),
        *_ARGUMENTS,
    )
    def line_deploy(self, args: Namespace) -> None:
        """%deploy [CELL ...] - cells that have run become main.py, which the board runs whenever it starts.

        Cells are named by their numbers, In[3], or have the tag "main" in the notebook (JupyterLab's property inspector
        sets tags); those come in the order in which they were run first. The magics on top of them are left out.
        Names that they use and only other cells define, and modules that the board does not have, are named, and
        nothing is written.

        Examples:
          %deploy 2 5-7
          %deploy --dry-run
        """
        from metakernel_micropython.host.dependencies import numbers

        known = dict(self.kernel.runner.executed.codes())
        if args.cells:
            chosen = []
            for text in args.cells:
                try:
                    wanted = numbers(text)
                except ValueError as error:
                    raise MagicError(f"%deploy: {error}") from None
                chosen += list(wanted) if len(wanted) == 1 else [each for each in sorted(known) if each in wanted]
            for number in chosen:
                if number not in known:
                    raise MagicError(f"%deploy: Cell In[{number}] has not run on the board in this session.")
        else:
            chosen = [number for number, _ in self.kernel.runner.executed.codes(args.tag)]
        if not chosen:
            raise MagicError(
                f"%deploy: no cell with the tag {args.tag!r} has run. Tag cells and run them, or name them by their "
                "numbers, as in %deploy 2 5-7."
            )
        code = "\n\n".join(known[number].rstrip() for number in dict.fromkeys(chosen)) + "\n"
        if args.dry_run:
            self.kernel.Print(code, end="")
            return
        self._deploy(code, chosen, args)

    def _deploy(self, code: str, chosen: list[int], args: Namespace) -> None:
        if not code.strip():
            raise MagicError(f"There is nothing to write to {args.to}: the cell below is empty.")
        if is_magic(code) or misplaced_magic(code):
            raise MagicError(
                f"{args.to} runs without Jupyter: the magics in this program mean nothing there. Leave them out."
            )
        if not args.force:
            _check_syntax(code, args.to)
            self._check(code, chosen, args.to)
        Transfer(self.kernel, args).send(args.to, code.encode("utf-8", "surrogatepass"), parents=True)

    def _check(self, code: str, chosen: list[int], name: str) -> None:
        """See whether a program stands for itself.

        Raises:
            MagicError: it does not; the message says what is missing.
        """
        from metakernel_micropython.host.dependencies import imported, missing, undefined

        others = [(number, other) for number, other in self.kernel.runner.executed.codes() if number not in chosen]
        elsewhere = missing(code, others)
        lines = [f"{each}, which Cell In[{number}] defines" for each, number in elsewhere.items()]
        if unknown := undefined(code) - elsewhere.keys():
            lines += [
                f"{each}, which is on the board now and no cell defines"  # %run, %put and boot.py make such
                for each in sorted(unknown.intersection(board_names(self.kernel)))
            ]
        wanted = imported(code)
        there = modules(self.board) if wanted else None
        if there is not None and there.built_in:
            had = {each.partition(".")[0] for each in (*there.built_in, *(file[0] for file in there.files))}
            # A module of C may be known as uos only, and be imported as os, or the other way round.
            lines += [
                f"the module {each}, which the board does not have (%upload, %sync, %mip install)"
                for each in sorted(wanted)
                if not {each, "u" + each, each.removeprefix("u")} & had
            ]
        if lines:
            listed = "".join(f"\n  {line}" for line in lines)
            raise MagicError(f"{name} would lack this; nothing was written, --force writes it all the same:{listed}")


def _check_syntax(code: str, name: str) -> None:
    """See whether a program can be read.

    Raises:
        MagicError: it cannot; the message names the line.
    """
    try:
        parsed(code)
    except SyntaxError as error:
        raise MagicError(
            f"Line {error.lineno} of {name} would be a syntax error ({error.msg}); nothing was written, --force writes "
            "it all the same."
        ) from None
    except (ValueError, RecursionError, MemoryError):
        return  # beyond this Python, which says nothing about the board's


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magics to the kernel."""
    kernel.register_magics(DeployMagic)
