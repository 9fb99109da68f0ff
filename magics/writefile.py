"""%%writefile."""

from __future__ import annotations

from metakernel_micropython.board.files.host_files import append, host_path, replace
from metakernel_micropython.host.paths import counted, host_paths
from metakernel_micropython.host.transfer import EMPTY, cell_content, nothing_for
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments


class WritefileMagic(BoardMagic):
    """Writes the cell to a file on this computer."""

    group = "Files"
    on_several = False
    alone = "it writes a file of this computer. Run it in a cell of its own; %%file writes to the boards."

    @arguments(
        argument("file", complete_path=host_paths, help="the file on this computer"),
        argument("-a", "--append", action="store_true", help="write behind what the file holds already"),
        EMPTY,
        argument("-x", "--execute", action="store_true", help="also run the cell on the board"),
    )
    def cell_writefile(self, args: Namespace) -> None:
        """%%writefile FILE [-a] [-x] - write the cell to a file on the computer.

        It is text in UTF-8 and ends with a newline. %%sendtofile and %%file write to the board.

        Examples:
          %%writefile sensor.py
          %%writefile -a ~/notes.txt
        """
        path = host_path(args.file)
        data = cell_content(self.code)
        if not data and not args.append and not args.empty and path.exists() and path.stat().st_size:
            raise MagicError(nothing_for(path, "this computer"))
        (append if args.append else replace)(path, data)
        self.kernel.Print(f"{'Appended to' if args.append else 'Wrote'} {path}: {counted(len(data), 'byte')}")
        self.evaluate = args.execute


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(WritefileMagic)
