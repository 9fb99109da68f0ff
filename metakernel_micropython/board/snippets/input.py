# Puts a function in place of the firmware's input() that tells the host when it asks: marks stand around the prompt and
# behind the answer (see board/protocol/questions.py). sys.stdin does not echo; where it is missing, the firmware's own
# input() reads. It goes into builtins, for the sake of modules, and a function of the user's globals stays what it is.
def snippet():
    import builtins
    import sys

    try:
        if __mk_input:
            return
    except NameError:
        pass
    # An attribute of builtins is the firmware's function even where another one stands in its place.
    own = eval("input", {})
    stdin = getattr(sys, "stdin", None)

    def __mk_input_(prompt=""):
        print("\x1e?mkr" if stdin else "\x1e?mki", prompt, "\x1e?mk=", sep="", end="")
        try:
            answer = stdin.readline() if stdin else own()
        finally:
            print("\x1e?mk.", end="")
        if stdin:
            if answer[:1] in ("", "\x04"):
                raise EOFError
            answer = answer.rstrip("\r\n")
        return answer

    builtins.input = __mk_input_
    builtins.__mk_input = __mk_input_, own
