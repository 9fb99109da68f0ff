# The ROMFS partitions of this board, a tuple to a line: number, size, erase block, whether it is a block device, and
# how it begins; a number and an error for one that is not there. Nothing where the firmware has no ROMFS.
def snippet():
    import builtins

    try:
        from vfs import rom_ioctl
    except ImportError:
        return
    print((-1, rom_ioctl(1)))
    for number in range(rom_ioctl(1)):
        device = rom_ioctl(2, number)
        if isinstance(device, int):
            print((number, device))
            continue
        blocks = hasattr(device, "ioctl")
        if blocks:
            block = device.ioctl(5, 0)
            size = device.ioctl(4, 0) * block
        else:
            size = len(device)
            block = 0
            try:
                block = rom_ioctl(6, number)
            except Exception:  # firmware that does not tell
                pass
        print((number, size, block, blocks, bytes(builtins.memoryview(device)[:12])))
