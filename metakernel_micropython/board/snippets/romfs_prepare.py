# Erase a part of a ROMFS partition; size is that of the whole image where the part is not told to the firmware.
# What is mounted from there must not be read meanwhile. Prints how many bytes can be written at least at a time.
def snippet(number, offset, size, block):
    import vfs

    if not offset:
        try:
            vfs.umount("/rom")
        except OSError:
            pass
    device = vfs.rom_ioctl(2, number)
    if hasattr(device, "ioctl"):
        for one in range(offset // block, (offset + size + block - 1) // block):
            device.ioctl(6, one)
        print((0, block))
    elif block:
        print((0, vfs.rom_ioctl(3, number, offset, size)))
    else:
        print((0, vfs.rom_ioctl(3, number, size)))
