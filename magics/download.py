"""%download."""

from __future__ import annotations

from metakernel_micropython.board.files.folders import root
from metakernel_micropython.board.files.host_files import host_path
from metakernel_micropython.host.board_places import folder_for_board, target_for_board
from metakernel_micropython.host.paths import board_paths, host_paths
from metakernel_micropython.host.transfer import FOLLOW_LINKS, QUIET, Transfer, base_name, host_target
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments


class DownloadMagic(BoardMagic):
    """Fetches a file or a folder of the board."""

    group = "Files"

    @arguments(
        argument("source", complete_path=board_paths, help="a file or a folder on the board"),
        argument("destination", nargs="?", default="", complete_path=host_paths, help="where it goes on this computer"),
        FOLLOW_LINKS,
        *QUIET,
    )
    def line_download(self, args: Namespace) -> None:
        """%download SOURCE [DEST] - save a file or a folder of the board on the computer.

        A file goes to DEST, or into it where DEST is a folder. A folder's files go below DEST, or below a folder of
        its name. {name} in DEST stands for the board's name; below %%on each board has a folder of its name in DEST
        where that is not there, so that none takes another's place.

        Examples:
          %download log.csv
          %download lib
          %download / backup
        """
        files = self.board.files
        found = files.stat(root(files, args.source))
        transfer = Transfer(self.kernel, args)
        if found is None:
            transfer.fetch(args.source)  # which says what is missing
        if found is None or not found.folder:
            target = target_for_board(self.kernel, args.destination)
            transfer.fetch_to(args.source, host_target(args.source, target))
            return
        target = args.destination or base_name(args.source)
        if not target.strip(".") and not args.destination:
            raise MagicError(f"Name a folder on this computer for it, as in %download {args.source} backup.")
        transfer.fetch_folder(args.source, host_path(folder_for_board(self.kernel, target)))


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(DownloadMagic)
