"""Code that front ends run for themselves and that is made for IPython: no board can run it, and none shall see it.

Variable inspectors and VS Code take a kernel of the language ``python`` for IPython. They send programs of their own
beside the cells: first one with their functions, then calls of these after every cell. Such a request says that it is
no cell (``store_history`` is false, or ``silent`` true), and its code gives it away:

- it has names with a prefix that one of these programs keeps for itself, or
- it asks for IPython, which is on no board, or
- it uses a function that only code of these two kinds has defined.

A cell that a person runs is stored in the history, whatever it says, and is never taken for one.

Read in: jupyterlab-variableInspector ``src/inspectorscripts.ts`` and ``src/handler.ts``; jupyter_contrib_nbextensions
``varInspector/var_list.py`` and ``main.js``; vscode-jupyter ``src/kernels/kernel.ts``, ``src/kernels/helpers.ts`` and
``pythonFiles/vscode_datascience_helpers``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .lexical import code_only

if TYPE_CHECKING:
    from collections.abc import Mapping

FUNCTIONS = 1000
"""Names that are remembered: an inspector has a few dozen."""

_OWN_NAME = re.compile(r"\b(?:_jupyterlab_variableinspector_|_vscode_|__vsc_)\w", re.IGNORECASE)
_IPYTHON = re.compile(r"^[ \t]*(?:import|from)[ \t]+IPython\b|\bget_ipython[ \t]*\(", re.MULTILINE)
# What only IPython sets up: VS Code has it in a request of its own where nothing else is to be told.
_SETUP = re.compile(r"\s*%config[ \t]+Completer\.use_jedi\b.*\s*")
_DEFINED = re.compile(r"^def[ \t]+(\w+)", re.MULTILINE)
_NAME = re.compile(r"(?<![\w.])[^\W\d]\w*(?=[ \t]*\()")


class ForeignCode:
    """Tells requests with such code from cells; knows what those before have defined."""

    def __init__(self) -> None:
        self._functions: set[str] = set()

    def is_in(self, request: Mapping[str, Any]) -> bool:
        """Tell whether the content of an ``execute_request`` is a front end's own.

        Args:
            request: the content, as the front end sent it.
        """
        silent = bool(request.get("silent", False))
        if not silent and request.get("store_history", True):
            return False
        code = code_only(str(request.get("code", "")))
        if _OWN_NAME.search(code) or _IPYTHON.search(code) or _SETUP.fullmatch(code):
            if len(self._functions) < FUNCTIONS:
                self._functions.update(_DEFINED.findall(code))
            return True
        return not self._functions.isdisjoint(_NAME.findall(code))
