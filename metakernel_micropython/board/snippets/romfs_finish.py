# The writing is over: what the firmware holds back is written now. Then the digest of what the partition begins with.
def snippet(number, size):
    import builtins
    from hashlib import sha256

    import vfs

    device = vfs.rom_ioctl(2, number)
    if not hasattr(device, "ioctl"):
        vfs.rom_ioctl(5, number)
        device = vfs.rom_ioctl(2, number)
    total = sha256()
    view = builtins.memoryview(device)
    for start in range(0, size, 4096):
        total.update(bytes(view[start : min(start + 4096, size)]))
    print((0, total.digest()))
