# Imports a module anew, whose code runs once more.
def snippet(name):
    import sys

    sys.modules.pop(name, None)
    __import__(name)
