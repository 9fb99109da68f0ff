# Makes a board be seen: its display shows its name, or its LED blinks. What it used is returned.
# A pin is only driven where the firmware or a person (number >= 0) says that it is the LED's: anything may hang on it.
def snippet(name, number, times):
    import time

    def blink(switch):
        for _ in range(times):
            switch(True)
            time.sleep(0.2)
            switch(False)
            time.sleep(0.2)

    if number < 0:
        try:
            import microbit

            microbit.display.scroll(name, wait=False)  # one that waits is deaf to Ctrl-C
            return "display"
        except ImportError:
            pass
        try:
            import pyb

            led = pyb.LED(1)
            blink(lambda on: led.on() if on else led.off())
            return "LED"
        except (ImportError, ValueError):
            pass
    try:
        import machine

        pin = machine.Pin("LED" if number < 0 else number, machine.Pin.OUT)
    except (ImportError, AttributeError, ValueError, TypeError):
        return ""
    before = pin.value()
    try:
        blink(lambda on: pin.value(not before if on else before))
    finally:
        pin.value(before)
    return "LED" if number < 0 else "pin"
