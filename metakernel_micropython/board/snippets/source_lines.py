# Lines of files: one to a line, each behind its number and a blank, the files as they are wanted with 0x1e between.
def snippet(wanted):
    for path, numbers in wanted:
        try:
            file = open(path)
            try:
                for number in range(1, max(numbers) + 1):
                    text = file.readline()
                    if number in numbers:
                        print(number, text.strip()[:120])
            finally:
                file.close()
        except OSError:
            pass
        print("\x1e", end="")
