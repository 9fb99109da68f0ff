"""What a person types to name a board, and the one parser for it.

The table ``SCHEMES`` is the whole list of ways to reach a board. A new one is a line there: how it is written, how it
is read, and which module opens it. Nothing is opened and nothing is looked up here.
"""

from __future__ import annotations

import difflib
import math
import re
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from ..errors import AddressError

if TYPE_CHECKING:
    from collections.abc import Callable

HIDDEN = "***"
"""What stands in place of a user name and a password."""

REPLAY_OPTIONS = ("pace", "partial")
"""What may stand behind a recording's name and ``?``: play at the recorded pace; take a recording that was cut."""

_LONGEST_ADDRESS = 4096
_LONGEST_QUOTE = 100

_CREDENTIALS_IN_URL = re.compile(r"([A-Za-z][\w+.-]*://)\S*@")
# In a text that was refused more counts as a password: nobody knows what it was meant to be.
_CREDENTIALS_IN_GARBAGE = re.compile(r"([A-Za-z][\w+.-]*://).*@|^.*:.*@", re.DOTALL)
# What the usual programs call a password in their arguments, and variables in front of a command.
_WORD = r"(?:\"[^\"]*\"?|'[^']*'?|[^\s\"'])+"
_PASSWORDS_IN_COMMAND = re.compile(
    rf"(\bsshpass(?:[ \t]+-(?!p)\S+)*[ \t]+-p[ \t]*|(?<!\S)-{{1,2}}(?:pw|pwd|pass\w*)(?:=|[ \t]+)|"
    rf"(?<![^\s\"'])\w*(?:SSHPASS|PASSWO?R?D|PASSWD)=){_WORD}",
    re.IGNORECASE,
)
_USB_ID = re.compile(r"[0-9a-f]{4}:[0-9a-f]{4}", re.IGNORECASE)
_SHORT_USB_ID = re.compile(r"[0-9a-f]{1,4}:[0-9a-f]{1,4}", re.IGNORECASE)
_WINDOWS_PORT = re.compile(r"(?:\\\\\.\\)?COM[1-9][0-9]{0,3}", re.IGNORECASE)
_WINDOWS_DEVICE = re.compile(r"\\\\\.\\[^\\/]+")
_DEVICE_NAME = re.compile(r"(tty|cu\.|serial/|rfcomm|pts/)[\w./:-]*")
_MAC = re.compile(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}", re.IGNORECASE)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")


@dataclass(frozen=True)
class Address:
    """One way to reach one board.

    Attributes:
        scheme: the key in ``SCHEMES`` that says which module opens it, for example ``serial`` or ``socket``.
        target: what that module needs: a device path, a serial number, a URL, a command line, a folder.
        text: what a person types to reach the board again. Holds no password.
    """

    scheme: str
    target: str = field(repr=False)
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Scheme:
    """One row of the table of schemes.

    Attributes:
        form: how such an address is written, for messages.
        read: takes what follows the scheme's prefix, and the whole text; returns the address's target and text, or
            raises ``ValueError`` with the reason.
        module: the module in this package that opens it; None when a choice among devices comes first.
        prefix: what such an address starts with; empty where its shape tells.
    """

    form: str
    read: Callable[[str, str], tuple[str, str]]
    module: str | None
    prefix: str = ""


def parse(text: str) -> Address:
    """Read an address as a person types it.

    Args:
        text: for example ``/dev/ttyACM0``, ``COM5``, ``auto``, ``id:E6614C311B7E6F35``, ``2e8a:0005``,
            ``ws://192.168.4.1``, ``ble:mpy-repl``, ``socket://192.168.1.7:2000``,
            ``rfc2217://raspberrypi:4000?ign_set_control``, ``exec:ssh pi micropython``, ``virtual``,
            ``virtual:~/board`` or ``replay:board.jsonl?pace=1``. Space around it and the case of the scheme do not
            matter.

    Raises:
        AddressError: the text is none of these. The message holds no password that was typed.
    """
    typed = text.strip()
    if len(typed) > _LONGEST_ADDRESS:
        raise _refusal(typed, "it is too long")
    if any(ord(char) < 32 or ord(char) == 127 for char in typed):
        raise _refusal(typed, "it holds a control character")
    try:
        typed.encode("utf-8")
    except UnicodeEncodeError:
        raise _refusal(typed, "it holds half a character") from None
    name, rest = _scheme_of(typed)
    if name is None:
        raise _refusal(typed)
    try:
        target, canonical = SCHEMES[name].read(rest, typed)
    except ValueError as error:
        raise _refusal(typed, str(error)) from None
    return Address(name, target, _CREDENTIALS_IN_URL.sub(rf"\1{HIDDEN}@", canonical))


def without_passwords(command: str) -> str:
    """Return a command line with the passwords in it hidden: ``sshpass -p *** ssh pi micropython``."""
    return _PASSWORDS_IN_COMMAND.sub(lambda found: f"{found[1]}{HIDDEN}", command)


