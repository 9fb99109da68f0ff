"""The drawing of pins and parts: what is seen is what the board told, and nothing of it is markup."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metakernel_micropython.display.parts_picture import html, text

BITS = bytes([0b10000001, 0, 0, 0b11111111])  # four rows of eight dots


def part(*picture: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "part1", "kind": "part", "pins": {}, "state": {}, "settings": {}, "picture": list(picture), **more}


def of(*parts: dict[str, Any], pins: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {"serial": 1, "pins": list(pins), "parts": list(parts)}


def test_an_empty_board_says_what_to_do() -> None:
    assert "%parts lists" in text(of())
    assert "%parts lists" in html(of())


def test_a_lamp_is_as_bright_as_its_duty() -> None:
    dark, half, bright = (
        html(of(part({"shape": "lamp", "color": "#ff0000", "brightness": brightness}))) for brightness in (0, 0.5, 1)
    )
    assert 'aria-label="lamp, 0%"' in dark and 'fill-opacity="0.080"' in dark
    assert 'aria-label="lamp, 50%"' in half and 'fill-opacity="0.540"' in half
    assert 'aria-label="lamp, 100%"' in bright and 'fill-opacity="1.000"' in bright


def test_a_strip_shows_its_colours() -> None:
    shown = of(part({"shape": "strip", "colors": ["#ff0000", "#000000", "#0000FF"]}))
    assert "2 of 3 lamps lit" in html(shown)
    assert all(f'fill="{color}"' in html(shown) for color in ("#ff0000", "#000000", "#0000ff"))
    assert text(shown).splitlines()[1] == "  #ff0000 #000000 #0000ff"


def test_a_screen_is_a_picture_and_in_a_console_dots() -> None:
    screen = {"shape": "screen", "width": 8, "height": 4, "bits": base64.b64encode(BITS).decode(), "on": True}
    assert 'alt="screen, 8x4 pixels"' in html(of(part(screen)))
    dots = text(of(part(screen))).splitlines()[1].strip()
    assert [ord(character) - 0x2800 for character in dots] == [0x01 | 0xC0, 0xC0, 0xC0, 0x08 | 0xC0]
    off = text(of(part({**screen, "on": False}))).splitlines()[1].strip()
    assert set(off) == {"\u2800"}


def test_the_other_shapes_have_words() -> None:
    shown = of(
        part({"shape": "dial", "degrees": 90}, {"shape": "sound", "hertz": 440}, {"shape": "text", "text": "<b>"})
    )
    assert "90 degrees" in html(shown) and "♪ 440 Hz" in html(shown) and "&lt;b&gt;" in html(shown)
    assert text(shown).splitlines()[1:] == ["  ♪ 440 Hz", "  <b>"]
    assert "silent" in html(of(part({"shape": "sound", "hertz": 0})))


def test_pins_tell_their_mode_and_what_is_on_them() -> None:
    pins = (
        {"pin": 15, "name": "GP15", "mode": "OUT", "level": 1, "pull": "", "duty": None, "hertz": None, "volts": None},
        {"pin": 14, "name": "GP14", "mode": "IN", "level": 0, "pull": "up", "duty": None, "hertz": None, "volts": None},
        {"pin": 16, "name": "GP16", "mode": "ALT", "level": 0, "pull": "", "duty": 0.25, "hertz": 50, "volts": None},
        {"pin": 26, "name": "GP26", "mode": "IN", "level": 0, "pull": "", "duty": None, "hertz": None, "volts": 1.65},
    )
    assert text(of(pins=pins)).splitlines() == [
        "GP15 OUT high",
        "GP14 IN low pull up",
        "GP16 ALT PWM 50 Hz, 25%",
        "GP26 IN 1.65 V",
    ]
    assert 'aria-label="high"' in html(of(pins=pins[:1]))
    assert 'aria-label="low"' in html(of(pins=pins[1:2]))


def test_what_a_part_holds_is_in_words() -> None:
    shown = text(
        of(part(pins={"sda": 8, "scl": 9}, state={"on": True, "lit": False, "angle": 90.0, "color": "#ff0000"}))
    )
    assert shown == "part1 (sda 8, scl 9): on, not lit, angle 90, color #ff0000"


@pytest.mark.parametrize(
    "shape",
    [
        {"shape": "lamp", "color": 'red" onload="alert(1)', "brightness": 1},
        {"shape": "lamp", "color": "#ff0000", "brightness": "bright"},
        {"shape": "strip", "colors": ["<script>"]},
        {"shape": "screen", "width": 10**9, "height": 10**9, "bits": ""},
        {"shape": "screen", "width": 8, "height": 8, "bits": "%%%"},
        {"shape": "dial"},
        {"shape": "hologram"},
        {},
    ],
)
def test_what_makes_no_sense_is_not_drawn(shape: dict[str, Any]) -> None:
    assert "cannot be drawn" in html(of(part(shape)))
    assert "<script" not in html(of(part(shape))) and "onload" not in html(of(part(shape)))


@given(st.text())
def test_no_name_is_markup(name: str) -> None:
    hostile = f"<script>{name}</script>"
    shown = html(of(part(name=hostile, pins={hostile: 1}, state={hostile: hostile}), pins=({"name": hostile},)))
    assert "<script" not in shown
    assert "\x1b" not in text(of(part(name=f"\x1b[31m{name}")))
