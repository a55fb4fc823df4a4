"""Telegram's `initData`: nobody but Telegram says who opened a Mini App, and what it says is good once it is read."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.room.init_data import AHEAD_MS, GOOD_MS, InitData, InitDataRefused, read, signature

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
AT_S = 1_700_000_000
ADA = {"id": 4711, "first_name": "Ada", "last_name": "Byron", "username": "ada"}
FIELDS = {"auth_date": str(AT_S), "query_id": "AAE", "signature": "c2ln", "user": json.dumps(ADA)}

# what https://docs.telegram-mini-apps.com/platform/init-data shows, with the token it names
PUBLISHED = (
    "query_id=AAHdF6IQAAAAAN0XohDhrOrc"
    "&user=%7B%22id%22%3A279058397%2C%22first_name%22%3A%22Vladislav%22%2C%22last_name%22%3A%22Kibenko%22"
    "%2C%22username%22%3A%22vdkfrost%22%2C%22language_code%22%3A%22ru%22%2C%22is_premium%22%3Atrue%7D"
    "&auth_date=1662771648"
    "&hash=c501b71e775f74ce10e377dea85a7ea24ecd640b223ea86dfe453e0eaed2e2b2"
)
PUBLISHED_TOKEN = "5768337691:AAH5YkoiEuPk8-FZa32hStHTqXiLPtAEhx8"
PUBLISHED_AT_MS = 1_662_771_648_000


def signed(**changed: str) -> str:
    fields = {**FIELDS, **changed}
    return urlencode({**fields, "hash": signature(fields, TOKEN)})


def opened(text: str, now_ms: int = AT_S * 1_000) -> InitData | InitDataRefused:
    return read(text, TOKEN, now_ms)


def test_what_telegram_publishes_as_signed_is_signed_for_that_bot_alone() -> None:
    person = read(PUBLISHED, PUBLISHED_TOKEN, PUBLISHED_AT_MS)
    assert isinstance(person, InitData)
    assert (person.person_ext, person.name, person.market) == ("279058397", "Vladislav Kibenko", None)
    assert read(PUBLISHED, TOKEN, PUBLISHED_AT_MS) is InitDataRefused.FORGED


def test_they_are_who_telegram_says_and_meant_the_market_of_their_link() -> None:
    person = opened(signed(start_param="m7"))
    assert isinstance(person, InitData)
    assert (person.person_ext, person.name, person.market) == ("4711", "Ada Byron", 7)


@pytest.mark.parametrize("start", ["", "7", "m", "m0", "m-1", "m7x", "xm7", "m٧", "m" + "9" * 16, "join"])
def test_a_link_that_names_no_market_opens_the_app_all_the_same(start: str) -> None:
    person = opened(signed(start_param=start))
    assert isinstance(person, InitData)
    assert person.market is None


@pytest.mark.parametrize(
    ("age_ms", "outcome"),
    [
        (0, None),
        (GOOD_MS, None),
        (GOOD_MS + 1, InitDataRefused.OLD),
        (-AHEAD_MS, None),
        (-AHEAD_MS - 1, InitDataRefused.AHEAD),
    ],
)
def test_it_is_good_for_an_hour_and_not_before_it_was_signed(age_ms: int, outcome: InitDataRefused | None) -> None:
    refused = opened(signed(), AT_S * 1_000 + age_ms)
    assert refused is outcome if outcome else isinstance(refused, InitData)


@pytest.mark.parametrize(
    ("changed", "outcome"),
    [
        ({"auth_date": ""}, InitDataRefused.UNREADABLE),
        ({"auth_date": "-1"}, InitDataRefused.UNREADABLE),
        ({"auth_date": "1e9"}, InitDataRefused.UNREADABLE),
        ({"auth_date": "٣"}, InitDataRefused.UNREADABLE),
        ({"user": ""}, InitDataRefused.NOBODY),
        ({"user": "[]"}, InitDataRefused.NOBODY),
        ({"user": "[" * 2_500}, InitDataRefused.NOBODY),
        ({"user": json.dumps({**ADA, "id": 0})}, InitDataRefused.NOBODY),
        ({"user": json.dumps({**ADA, "id": -4711})}, InitDataRefused.NOBODY),
        ({"user": json.dumps({**ADA, "id": True})}, InitDataRefused.NOBODY),
        ({"user": json.dumps({**ADA, "id": "4711"})}, InitDataRefused.NOBODY),
        ({"user": json.dumps({**ADA, "id": 4711.0})}, InitDataRefused.NOBODY),
        ({"user": json.dumps({**ADA, "id": 2**52})}, InitDataRefused.NOBODY),
        ({"user": json.dumps({**ADA, "is_bot": True})}, InitDataRefused.NOBODY),
        ({"user": json.dumps({"id": 4711})}, InitDataRefused.NOBODY),
        ({"chat": "a\nb=c"}, InitDataRefused.UNREADABLE),
        ({"long": "x" * 9_000}, InitDataRefused.UNREADABLE),
    ],
)
def test_what_is_signed_and_names_no_person_at_a_moment_opens_nothing(
    changed: dict[str, str], outcome: InitDataRefused
) -> None:
    assert opened(signed(**changed)) is outcome


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hash",
        "&&",
        "%",
        f"hash={'0' * 64}",
        f"a=%ff&hash={'0' * 64}",
        f"a=\ud800&hash={'0' * 64}",
        f"{signed()}&user=x",
        f"{signed()}&hash={'0' * 64}",
        f"{'&'.join(f'f{n}=1' for n in range(40))}&{signed()}",
        signed().replace("hash=", "HASH="),
        signed().upper(),
    ],
)
def test_what_is_not_of_its_form_opens_nothing(text: str) -> None:
    assert isinstance(opened(text), InitDataRefused)


CHANGES = st.one_of(
    st.builds(lambda key: (key, None), st.sampled_from(sorted(FIELDS))),  # left out
    st.tuples(st.sampled_from(sorted(FIELDS)), st.text(max_size=40)),
    st.tuples(st.text(max_size=12).filter(lambda key: key not in FIELDS), st.text(max_size=12)),
)


@settings(max_examples=300, deadline=None)
@given(changes=st.lists(CHANGES, min_size=1, max_size=3))
def test_whatever_is_changed_left_out_or_put_in_opens_nothing(changes: list[tuple[str, str | None]]) -> None:
    fields = {**FIELDS, "hash": signature(FIELDS, TOKEN)}
    for key, value in changes:
        if value is None:
            fields.pop(key, None)
        elif key != "hash":
            fields[key] = value
    same = {key: value for key, value in fields.items() if key != "hash"} == FIELDS
    assert isinstance(opened(urlencode(fields, errors="replace")), InitData if same else InitDataRefused)


@settings(max_examples=200, deadline=None)
@given(
    fields=st.dictionaries(
        st.text("abc_", min_size=1, max_size=6), st.text(st.characters(codec="utf-8"), max_size=20), max_size=20
    )
)
def test_whatever_telegram_signs_in_lines_of_their_own_is_read(fields: dict[str, str]) -> None:
    kept = {key: value.replace("\n", " ") for key, value in fields.items()}
    assert isinstance(opened(signed(**kept)), InitData)


def test_a_line_of_what_is_signed_never_passes_for_another_field() -> None:
    """Two fields, and one whose text has a line of the other, are the same bytes to the signature: one way is read."""
    joined = {key: FIELDS[key] for key in ("signature", "user")}
    joined["auth_date"] = f"{FIELDS['auth_date']}\nquery_id={FIELDS['query_id']}"
    assert signature(joined, TOKEN) == signature(FIELDS, TOKEN)
    assert isinstance(opened(signed()), InitData)
    assert opened(urlencode({**joined, "hash": signature(joined, TOKEN)})) is InitDataRefused.UNREADABLE
    shifted = {**FIELDS, "query_id": "A=AE"}
    moved = {**{key: FIELDS[key] for key in FIELDS if key != "query_id"}, "query_id=A": "AE"}
    assert signature(moved, TOKEN) == signature(shifted, TOKEN)
    assert opened(urlencode({**moved, "hash": signature(moved, TOKEN)})) is InitDataRefused.UNREADABLE
