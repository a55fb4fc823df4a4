"""Seasons: who is ahead over several markets, and the hall of fame."""

from __future__ import annotations

from collections.abc import Sequence

from bot.chat.facts import LEAST_TRADES, SeasonStanding
from bot.chat.reply import Action, Audience, Block, Column, Line, Reply, Table, Tone, bold, code, line, quiet
from bot.text.names import clean
from bot.text.numbers import moment, places, signed_percent
from bot.words.shared import listed, no, plural, say
from storage.records import Market
from storage.seasons import Season

_SHOWN = 15
_PODIUM = 3


def points(tenths: int) -> str:
    """`31.2 points`, `1 point`."""
    text = f"{tenths // 10}" if tenths % 10 == 0 else f"{tenths // 10}.{tenths % 10}"
    return f"{text} {'point' if text == '1' else 'points'}"


def how() -> Line:
    return line(
        quiet(
            f"Each market that ends counts for everybody with at least {LEAST_TRADES} trades: 25, 18, 15, 12, 10, 8, "
            "6, 4, 2, 1 points by gain in %, shared by those who tie, and a point for every 10% gained, at most 25."
        )
    )


def no_season(*, admin: bool) -> Reply:
    following = (
        line(code("/admin season start Spring"), " begins one; every market that ends from then on counts.")
        if admin
        else line("An admin begins one by ", code("/admin season start"), ".")
    )
    return say("No season is on in this chat.", blocks=(following,))


def standings(
    season: Season,
    markets: Sequence[Market],
    rows: Sequence[SeasonStanding],
    audience: Audience,
    actions: Sequence[Action] = (),
) -> Reply:
    """How a season stands."""
    title = clean(season.title)
    if not rows:
        what = "no market has ended yet" if not markets else f"nobody has made {LEAST_TRADES} trades in a market yet"
        return say(f"{title} is on: {what}.", blocks=(how(),), actions=actions, audience=audience)
    first = _first(rows)
    ahead = "leads" if len(first) == 1 else "lead"
    head = line(
        bold(listed([clean(standing.name) for standing in first])), f" {ahead} {title} with {points(rows[0].points)}."
    )
    blocks: tuple[Block, ...] = (_table(rows), line(_counted(markets)), how())
    return Reply(head=head, blocks=blocks, actions=tuple(actions), audience=audience)


def begun(season: Season) -> Reply:
    return say(
        f"{clean(season.title)} begins: every market that ends here from now on counts.",
        blocks=(how(), line(code("/leaderboard season"), " shows who is ahead.")),
        audience=Audience.CHAT,
        tone=Tone.GOOD,
    )


def already_on(season: Season) -> Reply:
    return no(
        f"{clean(season.title)} is still on, since {moment(season.start_ms)}.",
        blocks=(line(code("/admin season end"), " closes it; then the next can begin."),),
    )


def none_to_end() -> Reply:
    return no(
        "No season is on, so there is none to end.", blocks=(line(code("/admin season start Spring"), " begins one."),)
    )


def end_preview(
    season: Season,
    markets: Sequence[Market],
    rows: Sequence[SeasonStanding],
    running: Market | None,
    again: str,
    person: int | None,
) -> Reply:
    """What ending it now would mean, before it is done."""
    title = clean(season.title)
    if rows:
        first = _first(rows)
        verb = "wins" if len(first) == 1 else "win"
        winners = listed([clean(standing.name) for standing in first])
        what = f"{winners} {verb} {title} with {points(rows[0].points)} if it ends now."
    else:
        what = f"Nobody has points yet, so {title} would end without a winner."
    blocks: list[Block] = [_table(rows)] if rows else []
    blocks.append(line(_counted(markets)))
    if running is not None:
        blocks.append(line(f"{clean(running.title)} has not ended: it would count for the next season."))
    confirm = Action(label=clean(f"Confirm: end {title}", 80), text=again, person=person, danger=True)
    return say(what, blocks=blocks, actions=(confirm,), tone=Tone.WAIT)


def ended(season: Season, markets: Sequence[Market], rows: Sequence[SeasonStanding]) -> Reply:
    """The podium of a season, for everybody."""
    title = clean(season.title)
    if not rows:
        return say(f"{title} is over; nobody made a place.", blocks=(how(),), audience=Audience.CHAT, tone=Tone.LOUD)
    first = _first(rows)
    verb = "wins" if len(first) == 1 else "win"
    head = line(
        bold(listed([clean(standing.name) for standing in first])), f" {verb} {title} with {points(rows[0].points)}."
    )
    podium = [
        line(
            f"{place} ",
            bold(clean(standing.name)),
            f" · {points(standing.points)} · {plural(standing.wins, 'win')} in {plural(standing.markets, 'market')}",
        )
        for standing, place in zip(rows, places([standing.rank for standing in rows]), strict=True)
        if standing.rank <= _PODIUM
    ]
    blocks = (*podium[:6], line(_counted(markets)), line(code("/leaderboard season"), " keeps the hall of fame."))
    return Reply(head=head, blocks=blocks, audience=Audience.CHAT, tone=Tone.LOUD)


def hall_of_fame(past: Sequence[tuple[Season, Sequence[SeasonStanding]]]) -> tuple[Line, ...]:
    """A line a season that has ended, newest first."""
    rows: list[Line] = []
    for season, standings in past:
        if standings:
            who = listed([clean(standing.name) for standing in _first(standings)])
            rows.append(line(f"{clean(season.title)}: ", bold(who), f", {points(standings[0].points)}"))
    return (line(bold("Hall of fame")), *rows) if rows else ()


def _first(rows: Sequence[SeasonStanding]) -> list[SeasonStanding]:
    return [standing for standing in rows if standing.rank == 1]


def _counted(markets: Sequence[Market]) -> str:
    if not markets:
        return "No market has ended in it yet."
    names = [clean(market.title) for market in markets]
    shown = names if len(names) <= 5 else [*names[-4:], f"{len(names) - 4} before"]
    return f"{plural(len(names), 'market')} so far: {listed(shown)}."


def _table(rows: Sequence[SeasonStanding]) -> Table:
    columns = (
        Column(title="", numeric=True),
        Column(title="Name"),
        Column(title="Points", numeric=True),
        Column(title="Wins", numeric=True),
        Column(title="Best", numeric=True),
    )
    with_places = list(zip(rows, places([standing.rank for standing in rows]), strict=True))
    cells = tuple(
        (
            line(place),
            line(clean(standing.name)),
            line(f"{standing.points // 10}.{standing.points % 10}"),
            line(f"{standing.wins}/{standing.markets}"),
            line(signed_percent(standing.best.numerator, standing.best.denominator)),
        )
        for standing, place in with_places[:_SHOWN]
    )
    rest = len(rows) - _SHOWN
    return Table(columns=columns, rows=cells, more=line(quiet(f"and {rest} more")) if rest > 0 else ())
