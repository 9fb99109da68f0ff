# The content of a file in lines of bytes literals.
def snippet(path):
    file = open(path, "rb")
    try:
        while True:
            data = file.read(64)
            if not data:
                break
            print(data)
    finally:
        file.close()
