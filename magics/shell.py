"""!, %shell, %%shell, %%bash, %%sh."""

from __future__ import annotations

import re

from metakernel_micropython.host import shell
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments

CHANGES_FOLDER = re.compile(r"\s*cd(?:\s+[^;&|\n]*)?")
"""A command that does nothing but change the folder."""

FOLDER_LASTS = (
    "[cd lasts until the end of this command. %python import os; os.chdir('FOLDER') changes the folder of the kernel "
    "on this computer, %cd the board's]"
)


class ShellMagic(BoardMagic):
    """Runs commands of this computer's shell."""

    kernel: MicroPythonKernel
    group = "Notebook and host"
    on_several = False
    alone = "it runs on this computer, once. Write it above %%on, or in a cell of its own."

    def run(self, mtype: str, name: str, args: str) -> None:
        """Take what stands behind the magic's name as it is: it is the shell's."""
        if args.strip() in ("-h", "--help"):
            super().run(mtype, name, args)
        elif mtype == "line":
            self._line(args)
        else:
            self._cell(args, "" if name == "shell" else name)

    def get_help_on(self, info: object, level: int = 0) -> str:
        """Explain the magic, whatever stands behind it: a command's own help would be a run of the command."""
        return self.get_help("line", "shell")

    @arguments(argument("command", nargs="...", help="what the shell runs"))
    def line_shell(self, args: Namespace) -> None:
        r"""%shell COMMAND - run a command of this computer's shell; also written !COMMAND.

        The shell is bash or sh, PowerShell on Windows; it starts in the kernel's folder. What the command prints is
        shown while it runs. An exit status other than 0 fails the cell (COMMAND || true does not), Stop ends the
        command and all that it has started.

        Each command is a shell of its own: cd and variables last until its end. It cannot ask anything, and what it
        starts in the background ends with it. A line that ends with \ goes on in the next one.

        Names of Python are not filled in ({name}, $name are the shell's). Inside %%python they are, and files = !ls
        works there; %put brings the result to the board.

        Examples:
          !ls -l
          !pip install mpremote
        """

    @arguments(argument("command", nargs="...", help="the first line of the script"))
    def cell_shell(self, args: Namespace) -> None:
        """%%shell - run the cell as a script of this computer's shell; also written !!.

        As with %shell; the exit status is that of the last command, or of the first that fails below a line "set -e".

        Example:
          %%shell
          cd ..
          ls
        """

    @arguments(argument("command", nargs="...", help="the first line of the script"))
    def cell_bash(self, args: Namespace) -> None:
        """%%bash - run the cell as a script of bash on this computer, as with %%shell.

        Example:
          %%bash
          for n in 1 2 3; do echo $n; done
        """

    @arguments(argument("command", nargs="...", help="the first line of the script"))
    def cell_sh(self, args: Namespace) -> None:
        """%%sh - run the cell as a script of sh on this computer, as with %%shell.

        Example:
          %%sh
          echo hello
        """

    def _line(self, command: str) -> None:
        while command.endswith("\\") and self.code:
            more, _, self.code = self.code.partition("\n")
            command += "\n" + more
        if not command.strip():
            raise MagicError("! runs a command of this computer's shell: !ls, for example; %shell? tells more.")
        self._run(command, "")
        if CHANGES_FOLDER.fullmatch(command):
            self.kernel.Error(FOLDER_LASTS)

    def _cell(self, first: str, name: str) -> None:
        self.evaluate = False
        script = f"{first}\n{self.code}" if first.strip() else self.code
        if script.strip():
            self._run(script, name)

    def _run(self, script: str, name: str) -> None:
        shell.run(script, self._show, name)

    def _show(self, stream: str, text: str) -> None:
        if stream == "stdout":
            self.kernel.output.feed(text)
        else:
            self.kernel.Error(text, end="")


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(ShellMagic)
