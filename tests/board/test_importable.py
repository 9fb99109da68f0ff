"""What a board says can be imported, as names."""

from __future__ import annotations

from metakernel_micropython.board.importable import built_in


def test_the_firmwares_list_of_modules_is_read_as_names() -> None:
    told = (
        "__main__          asyncio/__init__  btree             umqtt/robust\r\n"
        "_boot             asyncio/core      3rd\r\n"
        "Plus any modules on the filesystem\r\n"
    )
    assert built_in(told) == ["__main__", "_boot", "asyncio", "asyncio.core", "btree", "umqtt.robust"]
    assert built_in("") == []
