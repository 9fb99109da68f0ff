# The content of a file in lines of Base64.
def snippet(path, module):
    encode = __import__(module).b2a_base64
    file = open(path, "rb")
    try:
        while True:
            data = file.read(384)
            if not data:
                break
            print(encode(data).decode(), end="")
    finally:
        file.close()
