# Something that happens, once or again.

import io

from . import core

_POLL, _READABLE = 3, 1  # py/stream.h


class Event:
    def __init__(self):
        self.state = False
        self.waiting = core.TaskQueue()

    def is_set(self):
        return self.state

    def set(self):
        self.state = True
        while self.waiting.peek():
            core._task_queue.push(self.waiting.pop())

    def clear(self):
        self.state = False

    def wait(self):  # a coroutine
        if not self.state:
            self.waiting.push(core.cur_task)
            core.cur_task.data = self.waiting
            yield
        return True


class ThreadSafeFlag(io.IOBase):
    # As a stream that can be read once the flag is set: the loop then looks at it whenever it has nothing to do.

    def __init__(self):
        self.state = 0

    def ioctl(self, request, flags):
        return self.state * flags & _READABLE if request == _POLL else -1

    def set(self):
        self.state = 1

    def clear(self):
        self.state = 0

    def wait(self):  # a coroutine
        if not self.state:
            core._io_queue.queue_read(self)
            yield
        self.state = 0
