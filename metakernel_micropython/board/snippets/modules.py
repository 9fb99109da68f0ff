# What can be imported: first what the firmware tells, then the files on the import path, one to a line.
def snippet():
    import os
    import sys

    help("modules")
    print("\x1e", end="")
    for folder in getattr(sys, "path", [""]):
        try:
            names = os.listdir(folder) if folder else os.listdir()
        except (OSError, TypeError):
            names = []
        for name in names:
            print(name)
