"""%edit."""

from __future__ import annotations

from metakernel_micropython.host.paths import board_paths, board_target, quoted, shown
from metakernel_micropython.host.transfer import without_blank_line
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments


class EditMagic(BoardMagic):
    """Loads a file of the board into a cell."""

    kernel: MicroPythonKernel
    group = "Files"
    on_several = False
    alone = "it opens one file of one board. %use NAME chooses the board."

    @arguments(argument("file", complete_path=board_paths, help="a text file on the board, or a new name"))
    def line_edit(self, args: Namespace) -> None:
        """%edit FILE - load a file of the board into the next cell, under the %%sendtofile that writes it back.

        Where the cell holds nothing else, it becomes that cell. Running it sends the file.

        Example:
          %edit boot.py
        """
        files = self.board.files
        found = files.stat(args.file)
        if found is None:
            args.file = board_target(args.file)
        data = b"" if found is None else files.read(args.file)
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            text = "\0"
        if "\0" in text:
            raise MagicError(f"{shown(args.file)} is not text: %fetchfile saves it on this computer.")
        # %%sendtofile leaves out one blank line below it; one that the file begins with must stay.
        blank = "\n" if without_blank_line(text) != text else ""
        head = f"%%sendtofile {quoted(args.file)}\n"
        alone = self.kernel.cell.strip().count("\n") == 0
        self.kernel.payload.append({"source": "set_next_input", "text": head + blank + text, "replace": alone})
        if found is None:
            self.kernel.Print(f"{shown(args.file)} is new: it is written when you run its cell.")


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(EditMagic)
