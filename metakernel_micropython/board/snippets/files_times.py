# Prints the year in which the board's seconds begin, and for each line of the text when that file was changed.
def snippet(text):
    import os
    import time

    print(time.gmtime(0)[0])
    for path in text.split("\n"):
        if path:
            try:
                print(os.stat(path)[8])
            except OSError:
                print(-1)
