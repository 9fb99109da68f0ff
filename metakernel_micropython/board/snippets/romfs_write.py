# Write a piece of an image, which came in Base64, deflated where the firmware can inflate.
def snippet(number, offset, data, block, deflated):
    from binascii import a2b_base64

    import vfs

    data = a2b_base64(data)
    if deflated:
        from io import BytesIO

        from deflate import RAW, DeflateIO

        data = DeflateIO(BytesIO(data), RAW, 10).read()
    device = vfs.rom_ioctl(2, number)
    if hasattr(device, "ioctl"):
        device.writeblocks(offset // block, data, offset % block)
        print((0, len(data)))
    else:
        found = vfs.rom_ioctl(4, number, offset, data)
        print((0, len(data) if found is None or found >= 0 else found))
