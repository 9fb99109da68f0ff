# Removes a file, or a folder with what is in it, and prints how many.
def snippet(path, recurse):
    import os

    def remove(path):
        if hasattr(os, "stat") and os.stat(path)[0] & 0x4000:
            count = 1
            if recurse:
                for name in os.listdir(path):
                    count += remove(path + "/" + name)
            os.rmdir(path)
            return count
        os.remove(path)
        return 1

    print(remove(path))
