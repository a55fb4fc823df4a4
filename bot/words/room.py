"""What the room's server says by itself: about its own door, names and talk. All else comes from the shared words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.text.names import clean
from bot.text.numbers import span
from bot.words import keys as words_keys
from bot.words.shared import listed


def wrong_host(public_url: str | None) -> str:
    if public_url is None:
        return "This address is not one of the room's. Open the link that Outcry printed when it started."
    return f"This address is not one of the room's. The room is at {public_url}/ alone."


def foreign_page(public_url: str | None) -> str:
    if public_url is None:
        return "That came from another page, so nothing was done. Open the room itself and try again."
    return f"That came from another page, so nothing was done. Open the room at {public_url}/ and try again there."


def not_json() -> str:
    return (
        "The room could not read that: it takes a JSON object, as application/json. On the page, reload and try again."
    )


def not_an_order() -> str:
    return "That is no order: it takes an outcome by number, a side, an action (buy or sell) and an amount as text."


def too_large() -> str:
    return "That is too long for one message. Shorten it and send it again."


def no_such_page() -> str:
    return "There is nothing here. The room is at the beginning of this address."


def nothing_to_watch() -> str:
    return (
        "There is nothing to watch here: no market has this number, or it is not public (any more). An admin of its "
        "chat lets everybody watch it by /admin set public on."
    )


def no_such_resource() -> str:
    return (
        "There is nothing at this address, or nothing that you may see. /api/v1/markets lists the markets that you may "
        "see, /api/v1/openapi.json all addresses."
    )


def went_wrong() -> str:
    return "Something broke on our side. Try again: what was already done is not done twice."


def closing() -> str:
    return "The room is closing. Your page reconnects by itself when it is back."


def admin_link_wrong() -> str:
    return "This admin link is not valid (any more). Outcry prints the current one when it starts."


def no_session() -> str:
    return "The room does not know you yet. Give a name first."


def no_bearer() -> str:
    return "That is not how a key is sent. The header is “Authorization: Bearer ” and the key, once."


def unknown_key() -> str:
    return "That key is not valid (any more). /apikey in the market's chat lists yours and gives you another."


def no_such_token() -> str:
    return "That token is not valid (any more). Close the app and open it again."


def not_for_keys() -> str:
    return "A key opens the addresses below /api/v1 and no others; /api/v1/openapi.json says which those are."


def other_scope(scope: str, needed: str) -> str:
    how = words_keys.makes(needed)
    return f"This key may {scope}, and this takes one that may {needed}. {how} in the market's chat makes one."


def name_missing() -> str:
    return "A name needs at least one letter or digit. Pick one that others will recognise."


def nothing_said() -> str:
    return "There was nothing to send. Type a word, or / to see the commands."


def too_long(most: int) -> str:
    return f"That is longer than {most} characters. Shorten it and send it again."


def slow_down(wait_ms: int) -> str:
    return f"That was fast. Wait {span(wait_ms)} and send it again."


def file_gone() -> str:
    return "That file is not here any more. Ask for it again with the same command."


def chart_gone() -> str:
    return "That chart cannot be drawn now. Ask for it again with /chart."


def wrong_span(spans: Iterable[str]) -> str:
    return f"There is no such span. Ask for one of these: {', '.join(spans)}."


def wrong_number(name: str) -> str:
    return f"“{name}” is a whole number, such as 2."


def wrong_flag(name: str) -> str:
    return f"“{name}” is true or false."


def no_idempotency_key() -> str:
    return (
        "An order needs a header Idempotency-Key: a name you make up, of up to 64 letters, digits and . _ ~ : -, anew "
        "for each order and the same when you send that order again."
    )


def nothing_to_cancel() -> str:
    return "No order of yours waits, so there is nothing to cancel."


def wrong_side() -> str:
    return "“side” is yes or no."


def wrong_outcome(last: int) -> str:
    return f"“outcome” is the number of one, from 0 to {last}."


def chart_late() -> str:
    return "That chart is still being drawn. It is here in a moment: ask for it again then."


def too_many_windows() -> str:
    return "The room is open in many windows already. Close one: this page then goes on by itself."


def full_house() -> str:
    return "Every place in the room is taken just now. This page goes on by itself once one is free."


def full_for_strangers() -> str:
    return "All places for those who only watch are taken just now. Give a name and you get one of the members' places."


def full_for_watchers() -> str:
    return "All places to watch are taken just now. This page goes on by itself once one is free."


def too_many_joins(wait_ms: int) -> str:
    return f"Many people have just joined from where you are. Wait {span(wait_ms)} and give your name again."


def too_many_guesses(wait_ms: int) -> str:
    return f"Too many admin links that are not valid came from where you are. Wait {span(wait_ms)} and try again."


def too_slow() -> str:
    return "That arrived too slowly to be read. Check the connection and send it again."


def no_telegram() -> str:
    return "This room has no Telegram bot, so nobody can be told by it who you are. Open the room itself instead."


_OPEN_AGAIN = "Close this and open it again from Telegram."
_INIT_DATA = {
    "old": f"This was opened more than an hour ago, which is too long to know you by. {_OPEN_AGAIN}",
    "ahead": "Telegram's clock and the room's are not the same. Whoever runs the bot sets the clock of its machine.",
    "used": f"This opening has been used already. {_OPEN_AGAIN}",
}


def init_data_refused(reason: str) -> str:
    return _INIT_DATA.get(reason, f"Telegram did not say who you are. {_OPEN_AGAIN}")


def app_cannot_ask() -> str:
    return f"Telegram cannot be asked right now whether you are in that market's chat. {_OPEN_AGAIN}"


def app_not_theirs() -> str:
    return "That market is none that you may see. Join its chat on Telegram, then open its link again."


def run_needs_key() -> str:
    return "A program runs a market by a key to run it; /apikey run makes one, for an admin of its chat."


def no_such_action(actions: Sequence[str]) -> str:
    return f'Nothing was done: say {{"action": …}} with one of {listed(actions, "or")}.'


def not_of_action(action: str, name: str) -> str:
    return f"Nothing was done: {action} does not take {clean(name, 40)}."


def not_numbers() -> str:
    return "Nothing was done: outcomes are a list of their numbers, counted from 0."


def not_a_text(name: str) -> str:
    return f"Nothing was done: {clean(name, 40)} is a text."
