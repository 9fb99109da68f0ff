# What the firmware calls itself: its name, the board's definition, the machine, the port, and its version.
def snippet():
    import sys

    own = sys.implementation
    try:
        import os

        named = os.uname()
    except (ImportError, AttributeError):
        named = ("", "", "", "", "")
    try:
        name = own.name
    except AttributeError:
        name = ""
    build = getattr(own, "_build", "")
    machine = getattr(own, "_machine", named[4])
    print((name, build, machine, sys.platform, named[3] or sys.version, named[2]))
