# One at a time.

from . import core


class Lock:
    def __init__(self):
        self.state = False  # True, or the task whose turn comes next
        self.waiting = core.TaskQueue()

    def locked(self):
        return self.state is True

    def release(self):
        if self.state is not True:
            raise RuntimeError("Lock not acquired")
        self.state = False
        if self.waiting.peek():
            self.state = self.waiting.pop()
            core._task_queue.push(self.state)

    def acquire(self):  # a coroutine
        if self.state is not False:
            self.waiting.push(core.cur_task)
            core.cur_task.data = self.waiting
            try:
                yield
            except core.CancelledError:
                if self.state is core.cur_task:
                    self.state = True
                    self.release()
                raise
        self.state = True
        return True

    async def __aenter__(self):
        return await self.acquire()

    async def __aexit__(self, *error):
        self.release()
