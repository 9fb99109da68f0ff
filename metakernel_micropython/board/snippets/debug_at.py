# The second part of what pauses a program (see debug_stop.py): what happens at each statement.
def snippet():
    import sys

    stack, stops, step, names_of, stop = __mk_e[:5]
    poll = None
    try:
        from micropython import stack_use
    except ImportError:
        stack_use = int
    try:
        import select

        poll = select.poll()
        poll.register(sys.stdin, select.POLLIN)
        poll = poll.poll
        poll(0)
    except Exception:
        poll = None

    def __mk_met(number, frame):
        source, names = stops[number]
        if not source:
            return "b"
        known = dict(globals())
        if frame[1]:
            known.update(names_of(frame, names))
        step[4] = 1
        try:
            return "b" if eval(source, known) else ""
        except Exception as error:
            print("\x1e?mkd~", end="")
            sys.print_exception(error)
            return "c"
        finally:
            step[4] = 0

    def __mk_at(number, frame):
        if step[4]:
            return
        frame[2] = number
        if stack[-1] is not frame:
            depth = stack_use() - step[3]
            # Frames as deep as this one have ended, unless it is below them; a generator comes back elsewhere.
            while len(stack) > 1 and stack[-1] is not frame and (frame in stack or stack[-1][3] >= depth):
                stack.pop()
            if stack[-1] is not frame:
                frame[3] = depth
                stack.append(frame)
        why = number in stops and __mk_met(number, frame)
        if not why and step[0] and (step[0] == 1 or frame in step[1]):
            why = "s"
        if not why and poll:
            step[2] += 1
            if step[2] > 255:
                step[2] = 0
                if poll(0) and sys.stdin.read(1) == "\x10":
                    why = "p"
        if why:
            stop(number, why)

    __mk_e[5] = __mk_at
    __mk_e[6] = 1 if poll else 0
