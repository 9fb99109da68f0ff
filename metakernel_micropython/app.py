"""The kernel's application: reads the configuration and starts the kernel."""

from __future__ import annotations

import os
from pathlib import Path

from metakernel import MetaKernelApp


class MicroPythonKernelApp(MetaKernelApp):
    """The launcher. Configuration is read from ``micropython_kernel_config.py`` in Jupyter's own folders."""

    @property
    def config_file_paths(self) -> list[str]:  # type: ignore[override]
        """The folders that configuration is read from: never the current one.

        A configuration file is Python; one that lies beside a notebook somebody sent would run unasked.
        """
        current = Path.cwd()
        return [path for path in super().config_file_paths if path and not _same(Path(path), current)]


def _same(path: Path, other: Path) -> bool:
    return os.path.normcase(os.path.abspath(path)) == os.path.normcase(other)  # noqa: PTH100 - keeps links as typed
