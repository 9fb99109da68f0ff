"""The requests of a front end's debugger: the Debug Adapter Protocol, as Jupyter's messages carry it.

https://jupyter-client.readthedocs.io/en/stable/messaging.html (debug request) adds ``debugInfo``, ``dumpCell``,
``inspectVariables``, ``richInspectVariables``, ``copyToGlobals`` and ``modules`` to
https://microsoft.github.io/debug-adapter-protocol/specification. Requests come on the control channel, also while a
cell runs; what needs the board is done on the main thread.
"""

from __future__ import annotations

import asyncio
import keyword
from typing import TYPE_CHECKING, Any

from ..board.variables import Kind
from ..display.error_text import error_text
from ..errors import MicroPythonError
from . import frame_values
from .debug_session import NotNow
from .sites import Breakpoint
from .stop import RUN, STEP_IN, STEP_OUT, STEP_OVER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .channel import Asker
    from .debug_session import Debugger
    from .frame_values import Entry, Frame, Steps
    from .stop import Stop

THREAD = 1
"""Boards have one thread that is debugged; front ends want a number for it."""

_STEPS = {"continue": RUN, "next": STEP_OVER, "stepIn": STEP_IN, "stepOut": STEP_OUT}
_UNCAUGHT = "uncaught"

_CAPABILITIES = {
    "supportsConfigurationDoneRequest": True,
    "supportsConditionalBreakpoints": True,
    "supportsLogPoints": True,
    "supportsEvaluateForHovers": True,
    "supportsSetVariable": True,
    "supportsExceptionInfoRequest": True,
    "exceptionBreakpointFilters": [
        {"filter": _UNCAUGHT, "label": "Uncaught exceptions", "default": False, "supportsCondition": False}
    ],
}


class RequestFailed(MicroPythonError):
    """A request cannot be answered; the front end shows why."""


class References:
    """Numbers for what front ends can open: the names of frames, and values that hold others."""

    def __init__(self) -> None:
        self._targets: list[tuple[Frame | None, Steps]] = []
        self._gone = 0  # numbers that stand for nothing any more

    def add(self, frame: Frame | None, steps: Steps) -> int:
        """Return a number, from 1 on."""
        self._targets.append((frame, steps))
        return self._gone + len(self._targets)

    def clear(self) -> None:
        """The program has gone on: no number is used twice."""
        self._gone += len(self._targets)
        self._targets.clear()

    def __getitem__(self, number: object) -> tuple[Frame | None, Steps]:
        """Return what a number stands for.

        Raises:
            RequestFailed: it stands for nothing: the program has gone on.
        """
        if not isinstance(number, int) or not 0 < number - self._gone <= len(self._targets):
            raise RequestFailed("This value is no longer there: the program has gone on.")
        return self._targets[number - self._gone - 1]