def _scheme_of(typed: str) -> tuple[str | None, str]:
    """The scheme that a text belongs to, and what follows its prefix."""
    for name, scheme in SCHEMES.items():
        if scheme.prefix and typed[: len(scheme.prefix)].lower() == scheme.prefix:
            return name, typed[len(scheme.prefix) :]
    if typed.lower() in ("auto", "virtual"):
        return typed.lower(), ""
    if _USB_ID.fullmatch(typed):
        return "usb", typed
    if typed.startswith(("/", "./", "../", "~/")) or _WINDOWS_PORT.fullmatch(typed) or _WINDOWS_DEVICE.fullmatch(typed):
        return "serial", typed
    return None, typed


# How each form is read: (what follows the prefix, the whole text) -> (target, text).


def _device(rest: str, _typed: str) -> tuple[str, str]:
    device = rest.upper().removeprefix("\\\\.\\") if _WINDOWS_PORT.fullmatch(rest) else rest
    if device.endswith("/"):
        raise ValueError("that is a folder, not a device")
    return device, device


def _word(rest: str, typed: str) -> tuple[str, str]:
    return rest, typed.lower()


def _serial_number(rest: str, _typed: str) -> tuple[str, str]:
    number = rest.strip()
    if not number:
        raise ValueError("the serial number is missing")
    return number, f"id:{number}"


def _usb_id(rest: str, _typed: str) -> tuple[str, str]:
    return rest.lower(), rest.lower()


def _command(rest: str, _typed: str) -> tuple[str, str]:
    command = rest.strip()
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise ValueError(f"the command line cannot be read: {str(error).lower()}") from None
    if not words or not words[0]:
        raise ValueError("the command is missing")
    return command, f"exec:{without_passwords(command)}"


def _folder(rest: str, typed: str) -> tuple[str, str]:
    folder = rest.strip()
    if typed[:8].lower() == "virtual:" and not folder:
        raise ValueError("the folder is missing")
    return folder, f"virtual:{folder}" if folder else "virtual"


def _bluetooth(rest: str, _typed: str) -> tuple[str, str]:
    target = rest.strip().removeprefix("//")
    if not target:
        raise ValueError("the device's name or address is missing")
    if _MAC.fullmatch(target):
        target = target.upper()
    return target, f"ble:{target}"


def recording_named(target: str) -> tuple[str, dict[str, bool]]:
    """Return the file and the options of what stands behind ``replay:``.

    Raises:
        ValueError: an option has a value that it cannot have.
    """
    name, mark, query = target.rpartition("?")
    found = parse_qsl(query, keep_blank_values=True)
    if not mark or not found or any(key not in REPLAY_OPTIONS for key, _ in found):
        return target, {}  # a name may have a question mark
    for key, value in found:
        if value not in ("", "0", "1"):
            raise ValueError(f"the option {key} is 1 or 0")
    return name, {key: value != "0" for key, value in found}


REPLAY_OPTIONS = ("pace", "partial")
"""What may stand behind a question mark: the recorded pace, and recordings that were cut."""


def at_recorded_pace(recording: Address) -> str:
    """Return the text of a recording's address that plays it at its own pace."""
    name, chosen = recording_named(recording.target)
    options = [f"{key}={value:d}" for key, value in {**chosen, "pace": True}.items()]
    return f"replay:{name}?{'&'.join(options)}"


def _recording(rest: str, _typed: str) -> tuple[str, str]:
    target = rest.strip()
    if not recording_named(target)[0]:
        raise ValueError("the file is missing")
    return target, f"replay:{target}"


def _network(
    scheme: str, options: dict[str, Callable[[str], bool]], default_port: int | None = None
) -> Callable[[str, str], tuple[str, str]]:
    """The reader of ``scheme://host:port``, with the options that may follow a question mark."""

    def read(rest: str, _typed: str) -> tuple[str, str]:
        try:
            parts = urlsplit(f"{scheme}://{rest}")
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise ValueError(_reworded(error)) from None
        if "@" in parts.netloc:
            raise ValueError("it takes no user name and no password (a WebREPL's password goes into --password)")
        if not host or re.search(r"\s", host):
            raise ValueError("the host is missing" if not host else "the host holds a space")
        if port is None:
            port = default_port
        if port is None:
            raise ValueError("the port is missing")
        if port == 0:
            raise ValueError("the port is not between 1 and 65535")
        if parts.path not in ("", "/") or parts.fragment:
            raise ValueError("nothing may follow the port" if not options else "only ?options may follow the port")
        _check_options(parts.query, options)
        where = f"[{host}]" if ":" in host else host
        url = f"{scheme}://{where}:{port}" + (f"?{parts.query}" if parts.query else "")
        return url, url

    return read


def _reworded(error: ValueError) -> str:
    return "the port is not between 1 and 65535" if "port" in str(error).lower() else "the host cannot be read"


