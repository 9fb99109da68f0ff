"""%romfs."""

from __future__ import annotations

from metakernel_micropython.host.paths import host_paths
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments


class RomfsMagic(BoardMagic):
    """Read-only files in the board's flash."""

    group = "Files"

    @arguments(
        argument(
            "action", nargs="?", choices=("query", "build", "deploy"), help="what to do; query where none is named"
        ),
        argument("path", nargs="?", complete_path=host_paths, help="a folder; for deploy a file with an image, too"),
        argument(
            "-o", "--output", metavar="FILE", complete_path=host_paths, help="of build; default: FOLDER.romfs beside it"
        ),
        argument("--no-mpy", action="store_true", help="leave .py files as they are"),
        argument("--partition", type=int, metavar="NUMBER", help="of deploy: another partition than 0"),
        argument("-q", "--quiet", action="store_true", help="do not list the files"),
    )
    def line_romfs(self, args: Namespace) -> None:
        """%romfs [query] | build FOLDER [-o FILE] | deploy FOLDER|FILE - files that lie read-only in the board's flash.

        Firmware since 1.25 may have a partition for it, which is mounted at /rom. Modules in it run from the flash and
        take next to no memory. query says whether the board has one; build makes an image of a folder; deploy writes
        a folder, or an image, into the partition, and reads it back. What was in the partition before is gone.

        .py files are compiled to .mpy files for the board that is connected (without one: to the newest .mpy). A .py
        file beside which its .mpy file lies stays as it is. All other files go as they are.

        Examples:
          %romfs
          %romfs build app -o app.romfs
          %romfs deploy app
        """
        action = args.action or "query"
        if action == "query":
            self._refuse(args, "query", ("path", "output", "no_mpy", "partition"))
        elif args.path is None:
            raise MagicError(f"%romfs {action}: name a folder, as in %romfs {action} app.")
        from metakernel_micropython.firmware import romfs_deployment

        if action == "query":
            romfs_deployment.query(self.kernel)
        elif action == "build":
            self._refuse(args, "build", ("partition",))
            romfs_deployment.build(
                self.kernel, args.path, args.output or "", compiling=not args.no_mpy, quiet=args.quiet
            )
        else:
            self._refuse(args, "deploy", ("output",))
            number = args.partition or 0
            if number < 0:
                raise MagicError(f"--partition {number} is no number of a partition: they count from 0.")
            romfs_deployment.deploy(self.kernel, args.path, number, compiling=not args.no_mpy, quiet=args.quiet)

    def refusal(self, _mtype: str, _name: str, args: str) -> str:
        """Say why no image is built for several boards."""
        if args.split()[:1] != ["build"]:
            return ""
        return (
            "build makes a file on this computer. Run it in a cell of its own, and then %romfs deploy with that file "
            "inside %%on."
        )

    @staticmethod
    def _refuse(args: Namespace, action: str, names: tuple[str, ...]) -> None:
        for name in names:
            if getattr(args, name) not in (None, False):
                option = str(args.path) if name == "path" else "--" + name.replace("_", "-")
                raise MagicError(f"%romfs {action} takes no {option}.")


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(RomfsMagic)
