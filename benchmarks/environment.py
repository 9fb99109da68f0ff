"""A virtual environment for a peer whose packages must not mix with ours: made the first time, then used again."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from platformdirs import user_cache_path

from .errors import NotInstalledError

if TYPE_CHECKING:
    from pathlib import Path

_DEADLINE = 600.0  # seconds for an installation


def default_folder() -> Path:
    """The folder that keeps the environments between runs."""
    return user_cache_path("metakernel-micropython") / "benchmarks"


def python_with(requirements: list[str], folder: Path) -> Path:
    """Return the Python of an environment that has exactly these requirements; make or remake it where it has not.

    Args:
        requirements: pinned, as pip reads them.
        folder: the environment's own.

    Raises:
        NotInstalledError: it could not be made, for example because there is no network.
    """
    python = folder / "bin" / "python"
    done = folder / "benchmark.json"  # written last: an environment without it was interrupted in the making
    wanted = json.dumps({"python": sys.version, "requirements": requirements}, indent=2)
    if python.exists() and done.exists() and done.read_text() == wanted:
        return python
    print(f"Installing {', '.join(requirements)} into {folder} ...", file=sys.stderr, flush=True)
    _run([sys.executable, "-m", "venv", "--clear", str(folder)])
    _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements])
    done.write_text(wanted)
    return python


def _run(command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, timeout=_DEADLINE, capture_output=True, text=True)
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip() or error.stdout.strip()).rpartition("\n")[2]
        raise NotInstalledError(f"It could not be installed: {last}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotInstalledError(f"It could not be installed: {error}") from error
