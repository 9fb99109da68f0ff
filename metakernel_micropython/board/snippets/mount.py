# Mounts a folder of the host: a file system whose requests stand in the program's output, and whose answers come from
# its input (see remote/messages.py). A timer's callback cannot ask: it may have interrupted a request, or the prompt,
# which reads the same input. It is told from a program by what is scheduled, which waits until the callback has ended.
def snippet(place, token, size, ahead, epoch, base64, inflate, options, firmware):
    import builtins
    import io
    import os
    import select
    import sys
    import time

    import micropython

    try:
        import vfs
    except ImportError:
        vfs = os
    crc = __import__(base64).crc32
    mark = ("\x1e?" + token).encode()
    source = sys.stdin.buffer
    sink = sys.stdout.buffer
    poller = select.poll()
    poller.register(sys.stdin, 1)
    schedule = getattr(micropython, "schedule", None)
    state = [0, False, 0]
    known = {}
    firmware = firmware.encode().split()
    memory = builtins.memoryview
    ident = None
    try:
        from _thread import get_ident as ident
    except ImportError:
        pass
    main = ident and ident()

    def one():
        if not poller.poll(10000):
            raise OSError(110)
        return source.read(1)

    def ask(kind, *fields):
        called = []
        if schedule:
            schedule(called.append, 1)
            for _ in (1, 2, 3):
                pass
        if state[1] or (not called and schedule) or (ident and ident() != main):
            raise OSError(16)
        state[1] = True
        try:
            body = b"\0".join(fields)
            for byte in b"\x10\x04\n\r\x1e":
                body = body.replace(bytes((byte,)), bytes((16, byte + 64)))
            state[0] = state[0] + 1 & 255
            number = b"%02x" % state[0]
            body = mark + kind + number + b"%04x%08x" % (len(body), crc(body, crc(kind + number))) + body
            for _ in range(5):
                sink.write(body)
                head = b""
                while head[:2] != number and head[2:5] != b"999":
                    got = one()
                    while got != b"\x16":
                        got = one()
                    while got == b"\x16":
                        got = one()
                    head = got + source.read(18)
                data = bytearray(int(head[5:11], 16))
                for at in range(0, len(data), size):
                    if not poller.poll(10000):
                        raise OSError(110)
                    source.readinto(memory(data)[at : at + size])
                    if at + 2 * size < len(data):
                        sink.write(mark + b"+")
                sink.write(mark + b".")
                error = int(head[2:5])
                packed = error == 998
                if error != 999 and crc(data, crc(head[:5])) == int(head[11:], 16):
                    break
                error = 5
        except BaseException:
            # What is on its way is for nobody.
            sink.write(mark + b"!")
            for _ in range(4096):
                if not poller.poll(50):
                    break
                source.read(1)
            raise
        finally:
            state[1] = False
        if error and not packed:
            raise OSError(error)
        data = bytes(data)
        if b"\x10" in data:
            for byte in b"\x01\x02\x03\x04\r\x16\x10":
                data = data.replace(bytes((16, byte + 64)), bytes((byte,)))
        if packed:
            module, name = inflate
            data = getattr(__import__(module), name)(io.BytesIO(data), *options).read()
        return data

    # What was read or listed before may be no longer true.
    def changes():
        known.clear()
        state[2] += 1

    class RemoteFile(io.IOBase):
        def __init__(self, path, mode):
            self.handle, position, self.data = ask(b"o", path, mode.encode()).split(b"\0", 2)
            self.text = "b" not in mode
            self.start = 0
            self.seen = state[2]
            self.at = int(position)

        # Where the next byte stands in what is here; what is not here is asked for.
        def fetch(self, count):
            if self.seen != state[2]:
                self.seen = state[2]
                if self.handle:
                    self.data = b""
            at = self.at - self.start
            if not 0 <= at < len(self.data):
                if self.handle is None:
                    raise OSError(9)
                if not self.handle:
                    return len(self.data)
                self.data = b""
                self.data = ask(b"r", self.handle, b"%d" % self.at, b"%d" % count)
                self.start = self.at
                at = 0
            return at

        def take(self, count):
            parts = []
            while count:
                at = self.fetch(count)
                part = self.data[at : at + count] if count > 0 else self.data[at:]
                if not part:
                    break
                parts.append(part)
                self.at += len(part)
                if count > 0:
                    count -= len(part)
            return b"".join(parts)

        def read(self, count=-1):
            count = -1 if count is None else count
            data = self.take(count)
            if not self.text:
                return data
            while count > 0:
                # Characters may have several bytes, and the last one may have come in part.
                at = self.fetch(1)
                while at < len(self.data) and self.data[at] & 0xC0 == 0x80:
                    data += self.take(1)
                    at = self.fetch(1)
                more = self.take(count - len(data.decode()))
                if not more:
                    break
                data += more
            return data.decode()

        def readinto(self, buffer):
            data = self.take(len(buffer))
            memory(buffer)[: len(data)] = data
            return len(data)

        def readline(self, count=-1):
            parts = []
            while count:
                at = self.fetch(ahead)
                end = self.data.find(b"\n", at) + 1
                part = self.data[at : end or len(self.data)]
                if count > 0:
                    part = part[:count]
                    count -= len(part)
                if not part:
                    break
                parts.append(part)
                self.at += len(part)
                if part[-1] == 10:
                    break
            data = b"".join(parts)
            return data.decode() if self.text else data

        def readlines(self):
            return list(self)

        def __iter__(self):
            return self

        def __next__(self):
            line = self.readline()
            if not line:
                raise StopIteration
            return line

        def write(self, data):
            data = data.encode() if isinstance(data, str) else bytes(data)
            if (not self.handle and data) or self.handle is None:
                raise OSError(9)
            changes()
            for at in range(0, len(data), 2048):
                self.at = int(ask(b"w", self.handle, b"%d" % self.at, data[at : at + 2048]))
            return len(data)

        def seek(self, offset, whence=0):
            if self.handle is None:
                raise OSError(9)
            if whence == 1:
                offset += self.at
            elif whence == 2:
                offset += int(ask(b"z", self.handle)) if self.handle else self.start + len(self.data)
            if offset < 0:
                raise OSError(22)
            self.at = offset
            return offset

        def tell(self):
            return self.at

        def flush(self):
            pass

        def close(self):
            handle = self.handle
            self.handle = None
            self.data = b""
            if handle:
                ask(b"c", handle)

        def __enter__(self):
            return self

        def __exit__(self, *error):
            self.close()

        # The numbers are those of py/stream.h: flush, poll, close, the size of a reader's buffer.
        def ioctl(self, request, argument):
            if request == 4:
                self.close()
            elif request == 3:
                return argument & 5
            elif request == 11:
                return 240
            elif request != 1:
                return -22
            return 0

    class RemoteFolder:
        def __init__(self):
            self.here = "/"

        def mount(self, readonly, mkfs):
            pass

        def umount(self):
            pass

        def path(self, name):
            return (name if name[:1] == "/" else self.here + "/" + name).encode()

        def chdir(self, path):
            self.here = ask(b"h", self.path(path)).decode()

        def getcwd(self):
            return self.here

        def ilistdir(self, path):
            folder = self.path(path)

            def entries(data):
                while True:
                    for entry in data[2:].split(b"/"):
                        if entry:
                            name, entry = entry.split(b"\0")
                            kind, length, _ = entry.split(b",")
                            yield name.decode(), int(kind), 0, int(length)
                    if data[:1] == b".":
                        break
                    data = ask(b"l", folder, name)

            return entries(ask(b"l", folder, b""))

        def stat(self, path):
            path = self.path(path)
            if not path.strip(b"/"):
                return 0x4000, 0, 27499, 0, 0, 0, 0, 0, 0, 0
            entry = b""
            if b"/." not in path and b"//" not in path and path[-1] != 47:
                folder, name = path.rsplit(b"/", 1)
                # A helper program imports them while its own input is on its way.
                if not folder and name.split(b".", 1)[0] in firmware:
                    raise OSError(2)
                # A program that imports asks for many files that are not there.
                listed = known.get(folder)
                if not listed or time.ticks_diff(time.ticks_ms(), listed[0]) > 1000:
                    if len(known) > 8:
                        known.clear()
                    known[folder] = listed = time.ticks_ms(), ask(b"l", folder, b"")
                listed = listed[1]
                if listed[:1] == b".":
                    at = listed.find(b"/" + name + b"\0")
                    if at < 0:
                        raise OSError(2)
                    entry = listed[at + len(name) + 2 :].split(b"/", 1)[0]
            kind, length, changed = (entry or ask(b"s", path)).split(b",")
            changed = int(changed) - epoch
            return int(kind), 0, 0, 0, 0, 0, int(length), changed, changed, changed

        def statvfs(self, path):
            known.clear()
            return tuple([int(number) for number in ask(b"v", self.path(path)).split(b",")])

        def open(self, path, mode):
            if mode != "r" and mode != "rb":
                changes()
            return RemoteFile(self.path(path), mode)

        def mkdir(self, path):
            known.clear()
            ask(b"m", self.path(path))

        def rmdir(self, path):
            known.clear()
            ask(b"d", self.path(path))

        def remove(self, path):
            known.clear()
            ask(b"u", self.path(path))

        def rename(self, path, to):
            known.clear()
            ask(b"n", self.path(path), self.path(to))

    # What an earlier folder has left.
    modules = getattr(sys, "modules", {})
    for name in list(modules):
        if getattr(modules[name], "__file__", "").startswith(place + "/"):
            del modules[name]
    vfs.mount(RemoteFolder(), place)
    if place not in sys.path:
        sys.path.insert(0, place)
