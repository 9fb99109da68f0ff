"""%assert_output."""

from __future__ import annotations

from metakernel_micropython.board.files.host_files import host_path, read
from metakernel_micropython.cell.output import Stage
from metakernel_micropython.cell.output_check import (
    MAX_OUTPUT,
    OutputCheck,
    OutputDiffers,
    check_contains,
    check_lines,
    lines_of,
    pattern,
)
from metakernel_micropython.errors import HostFileProblem
from metakernel_micropython.host.paths import host_paths
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments


class AssertOutputMagic(BoardMagic):
    """Fails a cell that prints something else than expected."""

    kernel: MicroPythonKernel
    group = "Board"
    on_several = False
    alone = "it looks at what one board prints. %use NAME chooses the board: run the cell without %%on."

    @arguments(
        argument("lines", nargs="*", metavar="LINE", help="a line of the output; with blanks in it, in quotes"),
        argument("--contains", action="store_true", help="the texts stand somewhere in the output"),
        argument("--regex", action="store_true", help="the lines are regular expressions for whole lines"),
        argument("--file", complete_path=host_paths, help="a file on this computer that holds the lines"),
    )
    def line_assert_output(self, args: Namespace) -> None:
        r"""%assert_output LINE ... - fail the cell below unless it prints just these lines.

        Blanks at the ends of lines and empty lines at the end of the output do not count; without a line the cell is
        to print nothing. What it prints is shown as ever. Errors, the value of the last line and messages of this
        computer are no output. Several of these may stand above one cell. assert checks values on the board.

        Examples:
          %assert_output 1 2 Fizz
          fizzbuzz(3)

          %assert_output --contains "degrees"
          %assert_output --regex "T = -?\d+\.\d degrees"
          report()
        """
        if args.contains and args.regex:
            raise MagicError("%assert_output: --contains or --regex, not both.")
        expected = [*args.lines, *(self._of_file(args.file) if args.file else ())]
        if (args.contains or args.regex) and not expected:
            raise MagicError("%assert_output: say what the output is to hold.")
        patterns = {text: pattern(text) for text in expected} if args.regex else {}
        if not self.code.strip():
            raise MagicError("%assert_output stands on top of a cell, and checks what that prints: there is no code.")
        followers = self.kernel.runner.followers.of_cell
        kept = followers.setdefault(Stage.CHECK, OutputCheck())
        assert isinstance(kept, OutputCheck)

        def check() -> None:
            if kept.more:
                raise OutputDiffers(f"The output is longer than {MAX_OUTPUT:,} characters, and was not compared.")
            if args.contains:
                check_contains(kept.text.replace("\r", ""), expected)
            elif args.regex:
                check_lines(lines_of(kept.text), expected, lambda text, line: bool(patterns[text].fullmatch(line)))
            else:
                check_lines(lines_of(kept.text), [text.rstrip() for text in expected], str.__eq__)

        self.at_end(check)

    def _of_file(self, name: str) -> list[str]:
        path = host_path(name)
        try:
            return lines_of(read(path).decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise HostFileProblem(f"{path} on this computer is no text in UTF-8: {error.reason}.") from error


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(AssertOutputMagic)
