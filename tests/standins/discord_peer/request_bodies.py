"""The rules of a message's body, for channel messages, answers to interactions and edits alike."""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime

from . import field_types
from .components import ComponentRules, numbered
from .errors import ApiError, FormErrors, Path
from .json_values import Json, is_snowflake
from .message_view import TEXT, walk
from .world import (
    COMPONENTS_V2,
    EPHEMERAL,
    LOADING,
    SUPPRESS_EMBEDS,
    SUPPRESS_NOTIFICATIONS,
    Attachment,
    Message,
)

MOST_CONTENT, MOST_EMBEDS, MOST_EMBED_TEXT, MOST_FILES = 2000, 10, 6000, 10
MOST_FILE, MOST_REQUEST = 10 * 1024 * 1024, 25 * 1024 * 1024
EMBED_TEXTS = {"title": 256, "description": 4096}
SETTABLE = SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | COMPONENTS_V2


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One part `files[index]` of a multipart body."""

    index: int
    filename: str
    content_type: str
    data: bytes = field(repr=False)


@dataclass(slots=True, kw_only=True)
class MessageDraft:
    """A body that passed: what the message will hold. `kept` are the attachments an edit leaves, `new` what it adds."""

    content: str
    embeds: list[Json]
    components: list[Json]
    flags: int
    kept: list[Attachment]
    new: list[tuple[Upload, str | None]]  # with its description
    parse: set[str]
    users: set[int]
    roles: set[int]
    nonce: str | None = None

    @property
    def spoken(self) -> str:
        """Where mentions are looked for: content and text displays, never embeds."""
        shown = [one["content"] for one in walk(self.components) if one["type"] == TEXT]
        return "\n".join([self.content, *shown])

    @property
    def has_files(self) -> bool:
        return bool(self.new)


def read(
    body: Json, uploads: Sequence[Upload], *, old: Message | None = None, answer: bool = False, deferred: bool = False
) -> MessageDraft:
    """Check a body as a whole. `old` is what an edit changes, `answer` allows EPHEMERAL and parses only users;
    `deferred` is a deferral's body, which may be empty."""
    _sizes(uploads)
    field_types.check(body)
    form = FormErrors()
    flags = _flags(form, body, old, answer=answer)
    v2 = bool(flags & COMPONENTS_V2)
    content = body.get("content", old.content if old else "") or ""
    embeds = body.get("embeds", old.embeds if old else []) or []
    components = body.get("components", old.components if old else []) or []
    kept, new = _attachments(form, body, uploads, old)
    names = [one.filename for one in kept] + [one.filename for one, _ in new]
    form.text(("content",), content, 0, MOST_CONTENT)
    check_embeds(form, embeds, names)
    rules = ComponentRules(form, names)
    if v2:
        _no_legacy_fields(form, content, embeds)
        rules.layout(("components",), components)
    else:
        rules.rows(("components",), components)
    parse, users, roles = _mentions(form, body.get("allowed_mentions"), answer=answer)
    nonce = body.get("nonce")
    if nonce is not None:
        form.text(("nonce",), str(nonce), 1, 25)
    form.flag(("tts",), body.get("tts"))
    form.done()
    if not deferred and not (str(content).strip() or embeds or components or kept or new):
        raise ApiError(400, 50006, "Cannot send an empty message")
    return MessageDraft(
        content=content.strip(),
        embeds=deepcopy(embeds),
        components=numbered(deepcopy(components)),
        flags=flags,
        kept=kept,
        new=new,
        parse=parse,
        users=users,
        roles=roles,
        nonce=str(nonce) if nonce is not None else None,
    )


def _sizes(uploads: Sequence[Upload]) -> None:
    if any(len(one.data) > MOST_FILE for one in uploads) or sum(len(one.data) for one in uploads) > MOST_REQUEST:
        raise ApiError(413, 40005, "Request entity too large")


