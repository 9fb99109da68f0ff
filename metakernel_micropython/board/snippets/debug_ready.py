# Gets ready for the next program: no frames of an earlier one, and these stops. Prints 1 where a program looks now and
# then whether it is to pause.
def snippet(stops, kind):
    stack, old, step = __mk_e[:3]
    del stack[1:]
    stack[0][2] = -1
    old.clear()
    old.update(stops)
    step[0] = kind
    step[1] = ()
    step[2] = step[4] = 0
    print(__mk_e[6])
