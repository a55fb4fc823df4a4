"""Whatever is said, and by whomever: what reaches Telegram is valid HTML within every limit."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.telegram_chat import keyboards, markup, render
from bot.adapters.telegram_chat.limits import CAPTION, ENTITIES, TEXT, size
from bot.adapters.telegram_chat.markup import MarkupPage
from bot.chat.reply import (
    Attachment,
    Column,
    Picture,
    Reply,
    Stamp,
    Table,
    Tone,
    bold,
    code,
    line,
    quiet,
)
from bot.text.columns import width
from tests.bot.adapters.samples import Samples, board_of
from tests.deep import DEEP
from tests.standins.telegram_peer.html_mode import parse_html

NOW = 1_790_000_000_000
HOSTILE = (
    "<b>", "</b>", "<script>", "&amp;", "&", "<", ">", '"', "'", "@everyone", "https://evil.example", "t.me/evil",
    "\u202e", "\u2066", "\u200b", "\x00", "\x1b", "\n", "\t", "👩\u200d👩\u200d👧", "漢字", "שלום", "𝔘", "é̂̃̄",
    "*_`[]()~|", "/admin void", "evil.com", "\ud800", "=1+1", " ",
)  # fmt: skip
texts = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from(HOSTILE), max_size=8).map("".join),
    st.integers(1, 3_000).map(lambda size: "wide 漢𝔘<&> " * (size // 9)),
)
samples = Samples(
    texts=texts,
    moments=st.integers(0, 10**14 - 1),
    money=st.integers(-(10**12), 10**12),
    now_ms=NOW,
    next_step_ms=st.just(NOW + 90_000),
    least_spans=1,
    least_rows=3,
)
files = st.lists(
    st.builds(
        Attachment, name=st.just("a.png"), data=st.just(b"x"), media_type=st.sampled_from(["image/png", "text/csv"])
    ),
    max_size=3,
).map(tuple)
replies = st.builds(
    Reply,
    head=samples.lines(),
    blocks=st.lists(samples.lines() | samples.tables() | samples.boards() | samples.pictures(), max_size=12).map(tuple),
    files=files,
    tone=st.sampled_from(Tone),
)


def checked(page: MarkupPage, most: int) -> str:
    """The page's text as Telegram's parser sees it, if it is valid and within the limits."""
    parsed = parse_html(page.html)
    assert parsed.complaints == ()
    assert len(parsed.entities) <= ENTITIES
    assert 0 < size(parsed.text.strip()) <= size(parsed.text) <= most
    assert parsed.text == page.plain
    bad = {"\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"}
    assert not bad & set(parsed.text)
    assert not [sign for sign in parsed.text if unicodedata.category(sign) in ("Cc", "Cs") and sign != "\n"]
    return parsed.text


@settings(max_examples=500 if DEEP else 25, deadline=None)
@given(replies)
def test_any_reply_is_valid_html_within_every_limit(reply: Reply) -> None:
    rendered = render.render(reply, NOW)
    for page in rendered.pages:
        checked(page, TEXT)
    if rendered.caption is not None:
        checked(rendered.caption, CAPTION)
    assert rendered.pages or rendered.caption or rendered.photos
    assert len(rendered.photos) + len(rendered.documents) == len(reply.files)


@pytest.mark.parametrize(("count", "out"), [(2, 0), (5, 0), (10, 0), (10, 8), (25, 0), (25, 12), (25, 23)])
def test_a_board_of_2_to_25_outcomes_is_one_message_as_wide_as_a_phone(count: int, out: int) -> None:
    board = board_of(count, out)
    (page,) = render.render(Reply(head=line("Cup"), blocks=(board,)), NOW).pages
    text = checked(page, TEXT)
    table = [row for row in text.splitlines() if "¢" in row]
    assert len(table) == count - out
    assert max(width(row) for row in table) <= render.PHONE_COLUMNS
    assert page.html.count("<s>") == out
    assert "House risks" in text


def test_a_keyboard_offers_25_outcomes_with_the_longest_names() -> None:
    offered = [
        keyboards.KeyboardButton(label=row.name, line=f"/buy {row.outcome + 1}", person=None)
        for row in board_of(25).rows
    ]
    rows = keyboards.rows_of_buttons(offered)
    assert [button.label for row in rows for button in row] == [button.label for button in offered]


@settings(max_examples=500 if DEEP else 25, deadline=None)
@given(st.lists(texts, min_size=1, max_size=40), st.integers(40, 400))
def test_pages_lose_no_word(paragraphs: list[str], most: int) -> None:
    rows = [(markup.styled(text),) for text in paragraphs]
    pages = markup.pages(rows, most, most)
    for page in pages:
        checked(page, most)
    wanted = without_spaces("".join(part.text for row in rows for part in row))
    assert without_spaces("".join(page.plain for page in pages)) == (wanted or "…")


def without_spaces(text: str) -> str:
    return "".join(text.split()).replace("\u2060", "")


def test_the_sentence_that_matters_is_bold_and_a_bare_command_can_be_tapped() -> None:
    reply = Reply(
        head=line("Buy ", bold("Germany"), " YES"),
        blocks=(line("Say ", code("/admin create"), " or ", code("/buy germany yes $50"), quiet(" soon")),),
        tone=Tone.GOOD,
    )
    (page,) = render.render(reply, NOW).pages
    assert page.html == (
        "✅ <b>Buy Germany YES</b>\nSay /admin_create or <code>/buy germany yes $50</code><i> soon</i>"
    )


def test_names_become_neither_mentions_nor_links() -> None:
    (page,) = render.render(Reply(head=line("@durov of evil.com, https://evil.example/x")), NOW).pages
    text = parse_html(page.html).with_found().entities
    assert [letter["type"] for letter in text] == ["bold"]
    assert "50.1¢" in markup.styled("50.1¢ · v2.0").text


def test_a_moment_is_a_time_tag_with_utc_inside() -> None:
    (page,) = render.render(Reply(head=line("Freezes ", Stamp(NOW + 120_000, countdown=True))), NOW).pages
    assert f'<tg-time unix="{NOW // 1000 + 120}" format="r">in 2 min (' in page.html
    assert "tg-time" not in markup.without_times(page.html)


def test_a_narrow_table_is_aligned_and_a_wide_one_becomes_lines() -> None:
    columns = (Column(title="Name"), Column(title="Worth", numeric=True))
    narrow = Table(columns=columns, rows=((line("Ada"), line("$1.00")), (line("漢字"), line("$20.00"))))
    (page,) = render.render(Reply(head=line("x"), blocks=(narrow,)), NOW).pages
    assert page.plain == "x\nName  Worth\nAda   $1.00\n漢字 $20.00"
    assert "<pre>" in page.html
    wide = Table(columns=columns, rows=((line("A" * 40), line("$1.00")),))
    (page,) = render.render(Reply(head=line("x"), blocks=(wide,)), NOW).pages
    assert page.plain == f"x\n{'A' * 40} · Worth $1.00"


def test_a_long_text_with_a_photo_follows_it() -> None:
    photo = Attachment(name="a.png", data=b"x", media_type="image/png")
    reply = Reply(head=line("Brazil is out."), blocks=(line("word " * 300),), files=(photo,))
    rendered = render.render(reply, NOW)
    assert rendered.caption is not None
    assert rendered.caption.plain == "Brazil is out."
    assert len(rendered.pages) == 1
    short = render.render(Reply(head=line("Brazil is out."), blocks=(line("7-1"),), files=(photo,)), NOW)
    assert (short.pages, short.caption is not None) == ((), True)


def test_a_caption_says_what_its_chart_shows_and_nothing_of_it_twice() -> None:
    png = Attachment(name="chart.png", data=b"x", media_type="image/png")
    leads, figures = "Germany leads at 61.0¢.", "YES: Germany 61.0¢ and Chile 39.0¢."
    for blocks, below in (
        ((shows(f"{figures} Out: Brazil."),), [f"{figures} Out: Brazil."]),
        ((shows(f"{leads} {figures} Out: Brazil."), line(quiet(figures))), [figures, "Out: Brazil."]),
        ((shows(leads),), []),
    ):
        said = render.render(Reply(head=line(leads), blocks=blocks, files=(png,)), NOW).caption
        assert said is not None
        assert said.plain.splitlines() == [leads, *below]


def shows(alt: str) -> Picture:
    return Picture(kind="prices", market=1, tick=1, alt=alt)
