# Prints what the board has for a mounted folder: free bytes, what it lacks, what is at the place, and the year in which
# its clock begins.
def snippet(place):
    import gc
    import os

    gc.collect()
    free = gc.mem_free()
    lacks = "vfs IOBase select"
    try:
        import vfs
    except ImportError:
        vfs = os
    if hasattr(vfs, "mount"):
        lacks = lacks.replace("vfs", "")
    try:
        import io

        if hasattr(io, "IOBase"):
            lacks = lacks.replace("IOBase", "")
    except ImportError:
        pass
    try:
        import select

        if hasattr(select, "poll"):
            lacks = lacks.replace("select", "")
    except ImportError:
        pass
    there = 0
    try:
        # What a mounted folder has in place of a device number; see mount.py.
        there = 1 if os.stat(place)[2] == 27499 else 2
    except (OSError, AttributeError):
        pass
    year = 1970
    try:
        import time

        year = time.gmtime(0)[0]
    except (ImportError, AttributeError):
        pass
    print((free, lacks, there, year))
