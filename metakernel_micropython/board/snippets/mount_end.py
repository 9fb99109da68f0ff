# Takes a mounted folder away, where it is one of ours (see mount.py). Modules that came from it stay imported.
def snippet():
    import os
    import sys

    place = "/remote"
    try:
        import vfs
    except ImportError:
        vfs = os
    try:
        if os.stat(place)[2] == 27499:
            vfs.umount(place)
            sys.path.remove(place)
    except (OSError, ValueError, AttributeError):
        pass
