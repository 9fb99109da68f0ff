"""The bytes that the prompts take for commands, and the answers to the request for raw-paste."""

CTRL_A = b"\x01"
CTRL_B = b"\x02"
CTRL_C = b"\x03"
CTRL_D = b"\x04"

RAW_PASTE_REQUEST = b"\x05A\x01"
RAW_PASTE_GRANTED = b"R\x01"
RAW_PASTE_REFUSED = b"R\x00>"
