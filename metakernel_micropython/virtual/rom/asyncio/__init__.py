# asyncio of the virtual board. What a program does not use is not loaded.

from .core import *
from .core import current_task, get_event_loop, new_event_loop, sleep, sleep_ms
from . import core

__version__ = (3, 0, 0)

_LATER = {
    "wait_for": "funcs",
    "wait_for_ms": "funcs",
    "gather": "funcs",
    "Event": "event",
    "ThreadSafeFlag": "event",
    "Lock": "lock",
}
_LEFT_OUT = ("open_connection", "start_server", "StreamReader", "StreamWriter", "Stream", "Server")


def __getattr__(name):
    if name in _LATER:
        value = getattr(__import__(_LATER[name], globals(), None, (name,), 1), name)
        globals()[name] = value
        return value
    if name in _LEFT_OUT:
        raise AttributeError("asyncio on the virtual board has no streams: it has no network")
    if name in ("cur_task", "_task_queue", "_io_queue"):
        return getattr(core, name)
    raise AttributeError(name)
