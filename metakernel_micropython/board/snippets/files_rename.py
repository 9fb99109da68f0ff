# Puts a new file in the place of an old one.
def snippet(source, target):
    import os

    try:
        os.rename(source, target)
    except OSError as error:
        # Some file systems do not rename over a file.
        if error.args[0] != 17:  # EEXIST
            raise
        os.remove(target)
        os.rename(source, target)
