"""What a run ran on: enough to judge its numbers, nothing that tells whose machine it was."""

from __future__ import annotations

import os
import platform


def load() -> float:
    """Processes that wanted a CPU, averaged over the last minute."""
    return os.getloadavg()[0]


def describe() -> dict[str, str | int]:
    """The machine and the Python."""
    return {
        "cpus": os.cpu_count() or 0,
        "system": platform.system(),
        "architecture": platform.machine(),
        "python": platform.python_version(),
    }
