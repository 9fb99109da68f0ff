"""``python -m metakernel_micropython``: the kernel itself, or ``install`` or ``collect``."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path


def main() -> None:
    """Run the kernel, as Jupyter starts it, or a command."""
    _show_what_can_be_shown()
    if sys.argv[1:2] == ["install"]:
        from .install import main as install

        sys.exit(install(sys.argv[2:]))
    _leave_current_folder()
    if sys.argv[1:2] == ["collect"]:
        from .collecting.command import main as collect

        sys.exit(collect(sys.argv[2:]))
    from .app import MicroPythonKernelApp
    from .kernel import MicroPythonKernel

    MicroPythonKernelApp.launch_instance(kernel_class=MicroPythonKernel, app_name=MicroPythonKernel.app_name)


def _show_what_can_be_shown() -> None:
    """Have a character that the output cannot take shown as a question mark: redirected output is cp1252 on Windows."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # there is none in pythonw.exe
            stream.reconfigure(errors="replace")


def _leave_current_folder() -> None:
    """Look for no modules in the current folder, or at the end where PYTHONPATH names it.

    People keep files for their board beside the notebook, with names such as ``secrets.py``, ``machine.py`` or
    ``select.py``; they must not replace modules of the host. Nor must a file in a folder that somebody sent run because
    it has the name of a package that is looked for and not installed. While a cell of ``%%python`` runs the folder is
    there, at the end (see ``host.python_cells``): such cells find their own modules.
    """
    current = str(Path.cwd())
    named = current in os.environ.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:] = [entry for entry in sys.path if entry not in ("", current)] + [current] * named


if __name__ == "__main__":
    main()
