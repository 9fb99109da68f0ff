"""%capture."""

from __future__ import annotations

from metakernel_micropython.board.files.host_files import host_path
from metakernel_micropython.cell.capture_file import Capture, Shown
from metakernel_micropython.cell.followers import CaptureFollower
from metakernel_micropython.cell.output import Stage
from metakernel_micropython.host.paths import host_paths
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments


class CaptureMagic(BoardMagic):
    """Keeps what the board prints in a file of the host."""

    kernel: MicroPythonKernel
    group = "Files"
    on_several = False
    alone = "it gets what all boards print where it stands above %%on."

    @arguments(
        argument("file", complete_path=host_paths, help="file on the host; what it held is replaced"),
        argument("-q", "--quiet", action="store_true", help="show a running count of the lines in place of them"),
        argument("-Q", "--QUIET", action="store_true", help="show only how many lines there were"),
    )
    def line_capture(self, args: Namespace) -> None:
        """%capture FILE [-q|-Q] - keep what the board prints in this cell in a file on the host.

        Errors, the value of the last line and messages of the host do not go into the file. It holds
        everything up to the moment when the cell ended, also where it failed or was stopped.

        Example:
          %capture measured.csv -q
          for i in range(1000):
              print(i, sensor.read())
        """
        shown = Shown.FINAL_COUNT if args.QUIET else Shown.RUNNING_COUNT if args.quiet else Shown.OUTPUT
        path = host_path(args.file)
        try:
            capture = Capture(path, shown)
        except OSError as error:
            raise MagicError(f"{path} cannot be written: {error.strerror or error}.") from error
        followers = self.kernel.runner.followers.of_cell
        if isinstance(earlier := followers.get(Stage.CAPTURE), CaptureFollower):
            capture.close()
            raise MagicError(f"This cell's output goes to {earlier.capture.path} already.")
        followers[Stage.CAPTURE] = CaptureFollower(capture, self.kernel.output.feed)
        self.at_end(self._close)

    def _close(self) -> None:
        """Close the file; a cell whose output is not all there has failed."""
        follower = self.kernel.runner.followers.of_cell.pop(Stage.CAPTURE, None)
        assert isinstance(follower, CaptureFollower)
        follower.close()
        if problem := follower.capture.problem:
            raise MagicError(f"{follower.capture.path} does not hold all of the output: {problem}.")


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(CaptureMagic)
