# What lies in a folder and below, as walk() prints it (files_walk), without what is on other file systems. A missing
# folder is empty.
def snippet(folder):
    import os

    def elsewhere(path):
        # Others are mounted in the root.
        try:
            # By the sizes of blocks and of the whole: what is free changes meanwhile.
            return ("/" not in path[1:] and os.statvfs(path)[:3] != os.statvfs("/")[:3]) or 0
        except (OSError, AttributeError):
            return 0

    try:
        walk(folder if not folder or folder[-1] == "/" else folder + "/", 1, elsewhere)
    except OSError as error:
        if error.args[0] not in (2, 20):
            raise
