# The modules that were imported from files, each with its file, after the current folder; one to a line.
def snippet():
    import os
    import sys

    print(repr(os.getcwd() if hasattr(os, "getcwd") else "/"))
    for name in list(sys.modules):
        file = getattr(sys.modules[name], "__file__", None)
        if file:
            print((name, file))
