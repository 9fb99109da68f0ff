"""Stop in the first moment of a cell, before IPython runs any of it.

From the announcement of a cell to its first statement ipykernel and IPython are at work. A KeyboardInterrupt there is
lost: ipykernel sends no reply, and the notebook waits for ever, or IPython takes it for that of a callback, and runs
the cell. So Stop is kept until the first statement is at hand, and raised there. Behind the last one it comes too late,
and is dropped. This is so for all cells of the notebook, also for those that are Python.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING, Any

from ..signal_stop import in_main_thread
from .instance_hooks import InstanceHooks

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell


class FirstMoment(ast.NodeTransformer):
    """Keeps Stop for the cells of a shell whose kernel is ipykernel's; in another shell it does nothing.

    Args:
        shell: the shell.
        between: the handler for signals while no cell runs; it raises nothing.
    """

    def __init__(self, shell: InteractiveShell, between: Callable[..., None]) -> None:
        self._shell = shell
        self._between = between
        self._is_ours: Callable[[str], bool]
        self._kernel: Any = getattr(shell, "kernel", None)
        self._hooks = InstanceHooks(self._kernel)
        self._presses = 0
        self._between_before: Any = None  # the handler that ipykernel has while no cell runs
        self._waits = False  # the cell has not begun
        self._answers = False  # a KeyboardInterrupt becomes a reply

    def begin(self, is_ours: Callable[[str], bool]) -> None:
        """Keep Stop from the next cell on.

        Args:
            is_ours: says of the name of a cell magic whether it is one of ours. They take Stop themselves.
        """
        self._is_ours = is_ours
        if not hasattr(self._kernel, "pre_handler_hook"):
            return
        self._hook = self._hooks.put("pre_handler_hook", self._before_request)
        self._run = self._hooks.put("do_execute", self._do_execute)
        self._shell.ast_transformers.append(self)

    def end(self) -> None:
        """Leave Stop to ipykernel again."""
        self._hooks.end()
        if self._between_before is not None and self._kernel.saved_sigint_handler == self._between:
            self._kernel.saved_sigint_handler = self._between_before
        with contextlib.suppress(ValueError):
            self._shell.ast_transformers.remove(self)

    def take(self) -> bool:
        """Return whether Stop was kept for this cell, and keep it no more."""
        if not in_main_thread():
            return False
        presses, self._presses, self._waits = self._presses, 0, False
        return presses > 0

    def visit(self, cell: Any) -> Any:
        """Raise what was kept, in place of the cell's first statement; IPython calls this right before it runs a cell.

        Args:
            cell: what IPython is about to run.
        """
        if not self._waits or not in_main_thread() or self._is_magic_of_ours(cell):
            return cell
        if signal.getsignal(signal.SIGINT) == self._keep:  # not ipykernel's own for a cell that awaits
            signal.signal(signal.SIGINT, signal.default_int_handler)
        return ast.parse("raise KeyboardInterrupt") if self.take() else cell

    def _is_magic_of_ours(self, cell: ast.Module) -> bool:
        """Whether a cell is one of our cell magics, and no expression of Python has to be found for it before."""
        match cell.body:
            case [
                ast.Expr(ast.Call(ast.Attribute(attr="run_cell_magic"), [ast.Constant(name), ast.Constant(line), _]))
            ]:
                return self._is_ours(str(name)) and not {"{", "$"} & {*str(line)}
        return False

    def _before_request(self) -> None:
        """Do what ipykernel does before a request, but for cells: Stop is kept there.

        ipykernel's own sets the handler that raises KeyboardInterrupt, and its ``post_handler_hook`` what was there
        before, which ignores signals. Here it takes them.
        """
        request = self._kernel.get_parent("shell")
        if in_main_thread() and request["header"]["msg_type"] == "execute_request":
            self._presses, self._waits, self._answers = 0, True, True
            before = signal.signal(signal.SIGINT, self._keep)
            if before != self._between:
                self._between_before = before
            self._kernel.saved_sigint_handler = self._between
        else:
            self._hook()

    def _keep(self, _number: int, _frame: object) -> None:
        self._presses += 1
        if self._answers and self._presses > 1:  # what is at work there hangs: a callback of somebody's, for one
            raise KeyboardInterrupt

    async def _do_execute(self, *args: Any, **options: Any) -> dict[str, Any]:
        """Run a cell. Whatever Stop has hit, there is a reply."""
        try:
            reply: dict[str, Any] = await self._run(*args, **options)
        except (KeyboardInterrupt, asyncio.CancelledError):
            task = asyncio.current_task()
            if task is not None and task.cancelling():  # the kernel ends
                raise
            reply = self._stopped(silent=bool(options.get("silent")))
        finally:
            if in_main_thread():
                self._waits = self._answers = False
                if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
                    signal.signal(signal.SIGINT, self._keep)
        return reply

    def _stopped(self, *, silent: bool) -> dict[str, Any]:
        content = {"ename": "KeyboardInterrupt", "evalue": "", "traceback": ["KeyboardInterrupt"]}
        if not silent:
            self._kernel.send_response(self._kernel.iopub_socket, "error", content)
        return {
            "status": "error",
            "execution_count": self._shell.execution_count - 1,
            "user_expressions": {},
            "payload": [],
            **content,
        }
