"""``%load_ext metakernel_micropython``: boards from a notebook of IPython's own kernel.

Start at ``load_ipython_extension``. ``embedded_kernel`` is this project's kernel without sockets, which shows what it
has to show through IPython's shell; ``shell_magics`` makes its magics IPython's; ``first_moment`` keeps Stop until
there is something to stop (it is a signal there, see ``metakernel_micropython.signal_stop``); ``typing_requests``
answers Tab and Shift-Tab, ``tab_completion`` those of a terminal.
"""

from __future__ import annotations

import atexit
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from .extension import Extension

_loaded: dict[int, Extension] = {}
"""What is loaded, by the shell's identity: tests and embedded shells have several in one process."""


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Add the magics to an IPython shell; IPython calls it for ``%load_ext``."""
    from .extension import Extension

    if id(shell) not in _loaded:
        _loaded[id(shell)] = extension = Extension(shell)
        extension.load()
        atexit.register(extension.end)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Free the boards and take the magics away; IPython calls it for ``%unload_ext`` and ``%reload_ext``."""
    extension = _loaded.pop(id(shell), None)
    if extension is not None:
        atexit.unregister(extension.end)
        extension.unload()
