"""Installs the kernelspec, so that Jupyter lists the kernel.

The wheel brings a kernelspec for the environment that it is installed in. This command is for every other place: the
user's own Jupyter, or one in another environment, which must start this interpreter.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from importlib.resources import as_file, files
from pathlib import Path

NAME = "micropython"


def install(
    *, user: bool = False, prefix: str | None = None, display_name: str | None = None, name: str = NAME
) -> Path:
    """Write the kernelspec and return its folder.

    Args:
        user: for the user alone; otherwise system-wide, or below ``prefix``.
        prefix: the folder of an environment.
        display_name: what Jupyter shows; None for ``MicroPython``.
        name: what ``--kernel NAME`` calls it.

    Raises:
        OSError: the folder cannot be written.
        ValueError: ``name`` is not a valid kernel name.
    """
    from jupyter_client.kernelspec import KernelSpecManager

    with as_file(files(__package__).joinpath("kernelspec")) as shipped, tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, name)
        shutil.copytree(shipped, copy, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
        path = copy / "kernel.json"
        spec = json.loads(path.read_text(encoding="utf-8"))
        spec["argv"][0] = sys.executable
        if display_name:
            spec["display_name"] = display_name
        path.write_text(json.dumps(spec, indent=2) + "\n", encoding="utf-8")
        target = KernelSpecManager().install_kernel_spec(str(copy), kernel_name=name, user=user, prefix=prefix)
    return Path(target)


def main(arguments: list[str]) -> int:
    """Run ``python -m metakernel_micropython install``; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m metakernel_micropython install", description="Install the MicroPython kernel into Jupyter."
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--user", action="store_true", help="for you alone, in your home folder")
    where.add_argument("--sys-prefix", action="store_true", help="into the environment of this Python")
    where.add_argument("--prefix", help="into the environment in this folder")
    parser.add_argument("--display-name", help="the name that Jupyter shows (default: MicroPython)")
    parser.add_argument("--name", default=NAME, help="the name for --kernel NAME (default: %(default)s)")
    options = parser.parse_args(arguments)
    prefix = sys.prefix if options.sys_prefix else options.prefix
    try:
        target = install(user=options.user, prefix=prefix, display_name=options.display_name, name=options.name)
    except (OSError, ValueError) as error:
        print(f"The kernel could not be installed: {error}. Try --user or --sys-prefix.", file=sys.stderr)
        return 1
    print(f"Installed the kernel {options.name} in {target}")
    print(f"Choose it in Jupyter, or run: jupyter console --kernel {options.name}")
    return 0
