# The same as files_list for a board without folders.
def snippet():
    import os

    for name in os.listdir():
        print((name, False, os.size(name)))