def _flags(form: FormErrors, body: Json, old: Message | None, *, answer: bool) -> int:
    flags: int | None = body.get("flags")
    before = old.flags & ~LOADING if old else 0
    if flags is None:
        return before
    if not form.number(("flags",), flags, 0, (1 << 31) - 1):
        return before
    if old is not None:
        if before & COMPONENTS_V2 and not flags & COMPONENTS_V2:
            told = "IS_COMPONENTS_V2 cannot be removed from a message"
            form.wrong(("flags",), "MESSAGE_CANNOT_REMOVE_COMPONENTS_V2_FLAG", told)
        return before & ~SUPPRESS_EMBEDS | flags & (SUPPRESS_EMBEDS | COMPONENTS_V2)
    if flags & EPHEMERAL and not answer:
        form.wrong(("flags",), "MESSAGE_FLAGS_INVALID", "EPHEMERAL is only for answers to interactions")
    return flags & (SETTABLE | (EPHEMERAL if answer else 0))


def _no_legacy_fields(form: FormErrors, content: object, embeds: object) -> None:
    for name, value in (("content", content), ("embeds", embeds)):
        if value:
            told = f"The '{name}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
            form.wrong((name,), "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", told)


def check_embeds(form: FormErrors, embeds: object, files: Sequence[str]) -> None:
    total = 0
    rules = ComponentRules(form, files)
    for index, embed in enumerate(form.items(("embeds",), embeds, 0, MOST_EMBEDS)):
        where: Path = ("embeds", index)
        texts = [((*where, key), embed.get(key), 0, most) for key, most in EMBED_TEXTS.items()]
        footer, author = embed.get("footer") or {}, embed.get("author") or {}
        if footer:
            texts.append(((*where, "footer", "text"), footer.get("text"), 1, 2048))
        if author:
            texts.append(((*where, "author", "name"), author.get("name"), 1, 256))
        for place, one in enumerate(form.items((*where, "fields"), embed.get("fields"), 0, 25)):
            texts.append(((*where, "fields", place, "name"), one.get("name"), 1, 256))
            texts.append(((*where, "fields", place, "value"), one.get("value"), 1, 1024))
        for path, value, least, most in texts:
            trimmed = value.strip() if isinstance(value, str) else value
            if form.text(path, trimmed, least, most):
                total += len(trimmed or "")
        _embed_rest(form, rules, where, embed)
        if not any(
            embed.get(key) for key in ("title", "description", "fields", "image", "thumbnail", "footer", "author")
        ):
            form.required((*where, "description"))
    if total > MOST_EMBED_TEXT:
        told = f"Embed size exceeds maximum size of {MOST_EMBED_TEXT}"
        form.wrong(("embeds",), "MAX_EMBED_SIZE_EXCEEDED", told)


def _embed_rest(form: FormErrors, rules: ComponentRules, where: Path, embed: Json) -> None:
    if embed.get("color") is not None:
        form.number((*where, "color"), embed["color"], 0, 0xFFFFFF)
    if embed.get("timestamp") is not None:
        try:
            datetime.fromisoformat(str(embed["timestamp"]))
        except ValueError:
            told = f'Value "{embed["timestamp"]}" did not match format iso8601.'
            form.wrong((*where, "timestamp"), "DATE_TIME_TYPE_PARSE", told)
    for key in ("image", "thumbnail"):
        url = (embed.get(key) or {}).get("url")
        if url is not None and not str(url).startswith(("http://", "https://", "attachment://")):
            form.wrong((*where, key, "url"), "URL_TYPE_INVALID_SCHEME", "Scheme must be http, https or attachment.")
        elif url is not None:
            rules.refers((*where, key, "url"), str(url))


