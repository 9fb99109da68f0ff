# Says "no" where the board refuses to compile some source, which runs with names of its own.
def snippet(source):
    try:
        exec(source, {})
    except SyntaxError:
        print("no")
    except Exception:
        pass
