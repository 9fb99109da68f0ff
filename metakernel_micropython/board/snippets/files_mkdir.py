# Makes a folder, and with "parents" those above it; one that is there is left as it is then.
def snippet(path, parents):
    import os

    if parents:
        at = path.find("/", 1)
        while at > 0:
            try:
                os.mkdir(path[:at])
            except OSError:
                # What is wrong with it shows at the last one.
                pass
            at = path.find("/", at + 1)
        try:
            if os.stat(path)[0] & 0x4000:
                return
        except OSError:
            pass
    os.mkdir(path)
