# What lies in a folder and below, as files_list tells it, with True in the place of a size where another file system
# begins: that is not entered. A folder that is missing is empty.
def snippet(folder):
    import os

    def foreign(path):
        try:
            return os.statvfs(path) != os.statvfs("/")
        except (OSError, AttributeError):
            return False

    def walk(start):
        for name in os.listdir(start or "."):
            path = start + name
            try:
                found = os.stat(path)
            except OSError as error:
                # See files_stat; a link may lead nowhere.
                if error.args[0] not in (2, 20, 44, 54):
                    raise
                continue
            inside = bool(found[0] & 0x4000)
            size = 0 if inside else found[6]
            # Others are mounted in the root.
            if inside and "/" not in path[1:] and foreign(path):
                size = True
            print((path, inside, size))
            if inside and size is not True:
                walk(path + "/")

    try:
        walk(folder if not folder or folder[-1] == "/" else folder + "/")
    except OSError as error:
        if error.args[0] not in (2, 20, 44, 54):
            raise
