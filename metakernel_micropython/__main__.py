"""``python -m metakernel_micropython``: the kernel itself, or ``install``."""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> None:
    """Run the kernel, as Jupyter starts it, or a command."""
    if sys.argv[1:2] == ["install"]:
        from .install import main as install

        sys.exit(install(sys.argv[2:]))
    _move_current_folder_back()
    from .app import MicroPythonKernelApp
    from .kernel import MicroPythonKernel

    MicroPythonKernelApp.launch_instance(kernel_class=MicroPythonKernel, app_name=MicroPythonKernel.app_name)


def _move_current_folder_back() -> None:
    """Look for modules in the current folder last.

    People keep files for their board beside the notebook, with names such as ``secrets.py``, ``machine.py`` or
    ``select.py``; they must not replace modules of the host. Cells of ``%%python`` still find their own.
    """
    current = str(Path.cwd())
    sys.path[:] = [entry for entry in sys.path if entry not in ("", current)] + [current]


if __name__ == "__main__":
    main()
