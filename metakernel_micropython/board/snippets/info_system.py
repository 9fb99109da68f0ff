# What this board says about itself, a pair to a line; what it cannot tell is left out (see info_tell).
def snippet():
    import sys

    tell("machine", lambda: sys.implementation._machine)
    tell("uname", lambda: tuple(__import__("os").uname()))
    tell("platform", lambda: sys.platform)
    tell("version", lambda: sys.version)
    tell("implementation", lambda: (sys.implementation[0], sys.implementation[1][:3]))
    tell("mpy", lambda: sys.implementation._mpy)
    tell("third", lambda: str(1 / 3))
    tell("big", lambda: 1 << 70)
