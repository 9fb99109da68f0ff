"""A bar for what takes over a second; it disappears when that is over."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ..front_end import thread_output

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

DELAY = 1.0
"""Seconds before there is a bar."""

INTERVAL = 0.5
"""Seconds between two states of it: each is a message to the front end."""


class Bar:
    r"""Shows how many bytes are done, while something takes its time.

    >>> with Bar(show, "main.py") as bar:
    ...     written = files.write("main.py", data, progress=bar)

    Args:
        write: gets the text. A state begins with ``\r``, which notebooks and consoles know; blanks cover the last one,
            so that the next line begins where the bar stood.
        name: what it is about.
    """

    def __init__(self, write: Callable[[str], object], name: str) -> None:
        self._write = write
        self.name = name
        self._bar: Any = None
        self._start = time.time()  # tqdm's clock

    def __call__(self, done: int, total: int) -> None:
        """Note that ``done`` bytes of ``total`` are done; fewer than before when something begins anew."""
        if thread_output.get() is not None:
            return  # bars of several boards would write over each other's line
        if self._bar is None:
            if done >= total:
                return  # it is all there: a bar has nothing to tell any more
            self._bar = _bar(_Stream(self._write))
            self._bar.start_t = self._start
        self._bar.total = total
        self._bar.set_description(self.name, refresh=False)
        self._bar.update(done - self._bar.n)

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()


def _bar(stream: _Stream) -> Any:
    from tqdm import tqdm

    class Quiet(tqdm):  # type: ignore[type-arg]
        monitor_interval = 0  # no thread of its own

    return Quiet(
        file=stream,
        unit="B",
        unit_scale=True,
        delay=DELAY,
        mininterval=INTERVAL,
        miniters=1,
        leave=False,
        total=0,
    )


class _Stream:
    """What tqdm needs of a file."""

    encoding = "utf-8"

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write

    def write(self, text: str) -> None:
        if text:
            self._write(text)

    def flush(self) -> None:
        pass
