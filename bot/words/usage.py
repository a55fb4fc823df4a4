"""What the bot says when it could not read a line, or may not do it. Each sentence ends in what to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.chat.invocation import ChatKind, Invocation
from bot.chat.reply import Action, Line, Part, Reply, Tone, bold, code, line
from bot.text.names import clean
from bot.text.numbers import span
from bot.words.arguments import SHOWN, echo
from bot.words.shared import add_to_group, listed
from engine.units import RULES
from storage.records import Market
from storage.trouble import Trouble, TroubleError

_LINE = 400  # of a line shown again


# -- a whole line


def mistakes(problems: Sequence[str], corrected: str | None, template: str | None, usage: str, example: str) -> Reply:
    """All that is wrong with a line, and the line as it may have been meant, else one of its kind."""
    head = line(problems[0]) if len(problems) == 1 else line(f"{len(problems)} things in that line need another look.")
    blocks: list[Line] = [] if len(problems) == 1 else [line("· ", problem) for problem in problems]
    if corrected:
        blocks.append(line("Did you mean ", code(clean(corrected, _LINE)), "?"))
    elif template:
        blocks.append(line("So far: ", code(clean(template, _LINE))))
    else:
        blocks.append(line("It goes like this: ", bold(usage), ", such as ", code(example), "."))
    actions = (_send(corrected),) if corrected else ()
    return Reply(head=head, blocks=tuple(blocks), actions=actions, tone=Tone.BAD, ok=False, code="cannot_read")


def unreadable(problems: Sequence[str]) -> Reply:
    """All that is wrong with what a form or a program sent: there is no line to send instead."""
    rows = () if len(problems) == 1 else tuple(line("· ", problem) for problem in problems)
    head = problems[0] if len(problems) == 1 else f"{len(problems)} things in that need another look."
    return Reply(head=line(head), blocks=rows, tone=Tone.BAD, ok=False, code="cannot_read")


def one_of(problem: str, choices: Sequence[str]) -> Reply:
    """What can be read in several ways, and a whole line for each."""
    rows = [line("· ", code(clean(choice, _LINE))) for choice in choices]
    labels = _apart([choice.split() for choice in choices])
    actions = [Action(label=clean(label, SHOWN), text=choice) for label, choice in zip(labels, choices, strict=True)]
    return Reply(
        head=line(problem), blocks=tuple(rows), actions=tuple(actions), tone=Tone.BAD, ok=False, code="cannot_read"
    )


def _apart(lines: Sequence[Sequence[str]]) -> list[str]:
    """Of lines in words what sets each apart: without what all begin and end with."""
    least = min(map(len, lines)) - 1
    first = next((place for place in range(least) if len({words[place] for words in lines}) > 1), least)
    last = next((place for place in range(least - first) if len({words[-1 - place] for words in lines}) > 1), 0)
    return [" ".join(words[first : len(words) - last]) for words in lines]


def not_a_command(meant: str | None) -> Reply:
    """`meant`: the line with its slash, where it begins as a command does."""
    if meant is None:
        return _no("Commands begin with a slash.", "Try ", code("/help"), " for all of them.")
    return Reply(
        head=line("Commands begin with a slash."),
        blocks=(line("Did you mean ", code(clean(meant, _LINE)), "?"),),
        actions=(_send(meant),),
        tone=Tone.BAD,
        ok=False,
    )


def outdated(market: Market) -> Reply:
    """A market that older rules began stands still; what can be done with it, in one sentence each."""
    return _no(
        f"{clean(market.title)} was begun by rules {market.rules} of Outcry and this version plays by rules {RULES}, "
        "so it stands still: nothing can be traded, joined or decided in it here.",
        "It can be read (",
        code("/board"),
        ", ",
        code("/positions"),
        "); an admin calls it off with ",
        code("/admin void"),
        ", and everybody has what they were given, or finishes it with the older version first.",
        name="outdated",
    )


def unknown_command(name: str, near: Sequence[str], rest: str) -> Reply:
    if not near:
        return _no(f"There is no command {echo('/' + name)}.", "Try ", code("/help"), " for all there are.")
    corrected = f"/{near[0]} {rest}".strip()
    return Reply(
        head=line(
            f"There is no command {echo('/' + name)}; did you mean {listed([f'/{other}' for other in near], 'or')}?"
        ),
        blocks=(line("As corrected: ", code(clean(corrected, _LINE))),),
        actions=(_send(corrected),),
        tone=Tone.BAD,
        ok=False,
    )


def _send(corrected: str) -> Action:
    """The line as it was meant, one press away. It runs as it was typed; what is shown of it is cleaned."""
    return Action(label=clean(f"Send {corrected}", 2 * SHOWN), text=corrected, primary=True)


def not_your_button() -> Reply:
    return _no(
        "That button was made for somebody else.",
        "Send the command yourself to get your own; ",
        code("/help"),
        " has them all.",
    )


def not_on_this_platform(name: str, platforms: Sequence[str]) -> Reply:
    where = listed([platform.capitalize() for platform in platforms], "or")
    return _no(f"/{name} only means something on {where}.", "Try ", code("/help"), " for what works here.")


def half_a_command(name: str, commands: Sequence[tuple[str, str]]) -> Reply:
    """`/admin` alone: what can follow."""
    rows = tuple(line(code(f"/{full}"), f" {summary}") for full, summary in commands)
    return Reply(head=line(f"/{name} needs one more word."), blocks=rows, tone=Tone.NEUTRAL, ok=False)


def line_too_long(size: int, most: int) -> str:
    return f"That is {size:,} characters; please stay below {most:,}."


def extra_words(extra: str, usage: str, meant: str | None) -> str:
    if meant:
        return f"I could not place {echo(extra)}; did you mean {echo(meant)}?"
    return f"I could not place {echo(extra)}; the command is “{usage}”. A name with spaces goes into quotes."


def unknown_argument(name: str, usage: str) -> str:
    return f"{echo(name)} is not part of this command, which is “{usage}”."


def missing_argument(name: str, about: str) -> str:
    return f"Please add the {name}: {about}."


# -- may not


def only_admins(command: str) -> Reply:
    return _no(f"/{command} is for this chat's admins.", "What you can do here: ", code("/help"), name="only_admins")


def no_admins_here(command: str) -> Reply:
    """Where only its speaker has installed the bot."""
    return _no(
        f"/{command} is for a chat's admins, and here I am yours alone.",
        "Please say it in the market's own chat, or to me in private.",
        name="only_admins",
    )


def only_admins_of(command: str, title: str | None, platform: str) -> Reply:
    """In private; `title`: of the market the line is about, where it is about one."""
    if title is None:
        head = f"/{command} is for a chat's admins, and you have chosen no market whose chat you run."
    else:
        head = (
            f"/{command} is for the admins of {clean(title)}, and no chat of it on {platform.title()} has you as one "
            "now."
        )
    refusal = _no(
        head, code("/markets"), " chooses another market; or say it in the market's own chat.", name="only_admins"
    )
    return replace(refusal, actions=(Action(label="My markets", text="/markets"),))


def not_here(command: str) -> Reply:
    return _no(f"/{command} is about the chat it is said in.", "Please say it in that chat.")


def not_joined(wanted: str) -> Reply:
    """`wanted`: the line they said, which goes on once they are in."""
    refusal = _no(
        "You have no account in this market yet.", "One command gives you one: ", code("/join"), name="not_member"
    )
    return replace(refusal, actions=(Action(label="Join", text=f"/begin {wanted}", primary=True),))


def gone_on(joined: Reply, reply: Reply) -> Reply:
    """What was wanted all along, below the word that they are in now."""
    return replace(reply, blocks=(joined.head, *reply.blocks), ok=True)


def not_a_market_of_yours() -> Reply:
    """Said on the page of a market that is not there for them, or not any more."""
    return _no("You cannot see that market, so nothing was done.", code("/markets"), " lists yours.", name="not_found")


def no_market(invocation: Invocation) -> Reply:
    """Where they speak; how one is made is a line for who could make it."""
    what = "Outcry lets a chat trade on who wins, for play money."
    if invocation.chat_kind is ChatKind.PRIVATE:
        refusal = _no("You are in no market yet.", f"{what} Say ", code("/join"), " in the chat where one runs.")
        return replace(refusal, actions=(add_to_group(),))
    if invocation.is_admin:
        return _no("There is no market in this chat yet.", f"{what} Make one: ", code("/admin create"))
    return _no("There is no market in this chat yet.", f"{what} An admin of it makes one with /admin create.")


def too_fast(wait_ms: int) -> Reply:
    return _no(
        f"That was a lot at once; please wait {span(wait_ms)}.",
        "Nothing was done with the last line.",
        name="too_often",
    )


def went_wrong(ident: str) -> Reply:
    no = _no(
        f"Something went wrong on our side, and nothing was changed (error {ident}).",
        "Please try once more.",
        name="our_fault",
    )
    return replace(no, settled=False)


def entrance_ended() -> Reply:
    """They came by a link, a Mini App or a key, and are nobody any more."""
    return _no(
        "Whoever you came in as is not known here any more, so nothing was done.",
        "Say ",
        code("/room"),
        " in your chat for a new link.",
    )


CANNOT_ASK = "cannot_ask"
"""The name of that refusal, for programs."""


def cannot_ask(platform: str) -> Reply:
    """They came in from there, and whether they may do this is that platform's to say."""
    return _no(
        f"{platform.title()} cannot be asked right now whether you may do this; nothing was done. "
        "Try again in a minute.",
        name=CANNOT_ASK,
    )


