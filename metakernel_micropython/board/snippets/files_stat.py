# What a path is (0 nothing, 1 file, 2 folder), a file's size, and the free and total bytes around it (-1: unknown).
def snippet(path):
    import os

    def look(path):
        try:
            mode = os.stat(path)
            return (2, 0) if mode[0] & 0x4000 else (1, mode[6])
        except OSError:
            return 0, 0

    kind, size = look(path or ".") if path != "/" else (2, 0)
    free = total = -1
    if hasattr(os, "statvfs"):
        folder = path
        while folder and look(folder)[0] != 2:
            folder = folder[: folder.rfind("/")] if "/" in folder else ""
        try:
            space = os.statvfs(folder or ("/" if path[:1] == "/" else os.getcwd()))
            free, total = space[3] * (space[1] or space[0]), space[2] * (space[1] or space[0])
        except OSError:
            pass
    print((kind, size, free, total))
