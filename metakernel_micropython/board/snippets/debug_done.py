# The program has ended: nothing pauses until debug_ready.py.
def snippet():
    __mk_e[2][4] = 1
