"""%mip."""

from __future__ import annotations

from metakernel_micropython.host.paths import board_paths
from metakernel_micropython.host.transfer import QUIET
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments


def _installed(kernel: MicroPythonKernel) -> list[str]:
    from metakernel_micropython.host.package_commands import installed_names

    return installed_names(kernel)


class MipMagic(BoardMagic):
    """Installs packages on the board."""

    group = "Files"
    on_several = False

    @arguments(
        argument("action", choices=("install", "list", "uninstall"), help="what to do; list takes no NAME"),
        argument("names", nargs="*", metavar="NAME", complete=_installed, help="packages"),
        argument("--target", metavar="FOLDER", complete_path=board_paths, help="the folder; default: the board's lib"),
        argument("--index", metavar="URL", help="another index than micropython.org's"),
        argument("--mpy", action="store_true", help="install .mpy files: the index's, or compiled here"),
        argument("--force", action="store_true", help="replace files that belong to no package, or were changed"),
        *QUIET,
    )
    def line_mip(self, args: Namespace) -> None:
        """%mip install NAME[@VERSION] ... | list | uninstall NAME ... - MicroPython's packages on the board.

        This computer downloads them, from micropython.org's index or from where a NAME points to:
        github:OWNER/REPOSITORY[/PATH][@BRANCH] (gitlab: and codeberg: too), or the https:// address of a package.json
        or a .py file. What a package needs comes with it. The board needs no network. MICROPYTHON_MIP_INDEX in the
        environment names another index for good.

        .mip.json in the folder with the packages holds which files are whose. Installing replaces a package's own
        files only; uninstalling removes exactly those, and leaves what was changed since or what another package has.

        Examples:
          %mip install aioble
          %mip install github:owner/repository@v1.2 --target /lib
          %mip list
          %mip uninstall aioble
        """
        if (args.action == "list") is bool(args.names):
            raise MagicError(
                "%mip list takes no names."
                if args.names
                else f"%mip {args.action}: name a package, as in %mip {args.action} aioble."
            )
        from metakernel_micropython.host import package_commands

        actions = {
            "install": package_commands.install,
            "list": package_commands.list_installed,
            "uninstall": package_commands.uninstall,
        }
        actions[args.action](self.kernel, args)


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(MipMagic)
