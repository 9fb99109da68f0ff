# Puts a function into builtins that gives the host something to show (see board/display_filter.py): marks stand around
# how it is to be shown, and behind its content. A picture goes in Base64, piece by piece, and a value is printed piece
# by piece, because memory is short.
def snippet():
    import builtins

    try:
        from binascii import b2a_base64 as encode
    except ImportError:
        try:
            from ubinascii import b2a_base64 as encode
        except ImportError:
            encode = None

    def parts(what, read):
        at = 0
        while True:
            part = read(192) if read else bytes(what[at : at + 192])
            if not part:
                break
            at += 192
            yield encode(part).decode() if encode else repr(part) + "\n"

    def display(what, *how):
        read = getattr(what, "read", None)
        raw = read
        if hasattr(what, "get_pixel"):
            how = what.width(), what.height(), "pixels"
            what = [what.get_pixel(x, y) for y in range(how[1]) for x in range(how[0])]
        elif not read and not isinstance(what, (str, list, tuple, dict)):
            if hasattr(what, "buffer"):
                how = how or (what.width, what.height)
                what = what.buffer
            try:
                what = raw = builtins.memoryview(what)
            except (TypeError, AttributeError):
                raw = isinstance(what, (bytes, bytearray))
        print("\x1e!mk[", list(how), "\x1e!mk=", sep="", end="")
        try:
            if raw:
                for part in parts(what, read):
                    print(part, end="")
            else:
                print([what], end="")
        finally:
            print("\x1e!mk]", end="")

    # Two names, because the micro:bit's programs have a display of their own.
    builtins.display = builtins.show = builtins.__mk_display = display
