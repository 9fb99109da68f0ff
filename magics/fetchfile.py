"""%fetchfile."""

from __future__ import annotations

from metakernel_micropython.board.files.host_files import host_path
from metakernel_micropython.host.board_places import folder_for_board, target_for_board
from metakernel_micropython.host.paths import board_paths, counted, host_paths, shown
from metakernel_micropython.host.transfer import QUIET, Transfer, base_name, host_target
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments


class FetchfileMagic(BoardMagic):
    """Fetches a file or a folder of the board."""

    kernel: MicroPythonKernel
    group = "Files"
    same_as = {"%fetchfile": "%download, and with -p %cat"}  # noqa: RUF012

    @arguments(
        argument("source", complete_path=board_paths, help="the file on the board"),
        argument("destination", nargs="?", default="", complete_path=host_paths, help="where it is saved; or a folder"),
        argument("-b", "--binary", action="store_true", help="accepted for the sake of old notebooks"),
        argument("-p", "--print", action="store_true", help="print it; saved only where a destination is named"),
        argument("-l", "--load", action="store_true", help="put it into this cell; likewise"),
        argument("-r", "--recurse", action="store_true", help="fetch a folder with what is in it"),
        *QUIET,
    )
    def line_fetchfile(self, args: Namespace) -> None:
        """%fetchfile SOURCE [DEST] - save a file of the board on the computer, print it, or load it.

        Every byte is kept. An old file is replaced in one step, when the new one is there and verified. A folder's
        files (-r) go below DEST, or below a folder of its name. Several boards (%%on): as for %download.

        Examples:
          %fetchfile log.csv
          %fetchfile log.csv data/monday.csv
          %fetchfile boot.py -l
          %fetchfile -r /lib backup
        """
        transfer = Transfer(self.kernel, args)
        if args.recurse:
            if args.print or args.load:
                raise MagicError("%fetchfile -r saves a folder: -p and -l are for one file.")
            target = args.destination or base_name(args.source)
            if not target.strip(".") and not args.destination:
                raise MagicError("Name a folder on this computer for it, as in %fetchfile -r / backup.")
            transfer.fetch_folder(args.source, host_path(folder_for_board(self.kernel, target)))
            return
        found = self.board.files.stat(args.source)
        if found is not None and found.folder:
            raise MagicError(f"{shown(args.source)} is a folder: %fetchfile -r fetches it with what is in it.")
        if args.load and self.part is not None:
            raise MagicError("%fetchfile -l puts one file into this cell, and several boards have one each: take -p.")
        if found is not None and (args.destination or not (args.print or args.load)):
            target = target_for_board(self.kernel, args.destination)
            data = transfer.fetch_to(args.source, host_target(args.source, target))
        else:
            data = transfer.fetch(args.source)
        if args.print:
            text = _text(data)
            self.kernel.Print(repr(data) if text is None else text, end="" if text and text.endswith("\n") else "\n")
        if args.load:
            self._load(args, data)

    def _load(self, args: Namespace, data: bytes) -> None:
        text = _text(data)
        if text is None:
            raise MagicError(f"{shown(args.source)} is not text: %fetchfile without -l saves it.")
        # The new cell begins with what was typed here, as a comment.
        typed = f"#%{self.this_run.name} {self.this_run.typed}\n\n"
        head = "" if args.quiet or args.QUIET else typed
        self.kernel.payload.append({"source": "set_next_input", "text": head + text, "replace": True})
        if head:
            self.kernel.Print(f"Loaded {shown(args.source)}: {counted(len(data), 'byte')}")


def _text(data: bytes) -> str | None:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(FetchfileMagic)
