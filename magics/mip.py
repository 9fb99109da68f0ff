"""%mip."""

from __future__ import annotations

from metakernel_micropython.host.paths import board_paths, host_paths
from metakernel_micropython.host.transfer import QUIET
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments

_ACTIONS = ("install", "update", "list", "show", "freeze", "uninstall")


def _installed(kernel: MicroPythonKernel) -> list[str]:
    from metakernel_micropython.host.package_commands import installed_names

    return installed_names(kernel)


class MipMagic(BoardMagic):
    """Installs packages on the board."""

    group = "Files"

    @arguments(
        argument("action", choices=_ACTIONS, help="what to do"),
        argument("names", nargs="*", metavar="NAME", complete=_installed, help="packages; list and freeze take none"),
        argument(
            *("-r", "--requirement"),
            metavar="FILE",
            complete_path=host_paths,
            help="install what a file of requirements names, exactly",
        ),
        argument("-o", "--output", metavar="FILE", complete_path=host_paths, help="where freeze saves its file"),
        argument("--target", metavar="FOLDER", complete_path=board_paths, help="the folder; default: the board's lib"),
        argument("--index", metavar="URL", help="another index than micropython.org's"),
        argument("--mpy", action="store_true", help="install .mpy files: the index's, or compiled here"),
        argument("--force", action="store_true", help="replace files that belong to no package, or were modified"),
        argument("--no-cache", action="store_true", help="neither use nor keep what was downloaded on this computer"),
        *QUIET,
    )
    def line_mip(self, args: Namespace) -> None:
        """%mip install NAME[@VERSION] ... | update | show | freeze | ... - MicroPython's packages on the board.

        This computer downloads them, from micropython.org's index or from where a NAME points to:
        github:OWNER/REPOSITORY[/PATH][@BRANCH] (gitlab: and codeberg: too), or the https:// address of a package.json
        or a .py file. What a package needs comes with it. The board needs no network. MICROPYTHON_MIP_INDEX in the
        environment names another index for good.

        .mip.json in the folder with the packages holds which files are whose. Installing replaces a package's own
        files only; uninstalling removes exactly those, and leaves what was modified since or what another package has.

        update installs the newest version of all packages, or of those that are named; show tells where one is from,
        what it needs, and which of its files were modified since.

        freeze writes a file of requirements: versions, and the SHA-256 digest of every file. install -r FILE installs
        exactly these on another board, and nothing at all where a single byte differs.

        Below %%on what several boards need is downloaded once. {name} in the FILE of freeze stands for a board's name.

        What was downloaded is kept on this computer (64 MiB at most). Where a server cannot be reached, what was there
        last is taken, and that is said.

        Examples:
          %mip install aioble
          %mip install github:owner/repository@v1.2 --target /lib
          %mip update
          %mip show aioble
          %mip freeze > requirements.txt
          %mip install -r requirements.txt
          %mip uninstall aioble
        """
        self._check(args)
        from metakernel_micropython.host import package_commands

        actions = {
            "install": package_commands.install,
            "update": package_commands.update,
            "list": package_commands.list_installed,
            "show": package_commands.show,
            "freeze": package_commands.freeze,
            "uninstall": package_commands.uninstall,
        }
        actions[args.action](self.kernel, args)

    def _check(self, args: Namespace) -> None:
        """Refuse what does not belong together.

        Raises:
            MagicError: it does not.
        """
        action = args.action
        if action == "list" and args.names:
            raise MagicError("%mip list takes no names.")
        if args.requirement is not None and (action != "install" or args.names):
            raise MagicError("-r FILE is for %mip install -r FILE alone, without names.")
        if args.output is not None and action != "freeze":
            raise MagicError("-o FILE is for %mip freeze -o FILE.")
        if action in ("install", "show", "uninstall") and not args.names and args.requirement is None:
            more = " or a file, as in %mip install -r requirements.txt" if action == "install" else ""
            raise MagicError(f"%mip {action}: name a package, as in %mip {action} aioble{more}.")


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(MipMagic)
