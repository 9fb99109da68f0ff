"""A function of the host that runs on a board."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, cast

from . import function_source
from .conversation import Kind, Request
from .host_errors import without_own_frames

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .board_thread import BoardThread
    from .conversation import RemoteCalls

P = ParamSpec("P")
R = TypeVar("R")


def shown(text: str) -> None:
    """Print what a board has printed."""
    print(text, end="", flush=True)


class RemoteFunction(Generic[P, R]):
    """A function whose calls run on a board; see ``Scripting.remote``.

    Args:
        function: the function, whose source goes to the board.
        calls: returns the board's calls: the board may be another one at each call.
        thread: returns the board's thread, for ``acall``.
        timeout: seconds that a call may take, or a generator's next item; None for no limit.
        output: is called with what the function prints; None for ``print``.

    Raises:
        SourceError: the function cannot go to a board alone.
    """

    def __init__(
        self,
        function: Callable[P, R],
        calls: Callable[[], RemoteCalls],
        thread: Callable[[], BoardThread],
        timeout: float | None,
        output: Callable[[str], object] | None,
    ) -> None:
        self.source = function_source.of(function)
        # inspect.getcallargs, by which ipywidgets.interact looks, finds it under this name alone.
        self._signature = self.__signature__ = inspect.signature(function)
        self._calls = calls
        self._thread = thread
        self._timeout = timeout
        self._output = output
        self.__wrapped__ = function
        functools.update_wrapper(cast("Callable[..., Any]", self), function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the function on the board and return its value, or what gives the items of a generator.

        Raises:
            TypeError: these are not the function's arguments; nothing was sent.
            Exception: what ``RemoteCalls.ask`` raises.
        """
        try:
            self._signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{self.source.name}(): {error}") from None
        request = Request(
            f"{self.source.name}()",
            self.source.name,
            Kind.ITERATE if self.source.many else Kind.CALL,
            args,
            kwargs,
            function=self.source,
            timeout=self._timeout,
            output=self._output or shown,
        )
        if self.source.many:
            return cast("R", self._items(request))
        try:
            return cast("R", self._calls().ask(request))
        except Exception as error:
            raise without_own_frames(error)  # noqa: B904 - it is the same one

    def _items(self, request: Request) -> Iterator[Any]:
        try:
            yield from self._calls().iterate(request)
        except Exception as error:
            raise without_own_frames(error)  # noqa: B904 - it is the same one

    async def acall(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Do as a call does, and let the event loop do other things meanwhile; a generator gives a list."""
        if self.source.many:
            return cast("R", await self._thread().run(lambda: list(cast("Any", self(*args, **kwargs)))))
        return await self._thread().run(lambda: self(*args, **kwargs))

    def within(self, timeout: float | None) -> RemoteFunction[P, R]:
        """Return the same function with another time limit, in seconds; None for none."""
        return RemoteFunction(self.__wrapped__, self._calls, self._thread, timeout, self._output)

    def __repr__(self) -> str:
        return f"<{self.source.name}{self._signature} on a board>"
