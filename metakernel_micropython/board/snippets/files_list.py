# The entries of a folder, as walk() prints them (files_walk).
def snippet(folder, recurse):
    import os

    walk(folder if not folder or folder[-1] == "/" else folder + "/", recurse, lambda path: 0)
