"""%history."""

from __future__ import annotations

from metakernel_micropython.board.files.host_files import host_path
from metakernel_micropython.host.paths import host_paths
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments
from metakernel_micropython.transports.private_file import private


class HistoryMagic(BoardMagic):
    """Shows the cells that were run."""

    kernel: MicroPythonKernel
    group = "Notebook and host"
    on_several = False
    alone = "it is about this notebook. Run it in a cell of its own."

    @arguments(
        argument("-n", "--numbers", action="store_true", help="with the cells' numbers"),
        argument(
            "-g", "--grep", metavar="PATTERN", help="cells of all sessions that hold this text, * and ? as wildcards"
        ),
        argument("-u", "--unique", action="store_true", help="with -g: of equal cells only the last"),
        argument("-l", "--limit", type=int, help="the last cells, of earlier sessions and other kernels too"),
        argument("-f", "--file", complete_path=host_paths, help="write them to a new file on the host"),
    )
    def line_history(self, args: Namespace) -> None:
        """%history [-n] [-g PATTERN] [-u] [-l LIMIT] [-f FILE] - show the cells that were run.

        Without -g and -l: those of this session. Passwords were not kept.

        Example:
          %history -g neopixel -l 5
        """
        if args.limit is not None and args.limit < 1:
            raise MagicError("%history: the limit is 1 or more.")
        history = self.kernel.history
        if args.grep is not None:
            cells = history.search(f"*{args.grep}*", args.limit, unique=args.unique)
        else:
            cells = history.range() if args.limit is None else history.tail(args.limit)
        across = args.grep is not None or args.limit is not None
        lines = []
        for cell in cells:
            number = f"{cell.session}/{cell.line}: " if across else f"{cell.line:4}: "
            lines.append((number if args.numbers or args.grep is not None else "") + cell.source)
        text = "".join(line + "\n" for line in lines)
        if args.file is None:
            self.kernel.Print(text, end="")
            return
        path = host_path(args.file)
        try:
            with open(path, "x", encoding="utf-8", newline="\n", opener=private) as file:
                file.write(text)
        except FileExistsError:
            raise MagicError(f"{path} is there already: remove it, or name another file.") from None
        except OSError as error:
            raise MagicError(f"{path} cannot be written: {error.strerror or error}.") from error
        self.kernel.Print(f"{len(cells)} cells written to {path}")


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(HistoryMagic)
