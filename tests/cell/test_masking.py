from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metakernel_micropython.cell.masking import masked, masked_message


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("%connect ws://h --password s3cret", "%connect ws://h --password ***"),
        ("%connect ws://h --password=s3cret --raw\nx = 1", "%connect ws://h --password=*** --raw\nx = 1"),
        ("%connect --password s3cret ws://h", "%connect --password *** ws://h"),
        ("%connect ws://h --password 's3 cret'", "%connect ws://h --password ***"),
        ("%connect ws://h --password s3 cret", "%connect ws://h --password ***"),
        ("%connect ws://h --password 's3cret", "%connect ws://h --password ***"),
        ('%connect ws://h --password s3"c re"t --raw', "%connect ws://h --password *** --raw"),
        ("%connect ws://h --password=--s3cret", "%connect ws://h --password=***"),
        ("%connect ws://h --pass s3cret", "%connect ws://h --pass ***"),
        ("%connect ws://h --pasword s3cret", "%connect ws://h --pasword ***"),
        ("%connect ws://h --p s3cret", "%connect ws://h --p ***"),
        ("# mine\n  %connect ws://h --password\ts3cret", "# mine\n  %connect ws://h --password\t***"),
        ("%connect ws://:s3cret@h:8266 --raw", "%connect ws://***@h:8266 --raw"),
        ("%websocketconnect :s3/cret@h:8266", "%websocketconnect ***@h:8266"),
        ("%connect exec:ssh pi@h:2 x", "%connect exec:ssh pi@h:2 x"),
        ("%connect ws://h --password --raw", "%connect ws://h --password --raw"),
        ("%connect ws://h --password", "%connect ws://h --password"),
        ("%serialconnect --port /dev/ttyUSB0", "%serialconnect --port /dev/ttyUSB0"),
        ("%mkdir --parents lib/x", "%mkdir --parents lib/x"),
        ("print('--password s3cret')", "print('--password s3cret')"),
    ],
)
def test_a_cell_is_kept_without_its_password(typed: str, kept: str) -> None:
    assert masked(typed) == kept


@given(st.text(alphabet=st.characters(exclude_categories=["C", "Z"], exclude_characters="'\"-"), min_size=3))
def test_no_password_is_in_what_is_kept(password: str) -> None:
    assert password not in masked(f"%connect ws://h --password {password} --raw").replace("***", "")


@given(st.text())
def test_what_is_no_magic_is_kept_as_it_is(cell: str) -> None:
    assert masked("x" + cell.replace("%", "")) == "x" + cell.replace("%", "")


def test_a_message_about_arguments_is_told_without_the_password() -> None:
    arguments = "ws://h --password s3 cret"
    assert masked_message("unrecognized arguments: cret", arguments) == "unrecognized arguments: ***"
    assert masked_message(f"A quote is not closed in: {arguments}", arguments).endswith("in: ws://h --password ***")
