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
        ("%connect ws://h --Password s3cret", "%connect ws://h --Password ***"),
        ("%connect ws://h -password s3cret", "%connect ws://h -password ***"),
        ("%CONNECT ws://h --PASSWORD=s3cret", "%CONNECT ws://h --PASSWORD=***"),
        ("%connect ws://h s3cret --raw", "%connect ws://h *** --raw"),
        ("%connect ws://h -p s3cret", "%connect ws://h -p ***"),
        ("%connect ws://h -ps3cret", "%connect ws://h -p***"),
        ("%websocketconnect 192.168.4.1 s3cret", "%websocketconnect 192.168.4.1 ***"),
        ("%connect ws://h --name left --timeout=3 # a note", "%connect ws://h --name left --timeout=3 # a note"),
        ("%connect exec:sshpass -p s3cret ssh -p 22 pi", "%connect exec:sshpass -p *** ssh -p 22 pi"),
        ("%connect exec:sshpass -ps3cret ssh pi", "%connect exec:sshpass -p*** ssh pi"),
        ("%connect exec:env SSHPASS='s3 cret' sshpass -e ssh pi", "%connect exec:env SSHPASS=*** sshpass -e ssh pi"),
        ("%mkdir -p lib/x", "%mkdir -p lib/x"),
        ("%upload a.py lib.d/b", "%upload a.py lib.d/b"),
    ],
)
def test_a_cell_is_kept_without_its_password(typed: str, kept: str) -> None:
    assert masked(typed) == kept


@given(st.text(alphabet=st.characters(exclude_categories=["C", "Z"], exclude_characters="'\"-"), min_size=3))
def test_no_password_is_in_what_is_kept(password: str) -> None:
    kept = masked(f"%connect ws://h --password {password} --raw")
    assert kept == "%connect ws://h --password *** --raw"


@given(st.text())
def test_what_is_no_magic_is_kept_as_it_is(cell: str) -> None:
    assert masked("x" + cell.replace("%", "")) == "x" + cell.replace("%", "")


def test_a_message_about_arguments_is_told_without_the_password() -> None:
    arguments = "ws://h --password s3 cret"
    assert masked_message("unrecognized arguments: cret", arguments) == "unrecognized arguments: ***"
    assert masked_message(f"A quote is not closed in: {arguments}", arguments).endswith("in: ws://h --password ***")


def test_a_positional_password_is_masked_in_messages_of_what_connects() -> None:
    message = "%connect: unrecognized arguments: s3cret. Did you mean --password?"
    assert "s3cret" not in masked_message(message, "ws://h s3cret", connecting=True)
    assert "s3cret" not in masked_message(message, "ws://h -password s3cret", connecting=True)
    assert masked_message("There is no a.py b", "a.py b") == "There is no a.py b"
