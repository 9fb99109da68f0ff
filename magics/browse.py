"""%browse."""

from __future__ import annotations

from metakernel_micropython.display import browser
from metakernel_micropython.display.folder_tree import tree
from metakernel_micropython.host.paths import board_paths
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, Namespace, argument, arguments


class BrowseMagic(BoardMagic):
    """Shows a browser of the board's files."""

    kernel: MicroPythonKernel
    group = "Files"
    on_several = False
    alone = (
        "it browses the files of the board that cells run on. %use NAME chooses it; %ls and %tree list those of "
        "several."
    )

    @arguments(argument("folder", nargs="?", default="", complete_path=board_paths, help="a folder; default: here"))
    def line_browse(self, args: Namespace) -> None:
        """%browse [FOLDER] - look at the files on the board, view, fetch, send and delete them.

        It needs ipywidgets (pip install "metakernel-micropython[widgets]") and a front end that shows them, as
        JupyterLab; without it is a tree, and %cat, %download, %upload and %rm do the same. A click chooses a file or
        folder, a double click opens it. What you click while a cell runs is done when the cell has ended.

        Examples:
          %browse
          %browse /lib
        """
        text, html = tree(self.board, args.folder)
        if browser.available():
            browser.Browser(self.kernel, args.folder).show(text)
        else:
            self.kernel.present(text, html)
            self.kernel.Print('To click on them: !pip install "metakernel-micropython[widgets]", restart the kernel.')


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(BrowseMagic)