def _attachments(
    form: FormErrors, body: Json, uploads: Sequence[Upload], old: Message | None
) -> tuple[list[Attachment], list[tuple[Upload, str | None]]]:
    """Attachments listed in the body are kept or describe an upload; where none are listed, all stay and all come."""
    before = {str(one.id): one for one in (old.attachments if old else [])}
    by_index = {str(one.index): one for one in uploads}
    if body.get("attachments") is None:
        kept = [] if "attachments" in body else list(before.values())
        return kept, [(one, None) for one in uploads]
    kept = []
    new: list[tuple[Upload, str | None]] = []
    for index, one in enumerate(form.items(("attachments",), body["attachments"], 0, MOST_FILES)):
        path: Path = ("attachments", index)
        key = str(one.get("id"))
        form.text((*path, "description"), one.get("description"), 0, 1024)
        if key in before:
            kept.append(before[key])
        elif key in by_index:
            new.append((by_index.pop(key), one.get("description")))
        else:
            form.wrong((*path, "id"), "ATTACHMENT_NOT_FOUND", f"No attachment and no file has the id {key}.")
    if by_index:
        told = f"files {sorted(by_index)} are not among the attachments"
        form.wrong(("attachments",), "ATTACHMENT_NOT_FOUND", told)
    return kept, new


def _mentions(form: FormErrors, given: object, *, answer: bool) -> tuple[set[str], set[int], set[int]]:
    if given is None:
        return ({"users"} if answer else {"users", "roles", "everyone"}), set(), set()
    if not isinstance(given, dict):
        form.wrong(("allowed_mentions",), "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
        return set(), set(), set()
    parse = given.get("parse") or []
    for index, one in enumerate(parse):
        form.one_of(("allowed_mentions", "parse", index), one, ("users", "roles", "everyone"))
    named: dict[str, set[int]] = {"users": set(), "roles": set()}
    for key, ids in named.items():
        listed = given.get(key) or []
        if len(listed) > 100:
            form.wrong(("allowed_mentions", key), "BASE_TYPE_MAX_LENGTH", "Must be 100 or fewer in length.")
        if not all(is_snowflake(one) for one in listed):
            form.wrong(("allowed_mentions", key), "NUMBER_TYPE_COERCE", "Value is not snowflake.")
        else:
            ids.update(int(one) for one in listed)
        if key in parse and listed:
            told = f'parse:["{key}"] and {key}: [ids...] are mutually exclusive.'
            form.wrong(("allowed_mentions",), "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", told)
    return set(parse), named["users"], named["roles"]


def apply(draft: MessageDraft, message: Message, *, may_mention_all: bool) -> None:
    """Put a checked body into a message: its text, its files and whom it really pings."""
    world = message.channel.world
    message.content, message.embeds, message.components = draft.content, draft.embeds, draft.components
    message.flags = draft.flags | message.flags & EPHEMERAL
    made = []
    for upload, description in draft.new:
        own = world.new_id()
        url = f"{world.cdn}/attachments/{message.channel.id}/{own}/{upload.filename}"
        made.append(Attachment(own, upload.filename, upload.data, description, upload.content_type, url))
    message.attachments = [*draft.kept, *made]
    _ping(draft, message, may_mention_all=may_mention_all)


def _ping(draft: MessageDraft, message: Message, *, may_mention_all: bool) -> None:
    world, guild = message.channel.world, message.channel.guild
    users = [int(one) for one in dict.fromkeys(re.findall(r"<@!?(\d+)>", draft.spoken))]
    roles = [int(one) for one in dict.fromkeys(re.findall(r"<@&(\d+)>", draft.spoken))]
    message.mentions = [
        world.users[one] for one in users if one in world.users and ("users" in draft.parse or one in draft.users)
    ]
    known = {role.id: role for role in guild.roles} if guild else {}
    message.mention_roles = [
        known[one]
        for one in roles
        if one in known
        and ("roles" in draft.parse or one in draft.roles)
        and (known[one].mentionable or may_mention_all)
    ]
    everyone = re.search(r"@(everyone|here)\b", draft.spoken) is not None
    message.mention_everyone = everyone and "everyone" in draft.parse and may_mention_all and guild is not None
