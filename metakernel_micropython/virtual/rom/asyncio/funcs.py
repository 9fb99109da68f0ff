# What waits for several tasks, or not for ever.

from . import core


async def wait_for(aw, timeout, sleep=core.sleep):
    task = core._promote(aw)
    if timeout is None or task.done():
        return await task
    over = []  # how the task has ended

    def tell(_, error):
        over.append(error)
        alarm.cancel()

    async def ring():
        await sleep(timeout)

    alarm = core.create_task(ring())
    task.state = tell
    try:
        await alarm
    except core.CancelledError:
        if not over:  # whoever waits was cancelled
            task.state = True
            task.cancel()
            raise
    if over:
        if isinstance(over[0], StopIteration):
            return over[0].value
        raise over[0]
    task.state = True
    task.cancel()
    try:
        await task
    except core.CancelledError:
        pass
    raise core.TimeoutError


def wait_for_ms(aw, timeout):
    return wait_for(aw, timeout, core.sleep_ms)


class _Cancelled:
    # Where a task waits that is to be told at once when it is cancelled, as a queue is.

    def __init__(self, cancel):
        self._cancel = cancel

    def remove(self, _):
        self._cancel()


def gather(*aws, return_exceptions=False):  # a coroutine
    tasks = [core._promote(aw) for aw in aws]
    mine = core.cur_task
    left = 0
    failed = None
    waits = False

    def go_on():
        nonlocal waits
        if waits:
            waits = False
            core._task_queue.push(mine)

    def tell(_, error):
        nonlocal left, failed
        left -= 1
        if not (return_exceptions or failed or isinstance(error, StopIteration)):
            failed = error
        if failed or not left:
            go_on()

    def cancel():
        nonlocal waits
        waits = False
        for task in tasks:
            if not task.done():
                task.state = True
                task.cancel()

    for task in tasks:
        if task.done():
            task.state = False  # somebody asks how it ended
            if not (return_exceptions or failed or isinstance(task.data, StopIteration)):
                failed = task.data
        elif task.state is not True:
            raise RuntimeError("can't gather")
        else:
            task.state = tell
            left += 1
    if left and not failed:
        waits = True
        mine.data = _Cancelled(cancel)
        yield
        mine.data = None
    for task in tasks:
        if callable(task.state):
            task.state = True  # it goes on alone
    if failed:
        raise failed
    results = []
    for task in tasks:
        error = task.data
        results.append(error.value if isinstance(error, StopIteration) else error)
    return results
