# Removes files and empty folders, one to a line of the text, and prints a mark for each.
def snippet(text):
    import os

    for path in text.split("\n"):
        if path:
            if hasattr(os, "stat") and os.stat(path)[0] & 0x4000:
                os.rmdir(path)
            else:
                os.remove(path)
            print("+")
