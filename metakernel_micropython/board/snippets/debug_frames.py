# Prints the frames of a paused program, the outermost first: the number of the probe at its entry, and of the last one.
def snippet():
    for frame in __mk_e[0]:
        print(frame[0], frame[2])
