# Takes away what probes_modules.py has made. The modules, names with blanks between them, are imported anew from then
# on.
def snippet(names):
    import sys

    try:
        from vfs import umount
    except ImportError:
        from os import umount
    if "/__mk" in sys.path:
        sys.path.remove("/__mk")
        umount("/__mk")
        for name in names.split():
            sys.modules.pop(name, None)
