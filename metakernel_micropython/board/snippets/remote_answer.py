# Does something with what find() gives, and tells what comes of it: stays on the board while the host calls functions.
# What is told begins with the mark, which nobody else prints: "?" for a name that is not there, "=" before each value,
# "!" before what an exception holds. Names of what is told are those of the firmware: eval() gets globals of its own.
def snippet(find, kind, mark, told, total):
    if total:
        if sum(bytes(mark + told, "utf8")) != total:
            raise ZeroDivisionError  # it was damaged on the way, and nothing has run
        try:
            told = eval(told, {})
        except MemoryError:
            import gc

            gc.collect()
            told = eval(told, {})
    arguments, named = told
    try:
        o = find()
    except NameError:
        print(mark, "?", sep="")
        return
    except Exception as error:
        print(mark, "!", sep="")
        __mk_answer(error.args)
        raise
    try:
        if kind < 2:
            o = o(*arguments, **named)
        elif kind == 3:
            setattr(o, *arguments)
            o = None
        elif kind == 4:
            o = o[arguments[0]]
        elif kind == 5:
            o[arguments[0]] = arguments[1]
            o = None
        elif kind == 6:
            o = len(o)
        for o in o if kind == 1 else (o,):
            print(mark, "=", sep="")
            __mk_answer(o)
    except Exception as error:
        print(mark, "!", sep="")
        __mk_answer(error.args)
        raise
