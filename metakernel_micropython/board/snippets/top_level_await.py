# Puts a class into builtins through which a cell's top level awaits (see cell/top_level_await.py): around a function
# it is one that awaits what the function returns, around an asynchronous iterator or context manager a plain one. Each
# runs the board's event loop until its own task has ended; the other tasks rest until the next one. Stop ends them all.
def snippet():
    import builtins

    def loop():  # asked for each time: files of the board can be loaded anew
        try:
            import asyncio
        except ImportError as error:
            try:
                import uasyncio as asyncio
            except ImportError:
                raise error
        return getattr(asyncio, "core", asyncio)

    loop()

    def __mk_run(call, *arguments, **named):
        answer = []
        task = None
        core = loop()

        async def __mk_main():
            answer.append(await call(*arguments, **named))

        try:
            task = core.create_task(__mk_main())
            core.run_until_complete(task)
        except (KeyboardInterrupt, SystemExit):
            __mk_stop(core, task)
            raise
        return answer[0]

    def __mk_stop(core, task):
        # The public part of MicroPython's asyncio knows no list of its tasks, nor does it end them (extmod/asyncio).
        try:
            queue = core._task_queue
            push = getattr(queue, "push", None) or queue.push_head  # before MicroPython 1.19
            last, core.cur_task = core.cur_task, None
            tasks = []
            while queue.peek():
                one = queue.peek()
                queue.remove(one)
                if one.state:
                    tasks.append(one)
            for one in tasks:
                push(one)
            for waiting in core._io_queue.map.values():
                tasks += [one for one in waiting[:-1] if one]
            for one in last, task:
                if one and one.state and one not in tasks:
                    if one is last and one.data is None:
                        # It ran as Stop came: it has ended, and those that wait for it have to hear of that.
                        push(one)
                    tasks.append(one)
            for one in tasks:
                one.cancel()
            core.run_until_complete()
        finally:
            core.new_event_loop()

    def begin(self, of):
        self.of = of

    def __mk_call(self, *arguments, **named):
        return __mk_run(self.of or (lambda value: value), *arguments, **named)

    def __mk_iter(self):
        values = self.of.__aiter__()
        while True:
            try:
                value = __mk_run(values.__anext__)
            except StopAsyncIteration:
                return
            yield value

    def __mk_enter(self):
        return __mk_run(self.of.__aenter__)

    def __mk_exit(self, *error):
        return __mk_run(self.of.__aexit__, *error)

    builtins.__mk_await = type(
        "await",
        (object,),
        {
            "__init__": begin,
            "__call__": __mk_call,
            "__iter__": __mk_iter,
            "__enter__": __mk_enter,
            "__exit__": __mk_exit,
        },
    )
