"""%sendtofile and %%sendtofile."""

from __future__ import annotations

import re

from metakernel_micropython.board.files.host_files import host_path
from metakernel_micropython.host.paths import board_paths, host_paths
from metakernel_micropython.host.transfer import EMPTY, FOLLOW_LINKS, QUIET, Transfer, cell_content, without_blank_line
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments

_ARGUMENTS = (
    argument("destination", nargs="?", default="", complete_path=board_paths, help="the file on the board"),
    argument("--source", metavar="PATH", complete_path=host_paths, help="send this file or folder, not the cell"),
    argument("-a", "--append", action="store_true", help="write behind what the file holds already"),
    argument("-d", "--mkdir", action="store_true", help="make the folders that are missing"),
    argument("-b", "--binary", action="store_true", help="add no newline to the end of the cell"),
    EMPTY,
    argument("-x", "--execute", action="store_true", help="also run the cell"),
    FOLLOW_LINKS,
    *QUIET,
)


class SendtofileMagic(BoardMagic):
    """Writes the cell, a file or a folder to the board."""

    group = "Files"
    same_as = {"%sendtofile": "%%file, and with --source %upload", "%%sendtofile": "%sendtofile"}  # noqa: RUF012

    def takes_text(self, _name: str, args: str) -> bool:
        """Whether the lines below are the file's content."""
        return not re.search(r"(?:^|\s)--(?:source\b|empty\b|help\b)", args)

    @arguments(*_ARGUMENTS)
    def line_sendtofile(self, args: Namespace) -> None:
        """%sendtofile DEST | --source PATH [DEST] - write the cell, or a file or folder, to the board.

        Everything below is the file's content, other magics included; it runs only with -x. One blank line below the
        magic is not part of it. A file that is there is emptied only with --empty.

        With --source the rest of the cell runs as usual, so several of them can stand in one cell. A folder's files go
        below DEST with their sub-folders, a .py beside its .mpy is skipped. DEST is a file's name, or a folder for it:
        one that ends with / or is there already. Without DEST everything goes to the board's current folder.

        The file is written under another name, verified by the board, and then put in the place of the old one.

        Examples:
          %sendtofile main.py
          %sendtofile --source lib/sensor.py lib/ -d
          %sendtofile --source website /www
        """
        if args.source is None and not args.destination:
            raise MagicError(
                "%sendtofile: name the file, as in %sendtofile main.py, or what to send with --source PATH."
            )
        transfer = Transfer(self.kernel, args)
        options = {"append": args.append, "parents": args.mkdir}
        if args.source is not None:
            transfer.send_path(host_path(args.source), args.destination, **options)
            return
        content = cell_content(self.code, final_newline=not args.binary)
        transfer.send_cell(args.destination, content, empty=args.empty, **options)
        self.code = without_blank_line(self.code)
        self.evaluate = args.execute

    @arguments(*_ARGUMENTS)
    def cell_sendtofile(self, args: Namespace) -> None:
        """%%sendtofile DEST - write the cell to a file on the board (see %sendtofile).

        Example:
          %%sendtofile config.py
          NAME = 'greenhouse'
        """
        self.line_sendtofile(args)


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(SendtofileMagic)
