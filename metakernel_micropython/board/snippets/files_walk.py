# Prints the entries below a folder, one literal per line: path, whether it is a folder, size. A size of True, which
# elsewhere() may give to a folder, tells that what is in it is left out. os is the caller's.
def snippet(start, recurse, elsewhere):
    for name in os.listdir(start or "."):
        path = start + name
        try:
            found = os.stat(path)
        except OSError as error:
            # See files_stat; a link may lead nowhere.
            if error.args[0] not in (2, 20):
                raise
            continue
        inside = bool(found[0] & 0x4000)
        size = elsewhere(path) if inside else found[6]
        print((path, inside, size))
        if inside and recurse and size is not True:
            walk(path + "/", recurse, elsewhere)
