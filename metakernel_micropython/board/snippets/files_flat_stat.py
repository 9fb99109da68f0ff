# The same as files_stat for a board without folders.
def snippet(path):
    import os

    if not path or path == "/":
        return 2, 0, -1, -1
    if path in os.listdir():
        return 1, os.size(path), -1, -1
    return 0, 0, -1, -1
