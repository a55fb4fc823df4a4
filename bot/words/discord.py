"""What only Discord's people read: its dialogs' small print, the first word in a server, the last resort."""

from __future__ import annotations

from collections.abc import Sequence

from bot.chat.reply import Action, Board, Entity, Line, Reply, Tone, code, line, mention, quiet
from bot.text.names import clean
from bot.words import tour
from bot.words.shared import ahead_on, listed, no, say


def cut_short() -> Line:
    return line(quiet("… there was more than a message can hold."))


def file_too_large(name: str, size: int, most: int) -> Line:
    return line(
        quiet(f"{name} is too large to be attached here ({_mega(size)}, at most {_mega(most)}); ask for less of it.")
    )


def files_left_out(count: int) -> Line:
    return line(quiet(f"{count} more {'file' if count == 1 else 'files'} could not be attached."))


def _mega(size: int) -> str:
    return f"{size / 1_048_576:.1f} MB"


def buttons_left_out(count: int) -> Line:
    return line(quiet(f"{count} more {'choice' if count == 1 else 'choices'}: type the command."))


def nothing_to_say() -> str:
    return "Done."


def choose() -> str:
    return "Choose one"


def choose_outcome() -> str:
    """Of a board's menu."""
    return "Buy: choose an outcome"


def dialog_of(command: str, name: str) -> str:
    """Over a dialog about somebody: `Grant: Ada`."""
    return f"{command.rpartition(' ')[2].capitalize()}: {clean(name)}"


def fill_in(submit: str) -> str:
    """The button that opens a form where it could not be opened at once."""
    return submit or "Fill in"


def not_asked(command: str, names: Sequence[str]) -> str:
    """The small print of a dialog that has more fields than Discord shows."""
    return f"More, by typing /{command}: {', '.join(names)}"


def explained(command: str, argument: str, left_out: Sequence[str]) -> str:
    """One line on what of an order one may leave as it is; "" for all else. Where there is no field for auto-fill, the
    limit's line speaks of it."""
    if command not in {"buy", "sell", "quote"}:
        return ""
    bound, way = ("get no less", "fall") if command == "sell" else ("pay no more", "run")
    if argument == "limit" and "autofill" in left_out:
        return f"Such as 55c: {bound} a token, and wait. Auto-fill: trades elsewhere may fill it (/settings)"
    lines = {
        "limit": f"Such as 55c: {bound} than this a token, and wait in the book for it",
        "slippage": f"Without a limit: how far the price may {way} until your turn; 5% if you say nothing",
        "autofill": "With a limit: trades on other outcomes may fill what waits, too",
    }
    return lines.get(argument, "")


def who_leads(board: Board) -> str:
    """Below the bot's name: `Germany leads at 41.0¢`."""
    line_ = ahead_on(board)
    return line_ if board.status == "Open" else f"{line_} · {board.status.lower()}"


def one_is_open() -> str:
    return "A market is open: /board"


def several_are_open(count: int) -> str:
    return f"{count} markets are open: /board"


def stale() -> Reply:
    return no("This button is no longer good.", blocks=(line(code("/board"), " has fresh ones."),))


def changed_commands() -> Reply:
    return no(
        "This command is not what it was: Discord still shows an older one.",
        blocks=(line("Restart Discord, or wait an hour; ", code("/help"), " lists what there is."),),
    )


def look_there() -> str:
    """Said to the whole channel with a mention: it gives nothing away."""
    return "there is news of yours that I could not send you in private. /positions and /trades show it to you alone."


def greeting(*, asks_where: bool) -> Reply:
    """The first word in a server, where there may be a menu of its channels below it."""
    first = line("Which channel shall the market be in? Choose it below; who may manage this server can.")
    if not asks_where:
        first = line("Who may manage the server begins with ", code("/admin create"), " in the channel for it.")
    return say(
        "Hello: I hold markets on who wins, for play money.",
        blocks=(first, line("Everybody else then takes part with ", code("/join"), "; ", code("/help"), " lists all.")),
        actions=(tour.begin(),),
        tone=Tone.GOOD,
    )


def which_channel() -> str:
    return "The channel for the market"


def no_such_channel() -> Reply:
    return no("That is no channel I could post in; choose another.")


def may_not_post_there(number: str, lacks: Sequence[str]) -> Reply:
    return no(
        "I may not post in ", mention(Entity.CHANNEL, number), ".",
        blocks=(line(f"What I lack there: {listed(list(lacks))}. Give me that and choose it again."),),
    )  # fmt: skip


def not_said_there(number: str) -> Reply:
    return no(
        "Discord did not take my hello in ", mention(Entity.CHANNEL, number), ".",
        blocks=(line("Choose it again in a minute."),),
    )  # fmt: skip


def goes_there(number: str) -> Reply:
    """To who chose it."""
    return say(
        "I have said hello in ", mention(Entity.CHANNEL, number), ".",
        blocks=(line("Create the market there, with the button below my hello."),),
        actions=(tour.begin(),),
        tone=Tone.GOOD,
    )  # fmt: skip


def only_managers_choose() -> Reply:
    return no("Who may manage this server chooses the channel.")


def welcome() -> Reply:
    """The first word in the channel that was chosen."""
    return say(
        "Here will be a market on who wins, for play money.",
        blocks=(
            line("An admin begins with ", code("/admin create"), ": a title and the outcomes are enough."),
            line("Everybody else then takes part with ", code("/join"), "; ", code("/help"), " lists all."),
        ),
        actions=(Action(label="Create a market", text="/admin create", primary=True, asks=True), tour.begin()),
        tone=Tone.GOOD,
    )


def thread_name(title: str) -> str:
    return f"{title}: talk and digests"


def no_application(*, given: bool) -> str:
    if given:
        return (
            "DISCORD_TOKEN is no bot's token: it begins with the application's number. Copy it again from the portal."
        )
    return "DISCORD_TOKEN is not set: make an application at https://discord.com/developers and copy its bot's token."
