# Copies a file; Ctrl-C begins the copy anew, so that none stays half.
def snippet(source, target, size):
    stopped = True
    while stopped:
        stopped = False
        try:
            old = open(source, "rb")
            new = open(target, "wb")
            while True:
                data = old.read(size)
                if not data:
                    break
                written = new.write(data)
                if written is not None and written != len(data):
                    raise OSError(28)
            old.close()
            new.close()
        except KeyboardInterrupt:
            stopped = True
