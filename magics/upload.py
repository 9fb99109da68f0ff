"""%upload."""

from __future__ import annotations

from metakernel_micropython.board.files.host_files import host_path
from metakernel_micropython.host.paths import board_paths, host_paths
from metakernel_micropython.host.transfer import FOLLOW_LINKS, QUIET, RELOAD, Transfer
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, Namespace, argument, arguments


class UploadMagic(BoardMagic):
    """Sends a file or a folder to the board."""

    group = "Files"

    @arguments(
        argument("source", complete_path=host_paths, help="a file or a folder on this computer"),
        argument("destination", nargs="?", default="", complete_path=board_paths, help="where it goes on the board"),
        RELOAD,
        FOLLOW_LINKS,
        *QUIET,
    )
    def line_upload(self, args: Namespace) -> None:
        """%upload SOURCE [DEST] - send a file or a folder to the board.

        A file goes to DEST, or into it where DEST is a folder. A folder's files go below DEST, or below a folder of
        its name; %upload SOURCE . puts them into the board's current folder. Missing folders are made.
        Links that lead out of the folder are skipped and told; --follow-links takes what they lead to.

        Examples:
          %upload main.py
          %upload sensor.py lib/
          %upload lib
        """
        source = host_path(args.source)
        target = args.destination
        if not target and source.is_dir() and not self.board.files.flat:
            target = source.name
        Transfer(self.kernel, args).send_path(source, target, parents=True)


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(UploadMagic)
