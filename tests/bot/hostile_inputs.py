"""Hostile texts by a seed: what people could type, bent in the ways that break readers.

Noise rarely gets past the first check; so most of it starts from something valid and is changed a little.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
ZERO = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\u180e\ufe0f\u115f\u3164"
MARKS = "\u0301\u0300\u0336\u0489\u20dd\u0e31\u064b\u093f"
SPACES = "\u00a0\u2003\u3000\u2028\u2029\u0085\t\n\r\v\f\x1c\x1d\x1e\x1f"
CONTROL = "\x00\x01\x07\x08\x1b\x7f\x9b\ufffe\uffff\ue000\U000e0041\U0010ffff"
LONE = "\ud800\udbff\udc00\udfff\ud83d"  # halves of a sign
DIGITS = "٣४৫๒᠗０１９②⅔½²₃ⅫⅯ㊿𝟛𝟡"
CASES = "ﬁßİıſKÅΣςǅŉﷺﬃẞ"  # signs that grow, shrink or change when folded or normalised
EMOJI = ("👩‍👩‍👧‍👦", "🏴\U000e0067\U000e0062\U000e007f", "🇩🇪🇧", "👍🏽", "❤️‍🔥", "1️⃣", "😀")
WIDE = ("日本語", "한국", "ｆｕｌｌ", "中", "ゕﾞ", "שלום", "مرحبا", "ไทย", "देवनागरी")
MARKUP = (
    "<b>x</b>", "<script>alert(1)</script>", "&lt;&#64;", "**b**", "__u__", "~~s~~", "||p||", "`c`", "```\nx\n```",
    "[a](https://evil.example)", "# h", "> q", "- l", "@everyone", "@here", "<@1>", "<@&1>", "<#1>", "</x:1>",
    "<t:0:R>", "t.me/joinchat/x", "https://t.me/x?start=1", "tg://resolve?domain=x", "discord.gg/abc",
    "https://discord.com/invite/a", "javascript:alert(1)", "data:text/html,x", "{{7*7}}", "${7*7}", "%s%n",
    "{0.__class__}", "{x!r}", "\\u202e", "\\",
)  # fmt: skip
FORMULAS = (
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://e","x")', "＝1+1", "'=1", "|cmd",
)  # fmt: skip
QUERIES = (
    "' OR 1=1 --", '"; DROP TABLE users; --', "%' LIKE '%", "?1", ":name", "\\x27", "/*", "0x41", "../../etc", "$1",
)  # fmt: skip
NUMBERS = (
    "0", "-0", "-1", "1e9", "1e999", "nan", "inf", "∞", "0.0000001", ".5", "5.", "1,000", "1.000", "1 000", "1,5",
    "1_000", "9" * 19, "9" * 400, "0" * 50 + "1", "0x10", "$", "$$5", "5$", "$-5", "2k", "2kk", "5%", "500%", "%5",
    "5%%", "half", "all", "¼", "٣٤", "１２", "12e", "--5", "+5", "1/3", "#1", "#0", "#", "##2", "1e-30%",
    "18446744073709551616",
)  # fmt: skip
TIMES = (
    "now", "in 10m", "in", "in -5m", "in 9999999999d", "+1h", "+", "+0s", "1h30m", "1h-30m", "00:00", "24:00",
    "25:61", "8pm", "13 pm", "fri 20:00", "fr 8", "2026-02-30 10:00", "0000-01-01 00:00", "9999-12-31 23:59 -12:00",
    "2026-03-29 02:30 Europe/Berlin", "2026-12-01T18:00:00Z", "2026-12-01 18:00 Mars/Olympus", "tomorrow 18:00",
    "today", "18:00 ../../etc/passwd", "18:00 Europe/", "18:00 +99:99", "1969-12-31 23:59", "99999-01-01 10:00",
    "10:00 utc+1",
)  # fmt: skip
JOINTS = (
    "=", "==", "a=b", "amount=", "=5", "outcome==x", '"', '""', '"x', 'x"', "“", "”", "„", "«", "'", ",", ",,", ";",
    ";;", " and ", " to ", " for ", "out", "winner", "ask", "confirm=x", "confirm", "limit", "slippage", "/",
    "/admin", "//", "@bot", "_",
)  # fmt: skip
SIGNS = BIDI + ZERO + MARKS + SPACES + CONTROL + LONE + DIGITS + CASES
GROUPS: tuple[Sequence[str], ...] = (
    BIDI, ZERO, MARKS, SPACES, CONTROL, LONE, DIGITS, CASES, EMOJI, WIDE, MARKUP, FORMULAS, QUERIES, NUMBERS, TIMES,
    JOINTS,
)  # fmt: skip


def piece(rng: random.Random) -> str:
    """Something hostile of one class."""
    found = rng.choice(rng.choice(GROUPS))
    way = rng.random()
    if way < 0.02:
        return found * rng.choice((7, 50, 300))
    return found if way < 0.9 else found + rng.choice(SIGNS)


def text(rng: random.Random, most: int = 8) -> str:
    """Several pieces in a row."""
    joint = rng.choice((" ", " ", "", "\u00a0", ", "))
    return joint.join(piece(rng) for _ in range(rng.randrange(most)))


def huge(rng: random.Random) -> str:
    """Ten thousand signs of one kind, or a thousand words."""
    if rng.random() < 0.5:
        return (piece(rng) or "x") * 10_000
    return " ".join(piece(rng)[:9] for _ in range(1_000))


def _put(found: list[str], rng: random.Random) -> None:
    found.insert(rng.randrange(len(found) + 1), piece(rng))


def _drop(found: list[str], rng: random.Random) -> None:
    if found:
        del found[rng.randrange(len(found))]


def _swap(found: list[str], rng: random.Random) -> None:
    if found:
        a, b = rng.randrange(len(found)), rng.randrange(len(found))
        found[a], found[b] = found[b], found[a]


def _twice(found: list[str], rng: random.Random) -> None:
    if found:
        found.insert(rng.randrange(len(found) + 1), rng.choice(found))


def _replace(found: list[str], rng: random.Random) -> None:
    if found:
        found[rng.randrange(len(found))] = piece(rng)


def _inside(found: list[str], rng: random.Random) -> None:
    """A sign within a word, or a cut through it."""
    if found:
        at = rng.randrange(len(found))
        cut = rng.randrange(len(found[at]) + 1)
        found[at] = found[at][:cut] + rng.choice((rng.choice(SIGNS), rng.choice('"=,;%$'), "")) + found[at][cut:][:9]


def _spelled(found: list[str], rng: random.Random) -> None:
    """The same word in other letters: capitals, full width, digits of another script."""
    if found:
        at = rng.randrange(len(found))
        word = found[at]
        wide = "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in word)
        arabic = "".join(chr(0x660 + int(sign)) if sign.isascii() and sign.isdigit() else sign for sign in word)
        found[at] = rng.choice((word.upper(), word.title(), wide, arabic, f'"{word}"', f"“{word}", f"{word}={word}"))


_WAYS = (_put, _drop, _swap, _twice, _replace, _inside, _spelled)


def bent(valid: str, rng: random.Random) -> str:
    """A valid text, changed in one to three places."""
    found = valid.split(" ")
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        rng.choice(_WAYS)(found, rng)
    return " ".join(found)


def anything(valid: str, rng: random.Random) -> str:
    """Mostly a bent text, sometimes pieces alone, seldom something huge."""
    way = rng.random()
    if way < 0.003:
        return huge(rng)
    return bent(valid, rng) if way < 0.75 else text(rng)
