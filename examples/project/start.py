from tools.lamp import blink

blink(2)
