"""%backup."""

from __future__ import annotations

import re
from datetime import datetime

from metakernel_micropython.board.files.host_files import host_path
from metakernel_micropython.host.board_places import NAME, file_for_board, named_for_board
from metakernel_micropython.host.paths import counted, host_paths, shown
from metakernel_micropython.host.transfer import QUIET, Transfer, named
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments


class BackupMagic(BoardMagic):
    """Saves everything that is on a board."""

    kernel: MicroPythonKernel
    group = "Files"

    @arguments(
        argument("file", nargs="?", default="", complete_path=host_paths, help="default: named by board and day"),
        argument("--nvs", action="store_true", help="of an ESP32 also its store of settings, as it lies in the flash"),
        argument("--partitions", action="store_true", help="of an ESP32 also all partitions of its flash, NVS too"),
        argument("--flash", action="store_true", help="of an ESP chip: the whole flash, firmware too, into FILE.bin"),
        argument("--force", action="store_true", help="replace a file that is no backup"),
        *QUIET,
    )
    def line_backup(self, args: Namespace) -> None:
        """%backup [FILE] - save everything that is on the board's file system in one zip file, verified.

        The zip has the files, with their times and SHA-256, and manifest.json: what %info says, the firmware's name,
        the packages of %mip. The board's settings are among the files, and the passwords in them: the zip is for you
        alone. {name} in FILE stands for the board's name; several boards (%%on) need it.

        What is on other file systems (an SD card) is left out, and is told. %restore FILE makes a board the same
        again.

        --nvs and --partitions read the flash of an ESP32 as well: settings of esp32.NVS cannot be listed by name, but
        their partition holds all of them. %restore does not write partitions; %esptool does. A file system that a
        program writes meanwhile is not the same in both.

        --flash reads the whole flash of an ESP chip by esptool, with its firmware, into one file that %restore FILE.bin
        writes back to a chip of the same kind. The board restarts: its variables are gone.

        Examples:
          %backup
          %backup greenhouse.zip
          %backup greenhouse.zip --nvs
          %backup greenhouse.bin --flash
        """
        if args.flash:
            self._save_flash(args)
            return
        from metakernel_micropython.host import backup_archive
        from metakernel_micropython.host.board_backup import add_partitions, save
        from metakernel_micropython.host.private_copy import replace_private

        name = f"backup-{self._name()}-{datetime.now():%Y-%m-%d}.zip"
        path = host_path(file_for_board(self.kernel, args.file) if args.file else name)
        if path.exists() and not args.force and not backup_archive.is_backup(path):
            raise MagicError(f"{path} is no backup, and is not overwritten: choose another name, or add --force.")
        transfer = Transfer(self.kernel, args)
        with transfer.bar(str(path)) as bar:
            backup = save(self.board, named(bar))
            if args.nvs or args.partitions:
                add_partitions(backup, self.board, nvs_alone=not args.partitions, progress=named(bar))
        replace_private(path, backup_archive.pack(backup))
        for name, reason in backup.left_out:
            self.kernel.Error(f"[{shown(name)} was left out: {reason}]")
        transfer.say(
            f"Saved {counted(len(backup.files), 'file')} ({counted(backup.size, 'byte')}) of the board on "
            f"{self.board.address}{self._partitions(len(backup.partitions))} in {path}, verified"
        )

    def _save_flash(self, args: Namespace) -> None:
        from metakernel_micropython.firmware import flash_image

        if self.part is not None:
            raise MagicError(
                "%backup --flash takes a board from the notebook while esptool reads it, one at a time: %use NAME, "
                "then %backup --flash, for each."
            )
        if args.nvs or args.partitions:
            raise MagicError("%backup --flash saves everything: it goes without --nvs and --partitions.")
        path = host_path(args.file or f"flash-{self._name()}-{datetime.now():%Y-%m-%d}.bin")
        if path.suffix.lower() != ".bin":
            raise MagicError(f"%backup --flash writes no zip: call the file {path.with_suffix('.bin')}.")
        if path.exists() and not args.force:
            try:
                flash_image.chip_of_flash(path)
            except flash_image.FlashProblem as error:
                raise MagicError(
                    f"{path} is no saved flash, and is not overwritten: choose another name, or add --force."
                ) from error
        chip, size = flash_image.save(self.kernel, path)
        self.kernel.Print(f"Saved the flash of the {chip.title} ({counted(size, 'byte')}) in {path}, verified")

    @staticmethod
    def _partitions(count: int) -> str:
        return f" and {counted(count, 'partition')}" if count else ""

    def _name(self) -> str:
        """Return a word for the board, for the name of a file."""
        if self.part is not None:
            return named_for_board(self.kernel, NAME)
        what = self.board.banner.partition(";")[2].partition(" with ")[0]
        return re.sub(r"[^\w]+", "-", what.strip().lower()).strip("-")[:40] or "board"


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(BackupMagic)