_CAUSES: Mapping[Trouble, str] = {
    Trouble.FULL: "the disk of the server is full",
    Trouble.LOCKED: "another program on the server holds the database locked",
    Trouble.MOVED: "the file of the database was moved away",
    Trouble.UNWRITABLE: "the disk of the server takes no writes",
    Trouble.DAMAGED: "the file of the database is damaged",
    Trouble.AWAY: "the database does not answer",
}


def database_trouble(error: TroubleError, *, is_retry: bool = False) -> Reply:
    """What keeps the database from it, and whether anything was changed, as far as anybody knows: nobody has looked yet
    what became of the first try of a request that is sent again (`is_retry`)."""
    if error.unsettled:
        return _unsettled("The database went away before it said whether this arrived.")
    if is_retry:
        return _unsettled(
            f"This cannot be done now: {_CAUSES[error.trouble]}. Whether it was done when it was first sent is not "
            "known yet."
        )
    no = _no(
        f"This cannot be done now: {_CAUSES[error.trouble]}.",
        "Nothing was changed. Send it again in a minute; whoever runs the server finds the reason in its log.",
        name="not_now",
    )
    return replace(no, settled=False)


def _unsettled(head: str) -> Reply:
    no = _no(
        head,
        "Look before you send it again, in a minute: ",
        code("/orders"),
        " and ",
        code("/positions"),
        " show what is in.",
        name="unsettled",
    )
    return replace(no, settled=False)


def _no(head: str, *rest: str | Part, name: str = "") -> Reply:
    """`name`: the refusal's, for programs."""
    return Reply(head=line(head), blocks=(line(*rest),) if rest else (), tone=Tone.BAD, ok=False, code=name)
