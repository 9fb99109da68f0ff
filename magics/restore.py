"""%restore."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metakernel_micropython.board.files.host_files import host_path
from metakernel_micropython.host.board_places import named_for_board
from metakernel_micropython.host.paths import counted, host_paths, shown
from metakernel_micropython.host.transfer import QUIET
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments

if TYPE_CHECKING:
    from pathlib import Path

    from metakernel_micropython.host.backup_archive import Backup


class RestoreMagic(BoardMagic):
    """Makes a board the same as it was saved."""

    kernel: MicroPythonKernel
    group = "Files"

    @arguments(
        argument("file", complete_path=host_paths, help="what %%backup has written"),
        argument("-n", "--dry-run", action="store_true", help="show what would be changed, and change nothing"),
        argument("-y", "--yes", action="store_true", help="do not ask"),
        *QUIET,
    )
    def line_restore(self, args: Namespace) -> None:
        """%restore FILE - make the board's files the same as %backup has saved them.

        What will change is shown first, and you are asked: files that are sent, and files that are deleted because
        the backup does not have them, boot.py and main.py too. --yes goes on without asking. Only what differs is
        sent; deleted is at the end, when all has arrived. Each file is the old one or the new one, whatever happens:
        after a break run it again. The backup may come from another board: below %%on one FILE makes all boards the
        same, and {name} in FILE stands for each board's name.

        A FILE.bin of %backup --flash is written to the whole flash of an ESP chip of the same kind.

        Examples:
          %restore greenhouse.zip --dry-run
          %restore greenhouse.zip
          %restore greenhouse.bin
        """
        from metakernel_micropython.board.files.folder_sync import Done
        from metakernel_micropython.host import backup_archive
        from metakernel_micropython.host.board_backup import plan as compared
        from metakernel_micropython.host.sync_report import SyncTransfer

        path = host_path(named_for_board(self.kernel, args.file))
        if self.part is not None and not (args.yes or args.dry_run):
            raise MagicError(
                "%restore asks before it changes a board, and nobody can answer for several: look what it would do "
                "with --dry-run, then add --yes. Nothing was changed."
            )
        if path.suffix.lower() == ".bin":
            if self.part is not None:
                raise MagicError(
                    "%restore takes a board from the notebook while esptool writes its flash, one at a time: %use "
                    f"NAME, then %restore {args.file}, for each."
                )
            self._write_flash(path, args)
            return
        backup = backup_archive.load(path)
        restoring = SyncTransfer(self.kernel, args)
        plan = compared(self.board.files, backup)
        self._tell_what_else(backup)
        if not (plan.send or plan.folders or plan.delete):
            same = counted(plan.unchanged, "file")
            restoring.say(f"The board on {self.board.address} is as {path} has it: {same}, nothing to change.")
            return
        restoring.show(plan)
        if args.dry_run:
            restoring.say(f"Dry run: {restoring.summary(plan, Done(), dry=True)}; nothing was changed.")
            return
        if not args.yes:
            self._ask(f"Send {counted(len(plan.send), 'file')} and delete {counted(len(plan.delete), 'file')}?")
        done = restoring.carry_out(plan, str(path))
        left = compared(self.board.files, backup)
        if left.send or left.delete:
            names = ", ".join(shown(name) for name in [*left.send, *left.delete][:5])
            raise MagicError(
                f"The board is not as {path} has it: {names} changed meanwhile. Stop the program that does so, and run "
                "%restore again."
            )
        restoring.say(f"Restored {path}: {restoring.summary(plan, done)}")

    def _tell_what_else(self, backup: Backup) -> None:
        """Say that the backup is of another firmware, whose .mpy files may not load, and what stays as it is."""
        for facts, _ in backup.partitions:
            self.kernel.Error(
                f"[the partition {shown(facts['label'])} of the backup is not written; from its file in the zip "
                f"%esptool write-flash {facts['address']:#x} FILE does it]"
            )
        if backup.firmware and backup.firmware != self.board.banner:
            self.kernel.Error(f"[the backup is of another board or firmware: {shown(backup.firmware)}]")

    def _write_flash(self, path: Path, args: Namespace) -> None:
        from metakernel_micropython.firmware import flash_image

        chip = flash_image.chip_of_flash(path)
        size = counted(path.stat().st_size, "byte")
        what = f"the whole flash ({size}) of an {chip.title}, with its firmware and all files, from {path}"
        if args.dry_run:
            self.kernel.Print(f"Dry run: this writes {what}; nothing was changed.")
            return
        if not args.yes:
            self._ask(f"Write {what}?")
        flash_image.write(self.kernel, path, chip)
        self.kernel.Print(f"Restored {what}")

    def _ask(self, what: str) -> None:
        """Ask whether the board shall be changed.

        Raises:
            MagicError: nobody says yes.
        """
        if not self.kernel.can_ask:
            raise MagicError(
                "%restore changes the board, and nobody can be asked here: nothing was changed. Add --yes, or "
                "--dry-run to see what it would do."
            )
        answer: str = self.kernel.raw_input(f"{what} [y/N] ")  # type: ignore[no-untyped-call]
        if answer.strip().lower() not in ("y", "yes"):
            raise MagicError("Not restored: nothing was changed on the board.")


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(RestoreMagic)
