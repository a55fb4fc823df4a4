"""The command line: `outcry demo`, `outcry run` and what goes with them. Each command imports only what it needs."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TypeAlias

from bot.settings import Settings, load, unknown

EXPORTS = ("trades", "config", "metrics", "rankings", "ledger")
GRAPHS = ("prices", "outcome", "maker", "leaderboard", "volume")
Parsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. Wrong usage is 2, as argparse has it."""
    options = _parser().parse_args(argv)
    settings = load()
    if not getattr(options, "tell_progress", False):  # a bot's own child: it has told that itself
        for sentence in unknown():
            print(sentence, file=sys.stderr)
    if not isinstance(settings, Settings):
        for error in settings:
            print(error.sentence, file=sys.stderr)
        return 2
    try:
        return int(options.call(options, settings))
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        from bot.cli.database import told

        return told(error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="outcry", description="A market your community plays in its own chat.")
    parser.add_argument("--version", action="version", version=f"outcry {version('outcry')}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    demo = commands.add_parser("demo", help="play the last eight of the 2014 World Cup in the local room")
    demo.add_argument("--headless", action="store_true", help="no room: play as fast as possible and write the files")
    demo.add_argument("--event", type=Path, metavar="FILE.toml", help="play this event, as `outcry create` takes it")
    demo.add_argument("--seed", type=int, default=1, help="equal seeds give equal files (default %(default)s)")
    demo.add_argument("--out", type=Path, default=Path("outcry-demo"), metavar="DIR", help="default %(default)s")
    demo.add_argument("--minutes", type=_minutes, default=3.0, help="how long the event takes (default %(default)s)")
    demo.add_argument("--traders", type=_traders, default=20, help="synthetic traders (default %(default)s)")
    demo.add_argument("--host", default="127.0.0.1")
    demo.add_argument("--port", type=_port, default=8080, help="default %(default)s; 0 takes any free one")
    demo.add_argument("--open", action="store_true", help="open the room in the browser")
    demo.add_argument("--force", action="store_true", help="replace what an earlier demo left in DIR")
    demo.set_defaults(call=_demo)

    app = commands.add_parser("run", help="serve: the room, the platforms that have a token, the ticks")
    app.add_argument(
        "--only",
        choices=("room", "discord", "telegram", "ticks"),
        help="serve only this (ticks: nothing); markets tick all the same",
    )
    app.set_defaults(call=_run)

    lint = commands.add_parser("lint", help="say what would happen in an event's market before it does")
    source = lint.add_mutually_exclusive_group(required=True)
    source.add_argument("file", type=Path, nargs="?", metavar="FILE.toml", help="an event as `outcry create` takes it")
    source.add_argument("--preset", metavar="NAME", help="hype, fair or classic, with -n")
    lint.add_argument("-n", type=int, metavar="N", help="number of outcomes, with --preset")
    lint.add_argument("-Z", metavar="Z", help="the stake in dollars, with --preset")
    lint.add_argument("--json", action="store_true", help="warnings with their numbers, and problems, as JSON")
    lint.set_defaults(call=_lint, parser=lint)

    rehearse = commands.add_parser("rehearse", help="play an event with synthetic traders before its time")
    source = rehearse.add_mutually_exclusive_group(required=True)
    source.add_argument("file", type=Path, nargs="?", metavar="FILE.toml", help="an event as `outcry create` takes it")
    source.add_argument("--terms", type=Path, metavar="FILE.json", help=argparse.SUPPRESS)  # of a market in a chat
    rehearse.add_argument("--traders", type=_traders, default=20, help="synthetic traders (default %(default)s)")
    rehearse.add_argument("--seed", type=int, default=1, help="equal seeds give equal rehearsals (default %(default)s)")
    rehearse.add_argument("--json", action="store_true", help="the result as JSON")
    rehearse.add_argument("--tell-progress", action="store_true", help=argparse.SUPPRESS)  # to the bot that waits
    rehearse.set_defaults(call=_rehearse)

    create = commands.add_parser("create", help="put an event's file into the room, as a draft or open to join")
    create.add_argument("file", type=Path, metavar="FILE.toml", help="bot/scenarios/example.toml is one to start from")
    create.set_defaults(call=_create)

    migrate = commands.add_parser("migrate", help="bring the database's tables up to date")
    migrate.add_argument("--check", action="store_true", help="only say of which version it is, and who can use it")
    migrate.add_argument("--db", metavar="URL", help="default: DATABASE_URL")
    migrate.set_defaults(call=_migrate)

    _add_database_commands(commands)
    return parser


def _add_database_commands(commands: Parsers) -> None:
    """What works on a database that exists, and the invitation link."""
    verify = commands.add_parser("verify", help="run every market again and compare every row; never writes")
    verify.add_argument("--db", metavar="URL", help="default: DATABASE_URL")
    verify.add_argument("--market", type=int, metavar="ID", help="only this one")
    verify.add_argument("--head", metavar="HASH|FILE", help="a posted head that a market must have had")
    verify.add_argument("--json", action="store_true", help="the result as JSON")
    verify.add_argument("--tell-progress", action="store_true", help=argparse.SUPPRESS)  # to the bot that waits
    verify.set_defaults(call=_verify)

    prove = commands.add_parser("prove", help="write the proof of an order, or that one posted head follows another")
    prove.add_argument("what", nargs="+", metavar="ORDER|HEAD HEAD", help="an order's number, or two files with heads")
    prove.add_argument("--market", type=int, metavar="ID", help="default: the latest market, or that of the heads")
    prove.add_argument("--fill", type=int, metavar="TRADE", help="prove this fill, as trades.csv numbers it, instead")
    prove.add_argument("--db", metavar="URL", help="default: DATABASE_URL")
    prove.add_argument("--lost", metavar="URL", help="a database as it was before a restore: shows what was kept")
    prove.add_argument("--out", default="-", metavar="FILE", help="default -: standard output")
    prove.set_defaults(call=_prove, parser=prove)

    check = commands.add_parser("check", help="test a proof, or two posted heads; needs no database")
    check.add_argument("what", nargs="+", metavar="FILE|HEAD HEAD [PROOF]", help="HEAD is a post as it was pasted")
    check.add_argument("--key", metavar="VKEY", help="the key that must have signed, as /verify shows it")
    check.set_defaults(call=_check, parser=check)

    export = commands.add_parser("export", help="write one of a market's tables as CSV")
    export.add_argument("what", choices=EXPORTS)
    export.add_argument("--market", type=int, metavar="ID", help="default: the latest market")
    export.add_argument("--db", metavar="URL", help="default: DATABASE_URL")
    export.add_argument("--out", default="-", metavar="FILE", help="default -: standard output")
    export.set_defaults(call=_export)

    graph = commands.add_parser("graph", help="draw one of a market's charts as PNG")
    graph.add_argument("what", choices=GRAPHS)
    graph.add_argument("--market", type=int, metavar="ID", help="default: the latest market")
    graph.add_argument("--outcome", type=int, metavar="N", help="which one, counted from 1; for outcome")
    graph.add_argument("--theme", choices=("dark", "light"), default="dark", help="default %(default)s")
    graph.add_argument("--db", metavar="URL", help="default: DATABASE_URL")
    graph.add_argument("--out", required=True, metavar="FILE.png")
    graph.set_defaults(call=_graph)

    mcp = commands.add_parser("mcp", help="serve a room's market to an agent as tools (Model Context Protocol, stdio)")
    mcp.add_argument("--url", default="http://127.0.0.1:8080", help="the room's address (default %(default)s)")
    mcp.add_argument("--key-file", type=Path, metavar="FILE", help="holds the key; default: OUTCRY_API_KEY")
    mcp.set_defaults(call=_mcp)

    invite = commands.add_parser("invite", help="print the link by which a Discord server gets the bot")
    invite.set_defaults(call=_invite)

    backup = commands.add_parser("backup", help="copy the whole database into a file while it is in use")
    backup.add_argument("file", metavar="FILE|FOLDER", help="in a folder it is named by its moment")
    backup.add_argument("--keep", type=_kept, metavar="N", help="in a folder: delete all but this database's newest N")
    backup.add_argument("--db", metavar="URL", help="default: DATABASE_URL")
    backup.set_defaults(call=_backup)

    restore = commands.add_parser("restore", help="bring a backup back into an empty database")
    restore.add_argument("file", type=Path, metavar="FILE")
    restore.add_argument("--force", action="store_true", help="in the place of what the database holds")
    restore.add_argument("--db", metavar="URL", help="default: DATABASE_URL")
    restore.set_defaults(call=_restore)


def _minutes(text: str) -> float:
    minutes = float(text)
    if not 0 < minutes <= 24 * 60:
        raise argparse.ArgumentTypeError("must be more than 0 and at most a day (1440)")
    return minutes


def _kept(text: str) -> int:
    kept = int(text)
    if kept < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return kept


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError("must be from 0 to 65535")
    return port


def _traders(text: str) -> int:
    traders = int(text)
    if not 1 <= traders <= 200:
        raise argparse.ArgumentTypeError("must be from 1 to 200")
    return traders


def _demo(options: argparse.Namespace, settings: Settings) -> int:
    from bot import logs
    from bot.cli import demo
    from bot.cli.demo_play import Options

    logs.configure(settings.log, level=30)
    return asyncio.run(
        demo.play(
            Options(
                headless=options.headless,
                event=options.event,
                seed=options.seed,
                out=options.out,
                minutes=options.minutes,
                traders=options.traders,
                host=options.host,
                port=options.port,
                open_browser=options.open,
                force=options.force,
            )
        )
    )


def _run(options: argparse.Namespace, settings: Settings) -> int:
    from bot import app

    return asyncio.run(app.serve(settings, options.only))


def _lint(options: argparse.Namespace, settings: Settings) -> int:
    from bot.cli import lint
    from storage.clock import SystemClock

    if (options.preset is None) != (options.n is None) or (options.preset is None and options.Z is not None):
        options.parser.error("--preset goes with -n, and -Z with both; an event's FILE.toml says these things itself")
    if options.preset is not None:
        return lint.lint_preset(options.preset, options.n, options.Z, as_json=options.json)
    return lint.lint_file(options.file, SystemClock().now_ms(), as_json=options.json)


def _rehearse(options: argparse.Namespace, settings: Settings) -> int:
    from bot import logs
    from bot.cli import rehearse
    from storage.clock import SystemClock

    logs.configure(settings.log, level=40)
    if options.terms is not None:
        return rehearse.rehearse_terms(options.terms, options.seed, as_json=options.json, tell=options.tell_progress)
    return rehearse.rehearse_file(
        options.file, SystemClock().now_ms(), traders=options.traders, seed=options.seed, as_json=options.json
    )


def _create(options: argparse.Namespace, settings: Settings) -> int:
    from bot.cli import database
    from storage.clock import SystemClock

    return asyncio.run(database.create(settings.database_url, options.file, SystemClock().now_ms()))


def _migrate(options: argparse.Namespace, settings: Settings) -> int:
    from bot.cli import database

    url = options.db or settings.database_url
    return asyncio.run(database.tell_version(url) if options.check else database.migrate(url))


def _verify(options: argparse.Namespace, settings: Settings) -> int:
    from bot.cli import verify

    url = options.db or settings.database_url
    return asyncio.run(verify.run(url, options.market, options.head, as_json=options.json, tell=options.tell_progress))


def _prove(options: argparse.Namespace, settings: Settings) -> int:
    from bot.cli import proofs

    if len(options.what) > 2 or (len(options.what) == 2 and options.fill is not None):
        options.parser.error("give an order's number, or two files with posted heads")
    url = options.db or settings.database_url
    return asyncio.run(proofs.prove(url, options.what, options.market, options.fill, options.out, options.lost))


def _check(options: argparse.Namespace, settings: Settings) -> int:
    from bot.cli import proofs

    if len(options.what) > 3:
        options.parser.error("give a proof, or two heads, or two heads and the proof that joins them")
    return proofs.check(options.what, options.key)


def _export(options: argparse.Namespace, settings: Settings) -> int:
    from bot.cli import database

    return asyncio.run(database.export(options.db or settings.database_url, options.what, options.market, options.out))


def _graph(options: argparse.Namespace, settings: Settings) -> int:
    from bot.cli import database

    url = options.db or settings.database_url
    return asyncio.run(database.graph(url, options.what, options.market, options.outcome, options.theme, options.out))


def _mcp(options: argparse.Namespace, settings: Settings) -> int:
    try:
        from bot.cli import mcp
    except ImportError:
        print("`outcry mcp` needs an extra that is not installed: pip install 'outcry[mcp]'", file=sys.stderr)
        return 2
    return mcp.run(options.url, settings.api_key, options.key_file)


def _invite(options: argparse.Namespace, settings: Settings) -> int:
    from bot.adapters.discord_chat import permissions
    from bot.words import discord as words

    application = permissions.application_id_of(settings.discord_token or "")
    if application is None:
        print(words.no_application(given=settings.discord_token is not None), file=sys.stderr)
        return 2
    print(permissions.invite_url(application))
    return 0


def _backup(options: argparse.Namespace, settings: Settings) -> int:
    from bot.cli import backups
    from storage.clock import SystemClock

    url = options.db or settings.database_url
    return asyncio.run(backups.make(url, options.file, options.keep, SystemClock().now_ms()))


def _restore(options: argparse.Namespace, settings: Settings) -> int:
    from bot.cli import backups
    from storage.clock import SystemClock

    url = options.db or settings.database_url
    return asyncio.run(backups.bring_back(url, options.file, SystemClock().now_ms(), force=options.force))


if __name__ == "__main__":
    sys.exit(main())
