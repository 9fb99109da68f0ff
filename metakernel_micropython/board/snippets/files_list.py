# The entries of a folder, one literal per line: path, whether it is a folder, size.
def snippet(folder, recurse):
    import os

    def walk(folder):
        start = folder if not folder or folder[-1] == "/" else folder + "/"
        for name in os.listdir(folder or "."):
            path = start + name
            try:
                found = os.stat(path)
            except OSError as error:
                # See files_stat; a link may lead nowhere.
                if error.args[0] not in (2, 20, 44, 54):
                    raise
                continue
            inside = bool(found[0] & 0x4000)
            print((path, inside, 0 if inside else found[6]))
            if inside and recurse:
                walk(path)

    walk(folder)