def _check_options(query: str, known: dict[str, Callable[[str], bool]]) -> None:
    for option, value in parse_qsl(query, keep_blank_values=True):
        if option not in known:
            nearest = difflib.get_close_matches(option, known, 1)
            hint = f", did you mean {nearest[0]}?" if nearest else ""
            raise ValueError(f"there is no option {_quoted(option)}{hint}")
        if not known[option](value):
            raise ValueError(f"the option {option} cannot be {_quoted(value)}")


def _is_seconds(value: str) -> bool:
    try:
        return 0 < float(value) < math.inf
    except ValueError:
        return False


# https://pyserial.readthedocs.io/en/latest/url_handlers.html#rfc2217
_RFC2217_OPTIONS: dict[str, Callable[[str], bool]] = {
    "ign_set_control": lambda value: not value,
    "poll_modem": lambda value: not value,
    "timeout": _is_seconds,
    "logging": lambda value: value in ("debug", "info", "warning", "error"),
}

WEBREPL_PORT = 8266
"""The port that MicroPython's ``webrepl.start()`` listens on unless it is told another."""

SCHEMES: dict[str, Scheme] = {
    "serial": Scheme("/dev/ttyACM0 or COM5", _device, "serial"),
    "auto": Scheme("auto", _word, None),
    "id": Scheme("id:SERIALNUMBER", _serial_number, None, "id:"),
    "usb": Scheme("VID:PID such as 2e8a:0005", _usb_id, None),
    "ws": Scheme("ws://host[:8266]", _network("ws", {}, WEBREPL_PORT), "webrepl", "ws://"),
    "wss": Scheme("wss://host[:8266]", _network("wss", {}, WEBREPL_PORT), "webrepl", "wss://"),
    "socket": Scheme("socket://host:port", _network("socket", {}), "tcp", "socket://"),
    "rfc2217": Scheme("rfc2217://host:port", _network("rfc2217", _RFC2217_OPTIONS), "rfc2217", "rfc2217://"),
    "ble": Scheme("ble:NAME or ble:ADDRESS", _bluetooth, "ble", "ble:"),
    "exec": Scheme("exec:COMMAND LINE", _command, "process", "exec:"),
    "replay": Scheme("replay:FILE", _recording, "replay", "replay:"),
    "virtual": Scheme("virtual or virtual:FOLDER", _folder, "virtual", "virtual:"),
}
"""Every way to reach a board, in the order in which messages list them."""


_BOARDS = frozenset("board esp32 esp8266 microbit pico pico2 picow pyboard rp2 rp2040 rp2350 serial stm32 usb".split())


def _refusal(typed: str, reason: str | None = None) -> AddressError:
    """The error for a text that is no address: one sentence with the reason, the nearest form and all forms."""
    guess = _nearest(typed)
    why = f": {reason}" if reason else f" (did you mean {_quoted(guess)}?)" if guess else ""
    forms = ", ".join(scheme.form for scheme in SCHEMES.values())
    what = _quoted(typed) if typed else "An empty text"
    return AddressError(f"{what} is no address of a board{why}; an address is one of: {forms}.")


def _nearest(typed: str) -> str | None:
    """What was probably meant, or None."""
    if _DEVICE_NAME.match(typed):
        return f"/dev/{typed}"
    if _WINDOWS_PORT.fullmatch(typed.rstrip(":\\/")):
        return typed.rstrip(":\\/").upper()
    if _MAC.fullmatch(typed):
        return f"ble:{typed.upper()}"
    if _SHORT_USB_ID.fullmatch(typed):
        return ":".join(part.zfill(4) for part in typed.lower().split(":"))
    found = _SCHEME.match(typed)
    if found is None:
        if typed.lower() in _BOARDS:
            return "auto"  # names of boards, which other kernels take
        near = difflib.get_close_matches(typed.lower(), ("auto", "virtual"), 1, 0.7)
        return near[0] if near else None
    if found[1].lower() in ("serial", "port", "tty"):
        return typed[found.end() :].replace("//", "", 1) or None
    if found[1].lower() in ("bluetooth", "bt"):
        return "ble:" + (typed[found.end() :].removeprefix("//") or "NAME")
    prefixes = {scheme.prefix.partition(":")[0]: scheme.prefix for scheme in SCHEMES.values() if scheme.prefix}
    near = difflib.get_close_matches(found[1].lower(), prefixes, 1)
    if not near:
        return None
    return prefixes[near[0]] + typed[found.end() :].lstrip("/")


def _quoted(text: str) -> str:
    """A text for a message: no password, no control character, no novel."""
    safe = _CREDENTIALS_IN_GARBAGE.sub(lambda found: f"{found[1] or ''}{HIDDEN}@", text, count=1)
    safe = without_passwords(safe)
    safe = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in safe)
    return f'"{safe}"' if len(safe) <= _LONGEST_QUOTE else f'"{safe[:_LONGEST_QUOTE]}..."'
