# The event loop: the interpreter's own _asyncio has the tasks and their queue by time (extmod/modasyncio.c), which
# find cur_task, _task_queue and CancelledError in the globals of this module.

import select
import sys
from time import ticks_add, ticks_diff
from time import ticks_ms as ticks

from _asyncio import Task, TaskQueue


class CancelledError(BaseException):
    pass


class TimeoutError(Exception):
    pass


class _Pause:
    # What sleep_ms() gives. There is one, because a board's asyncio makes no object for each of its sleeps.

    def __init__(self):
        self.due = None

    def __iter__(self):
        return self

    def __next__(self):
        if self.due is None:
            raise StopIteration
        _task_queue.push(cur_task, self.due)
        self.due = None


_pause = _Pause()


def sleep_ms(t, _pause=_pause):
    assert _pause.due is None
    _pause.due = ticks_add(ticks(), max(0, t))
    return _pause


def sleep(t):
    return sleep_ms(int(t * 1000))


class IOQueue:
    # Which tasks wait for which streams: [who reads, who writes, the stream] by the stream's id.

    def __init__(self):
        self.poller = select.poll()
        self.map = {}

    def _wait(self, stream, place):
        waiting = self.map.get(id(stream))
        if waiting is None:
            waiting = self.map[id(stream)] = [None, None, stream]
        waiting[place] = cur_task
        self._register(waiting)
        cur_task.data = self  # so that cancelling the task takes it out of here

    def _register(self, waiting):
        wanted = (select.POLLIN if waiting[0] else 0) | (select.POLLOUT if waiting[1] else 0)
        if wanted:
            self.poller.register(waiting[2], wanted)
        else:
            self.poller.unregister(waiting[2])
            del self.map[id(waiting[2])]

    def queue_read(self, stream):
        self._wait(stream, 0)

    def queue_write(self, stream):
        self._wait(stream, 1)

    def remove(self, task):
        for waiting in list(self.map.values()):
            if task in waiting[:2]:
                for place in (0, 1):
                    if waiting[place] is task:
                        waiting[place] = None
                self._register(waiting)

    def wait_io_event(self, milliseconds):
        for stream, event in self.poller.poll(milliseconds):
            waiting = self.map[id(stream)]
            for place, flag in ((0, ~select.POLLOUT), (1, ~select.POLLIN)):
                if event & flag and waiting[place]:
                    _task_queue.push(waiting[place])
                    waiting[place] = None
            self._register(waiting)


def create_task(coro):
    if not hasattr(coro, "send"):
        raise TypeError("coroutine expected")
    task = Task(coro, globals())
    _task_queue.push(task)
    return task


def _wait_for_next():
    # Return the task whose turn it is; None where none will have one.
    while True:
        task = _task_queue.peek()
        if task:
            left = ticks_diff(task.ph_key, ticks())
            if left <= 0:
                return _task_queue.pop()
        elif _io_queue.map:
            left = -1
        else:
            return None
        _io_queue.wait_io_event(left)


def _end(task, error):
    # A task has ended: those who await it go on; an error that nobody awaits is told once the loop comes round.
    if task.state is True:
        task.state = None
        if not isinstance(error, (StopIteration, CancelledError)):
            _task_queue.push(task)
    elif callable(task.state):  # gather() and wait_for() are told at once
        tell, task.state = task.state, False
        tell(task, error)
    else:
        while task.state.peek():
            _task_queue.push(task.state.pop())
        task.state = False
    task.data = error


def run_until_complete(main_task=None):
    global cur_task
    while True:
        task = cur_task = _wait_for_next()
        if task is None:
            return None
        thrown = task.data
        if not task.state:  # it has ended with an error
            if task.state is None:  # and nobody has asked for it meanwhile
                task.state = False
                Loop.call_exception_handler(
                    {"message": "Task exception wasn't retrieved", "exception": thrown, "future": task}
                )
            continue
        try:
            if thrown:
                task.data = None
                task.coro.throw(thrown)
            else:
                task.coro.send(None)
        except (CancelledError, Exception) as error:
            if task is main_task:
                cur_task = None
                if isinstance(error, StopIteration):
                    return error.value
                raise
            _end(task, error)


def run(coro):
    return run_until_complete(create_task(coro))


async def _stopper():
    pass


class Loop:
    _handler = None
    _stop_task = None

    @staticmethod
    def create_task(coro):
        return create_task(coro)

    @staticmethod
    def run_forever():
        Loop._stop_task = Task(_stopper(), globals())
        run_until_complete(Loop._stop_task)

    @staticmethod
    def run_until_complete(aw):
        return run_until_complete(_promote(aw))

    @staticmethod
    def stop():
        if Loop._stop_task is not None:
            _task_queue.push(Loop._stop_task)
            Loop._stop_task = None

    @staticmethod
    def close():
        pass

    @staticmethod
    def set_exception_handler(handler):
        Loop._handler = handler

    @staticmethod
    def get_exception_handler():
        return Loop._handler

    @staticmethod
    def default_exception_handler(loop, context):
        print(context["message"], file=sys.stderr)
        print("future:", context["future"], "coro=", context["future"].coro, file=sys.stderr)
        sys.print_exception(context["exception"], sys.stderr)

    @staticmethod
    def call_exception_handler(context):
        (Loop._handler or Loop.default_exception_handler)(Loop, context)


def _promote(aw):
    return aw if isinstance(aw, Task) else create_task(aw)


def get_event_loop():
    return Loop


def current_task():
    if cur_task is None:
        raise RuntimeError("no running event loop")
    return cur_task


def new_event_loop():
    global _task_queue, _io_queue, cur_task
    _task_queue = TaskQueue()
    _io_queue = IOQueue()
    cur_task = None
    return Loop


new_event_loop()
