# What the chip says about itself, a pair to a line; what it cannot tell is left out (see info_tell).
def snippet():
    def reset_cause():
        import machine

        cause = machine.reset_cause()
        return [name for name in dir(machine) if name.endswith("_RESET") and getattr(machine, name) == cause] or cause

    tell("frequency", lambda: __import__("machine").freq())
    tell("id", lambda: bytes(__import__("machine").unique_id()))
    tell("reset", reset_cause)
    tell("temperature", lambda: __import__("esp32").mcu_temperature())
