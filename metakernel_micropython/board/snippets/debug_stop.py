# The first of three parts of what pauses a program; the others are debug_at.py and debug_probes.py. Small boards have
# no room to compile them at once. They share __mk_e, among the builtins, or among the global names where those are
# fixed: the stack of frames, each [entry, reader, statement, depth]; the stops; what is to stop a step; the functions
# of this part, for the local names of a frame and for a pause; that of the second part; whether a running program looks
# now and then for a wish to pause. What is sent over the program's own input while it is paused, and what marks mean,
# stands in debugger/channel.py.
def snippet():
    import builtins
    import sys

    stdin = getattr(sys, "stdin", None)
    line = stdin.readline if stdin else eval("input", {})
    stack = [[-1, None, -1, -1]]
    # Kind (1: anywhere, 2: in the frames that follow), frames, a count, how much deeper a generator is measured, and
    # whether nothing pauses: something is evaluated, a program is paused, or none runs that the host follows.
    step = [0, (), 0, 0, 1]

    def names_of(frame, names):
        found = {}
        number = 0
        for name in names:
            try:
                found[name] = frame[1](number)
            except NameError:
                pass
            number += 1
        return found

    def __mk_halt(number, why):
        if step[4]:
            return
        step[0], step[4] = 0, 1
        text = ""
        try:
            print("\x1e?mkd!", number, why, "\x1e?mkd.", end="")
            while True:
                print("\x1e?mkd>" if stdin else "\x1e?mkd<", end="")
                said = line().lstrip("\x10")  # a wish to pause that came too late
                kind = said[:1]
                if kind == "+" or kind == "!":
                    text += said[1:].rstrip("\r\n")
                if kind == "!":
                    try:
                        print("\x1e?mkd(", end="")
                        exec(eval(text))
                    except Exception as error:
                        print("\x1e?mkd~", end="")
                        sys.print_exception(error)
                    print("\x1e?mkd)", end="")
                    text = ""
                elif kind == "=":
                    kind = int(said[1:])
                    step[0] = 2 if kind == 3 else kind
                    step[1] = stack[:-1] if kind == 3 else stack[:]
                    return
                elif not said:
                    raise EOFError
        finally:
            step[4] = 0

    data = [stack, {}, step, names_of, __mk_halt, None, 0]
    try:
        builtins.__mk_e = data
    except (AttributeError, TypeError):
        globals()["__mk_e"] = data