class DebugAdapter:
    """Answers a front end's debugger; a ``stop.Listener``.

    Args:
        debugger: what is asked.
        publish: sends a message (type and content) to all front ends.
        path_of: returns the path that stands for a cell, for its text.
        info: what ``debugInfo`` tells besides: how paths of cells are made.
    """

    def __init__(
        self,
        debugger: Debugger,
        publish: Callable[[str, Mapping[str, Any]], None],
        path_of: Callable[[str], str],
        info: Mapping[str, Any],
    ) -> None:
        self._debugger = debugger
        self._publish = publish
        self._path_of = path_of
        self._info = info
        self._texts: dict[str, str] = {}  # of cells that front ends have named, by path
        self._references = References()
        self._sequence = 0

    async def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a request; what cannot be answered is told as its failure."""
        command = str(request.get("command", ""))
        arguments = request.get("arguments") or {}
        reply: dict[str, Any] = {
            "type": "response",
            "seq": self._next(),
            "request_seq": request.get("seq", 0),
            "command": command,
        }
        handler = getattr(self, f"_do_{command}", None)
        try:
            if command in _STEPS:
                body: Any = self._go_on(_STEPS[command])
            elif handler is None or not isinstance(arguments, dict):
                raise RequestFailed(f"The debugger does not know {command[:80]!r}.")
            else:
                body = handler(arguments)
                if asyncio.iscoroutine(body):
                    body = await body
        except (MicroPythonError, SyntaxError) as error:
            return reply | {"success": False, "message": error_text(error), "body": {}}
        except Exception as error:  # a front end would wait for ever
            told = f"The debugger does not understand this {command}: {type(error).__name__} {error}"
            return reply | {"success": False, "message": told, "body": {}}
        return reply | {"success": True, "body": body or {}}

    def _next(self) -> int:
        self._sequence += 1
        return self._sequence

    def _event(self, event: str, body: Mapping[str, Any]) -> None:
        self._publish("debug_event", {"type": "event", "seq": self._next(), "event": event, "body": dict(body)})

    # -- what happens ----------------------------------------------------------------------------------------------

    def stopped(self, stop: Stop) -> None:
        """A program has paused."""
        self._references.clear()
        body: dict[str, Any] = {"reason": stop.reason, "threadId": THREAD, "allThreadsStopped": True}
        if stop.text:
            body["text"] = body["description"] = stop.text
        self._event("stopped", body)

    def went_on(self) -> None:
        """It runs again, or has ended."""
        self._references.clear()
        self._event("continued", {"threadId": THREAD, "allThreadsContinued": True})

    # -- beginning and end -----------------------------------------------------------------------------------------

    @property
    def _on(self) -> bool:
        return self._debugger.client is self

    def _do_debugInfo(self, _arguments: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 - the protocol's name
        return {
            **self._info,
            "isStarted": self._on,
            "breakpoints": [
                {"source": path, "breakpoints": [self._shown(one, path) for one in found]}
                for path, found in self._debugger.sites.breakpoints.items()
            ],
            "stoppedThreads": [THREAD] if self._debugger.stop is not None else [],
            "richRendering": True,
            "exceptionPaths": [],
            "copyToGlobals": True,
        }

    def _do_initialize(self, _arguments: dict[str, Any]) -> dict[str, Any]:
        return _CAPABILITIES

    def _do_attach(self, _arguments: dict[str, Any]) -> None:
        self._debugger.client = self
        self._event("initialized", {})

    def _do_configurationDone(self, _arguments: dict[str, Any]) -> None:  # noqa: N802
        pass

    def _do_disconnect(self, _arguments: dict[str, Any]) -> None:
        self._debugger.sites.breakpoints.clear()
        self._debugger.on_uncaught = False
        self._debugger.turn_off()

    _do_terminate = _do_disconnect

    # -- sources and breakpoints -----------------------------------------------------------------------------------

    def _do_dumpCell(self, arguments: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        code = str(arguments["code"])
        path = self._path_of(code)
        self._texts[path] = code
        return {"sourcePath": path}

    def _text(self, path: str) -> str:
        return self._debugger.sites.text(path) or self._texts.get(path, "")

    def _do_source(self, arguments: dict[str, Any]) -> dict[str, Any]:
        path = str(arguments["source"]["path"])
        text = self._text(path)
        if not text:
            raise RequestFailed(f"The source {path} is not known: it was not run while the debugger was on.")
        return {"content": text, "mimeType": "text/x-python"}

    def _do_setBreakpoints(self, arguments: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        path = str(arguments["source"]["path"])
        wanted = [
            Breakpoint(int(one["line"]), str(one.get("condition") or ""), str(one.get("logMessage") or ""))
            for one in arguments.get("breakpoints", ())
        ]
        self._debugger.sites.set_breakpoints(path, wanted)
        self._debugger.note_breakpoints()
        return {"breakpoints": [self._shown(one, path) for one in wanted]}

    def _shown(self, one: Breakpoint, path: str) -> dict[str, Any]:
        text = self._text(path)
        line = self._debugger.sites.line_that_stops(path, text, one.line) if text else one.line
        problem = one.problem() or ("" if line is not None else "There is no statement from this line on.")
        return {
            "verified": not problem,
            "line": one.line if line is None else line,
            "source": {"path": path},
            **({"message": problem} if problem else {}),
        }

    def _do_setExceptionBreakpoints(self, arguments: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        self._debugger.on_uncaught = _UNCAUGHT in arguments.get("filters", ())
        return {"breakpoints": [{"verified": True} for _ in arguments.get("filters", ())]}

    def _do_modules(self, _arguments: dict[str, Any]) -> dict[str, Any]:
        return {"modules": [], "totalModules": 0}

    # -- while it is paused ----------------------------------------------------------------------------------------

    def _stop(self) -> Stop:
        stop = self._debugger.stop
        if stop is None:
            raise RequestFailed("No program is paused.")
        return stop

    def _frame(self, number: object) -> Frame | None:
        """Return the frame that a front end means by a number; None for no frame."""
        if self._debugger.stop is None or not isinstance(number, int):
            return None
        return next((one for one in self._debugger.stop.frames if one.place + 1 == number), None)

    def _go_on(self, kind: int) -> dict[str, Any]:
        self._stop().go_on(kind)
        return {"allThreadsContinued": True}

    def _do_pause(self, _arguments: dict[str, Any]) -> None:
        if problem := self._debugger.request_pause():
            raise RequestFailed(problem)

    def _do_threads(self, _arguments: dict[str, Any]) -> dict[str, Any]:
        return {"threads": [{"id": THREAD, "name": "board"}]}

    def _do_stackTrace(self, _arguments: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        found = self._stop().frames
        shown = [
            {
                "id": one.place + 1,
                "name": one.name,
                "line": one.line,
                "column": 1,
                "source": {"path": one.site.path, "name": one.site.path},
            }
            for one in found
        ]
        return {"stackFrames": shown, "totalFrames": len(shown)}

    def _do_exceptionInfo(self, _arguments: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        stop = self._stop()
        return {
            "exceptionId": stop.text.partition(":")[0],
            "description": stop.text,
            "breakMode": "unhandled",
            "details": {"stackTrace": stop.traceback},
        }

    def _do_scopes(self, arguments: dict[str, Any]) -> dict[str, Any]:
        frame = self._frame(arguments["frameId"])
        scopes = [{"name": "Globals", "variablesReference": self._references.add(None, ()), "expensive": False}]
        if frame is not None and frame.site.probe.function:
            scopes.insert(
                0, {"name": "Locals", "variablesReference": self._references.add(frame, ()), "expensive": False}
            )
        return {"scopes": scopes}

    # -- values ----------------------------------------------------------------------------------------------------

    async def _ask(self, action: Callable[[Asker], Any]) -> Any:
        return await asyncio.wrap_future(self._debugger.submit(action))

    async def _do_variables(self, arguments: dict[str, Any]) -> dict[str, Any]:
        frame, steps = self._references[arguments["variablesReference"]]
        start = int(arguments.get("start") or 0)
        found = await self._ask(lambda asker: frame_values.entries(asker, frame, steps, start))
        return {"variables": self._variables(frame, steps, found)}

    async def _do_inspectVariables(self, _arguments: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        try:
            found = await self._ask(lambda asker: frame_values.entries(asker, None))
        except (NotNow, MicroPythonError):
            return {"variables": []}
        if self._debugger.stop is None:
            self._references.clear()
        return {"variables": self._variables(None, (), found)}

    def _variables(self, frame: Frame | None, steps: Steps, found: list[Entry]) -> list[dict[str, Any]]:
        shown = []
        if not steps:
            found = sorted((one for one in found if one.name[:2] != "__"), key=lambda one: one.kind is not Kind.DATA)
        for one in found:
            way = (*steps, one.name if not steps or one.attribute else one.place)
            shown.append(
                {
                    "name": one.name,
                    "value": one.value,
                    "type": one.type_name,
                    "evaluateName": one.name if not steps else "",
                    "variablesReference": self._references.add(frame, way) if one.opens else 0,
                }
            )
        if len(found) >= frame_values.MAX_ENTRIES:
            shown.append({"name": "…", "value": "there are more", "type": "", "variablesReference": 0})
        return shown

    async def _do_richInspectVariables(self, arguments: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        name = str(arguments["variableName"])
        frame = self._frame(arguments.get("frameId"))

        def look(asker: Asker) -> list[str]:
            for where in [frame, None] if frame is not None else [None]:
                for one in frame_values.entries(asker, where):
                    if one.name == name:
                        inner = frame_values.entries(asker, where, (name,)) if one.opens else []
                        lines = [f"  {entry.name}: {entry.value}" for entry in inner]
                        return [f"{name}: {one.type_name} = {one.value}", *lines]
            raise RequestFailed(f"There is no name {name} here.")

        return {"data": {"text/plain": "\n".join(await self._ask(look))}, "metadata": {}}

    async def _do_evaluate(self, arguments: dict[str, Any]) -> dict[str, Any]:
        text = str(arguments["expression"])
        frame = self._frame(arguments.get("frameId"))
        if frame is None and self._debugger.stop is not None and self._debugger.stop.frames:
            frame = self._debugger.stop.frames[0]
        said = await self._ask(lambda asker: frame_values.evaluate(asker, frame, text))
        return {"result": said, "type": "", "variablesReference": 0}

    async def _do_setVariable(self, arguments: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        frame, steps = self._references[arguments["variablesReference"]]
        name, text = str(arguments["name"]), str(arguments["value"])

        def change(asker: Asker) -> str:
            last: str | int = name
            if steps:
                found = [one for one in frame_values.entries(asker, frame, steps) if one.name == name]
                if not found:
                    raise RequestFailed(f"There is no {name} in it.")
                last = name if found[0].attribute else found[0].place
            return frame_values.assign(asker, frame, (*steps, last), text)

        return {"value": await self._ask(change), "type": "", "variablesReference": 0}

    async def _do_copyToGlobals(self, arguments: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        source, target = str(arguments["srcVariableName"]), str(arguments["dstVariableName"])
        if not target.isidentifier() or keyword.iskeyword(target):
            raise RequestFailed(f"{target[:80]!r} is no name.")
        frame = self._frame(arguments.get("srcFrameId"))
        await self._ask(lambda asker: frame_values.copy(asker, frame, source, target))
        return {}
