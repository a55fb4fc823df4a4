"""Inline keyboards: what a button must be."""

from __future__ import annotations

from .errors import Json, bad
from .links import checked_link, mentioned_user
from .params import Params

MOST_BUTTONS, MOST_IN_ROW, LONGEST_PLACEHOLDER = 100, 8, 64
# each of these says what a button does: exactly one stands beside its text
ACTIONS = (
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
    "disabled",
)
SINCE = {"copy_text": (7, 11), "style": (9, 4), "icon_custom_emoji_id": (9, 4), "disabled": (10, 3)}
EXTRAS = {"text", "style", "icon_custom_emoji_id"}
STYLES = {"danger", "success", "primary"}
OTHER_MARKUPS = ("keyboard", "remove_keyboard", "force_reply")


def read_markup(params: Params, *, private: bool) -> Json | None:
    """The checked markup; None if there is none (an empty inline keyboard is none). `private`: of a private chat."""
    markup = params.mapping("reply_markup", "reply keyboard markup")
    if not markup:
        return None
    if any(word in markup for word in OTHER_MARKUPS):
        if len(markup.get("input_field_placeholder") or "") > LONGEST_PLACEHOLDER:
            raise bad("input field placeholder is too long")
        return markup
    rows = markup.get("inline_keyboard")
    if not isinstance(rows, list):
        raise bad("object expected as reply markup")
    rows = [[_known(button, params.version) for button in row] for row in rows if isinstance(row, list)]
    check_rows(rows, private=private)
    rows = [row for row in rows if row]
    return {"inline_keyboard": rows} if rows else None


def _known(button: Json, version: tuple[int, int]) -> Json:
    """What a server of this version reads of it: fields that came later it does not see."""
    if not isinstance(button, dict):
        return button
    return {name: value for name, value in button.items() if SINCE.get(name, version) <= version}


def check_rows(rows: list[list[Json]], *, private: bool) -> None:
    for row in rows:
        if not isinstance(row, list):
            raise bad('field "inline_keyboard" must be an Array of Arrays')
        for button in row:
            check_button(button, private=private)
        if len(row) > MOST_IN_ROW:
            raise bad("reply markup is too long")
    if sum(len(row) for row in rows) > MOST_BUTTONS:
        raise bad("reply markup is too long")


def check_button(button: Json, *, private: bool) -> None:
    wrong = "can't parse inline keyboard button"
    if not isinstance(button, dict):
        raise bad(f"{wrong}: InlineKeyboardButton must be an Object")
    if not isinstance(button.get("text"), str):
        raise bad(f'{wrong}: can\'t find field "text"')
    if not button["text"].strip():
        raise bad("BUTTON_TEXT_INVALID")
    if unknown := set(button) - set(ACTIONS) - EXTRAS:
        raise bad(f"{wrong}: unknown fields {sorted(unknown)}")
    if "style" in button and button["style"] not in STYLES:
        raise bad(f"{wrong}: invalid button style specified")
    match [action for action in ACTIONS if action in button]:
        case []:
            raise bad(f"{wrong}: Text buttons are unallowed in the inline keyboard")
        case ["callback_data"]:
            data = button["callback_data"]
            if not isinstance(data, str) or not 1 <= len(data.encode()) <= 64:
                raise bad("BUTTON_DATA_INVALID")
        case ["url"]:
            url = button["url"]
            if mentioned_user(url) is None and checked_link(url) is None:
                raise bad(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
        case ["web_app"]:
            check_web_app(button["web_app"], "inline keyboard button")
            if not private:
                raise bad("BUTTON_TYPE_INVALID")
        case ["copy_text"]:
            if not 1 <= len(button["copy_text"].get("text", "")) <= 256:
                raise bad("BUTTON_COPY_TEXT_INVALID")
        case ["disabled"]:
            if button["disabled"] != {}:
                raise bad(f"{wrong}: DisabledButton must be an empty Object")
        case [_]:
            pass
        case several:
            raise bad(f"{wrong}: a button does one thing, not {' and '.join(several)}")


def check_web_app(info: object, what: str) -> str:
    """The address of a `WebAppInfo`: https alone, to a host with a dot in it."""
    if not isinstance(info, dict) or not isinstance(info.get("url"), str):
        raise bad(f"can't parse {what}: can't find field \"url\" in the Web App")
    url: str = info["url"]
    if not url.startswith("https://"):
        raise bad(f"{what} Web App URL '{url}' is invalid: Only HTTPS links are allowed")
    if checked_link(url) is None:
        raise bad(f"{what} Web App URL '{url}' is invalid: Wrong HTTP URL")
    return url
