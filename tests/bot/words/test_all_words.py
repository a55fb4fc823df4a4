"""There are words for everything that can happen, and they are sentences."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from bot.chat import plain_text
from bot.chat.facts import FailedOrder
from bot.market.settings_table import SETTINGS
from bot.notifications import notices as renderers
from bot.words import refusals as words_refusals
from bot.words import setup as words_setup
from engine import bounds, params, parse
from engine.events import Reason
from engine.params import build_params
from engine.state import Side
from engine.terms import MarketParams, Problem
from scheduler import notices, signals
from storage.records import OrderDraft

BUILT = build_params({"outcome_names": ["Germany", "Brazil", "Costa Rica"]})
assert isinstance(BUILT, MarketParams)
PARAMS: MarketParams = BUILT
DRAFT = OrderDraft(outcome=2, side=Side.YES, buy=True, size=10**8)
SENTENCE = re.compile(r"[A-Z“$a-z/].*[.?!]")


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_of_the_engine_has_a_sentence(reason: Reason) -> None:
    known = words_refusals.refusal(failed_for(reason, {"have": 1, "need": 2}))
    controls = {
        Reason.ALREADY, Reason.ROUND_OPEN, Reason.NOT_FROZEN, Reason.WRONG_COUNT, Reason.FINAL_NEEDS_WINNER,
        Reason.TOO_FEW_LEFT, Reason.BAD_VALUES, Reason.NO_SUCH_ORDER, Reason.NOT_DISPUTED, Reason.HAS_TRADED,
        Reason.HAS_ORDERS, Reason.HAS_PAID, Reason.CLAIMED, Reason.AHEAD, Reason.DECIDED, Reason.STALE,
        Reason.REPLAY_DIFFERS,
    }  # fmt: skip
    assert SENTENCE.fullmatch(known), known
    assert (known == words_refusals.refusal(failed_for("unheard of", {}))) == (reason in controls)


def failed_for(reason: str, detail: dict[str, int]) -> FailedOrder:
    return FailedOrder(params=PARAMS, draft=DRAFT, reason=reason, detail=detail, gas=0)


def test_what_the_house_has_no_room_for_costs_nothing_and_says_so() -> None:
    draft = replace(DRAFT, buy=False)
    failed = FailedOrder(params=PARAMS, draft=draft, reason=Reason.POOL_EMPTY, detail={}, gas=0)
    assert plain_text.text(words_refusals.not_filled(failed, None)).splitlines() == [
        "Not filled: the house has no room to take Costa Rica YES back right now.",
        "Nothing was charged.",
        '`/sell "costa rica" yes 100` tries again, once others have bought.',
        "[Try again]",
    ]


def test_every_problem_of_a_parameter_has_a_sentence() -> None:
    sources = "".join(Path(module.__file__ or "").read_text() for module in (bounds, params, parse))
    codes = set(re.findall(r'(?:code=|Unreadable\()"([a-z_]+)"', sources))
    assert len(codes) > 25
    unknown = words_setup.problem(Problem(field="z", code="unheard_of"))
    for code in sorted(codes):
        sentence = words_setup.problem(Problem(field="z", code=code, detail={"name": "Brazil"}))
        assert sentence != unknown, code
        assert SENTENCE.fullmatch(sentence), sentence


def test_every_notice_has_words() -> None:
    tables = f"{notices.__doc__}{signals.__doc__}"
    kinds = set()
    for row in re.findall(r"^\| ([a-z_, ]+?)(?: again)? \|", tables, re.MULTILINE):
        kinds |= {kind.strip().removesuffix(" again") for kind in row.split(",")}
    kinds -= {"kind"}
    assert len(kinds) > 18
    assert kinds <= set(renderers._RENDERERS)


def test_every_parameter_can_be_set_by_its_name() -> None:
    fields = set(MarketParams.__dataclass_fields__) - {"rounds"}
    assert fields <= set(SETTINGS)


def test_a_multi_word_name_is_quoted_in_the_lines_we_offer() -> None:
    assert words_refusals.order_line(PARAMS, DRAFT, "all") == '/buy "costa rica" yes all'


def test_text_never_becomes_markup() -> None:
    reply = words_refusals.holds_none(PARAMS, 0, Side.NO, ["40 <b>*x*</b> YES"])
    assert "<b>*x*</b>" in plain_text.text(reply)
