"""The palette keeps the contrast and the distances it promises."""

from __future__ import annotations

from itertools import combinations

import pytest

from bot.text.palette import DARK, LIGHT, Theme, colour, theme

# Machado, Oliveira, Fernandes (2009), severity 1, on linear RGB.
VISION = {
    "full": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "no red cones": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "no green cones": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "no blue cones": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
Rgb = tuple[float, float, float]


def linear(code: str) -> Rgb:
    parts = [int(code[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    r, g, b = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return r, g, b


def contrast(colour: str, other: str) -> float:
    low, high = sorted(0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in (linear(colour), linear(other)))
    return (high + 0.05) / (low + 0.05)


def seen(code: str, vision: str) -> Rgb:
    rgb = linear(code)
    r, g, b = (
        min(1.0, max(0.0, sum(weight * part for weight, part in zip(row, rgb, strict=True)))) for row in VISION[vision]
    )
    return r, g, b


def oklab(rgb: Rgb) -> Rgb:
    """Linear RGB to OKLab (Ottosson 2020)."""
    r, g, b = rgb
    long = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    medium = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    short = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("look", [DARK, LIGHT], ids=lambda look: look.name)
def test_any_two_outcomes_can_be_told_apart_by_every_eye(look: Theme, vision: str) -> None:
    labs = [oklab(seen(code, vision)) for code in look.outcomes]
    for first, other in combinations(labs, 2):
        assert sum((a - b) ** 2 for a, b in zip(first, other, strict=True)) ** 0.5 >= 0.078


@pytest.mark.parametrize("look", [DARK, LIGHT], ids=lambda look: look.name)
def test_every_colour_keeps_its_contrast(look: Theme) -> None:
    for surface in (look.ground, look.panel):
        assert min(contrast(code, surface) for code in look.outcomes) >= (4.5 if look is DARK else 3.0)
    for surface in (look.ground, look.panel, look.raised):
        assert contrast(look.ink, surface) >= 12
        assert contrast(look.quiet, surface) >= 5
        assert contrast(look.accent, surface) >= 4.5
        assert min(contrast(edge, surface) for edge in (look.good, look.bad, look.wait, look.cold, look.loud)) >= 3
    assert contrast(look.on_accent, look.accent) >= 4.5


def test_a_theme_is_found_by_its_name_and_dark_is_the_default() -> None:
    assert theme("light") is LIGHT
    assert theme("dark") is theme("") is DARK
    assert colour(12, LIGHT) == LIGHT.outcomes[2]
