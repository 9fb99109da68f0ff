# Has imports take sources that are in memory (pairs of a module's name and its source as bytes) before those of files,
# until probes_modules_end.py. They lie in a file system of their own: nothing is written to the board's.
def snippet(*pairs):
    import sys
    from io import BytesIO

    try:
        from vfs import mount
    except ImportError:
        from os import mount
    files = {}
    for number in range(0, len(pairs), 2):
        files["/" + pairs[number] + ".py"] = pairs[number + 1]
        sys.modules.pop(pairs[number], None)

    def nothing(*_):
        pass

    def look(_, path):
        if path not in files:
            raise OSError(2)
        return (0x8000, 0, 0, 0, 0, 0, len(files[path]), 0, 0, 0)

    def give(_, path, mode):
        return BytesIO(files[path])

    methods = {"mount": nothing, "umount": nothing, "chdir": nothing, "stat": look, "open": give}
    mount(type("probes", (object,), methods)(), "/__mk")
    sys.path.insert(0, "/__mk")
