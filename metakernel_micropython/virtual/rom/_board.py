# Executed by boot_script.py, with its names, on a board that is one of those of profiles.py: who it says it is.

platform, build, board = [call("profile", name) for name in ("platform", "build", "machine")]


def uname():
    from collections import namedtuple

    version = sys.version.split("MicroPython ")[1]
    release = version[1:].split("-")[0].split(" ")[0]
    names = ("sysname", "nodename", "release", "version", "machine")
    return namedtuple("", names)(platform, platform, release, version, board)


if platform == "esp32":
    names = (
        "ADC PWM Timer HARD_RESET SOFT_RESET DEEPSLEEP_RESET SLEEP DEEPSLEEP wake_reason PIN_WAKE EXT0_WAKE EXT1_WAKE "
        "TIMER_WAKE TOUCHPAD_WAKE ULP_WAKE"
    )
    parts += (("esp32", tuple(names.split())),)
extend(os, (("uname", uname),))
extend(sys, (("platform", platform),))
for place in range(len(sys.implementation)):  # mp_obj_tuple_t is {base, length, items}
    item = sys.implementation[place]
    if item is sys.implementation._machine:
        words[id(sys.implementation) + 8 + 4 * place] = id(board)
    elif item is sys.implementation._build:
        words[id(sys.implementation) + 8 + 4 * place] = id(build)
