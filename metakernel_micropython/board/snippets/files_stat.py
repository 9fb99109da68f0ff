# What a path is (0 nothing, 1 file, 2 folder), a file's size, and the free and total bytes around it (-1: unknown).
def snippet(path):
    import os

    kind = 2 if path == "/" else 0
    size = 0
    free = total = -1
    try:
        found = os.stat(path or ".")
        kind = 2
        if not found[0] & 0x4000:
            kind = 1
            size = found[6]
    except OSError as error:
        # ENOENT and ENOTDIR: nothing else means that it is missing.
        if error.args[0] not in (2, 20):
            raise
    try:
        found = os.statvfs(
            path if path and kind == 2 else path[: max(path.rfind("/"), 0)] or ("/" if path[:1] == "/" else os.getcwd())
        )
        free = found[3] * (found[1] or found[0])
        total = found[2] * (found[1] or found[0])
    except (AttributeError, OSError):
        pass
    return kind, size, free, total
