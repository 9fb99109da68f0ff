"""Every module of the package can be imported where POSIX's modules are missing, as on Windows."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import asyncio, importlib, os, pkgutil, sys, types
import ipykernel.kernelapp, ipyparallel, metakernel, serial, websocket, zmq  # they have their own ways there
import IPython.core.interactiveshell, jupyter_client.manager, multiprocessing, pexpect, psutil, pytest, wasmtime

MISSING = "fcntl termios tty pty pwd grp resource curses readline syslog posix".split()
NOT_THERE = "geteuid getuid getpgid killpg fork setsid openpty fchmod O_NONBLOCK O_NOFOLLOW O_DIRECTORY".split()

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name in MISSING:
            raise ImportError(name + " is POSIX's")

for name in MISSING:
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Missing())
for name in NOT_THERE:
    delattr(os, name)
sys.platform = "win32"

import metakernel_micropython, metakernel_micropython.magics
wrong, count = [], 0
packages = metakernel_micropython, metakernel_micropython.magics
walks = [pkgutil.walk_packages(one.__path__, one.__name__ + ".") for one in packages]
for name in sorted({found.name for walk in walks for found in walk}):
    if name.endswith(".__main__") or ".rom." in name or ".snippets." in name or "boot_script" in name:
        continue
    count += 1
    try:
        importlib.import_module(name)
    except BaseException as error:
        wrong.append(f"{name}: {type(error).__name__}: {error}")
print(count, *wrong, sep="\\n")
"""


def test_no_module_needs_what_windows_lacks_before_it_is_used() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False, timeout=120)
    count, *wrong = done.stdout.splitlines() or [done.stderr]
    assert wrong == []
    assert int(count) > 300
